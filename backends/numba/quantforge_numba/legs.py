"""The two legs of a European option and how far apart they are.

The first half of every kernel on a lognormal underlying:

    A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v

-rT = n ln 2 + rho, so the integers of both discount factors and of ln(S/K) add up exactly and
ln(A/B) loses nothing however large rT and qT are; their rounding errors are carried along.

`legs_ordinary` assumes that every number stays normal and says where it may not; `legs_general`
keeps exponents apart. Where the first holds both have the same digits.
"""

from math import fabs, inf
from typing import NamedTuple

import numpy as np

from quantforge_numba.elementary import (
    LEAST_NORMAL,
    MANTISSA_BITS,
    TWO_52,
    Reduced,
    exp_minus_1,
    log_ratio,
    power_of_two,
    reduce,
    shift_exponent,
)
from quantforge_numba.intrinsics import fma, from_bits, inlined, sqrt, to_bits
from quantforge_numba.tables import LN2_HI, LN2_LO

# Bits of a lane's state: NaN came in, or the inputs lie outside the domain.
MISSING, INVALID = 1, 2

MANTISSA_MASK = np.uint64((1 << 52) - 1)
ONE = np.uint64(0x3FF0000000000000)
EXPONENT_BIAS = float.fromhex("0x1.00000000003ffp+52")


@inlined
def sign_state(sign):
    return (MISSING if sign != sign else 0) | (0 if fabs(sign) == 1.0 else INVALID)


class Sides(NamedTuple):
    """A, B, ln(A/B) and what rounding took from A and B.

    `special` is 1 where this form may not hold.
    """

    a: float
    b: float
    y: float
    a_low: float
    b_low: float
    special: int


class Legs(NamedTuple):
    """Both legs, h and v; `special` is 1 where this form may not hold."""

    a: float
    b: float
    h: float
    v: float
    special: int


class GeneralSides(NamedTuple):
    """Both legs with their binary exponents apart, the discount exponents -rT and -qT.

    `state` holds MISSING and INVALID.
    """

    a: float
    a_exponent: float
    a_low: float
    b: float
    b_exponent: float
    b_low: float
    y: float
    r: Reduced
    q: Reduced
    state: int


class GeneralLegs(NamedTuple):
    """Both legs, h and v, from `GeneralSides`."""

    a: float
    a_exponent: float
    b: float
    b_exponent: float
    h: float
    v: float
    r: Reduced
    q: Reduced
    state: int


@inlined
def sides_ordinary(spot, strike, time, rate, dividend):
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    qt = dividend * time
    qt_low = fma(dividend, time, -qt)
    r = reduce(-rt, -rt_low)
    q = reduce(-qt, -qt_low)
    ratio = log_ratio(spot, strike)
    n = (ratio.n - r.n) + q.n
    growth_a = exp_minus_1(q.r)
    growth_b = exp_minus_1(r.r)
    a = fma(spot, growth_a, spot)
    b = fma(strike, growth_b, strike)
    return Sides(
        a=shift_exponent(a, q.n_magic),
        b=shift_exponent(b, r.n_magic),
        y=fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))),
        a_low=fma(spot, growth_a, spot - a) * power_of_two(q.n),
        b_low=fma(strike, growth_b, strike - b) * power_of_two(r.n),
        special=0 if fabs(rt) + fabs(qt) < 300.0 else 1,
    )


@inlined
def legs_ordinary(spot, strike, time, rate, dividend, sigma):
    sides = sides_ordinary(spot, strike, time, rate, dividend)
    v = sigma * sqrt(time)
    return Legs(sides.a, sides.b, fabs(sides.y) / v, v, sides.special)


class Exponent(NamedTuple):
    """-x t with its rounding error, and what was cut off."""

    value: float
    low: float
    excess: float


@inlined
def discount_exponent(x, time):
    """Return -x t for the exponential.

    Held within +-4000, past which e^-xt is 0 or infinite for every leg; what was cut off is kept
    for ln(A/B). A zero rate discounts nothing, even for ever.
    """
    xt = 0.0 if x == 0.0 else x * time
    low = 0.0 if x == 0.0 else fma(x, time, -xt)
    within = fabs(xt) < 4000.0
    cut = 4000.0 if xt < 0.0 else -4000.0
    return Exponent(
        value=-xt if within else cut,
        low=-low if within else 0.0,
        excess=0.0 if within else xt + cut,
    )


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
def sides_general(spot, strike, time, rate, dividend):
    rx = discount_exponent(rate, time)
    qx = discount_exponent(dividend, time)
    r = reduce(rx.value, rx.low)
    q = reduce(qx.value, qx.low)
    s = scaled(spot)
    k = scaled(strike)
    ratio = log_ratio(s.mantissa, k.mantissa)
    n = ((ratio.n + (s.exponent - k.exponent)) - r.n) + q.n
    y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess)
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
    return GeneralSides(
        a=a.value,
        a_exponent=s.exponent + q.n,
        a_low=a.low,
        b=b.value,
        b_exponent=k.exponent + r.n,
        b_low=b.low,
        y=y if y == y else 0.0,  # both legs are 0 or infinite
        r=r,
        q=q,
        state=(MISSING if missing else 0) | (INVALID if invalid else 0),
    )


@inlined
def legs_general(spot, strike, time, rate, dividend, sigma):
    sides = sides_general(spot, strike, time, rate, dividend)
    v = fabs(sigma * sqrt(time))  # -0 is 0
    missing = MISSING if sigma != sigma else 0
    invalid = INVALID if (sigma < 0.0) | (v != v) else 0
    return GeneralLegs(
        a=sides.a,
        a_exponent=sides.a_exponent,
        b=sides.b,
        b_exponent=sides.b_exponent,
        h=0.0 if (v == inf) | (sides.y == 0.0) else fabs(sides.y) / v,
        v=v,
        r=sides.r,
        q=sides.q,
        state=sides.state | missing | invalid,
    )
