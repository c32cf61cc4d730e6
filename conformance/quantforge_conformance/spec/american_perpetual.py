"""American options on a lognormal underlying whose time hardly ends: those of endless time.

Of the scaled put of `american_boundary`, with a > 0, the boundary stands still at B = g / (1 + g),
and the value is (m / B)^-g / (1 + g), g being the positive root of g^2 + 2 h g = 2 a with
h = 1/2 - a + b (Merton, 1973). Exercise there brings as much in the time x, but for those paths
that have not come to B by then. Of the value they hold the share of a Brownian motion with drift
-sqrt(h^2 + 2 a) that has not fallen by D = ln m - ln B, which is less than N(-z):

    z = sqrt(h^2 + 2 a) sqrt(x) - D / sqrt(x)
"""

from __future__ import annotations

from typing import NamedTuple

from quantforge_conformance.spec.american_boundary import Put, exp_of, logarithm
from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    log_ratio,
    square_root,
)

CERTAIN = 8.5
"""The z from which on nothing is left that a double could hold."""
WORTHLESS = 45.0
"""And the exponent g D from which on early exercise adds nothing to the European price."""
MOST_POWER = 2.0**900


class Perpetual(NamedTuple):
    """The put of endless time."""

    power: float  # g
    root: float  # sqrt(h^2 + 2 a)
    distance: float  # ln m - ln B
    reached: bool  # whether this is the value at the option's own time
    worthless: bool  # whether it is next to nothing, and so is what early exercise adds


def perpetual_of(p: Put) -> Perpetual:
    """The put of endless time, and whether it takes the place of what the table does not hold."""
    h = (0.5 - p.a) + p.b
    root = square_root(fma(h, h, 2.0 * p.a))
    power = divide(2.0 * p.a, h + root) if h > 0.0 else root - h
    there = p.a > 0.0 and 1.0 / MOST_POWER < power < MOST_POWER
    there = there and not (p.tabulated and p.covered)
    distance = p.log_m - logarithm(log_ratio(power, 1.0 + power)) if there else 0.0
    return Perpetual(
        power,
        root,
        distance,
        reached=there and fma(root, p.x, -distance) >= CERTAIN * p.root,
        worthless=there and power * distance >= WORTHLESS,
    )


def perpetual_price(p: Put, e: Perpetual, now: float, european: float) -> float:
    """Its price."""
    value = divide(p.strike * exp_of(-(e.power * e.distance)), 1.0 + e.power)
    value = value if e.distance > 0.0 else now
    return at_most(at_least(at_least(value, european), now), p.strike)
