"""The two legs of a European option and how far apart they are.

The first half of every kernel on a lognormal underlying:

    A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v,  t = v / 2

ln(A/B) = ln(S/K) + rT - qT is a sum of two numbers, so that large rates cancel without loss, and
near = h - t carries what rounding took from it: far from the forward the price is e^(-near^2/2),
which multiplies a relative error of near by its square.

`legs_ordinary` assumes that every number stays normal and says where it may not;
`legs_general` keeps exponents apart. Where the first holds both have the same digits.
"""

from math import copysign, fabs, inf
from typing import NamedTuple

import numpy as np

from quantforge_numba.elementary import (
    LEAST_NORMAL,
    MANTISSA_BITS,
    TWO_52,
    Aligned,
    Mills,
    Reduced,
    Sum,
    aligned,
    at_least,
    at_most,
    exp_minus_1,
    finite_or_zero,
    gauss_exponent,
    log_argument,
    log_ratio_fine,
    log_ratio_sum,
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    two_sum,
)
from quantforge_numba.intrinsics import fma, from_bits, inlined, sqrt, to_bits
from quantforge_numba.tables import INV_SQRT_2PI, MILLS_FROM

# Bits of a lane's state: NaN came in, or the inputs lie outside the domain.
MISSING, INVALID = 1, 2

MANTISSA_MASK = np.uint64((1 << 52) - 1)
ONE = np.uint64(0x3FF0000000000000)
EXPONENT_BIAS = float.fromhex("0x1.00000000003ffp+52")


@inlined
def state_of(missing, invalid):
    return (MISSING if missing else 0) | (INVALID if invalid else 0)


@inlined
def sign_state(sign):
    return state_of(sign != sign, fabs(sign) != 1.0)


@inlined
def sigma_state(sigma, v):
    return state_of(sigma != sigma, (sigma < 0.0) | (v != v))


class Legs(NamedTuple):
    """A and B, what rounding took from them, and y = ln(A/B).

    `bend` is |s|^3 as below, `load` is |rT| + |qT|.
    """

    a: float
    a_low: float
    b: float
    b_low: float
    y: Sum
    bend: float
    load: float


class GeneralLegs(NamedTuple):
    """Both legs with their binary exponents apart, the discount exponents -rT and -qT.

    `y` is ln(A/B), `y_fine` the same to twice the precision, and `bend` |s|^3 of the logarithm: the
    error of y is less than 2^-55 of it. `state` holds MISSING and INVALID.
    """

    a: float
    a_exponent: float
    a_low: float
    b: float
    b_exponent: float
    b_low: float
    y: Sum
    y_fine: Sum
    bend: float
    r: Reduced
    q: Reduced
    state: int


@inlined
def log_moneyness(ratio, rt, rt_low, qt, qt_low):
    """ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last."""
    carry = two_sum(rt, -qt)
    whole = two_sum(ratio.high, carry.high)
    low = ((whole.low + carry.low) + (rt_low - qt_low)) + ratio.low
    high = whole.high + low
    return Sum(high, low - (high - whole.high))


@inlined
def legs_ordinary(spot, strike, time, rate, dividend):
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    qt = dividend * time
    qt_low = fma(dividend, time, -qt)
    r = reduce(-rt, -rt_low)
    q = reduce(-qt, -qt_low)
    growth_a = exp_minus_1(q.r)
    growth_b = exp_minus_1(r.r)
    a = fma(spot, growth_a, spot)
    b = fma(strike, growth_b, strike)
    near = aligned(spot, strike)
    s = log_argument(spot, near)
    return Legs(
        a=shift_exponent(a, q.n_magic),
        a_low=fma(spot, growth_a, spot - a) * shift_exponent(1.0, q.n_magic),
        b=shift_exponent(b, r.n_magic),
        b_low=fma(strike, growth_b, strike - b) * shift_exponent(1.0, r.n_magic),
        y=log_moneyness(log_ratio_sum(s, near.n), rt, rt_low, qt, qt_low),
        bend=fabs(s.high) * (s.high * s.high),
        load=fabs(rt) + fabs(qt),
    )


class Deviation(NamedTuple):
    """h = k / v, and what rounding took from it and from v = sigma sqrt(T); `root` is sqrt(T)."""

    h: float
    h_low: float
    v: float
    v_low: float
    per_v: float
    root: float


@inlined
def deviation_ordinary(k, time, sigma):
    """The remainders are those of the square root, of the product and of the division."""
    root = sqrt(time)
    v = sigma * root
    per_v = 1.0 / v
    h = k.high * per_v
    root_rest = (sigma * per_v) * fma(-root, root, time)
    v_low = fma(0.5 * sigma, root_rest, fma(sigma, root, -v))
    h_low = per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low)
    return Deviation(h, h_low, v, v_low, per_v, root)


