"""The two legs of a European option and how far apart they are.

    A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v,  t = v / 2

ln(A/B) = ln(S/K) + rT - qT is a sum of two numbers, so that large rates cancel without loss, and
near = h - t carries what rounding took from it: far from the forward the price is e^(-near^2/2),
which multiplies a relative error of near by its square.

Exponents are kept apart. A native backend has a second, faster form for lanes in which everything
stays normal; it gives the same digits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    Mills,
    Reduced,
    Sum,
    aligned,
    at_least,
    at_most,
    divide,
    exp_minus_1,
    finite_or_zero,
    fma,
    from_bits,
    gauss_exponent,
    log_argument,
    log_ratio_fine,
    log_ratio_sum,
    mills,
    power_of_two,
    reduce,
    square_root,
    to_bits,
    two_sum,
)
from quantforge_conformance.spec.tables import INV_SQRT_2PI, MILLS_FROM

NOT_A_NUMBER = from_bits(0x7FF8000000000000)  # the one NaN of every result

MISSING, INVALID = 1, 2
"""Bits of a lane's state: NaN came in, or the inputs lie outside the domain."""

PAST = 54.0
"""Beyond it phi and phi M are less than the least double."""


def state_of(missing: bool, invalid: bool) -> int:
    """The state as its two bits."""
    return MISSING * missing | INVALID * invalid


def sign_state(sign: float) -> int:
    """The state of a lane by its sign alone."""
    return state_of(sign != sign, abs(sign) != 1.0)


def sigma_state(sigma: float, v: float) -> int:
    """The state of a lane by its volatility."""
    return state_of(sigma != sigma, sigma < 0.0 or v != v)


class Legs(NamedTuple):
    """The legs without volatility: mantissas, exponents, rounding errors; y = ln(A/B)."""

    a: float
    a_exponent: float
    a_low: float
    b: float
    b_exponent: float
    b_low: float
    y: Sum
    y_fine: Sum  # to twice the precision
    bend: float  # |s|^3 of the logarithm: the error of y is less than 2^-55 of it
    r: Reduced  # the discount exponents -rT and -qT
    q: Reduced
    state: int


def log_moneyness(ratio: Sum, rt: float, rt_low: float, qt: float, qt_low: float) -> Sum:
    """ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last."""
    carry = two_sum(rt, -qt)
    whole = two_sum(ratio.high, carry.high)
    low = ((whole.low + carry.low) + (rt_low - qt_low)) + ratio.low
    high = whole.high + low
    return Sum(high, low - (high - whole.high))


class Deviation(NamedTuple):
    """h = k / v, and what rounding took from it and from v = sigma sqrt(T)."""

    h: float
    h_low: float
    v: float
    v_low: float
    per_v: float
    root: float  # sqrt(T)


def magnitude(x: Sum) -> Sum:
    """|x|."""
    return Sum(abs(x.high), x.low * math.copysign(1.0, x.high))


class Exponent(NamedTuple):
    """x t and the rest that rounding took from it; and -x t for the exponential."""

    product: float
    rest: float
    value: float
    low: float


def discount_exponent(x: float, time: float) -> Exponent:
    """x t, and -x t held within +-4000, past which e^-xt is 0 or infinite for every leg.

    A zero rate discounts nothing, even for ever.
    """
    xt = 0.0 if x == 0.0 else x * time
    rest = finite_or_zero(0.0 if x == 0.0 else fma(x, time, -xt))
    if abs(xt) < 4000.0:
        return Exponent(xt, rest, -xt, -rest)
    return Exponent(xt, rest, 4000.0 if xt < 0.0 else -4000.0, 0.0)


class Scaled(NamedTuple):
    """x = mantissa 2^exponent."""

    x: float
    mantissa: float
    exponent: float
    end: bool


def scaled(x: float) -> Scaled:
    """x with its mantissa in [1, 2).

    Zero and infinity, the ends, have an exponent beyond all others.
    """
    subnormal = x < float.fromhex("0x1p-1022")
    bits = to_bits(x * float.fromhex("0x1p54") if subnormal else x)
    mantissa = from_bits((bits & ((1 << 52) - 1)) | to_bits(1.0))
    if x == 0.0 or x == math.inf:
        return Scaled(x, mantissa, 20000.0 if x else -20000.0, end=True)
    exponent = from_bits((bits >> 52) | 0x4330000000000000) - float.fromhex("0x1.00000000003ffp+52")
    return Scaled(x, mantissa, exponent - 54.0 if subnormal else exponent, end=False)


class Discounted(NamedTuple):
    """The mantissa of x e^r and what rounding took from it."""

    value: float
    low: float


def discounted(s: Scaled, r: float) -> Discounted:
    """The mantissa times e^r; zero and infinity stay what they are."""
    if s.end:
        return Discounted(s.x, 0.0)
    growth = exp_minus_1(r)
    value = fma(s.mantissa, growth, s.mantissa)
    return Discounted(value, fma(s.mantissa, growth, s.mantissa - value))


