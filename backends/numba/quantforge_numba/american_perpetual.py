"""American options whose time hardly ends: those of endless time.

Of the scaled put of `american_boundary`, with a > 0, the boundary stands still at B = g / (1 + g),
and the value is (m / B)^-g / (1 + g), g being the positive root of g^2 + 2 h g = 2 a with
h = 1/2 - a + b. What the option's own time x takes of it is less than N(-z) of the value:

    z = sqrt(h^2 + 2 a) sqrt(x) - D / sqrt(x),  D = ln m - ln B.

Source: Merton (1973).
"""

from math import sqrt
from typing import NamedTuple

from quantforge_numba.american_boundary import exp_of, logarithm
from quantforge_numba.elementary import at_least, at_most, log_ratio
from quantforge_numba.intrinsics import fma, inlined

# The z from which on nothing is left that a double could hold, and the g D from which on early
# exercise adds nothing.
CERTAIN, WORTHLESS, MOST_POWER = 8.5, 45.0, 2.0**900


class Perpetual(NamedTuple):
    """The put of endless time: g, sqrt(h^2 + 2 a) and D.

    Whether this is the value at the option's own time, and whether it is next to nothing, and so is
    what early exercise adds.
    """

    power: float
    root: float
    distance: float
    reached: bool
    worthless: bool


@inlined
def perpetual_of(p):
    """It takes the place of what the table does not hold."""
    h = (0.5 - p.a) + p.b
    root = sqrt(fma(h, h, 2.0 * p.a))
    power = 2.0 * p.a / (h + root) if h > 0.0 else root - h
    held = (p.tabulated != 0) & (p.covered != 0)
    there = (p.a > 0.0) & (power > 1.0 / MOST_POWER) & (power < MOST_POWER) & (not held)
    boundary = log_ratio(power if there else 1.0, 1.0 + power if there else 1.0)
    distance = p.log_m - logarithm(boundary) if there else 0.0
    return Perpetual(
        power=power,
        root=root,
        distance=distance,
        reached=there & (fma(root, p.x, -distance) >= CERTAIN * p.root),
        worthless=there & (power * distance >= WORTHLESS),
    )


@inlined
def perpetual_price(p, e, now, european):
    """Its price."""
    value = p.strike * exp_of(-(e.power * e.distance)) / (1.0 + e.power)
    value = value if e.distance > 0.0 else now
    return at_most(at_least(at_least(value, european), now), p.strike)
