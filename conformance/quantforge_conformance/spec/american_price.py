"""American price on a lognormal underlying: the European price and a premium for early exercise.

For the scaled put of `american_boundary`,

    premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
    m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.

With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end. The
boundary is the table's; for the highest accuracy, and beyond the table, that of the equation.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

from quantforge_conformance.spec import price as european
from quantforge_conformance.spec.american_boundary import (
    LEAST_APART,
    LEAST_SCALE,
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    Put,
    TabulatedBoundary,
    discounted_tails,
    exp_of,
    logarithm,
    nodes,
    put_of,
)
from quantforge_conformance.spec.american_double import (
    Between,
    TwoBoundaries,
    double_value,
    outside_below,
    sine_until,
)
from quantforge_conformance.spec.american_equation import Boundary
from quantforge_conformance.spec.american_perpetual import (
    Perpetual,
    perpetual_of,
    perpetual_price,
)
from quantforge_conformance.spec.elementary import at_least, at_most, divide, fma, log_ratio
from quantforge_conformance.spec.legs import NOT_A_NUMBER

EUROPEAN, FAST, STANDARD, HIGH = 0.0, 1.0, 2.0, 3.0
"""What an option asks for: how it may be exercised, and how closely that is to be valued."""


def premium_density(p: Put, depth: float, sine: float) -> float:
    """The premium's integrand at u = x sine^2, the boundary at x - u having this depth."""
    s = p.root * sine
    u = s * s
    distance = (p.log_m - p.log_start) + depth
    plus = fma(fma(p.a - p.b, u, distance), divide(1.0, s), 0.5 * s)
    tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    return fma(p.a, tails.minus, -(p.b * tails.plus))


def premium_of(p: Put, style: float) -> tuple[float, float]:
    """The premium over the strike, nothing where the option is exercised, and ln m - ln B now."""
    if style == HIGH or not p.tabulated:
        boundary = Boundary(p)
        *depths, now = boundary.depths()
        quadrature = nodes(boundary.grid.premium)
    else:
        tabulated = TabulatedBoundary(p, style == FAST)
        quadrature = nodes(15 if style == FAST else 26)
        depths = []
        for _, cosine, _ in quadrature:
            s = p.root * cosine
            depths.append(tabulated.w(p.reach * cosine, s) * s)
        now = tabulated.w(p.reach, p.root) * p.root
    premium = 0.0
    for (sine, _, weight), depth in zip(quadrature, depths, strict=True):
        premium = fma(weight, premium_density(p, depth, sine), premium)
    distance = (p.log_m - p.log_start) + now
    return p.x * premium if distance > 0.0 else 0.0, distance


def double_price(p: Put, now: float, european: float) -> float:
    """The price where there are two boundaries, NaN if they are not settled."""
    both = TwoBoundaries(p)
    if not both.settled:
        return NOT_A_NUMBER
    until, below = both.p.root, outside_below(p, both.apart)
    depths, depths_below = both.depths(), both.depths_below()
    upper = lower = 0.0
    for (_, cosine, weight), depth, depth_below in zip(
        nodes(both.grid.premium), depths[:-1], depths_below[:-1], strict=True
    ):
        sine = sine_until(p.root, until, cosine)
        upper = fma(weight, premium_density(p, depth, sine), upper)
        lower = fma(weight, premium_density(below, depth_below, sine), lower)
    y = until * until
    known = Between(both.apart, until, depths[-1], depths_below[-1], y * upper, y * lower)
    return double_value(p, known, now, european)


class KnownPath(NamedTuple):
    """Exercise where the underlying's path is known: K e^(-r t) - S e^(-q t).

    It is best now, at expiry, as the European price has it, or at the time t between where it is
    level; 0 if there is none.
    """

    strike: float
    spot: float
    rate: float
    dividend: float
    t: float
    now: float
    then: float