def legs_general(spot: float, strike: float, time: float, rate: float, dividend: float) -> Legs:
    """The legs of one option and their distance, for whatever volatility."""
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = reduce(rx.value, rx.low), reduce(qx.value, qx.low)
    s, k = scaled(spot), scaled(strike)
    near = aligned(s.mantissa, k.mantissa)
    argument, n = log_argument(s.mantissa, near), near.n + (s.exponent - k.exponent)
    ratio, fine = log_ratio_sum(argument, n), log_ratio_fine(argument, n)
    y = log_moneyness(ratio, rx.product, rx.rest, qx.product, qx.rest)
    y_fine = log_moneyness(fine, rx.product, rx.rest, qx.product, qx.rest)
    bend = abs(argument.high) * (argument.high * argument.high)
    a, b = discounted(s, q.r), discounted(k, r.r)
    a_exponent, b_exponent = s.exponent + q.n, k.exponent + r.n
    if s.end or k.end:
        y = y_fine = Sum(a_exponent - b_exponent, 0.0)
        bend = 0.0
    elif y.high - y.high != 0.0:
        coarse = ratio.high + (rx.product - qx.product)  # no NaN where that is infinite
        y = y_fine = Sum(coarse if coarse == coarse else 0.0, 0.0)  # both legs are 0 or infinite
        bend = 0.0
    missing = any(x != x for x in (spot, strike, time, rate, dividend))
    invalid = (
        any(x < 0.0 for x in (spot, strike, time))
        or spot == strike == math.inf
        or math.inf in (abs(rate), abs(dividend))
    )
    return Legs(
        a=a.value,
        a_exponent=a_exponent,
        a_low=a.low,
        b=b.value,
        b_exponent=b_exponent,
        b_low=b.low,
        y=y,
        y_fine=y_fine,
        bend=bend,
        r=r,
        q=q,
        state=state_of(missing, invalid),
    )


def deviation_general(k: Sum, time: float, sigma: float) -> Deviation:
    """How many standard deviations k is, with the remainders of root, product and division.

    The limits of h: 0 at the money even without volatility, and where that is endless.
    """
    root = square_root(time)
    v = abs(sigma * root)  # -0 is 0
    scale = float.fromhex("0x1p500") if v < float.fromhex("0x1p-500") else 1.0
    per = divide(1.0, v * scale)
    per_v = per * scale
    h = 0.0 if v == math.inf or k.high == 0.0 else (k.high * scale) * per
    root_rest = (sigma * per_v) * fma(-root, root, time)
    v_low = finite_or_zero(fma(0.5 * sigma, root_rest, fma(sigma, root, -v)))
    h_low = finite_or_zero(per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low))
    return Deviation(h, h_low, v, v_low, per_v, root)


class Points(NamedTuple):
    """Where the tails of the normal distribution begin: near = h - t and far = h + t."""

    near: float
    near_low: float  # what rounding took from near
    far: float
    far_low: float
    width: float  # what it took from far - near beside v


class Tails(NamedTuple):
    """The normal distribution at near = h - t and far = h + t.

    -near^2/2 and e^r - 1 of it, and the Mills ratios, at |near| where near is not `within` their
    range.
    """

    m: Mills
    e: Reduced
    near: float
    near_low: float  # what rounding took from near
    far: float
    far_low: float
    width: float  # what it took from far - near beside v
    x: float  # near within, |near| without
    growth: float
    near_loss: float  # -M' at x and far
    far_loss: float
    within: bool


def tails(d: Deviation) -> Points:
    """Where the tails begin."""
    t = 0.5 * d.v
    near, far = two_sum(d.h, -t), two_sum(d.h, t)
    return Points(
        near=near.high,
        near_low=d.h_low + fma(-0.5, d.v_low, near.low),
        far=far.high,
        far_low=d.h_low + fma(0.5, d.v_low, far.low),
        width=near.low - far.low,
    )


def tails_at(points: Points) -> Tails:
    """The tails from these points on."""
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


def tails_general(d: Deviation) -> Tails:
    """Both tails. Past PAST there is nothing to correct; M is right to infinity, but not at it."""
    near, near_low, far, far_low, width = tails(d)
    if not (abs(near) < PAST and far < 2.0**50):
        near_low = far_low = width = 0.0
    near, far = at_most(at_least(near, -PAST), PAST), at_most(far, 2.0**50)
    return tails_at(Points(near, near_low, far, far_low, width))


def is_straight(bend: float, x: float, v: float) -> bool:
    """Whether the error of y, at most 2^-55 bend, costs the price less than a rounding.

    It counts |near| / v times.
    """
    return fma(bend, abs(x), bend) < 4.0 * v


class Separation(NamedTuple):
    """How far the legs are apart, by the logarithm that is fine enough."""

    y: Sum
    d: Deviation
    at: Tails


def separation_general(legs: Legs, time: float, sigma: float) -> Separation:
    """By the finer logarithm where the other's error would tell."""
    d = deviation_general(magnitude(legs.y), time, sigma)
    at = tails_general(d)
    if is_straight(legs.bend, at.near, d.v):
        return Separation(legs.y, d, at)
    d = deviation_general(magnitude(legs.y_fine), time, sigma)
    return Separation(legs.y_fine, d, tails_general(d))


class CommonScale(NamedTuple):
    """Both legs times 2^-top, and what the factors were."""

    a: float
    b: float
    a_scale: float
    b_scale: float
    top: float


def on_common_scale(legs: Legs) -> CommonScale:
    """Both legs beside the exponent of the greater one."""
    top = at_least(legs.a_exponent, legs.b_exponent)
    a_scale = power_of_two(at_least(legs.a_exponent - top, -1000.0))
    b_scale = power_of_two(at_least(legs.b_exponent - top, -1000.0))
    return CommonScale(legs.a * a_scale, legs.b * b_scale, a_scale, b_scale, top)