@inlined
def magnitude(x):
    """Return |x|."""
    return Sum(fabs(x.high), x.low * copysign(1.0, x.high))


class Exponent(NamedTuple):
    """x t and the rest that rounding took from it; -x t and its rounding error to be used."""

    product: float
    rest: float
    value: float
    low: float


@inlined
def discount_exponent(x, time):
    """Return x t, and -x t for the exponential.

    Held within +-4000, past which e^-xt is 0 or infinite for every leg. A zero rate discounts
    nothing, even for ever.
    """
    xt = 0.0 if x == 0.0 else x * time
    rest = finite_or_zero(0.0 if x == 0.0 else fma(x, time, -xt))
    within = fabs(xt) < 4000.0
    cut = 4000.0 if xt < 0.0 else -4000.0
    return Exponent(xt, rest, value=-xt if within else cut, low=-rest if within else 0.0)


class Scaled(NamedTuple):
    """x = mantissa 2^exponent, mantissa in [1, 2).

    Zero and infinity, the ends, have an exponent beyond all others.
    """

    x: float
    mantissa: float
    exponent: float
    end: bool


@inlined
def scaled(x):
    subnormal = x < LEAST_NORMAL
    infinite = x == inf
    bits = to_bits(x * 2.0**54 if subnormal else x)
    exponent = from_bits((bits >> MANTISSA_BITS) | TWO_52) - EXPONENT_BIAS
    exponent = exponent - 54.0 if subnormal else exponent
    end = (x == 0.0) | infinite
    return Scaled(
        x=x,
        mantissa=from_bits((bits & MANTISSA_MASK) | ONE),
        exponent=(20000.0 if infinite else -20000.0) if end else exponent,
        end=end,
    )


class Discounted(NamedTuple):
    """The mantissa of x e^r and what rounding took from it."""

    value: float
    low: float


@inlined
def discounted(s, r):
    """Discount the mantissa; zero and infinity stay what they are."""
    growth = exp_minus_1(r)
    value = fma(s.mantissa, growth, s.mantissa)
    low = fma(s.mantissa, growth, s.mantissa - value)
    return Discounted(s.x if s.end else value, 0.0 if s.end else low)


@inlined
def legs_general(spot, strike, time, rate, dividend):
    rx = discount_exponent(rate, time)
    qx = discount_exponent(dividend, time)
    r = reduce(rx.value, rx.low)
    q = reduce(qx.value, qx.low)
    s = scaled(spot)
    k = scaled(strike)
    near = aligned(s.mantissa, k.mantissa)
    near = Aligned(near.y, near.n + (s.exponent - k.exponent))
    argument = log_argument(s.mantissa, near)
    ratio = log_ratio_sum(argument, near.n)
    fine = log_ratio_fine(argument, near.n)
    y = log_moneyness(ratio, rx.product, rx.rest, qx.product, qx.rest)
    y_fine = log_moneyness(fine, rx.product, rx.rest, qx.product, qx.rest)
    coarse = ratio.high + (rx.product - qx.product)  # no NaN where that is infinite
    missing = (
        (spot != spot)
        | (strike != strike)
        | (time != time)
        | (rate != rate)
        | (dividend != dividend)
    )
    invalid = (
        (spot < 0.0)
        | (strike < 0.0)
        | (time < 0.0)
        | ((spot == inf) & (strike == inf))
        | (fabs(rate) == inf)
        | (fabs(dividend) == inf)
    )
    a = discounted(s, q.r)
    b = discounted(k, r.r)
    a_exponent = s.exponent + q.n
    b_exponent = k.exponent + r.n
    coarse = coarse if coarse == coarse else 0.0  # both legs are 0 or infinite
    coarse = a_exponent - b_exponent if s.end | k.end else coarse
    finite = (y.high - y.high == 0.0) & (not (s.end | k.end))
    y_high = y.high if finite else coarse
    y_low = y.low if finite else 0.0
    y_fine_high = y_fine.high if finite else coarse
    y_fine_low = y_fine.low if finite else 0.0
    bend = fabs(argument.high) * (argument.high * argument.high)
    return GeneralLegs(
        a=a.value,
        a_exponent=a_exponent,
        a_low=a.low,
        b=b.value,
        b_exponent=b_exponent,
        b_low=b.low,
        y=Sum(y_high, y_low),
        y_fine=Sum(y_fine_high, y_fine_low),
        bend=bend if finite else 0.0,
        r=r,
        q=q,
        state=state_of(missing, invalid),
    )


