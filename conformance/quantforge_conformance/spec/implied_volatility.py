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

from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    half_ulp,
    log_ratio,
    mills,
    power_of_two,
    reduce,
    square_root,
    times_exp,
    times_power,
    two_ulp,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    PAST,
    Sides,
    beside,
    magnitude,
    scaled,
    sides,
    sign_state,
)
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO, MILLS_FROM

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM = range(5)
NOT_FINITE, INVALID_INPUT, LOW_PRECISION = range(5, 8)

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")

STEPS = 3  # from the seed to full precision


class Target(NamedTuple):
    """What is solved.

    c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg over the
    greater and the complement of that.
    """

    c: float
    shift: float
    rest: float
    k: float
    k_low: float
    share: float
    gap: float


class Bounds(NamedTuple):
    """How far a price lies from its bounds, and what counts as none, beside the greater leg."""

    otm: float  # the out-of-the-money price
    intrinsic_unit: float
    below_unit: float
    left: float  # to the maximum
    maximum_unit: float


def implied_volatility(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> tuple[float, int]:
    """The volatility of one option and its code, sign +1 for a call and -1 for a put."""
    apart = sides(spot, strike, time, rate, dividend)
    if not math.isfinite(price):
        return NOT_A_NUMBER, NOT_FINITE
    if apart.state | sign_state(sign) or math.inf in (spot, strike, time):
        return NOT_A_NUMBER, INVALID_INPUT
    to, bounds, inside = _target(apart, price, sign)
    code = _bound(bounds, time)
    if code != OK:
        return {AT_INTRINSIC: 0.0, AT_MAXIMUM: math.inf}.get(code, NOT_A_NUMBER), code
    s = seed(to)
    for turn in range(STEPS):
        s = step(to, s, last=turn == STEPS - 1)
    sigma = divide(s, square_root(time))
    if sigma != sigma:  # the inputs are beyond all range
        return NOT_A_NUMBER, INVALID_INPUT
    inputs = (price, spot, strike, time, rate, dividend, sign)
    limit = _attainable(to, s, apart.y.high < 0.0, inside, inputs) + 2.0 * half_ulp(sigma)
    return sigma, OK if limit <= 1e-8 else LOW_PRECISION


def _target(apart: Sides, price: float, sign: float) -> tuple[Target, Bounds, bool]:
    """What is to be solved, the bounds, and whether the option is in the money."""
    side, paid = beside(apart), scaled(abs(price))
    mantissa = paid.x if paid.end else paid.mantissa
    shifted = at_most(at_least(paid.exponent - side.top, -1000.0), 1000.0)
    value = math.copysign(mantissa * power_of_two(shifted), price)
    a_low, b_low = apart.a_low * side.a_scale, apart.b_low * side.b_scale
    if apart.y.high < 0.0:
        most, less, low, moneyness = side.b, side.a, b_low - a_low, -sign
        least, least_low, exponent, scale = apart.a, apart.a_low, apart.a_exponent, side.a_scale
    else:
        most, less, low, moneyness = side.a, side.b, a_low - b_low, sign
        least, least_low, exponent, scale = apart.b, apart.b_low, apart.b_exponent, side.b_scale
    gap = most - less
    inside = moneyness > 0.0 and apart.y.high != 0.0
    otm = (value - gap) - low if inside else value
    unit, shift = two_ulp(most), paid.exponent - exponent
    # From here on beside the lesser leg's mantissa, which may be too small beside the other.
    own = divide(otm, scale)
    if not inside:
        own = mantissa * power_of_two(at_most(at_least(shift, -1000.0), 1000.0))
    left = (least - own) + least_low
    target = Target(
        c=divide(own if inside else mantissa, least),
        shift=0.0 if inside else shift,
        rest=divide(left, least),
        k=magnitude(apart.y).high,
        k_low=magnitude(apart.y).low,
        share=divide(less, most),
        gap=divide(gap + low, most),
    )
    bounds = Bounds(
        otm, unit if inside else 0.0, unit, left, unit / scale if inside else two_ulp(least)
    )
    return target, bounds, inside


def _bound(bounds: Bounds, time: float) -> int:
    """The code of a price at or beyond a bound, OK between them."""
    if bounds.otm < -bounds.below_unit:
        return BELOW_INTRINSIC
    if bounds.otm <= bounds.intrinsic_unit:
        return AT_INTRINSIC
    if bounds.left < -bounds.maximum_unit or time == 0.0:
        return ABOVE_MAXIMUM
    return AT_MAXIMUM if bounds.left <= bounds.maximum_unit else OK


def seed(to: Target) -> float:
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
    least = SQRT_2PI * c
    return s if s > least else least  # c is at most what it is at the money


def householder(f: float, newton: float, u1: float, u2: float) -> float:
    """Householder's step of order 4 for ln y(s) = ln z, over s.

    f is the residual, newton that of Newton's step, u1 and u2 are s y''/y' and s^2 y'''/y'.
    """
    bent, square = u1 * newton, newton * newton
    third = fma(u2, square, f * fma(2.0, f, 3.0 * bent))
    below = fma(third, 1.0 / 6.0, 1.0 + (bent + f))
    return divide(newton * fma(0.5, bent + f, 1.0), below)


def step(to: Target, s: float, last: bool) -> float:
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


def _attainable(
    to: Target, s: float, below: bool, inside: bool, inputs: tuple[float, ...]
) -> float:
    """What half a unit in the last place of each input costs, over sigma.

    Everything is in units of the lesser leg times its density.
    """
    price, spot, strike, time, rate, dividend, sign = inputs
    h, t = divide(to.k, s), 0.5 * s
    near, far = at_most(at_least(h - t, -PAST), PAST), at_most(h + t, PAST)
    within = near > MILLS_FROM
    e = reduce(0.5 * near * near, 0.0)
    per_density = times_power(times_exp(SQRT_2PI, e.r), e.n)  # 1 / phi(near)
    m = mills(near if within else -near, far)
    far_tail, near_tail = SQRT_2PI * m.far, SQRT_2PI * m.near
    near_tail = near_tail if within else per_density - near_tail
    most = divide(per_density, to.share)  # the greater leg over density
    least_share = per_density - near_tail if inside else near_tail
    most_share = most - far_tail if inside else far_tail
    a, b = (least_share, most_share) if below else (most_share, least_share)
    c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density
    c = SQRT_2PI * (s * m.slope) if within else c
    value = c + most * to.gap if inside else c
    rate_cost, dividend_cost = rate * time * b, dividend * time * a
    theta = 0.5 * s + sign * (rate_cost - dividend_cost)
    cost = (
        half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * abs(theta)
        + half_ulp(rate) * abs(rate_cost)
        + half_ulp(dividend) * abs(dividend_cost)
    )
    return divide(cost, s)
