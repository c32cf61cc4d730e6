"""Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.

With the legs A and B of `legs`, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
sqrt(T).

Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < -1/2
on ln(1 - c). Their logarithms are those of M - M, which is s times its slope, or of M + M, so that
nothing cancels, under- or overflows.

A lane without a volatility is NaN, at the bounds 0 or infinity.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.attainable_error import attainable_error
from quantforge_conformance.spec.elementary import (
    at_least,
    divide,
    fma,
    log_ratio,
    mills,
    power_of_two,
    square_root,
)
from quantforge_conformance.spec.legs import NOT_A_NUMBER, legs_general, sign_state
from quantforge_conformance.spec.normalized_price import (
    SQRT_2PI,
    Bounded,
    NormalizedPrice,
    normalized_price_general,
)
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO, MILLS_FROM

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM = range(5)
NOT_FINITE, INVALID_INPUT, LOW_PRECISION = range(5, 8)

STEPS = 3  # from the seed to full precision


def seed(to: NormalizedPrice) -> float:
    """Seed for s: 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %."""
    c = to.c * power_of_two(at_least(to.shift, -1000.0))
    ce = c * to.share
    both = 2.0 * ce + to.gap
    side = divide(2.0 * c * ce - to.gap * (1.0 - 2.0 * c), both + both)  # p - 1/2
    log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)))
    small = 4.0 * side * side
    w = small if small < float.fromhex("0x1p-18") else fma(log.n - to.shift, LN2_HI, log.r)
    dd = divide(w * (1.5707963267948966 + 0.21616672 * w), 1.0 + 0.10832933 * w)
    total = square_root(dd) + square_root(fma(2.0, to.k, dd))
    s = divide(2.0 * to.k, total) if side < 0.0 else total
    return at_least(s, SQRT_2PI * c)  # c is at most what it is at the money


def householder(f: float, newton: float, u1: float, u2: float) -> float:
    """Householder's step of order 4 for ln y(s) = ln z, over s.

    f is the residual, newton that of Newton's step, u1 and u2 are s y''/y' and s^2 y'''/y'.
    """
    bent, square = u1 * newton, newton * newton
    third = fma(u2, square, f * fma(2.0, f, 3.0 * bent))
    below = fma(third, 1.0 / 6.0, 1.0 + (bent + f))
    return divide(newton * fma(0.5, bent + f, 1.0), below)


def step(to: NormalizedPrice, s: float, last: bool) -> float:
    """A step for ln c, or for ln(1 - c) where h - t is below the range of the Mills ratio.

    The last one takes into account what rounding took from h - t.
    """
    per_s, t = divide(1.0, s), 0.5 * s
    h = to.k * per_s
    near, far = h - t, h + t
    near_low = fma(per_s, fma(-h, s, to.k) + to.k_low, (h - near) - t)
    # Where c is large what it lacks to 1 tells more.
    within = near > (MILLS_FROM if far < 1.0 else 0.0)
    m = mills(near if within else -near, far)
    rest = -(m.near + m.far)
    slope = m.slope if within else rest * per_s
    y, z = (s * m.slope, to.c) if within else (-rest, to.rest)
    log = log_ratio(y, z)
    n = log.n - (to.shift if within else 0.0)
    gauss = 0.5 * near * near + (near * near_low if last else 0.0)
    f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - gauss)
    u1 = near * far
    u2 = fma(u1, u1, -fma(3.0 * h, h, t * t))
    moved = fma(s, householder(f, -f * SQRT_2PI * slope, u1, u2), s)
    return s if moved <= 0.0 else moved  # where the seed is far off


class Implied(NamedTuple):
    """A volatility and its code."""

    sigma: float
    code: int


def implied_volatility_general(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> Implied:
    """The volatility between the bounds, and the code anywhere."""
    legs = legs_general(spot, strike, time, rate, dividend)
    if not math.isfinite(price):
        return Implied(NOT_A_NUMBER, NOT_FINITE)
    if legs.state | sign_state(sign) or math.inf in (spot, strike, time):
        return Implied(NOT_A_NUMBER, INVALID_INPUT)
    lane = normalized_price_general(legs, price, sign)
    code = _bound(lane, time)
    if code != OK:
        return Implied(NOT_A_NUMBER, code)
    s = seed(lane.to)
    for turn in range(STEPS):
        s = step(lane.to, s, last=turn == STEPS - 1)
    sigma = divide(s, square_root(time))
    limit = attainable_error(
        legs, lane.to, s, price, spot, strike, time, rate, dividend, sign, lane.in_the_money, sigma
    )
    return Implied(sigma, OK if limit <= 1e-8 else LOW_PRECISION)


def _bound(lane: Bounded, time: float) -> int:
    """The code of a price at or beyond a bound, OK between them."""
    if lane.otm < -lane.unit:
        return BELOW_INTRINSIC
    if lane.otm <= (lane.unit if lane.in_the_money else 0.0):
        return AT_INTRINSIC
    if lane.left < -lane.whole_unit or time == 0.0:
        return ABOVE_MAXIMUM
    return AT_MAXIMUM if lane.left <= lane.whole_unit else OK


def code_of_nan(code: int) -> int:
    """The code of a lane that came out as NaN: if for no other reason, its inputs are too large."""
    return INVALID_INPUT if code in (OK, LOW_PRECISION) else code


def volatility_of(sigma: float, code: int) -> float:
    """The value that goes with a code."""
    if code in (OK, LOW_PRECISION):
        return sigma
    return {AT_INTRINSIC: 0.0, AT_MAXIMUM: math.inf}.get(code, NOT_A_NUMBER)


def implied_volatility(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> Implied:
    """The volatility of one option and its code, sign +1 for a call and -1 for a put."""
    lane = implied_volatility_general(price, spot, strike, time, rate, dividend, sign)
    code = lane.code if lane.sigma == lane.sigma else code_of_nan(lane.code)
    return Implied(volatility_of(lane.sigma, code), code)