def known_path(
    spot: float, strike: float, time: float, rate: float, dividend: float, sign: float
) -> KnownPath:
    """The values of exercise at the times that count."""
    s, k, r, q = (strike, spot, dividend, rate) if sign > 0.0 else (spot, strike, rate, dividend)
    per = divide(q * s, r * k)
    t = 0.0
    if float.fromhex("0x1p-1000") < per < float.fromhex("0x1p1000") and q != r:
        t = logarithm(log_ratio(per, 1.0)) / (q - r)
        t = t if 0.0 < t < time else 0.0
    then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))))
    return KnownPath(k, s, r, q, t, at_least(k - s, 0.0), then)


def value_without_volatility(p: KnownPath, european: float) -> float:
    """The value at the best of these times."""
    return at_least(at_least(p.then, european), p.now)


class Settling(Enum):
    """What becomes of an option for which no boundary is looked for."""

    LEFT = "as it is"
    GREATER = "the greater of the European price and of exercise now"
    NOW = "exercise now"
    PATH = "the best on a known path"
    PERPETUAL = "that of endless time"
    NOTHING = "nothing at all"


def settling_of(
    p: Put, e: Perpetual, time: float, sigma: float, style: float, *, both: bool = True
) -> Settling:
    """What becomes of an option that has a European price.

    `both` says whether options with two boundaries are done too.
    """
    done, ends = both or not p.twofold, e.reached or e.worthless
    if style not in (EUROPEAN, FAST, STANDARD, HIGH):
        return Settling.NOTHING
    if style == EUROPEAN or not p.early or (p.covered and done and not ends):
        return Settling.LEFT
    if time == 0.0:
        return Settling.NOW
    if sigma == 0.0 and time < math.inf and p.near:
        return Settling.PATH
    closed = p.twofold and p.a - p.b <= LEAST_APART * p.scale
    tiny = p.scale <= LEAST_SCALE and p.x < MOST_X
    tiny = tiny or ((closed or p.x <= LEAST_X) and p.x < MOST_X and p.scale < MOST_SCALE)
    if not p.near or (tiny and done):
        return Settling.GREATER
    if e.reached:
        return Settling.PERPETUAL
    return Settling.GREATER if e.worthless else Settling.NOTHING  # beyond all measure


def is_looked_for(p: Put, e: Perpetual, style: float) -> bool:
    """Whether the boundary is looked for."""
    asked = style in (FAST, STANDARD, HIGH) and p.early and p.covered
    return asked and not (e.reached or e.worthless)


def valued(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> tuple[float, float]:
    """The price of one option, and ln m - ln B, or its sign where no boundary is looked for."""
    found = european.price(spot, strike, time, rate, dividend, sigma, sign)
    if found != found:
        return NOT_A_NUMBER, -1.0
    p = put_of(spot, strike, time, rate, dividend, sigma, sign)
    e = perpetual_of(p)
    now = at_least(spot - strike if sign > 0.0 else strike - spot, 0.0)
    if is_looked_for(p, e, style):
        if p.twofold:
            return double_price(p, now, found), NOT_A_NUMBER
        premium, distance = premium_of(p, style)
        value = fma(p.strike, at_least(premium, 0.0), found)
        return at_most(at_least(value, now), p.strike), distance
    match settling_of(p, e, time, sigma, style):
        case Settling.GREATER:
            found = at_least(found, now)
        case Settling.NOW:
            found = now
        case Settling.PATH:
            path = known_path(spot, strike, time, rate, dividend, sign)
            found = value_without_volatility(path, found)
        case Settling.PERPETUAL:
            found = perpetual_price(p, e, now, found)
        case Settling.NOTHING:
            found = NOT_A_NUMBER
    return found, 1.0 if found > now else -1.0


def american_price(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> float:
    """The price of one option, `style` saying how it may be exercised and how close to come."""
    return valued(spot, strike, time, rate, dividend, sigma, sign, style)[0]