@inlined
def deviation_general(k, time, sigma):
    """The limits of h: 0 at the money even without volatility, and where that is endless."""
    root = sqrt(time)
    v = fabs(sigma * root)  # -0 is 0
    scale = 2.0**500 if v < 2.0**-500 else 1.0
    per = 1.0 / (v * scale)
    per_v = per * scale
    h = (k.high * scale) * per
    h = 0.0 if (v == inf) | (k.high == 0.0) else h
    root_rest = (sigma * per_v) * fma(-root, root, time)
    v_low = finite_or_zero(fma(0.5 * sigma, root_rest, fma(sigma, root, -v)))
    h_low = finite_or_zero(per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low))
    return Deviation(h, h_low, v, v_low, per_v, root)


PAST = 54.0  # beyond it phi and phi M are less than the least double


class Points(NamedTuple):
    """near = h - t and far = h + t, with what rounding took from them.

    `width` is what it took from far - near beside v.
    """

    near: float
    near_low: float
    far: float
    far_low: float
    width: float


class Tails(NamedTuple):
    """The normal distribution at near = h - t and far = h + t, with what rounding took from them.

    -near^2/2 and e^r - 1 of it, and the Mills ratios; `x` is near within their range, which
    `within` says, and |near| without. `width` is what rounding took from far - near beside v,
    `near_loss` and `far_loss` are -M' at x and far.
    """

    m: Mills
    e: Reduced
    near: float
    near_low: float
    far: float
    far_low: float
    width: float
    x: float
    growth: float
    near_loss: float
    far_loss: float
    within: bool


@inlined
def tails(d):
    t = 0.5 * d.v
    near = two_sum(d.h, -t)
    far = two_sum(d.h, t)
    return Points(
        near=near.high,
        near_low=d.h_low + fma(-0.5, d.v_low, near.low),
        far=far.high,
        far_low=d.h_low + fma(0.5, d.v_low, far.low),
        width=near.low - far.low,
    )


@inlined
def tails_at(points):
    """The tails by near and far."""
    near, near_low, far, far_low, width = points
    within = near > MILLS_FROM
    x = near if within else -near
    e = gauss_exponent(near, near_low)
    m = mills(x, far)
    return Tails(
        m=m,
        e=e,
        near=near,
        near_low=near_low,
        far=far,
        far_low=far_low,
        width=width,
        x=x,
        growth=exp_minus_1(e.r),
        near_loss=fma(-x, m.near, INV_SQRT_2PI),
        far_loss=fma(-far, m.far, INV_SQRT_2PI),
        within=within,
    )


@inlined
def tails_ordinary(d):
    return tails_at(tails(d))


@inlined
def tails_general(d):
    """Past PAST there is nothing to correct; M is right to infinity, but not at it."""
    out = tails(d)
    past = (not (fabs(out.near) < PAST)) | (not (out.far < 2.0**50))
    points = Points(
        near=at_most(at_least(out.near, -PAST), PAST),
        near_low=0.0 if past else out.near_low,
        far=at_most(out.far, 2.0**50),
        far_low=0.0 if past else out.far_low,
        width=0.0 if past else out.width,
    )
    return tails_at(points)


@inlined
def is_straight(bend, x, v):
    """Whether the error of y, at most 2^-55 bend, costs the price less than a rounding.

    It counts |near| / v times.
    """
    return fma(bend, fabs(x), bend) < 4.0 * v


class Separation(NamedTuple):
    """How far the legs are apart, by the finer logarithm where the other's error would tell."""

    y: Sum
    d: Deviation
    at: Tails


@inlined
def separation_general(legs, time, sigma):
    d = deviation_general(magnitude(legs.y), time, sigma)
    straight = is_straight(legs.bend, tails_general(d).near, d.v)
    y = Sum(
        legs.y.high if straight else legs.y_fine.high,
        legs.y.low if straight else legs.y_fine.low,
    )
    d = deviation_general(magnitude(y), time, sigma)
    return Separation(y, d, tails_general(d))


class CommonScale(NamedTuple):
    """Both legs beside the exponent of the greater one."""

    a: float
    b: float
    a_scale: float
    b_scale: float
    top: float


@inlined
def on_common_scale(legs):
    top = at_least(legs.a_exponent, legs.b_exponent)
    a_scale = power_of_two(at_least(legs.a_exponent - top, -1000.0))
    b_scale = power_of_two(at_least(legs.b_exponent - top, -1000.0))
    return CommonScale(legs.a * a_scale, legs.b * b_scale, a_scale, b_scale, top)
