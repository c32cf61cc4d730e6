"""Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.

With the legs A and B of `legs`, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
sqrt(T).

Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < 0 on
ln(1 - c); their logarithms are those of M - M or M + M, so that nothing under- or overflows. In
the last step M - M is its Taylor series for small s/2.

A lane without a volatility is NaN, at the bounds 0 or infinity.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    Ratio,
    divide,
    fma,
    from_bits,
    log_ratio,
    mills,
    power_of_two,
    reduce,
    square_root,
    times_exp,
    times_power,
    to_bits,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Sides,
    aligned,
    at_least,
    at_most,
    scaled,
    sides,
    sign_state,
)
from quantforge_conformance.spec.tables import INV_SQRT_2PI, LN2_HI, LN2_LO

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM = range(5)
NOT_FINITE, INVALID_INPUT, LOW_PRECISION = range(5, 8)

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")


class Target(NamedTuple):
    """What is solved.

    c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg over the
    greater and the complement of that.
    """

    c: float
    shift: float
    rest: float
    k: float
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
    s = _solved(to)
    sigma = divide(s, square_root(time))
    if sigma != sigma:  # the inputs are beyond all range
        return NOT_A_NUMBER, INVALID_INPUT
    inputs = (price, spot, strike, time, rate, dividend)
    limit = _attainable(to, s, apart.y < 0.0, inside, inputs) + 2.0 * half_ulp(sigma)
    return sigma, OK if limit <= 1e-8 else LOW_PRECISION


def _solved(to: Target) -> float:
    """Three steps from the seed.

    For tiny s M - M is nothing but rounding, and only its series tells. Where a step overflows the
    seed is as good as any.
    """
    first = seed(to)
    fine = last_step(to, first)
    steps = first > 2.0**-450
    fine = fine if steps and fine > 0.0 else first
    s = last_step(to, fine if first < 2.0**-44 else step(to, step(to, first)))
    return s if steps and s > 0.0 else fine


def _target(apart: Sides, price: float, sign: float) -> tuple[Target, Bounds, bool]:
    """What is to be solved, the bounds, and whether the option is in the money."""
    side, paid = aligned(apart), scaled(abs(price))
    mantissa = paid.x if paid.end else paid.mantissa
    beside = at_most(at_least(paid.exponent - side.top, -1000.0), 1000.0)
    value = math.copysign(mantissa * power_of_two(beside), price)
    a_low, b_low = apart.a_low * side.a_scale, apart.b_low * side.b_scale
    if (side.a - side.b) + (a_low - b_low) < 0.0:
        most, less, low, signed = side.b, side.a, b_low - a_low, -sign
        least, least_low, exponent, scale = apart.a, apart.a_low, apart.a_exponent, side.a_scale
    else:
        most, less, low, signed = side.a, side.b, a_low - b_low, sign
        least, least_low, exponent, scale = apart.b, apart.b_low, apart.b_exponent, side.b_scale
    gap = most - less
    inside = signed > 0.0 and gap > 0.0
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
        k=abs(apart.y),
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


class Difference(NamedTuple):
    """M(x) - M(f), for x < 0 -(M(-x) + M(f)), over sqrt(2 pi), as numerator and denominator."""

    p: float
    q: float
    near: float


def mills_difference(h: float, t: float) -> Difference:
    """The difference at x = h - t and f = h + t."""
    near = h - t
    m, m0 = mills(h + t), mills(abs(near))
    return Difference(fma(math.copysign(m0.p, near), m.q, -(m.p * m0.q)), m.q * m0.q, near)


def householder(f: float, d: Difference, h: float, per_s: float, s: float) -> float:
    """Householder's step of order 4 for ln(p/q) - x^2/2 = ln(z 2^shift); f is its residual."""
    per = divide(1.0, d.p * d.q)
    newton = -f * SQRT_2PI * (d.p * d.p * per)
    g = INV_SQRT_2PI * (d.q * d.q * per)
    hs = h * per_s
    u1 = fma(h, hs, -0.25 * s)
    u2 = fma(u1, u1, fma(-3.0 * hs, hs, -0.25))
    a, b = u1 - g, fma(g, fma(2.0, g, -3.0 * u1), u2)
    below = fma(newton, fma(b * (1.0 / 6.0), newton, a), 1.0)
    return fma(newton, divide(fma(0.5, a * newton, 1.0), below), s)


def step(to: Target, s: float) -> float:
    """One of the first two steps."""
    per_s, t = divide(1.0, s), 0.5 * s
    h = to.k * per_s
    d = mills_difference(h, t)
    above = d.near < 0.0
    log = log_ratio(abs(d.p), d.q * (to.rest if above else to.c))
    n = log.n - (0.0 if above else to.shift)
    return householder(fma(n, LN2_HI, log.r) - 0.5 * d.near * d.near, d, h, per_s, s)


def long_series(h: float, t: float) -> float:
    """(M(h - t) - M(h + t)) / sqrt(2 pi) for t max(h, 2) < 1/2."""
    ratio = mills(h)
    u = t * t
    m = [ratio.p / ratio.q]
    m.append(fma(h, m[0], -INV_SQRT_2PI))
    for n in range(2, 16):
        m.append(fma(h, m[-1], (n - 1.0) * m[-2]))  # M^(n)
    total = m[15]
    for n in range(13, 0, -2):
        total = fma(total, u * (1.0 / ((n + 1.0) * (n + 2.0))), m[n])
    return -2.0 * t * total


def last_step(to: Target, s: float) -> float:
    """The last step, to full precision."""
    per_s, t = divide(1.0, s), 0.5 * s
    h = to.k * per_s
    d = mills_difference(h, t)
    close = t * (h if h > 2.0 else 2.0) < 0.5
    above = d.near < 0.0 and not close
    if close:
        d = Difference(long_series(h, t), 1.0, d.near)
    log = log_ratio(abs(d.p), d.q * (to.rest if above else to.c))
    n = log.n - (0.0 if above else to.shift)
    f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - 0.5 * d.near * d.near)
    return householder(f, d, h, per_s, s)


def two_ulp(x: float) -> float:
    """Two units in the last place of x."""
    return float.fromhex("0x1p-51") * from_bits(to_bits(x) & (0x7FF << 52))


def half_ulp(x: float) -> float:
    """Half a unit in the last place of x, relative to x."""
    unit = at_least(from_bits(to_bits(x) & (0x7FF << 52)), float.fromhex("0x1p-1022"))
    return 0.0 if x == 0.0 else float.fromhex("0x1p-53") * divide(unit, abs(x))


def _attainable(
    to: Target, s: float, below: bool, inside: bool, inputs: tuple[float, ...]
) -> float:
    """What half a unit in the last place of each input costs, over sigma.

    Everything is in units of the lesser leg times its density.
    """
    price, spot, strike, time, rate, dividend = inputs
    h, t = divide(to.k, s), 0.5 * s
    near, far = h - t, at_most(h + t, 54.0)
    x = at_most(abs(near), 54.0)
    e = reduce(0.5 * x * x, 0.0)
    per_density = times_power(times_exp(SQRT_2PI, e.r), e.n)  # 1 / phi(x)
    far_tail, near_tail = _tail(mills(far)), _tail(mills(x))
    near_tail = per_density - near_tail if near < 0.0 else near_tail
    most = divide(per_density, to.share)  # the greater leg over density
    least_share = per_density - near_tail if inside else near_tail
    most_share = most - far_tail if inside else far_tail
    a, b = (least_share, most_share) if below else (most_share, least_share)
    c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density
    c = c if near < 0.0 else near_tail - far_tail
    value = c + most * to.gap if inside else c
    rt, qt = abs(rate) * time, abs(dividend) * time
    theta = 0.5 * s + abs(qt * a - rt * b)
    cost = (
        half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * theta
        + half_ulp(rate) * rt * b
        + half_ulp(dividend) * qt * a
    )
    return divide(cost, s)


def _tail(m: Ratio) -> float:
    """N(-x) over phi(x)."""
    return SQRT_2PI * (m.p / m.q)
