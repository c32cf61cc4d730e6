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
    MANTISSA_BITS,
    TWO_52,
    log_ratio,
    reduce,
    shift_exponent,
    times_exp,
)
from quantforge_numba.intrinsics import fma, from_bits, inlined, sqrt, to_bits
from quantforge_numba.tables import LN2_HI, LN2_LO

# Bits of a lane's state: NaN came in, or the inputs lie outside the domain.
MISSING, INVALID = 1, 2

LEAST_NORMAL = 2.0**-1022
MANTISSA_MASK = np.uint64((1 << 52) - 1)
ONE = np.uint64(0x3FF0000000000000)
EXPONENT_BIAS = float.fromhex("0x1.00000000003ffp+52")


class Legs(NamedTuple):
    """Both legs, h and v; `special` is 1 where this form may not hold."""

    a: float
    b: float
    h: float
    v: float
    special: int


class GeneralLegs(NamedTuple):
    """Both legs with their binary exponents apart; `state` holds MISSING and INVALID."""

    a: float
    a_exponent: float
    b: float
    b_exponent: float
    h: float
    v: float
    state: int


@inlined
def legs_ordinary(spot, strike, time, rate, dividend, sigma):
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    qt = dividend * time
    qt_low = fma(dividend, time, -qt)
    r = reduce(-rt, -rt_low)
    q = reduce(-qt, -qt_low)
    ratio = log_ratio(spot, strike)
    n = (ratio.n - r.n) + q.n
    y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r)))
    v = sigma * sqrt(time)
    return Legs(
        a=shift_exponent(times_exp(spot, q.r), q.n_magic),
        b=shift_exponent(times_exp(strike, r.r), r.n_magic),
        h=fabs(y) / v,
        v=v,
        special=0 if fabs(rt) + fabs(qt) < 300.0 else 1,
    )


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

    Zero and infinity, the ends, have an exponent beyond all others. `normal` = x 2^-shift is what
    log_ratio takes.
    """

    x: float
    mantissa: float
    exponent: float
    normal: float
    shift: float
    end: bool


@inlined
def scaled(x):
    subnormal = x < LEAST_NORMAL
    normal = x * 2.0**54 if subnormal else x
    shift = -54.0 if subnormal else 0.0
    bits = to_bits(normal)
    exponent = from_bits((bits >> MANTISSA_BITS) | TWO_52) - EXPONENT_BIAS
    infinite = x == inf
    end = (x == 0.0) | infinite
    return Scaled(
        x=x,
        mantissa=from_bits((bits & MANTISSA_MASK) | ONE),
        exponent=(20000.0 if infinite else -20000.0) if end else exponent + shift,
        normal=normal,
        shift=shift,
        end=end,
    )


@inlined
def discounted(s, r):
    """Return the mantissa of x e^r; zero and infinity stay what they are."""
    leg = times_exp(s.mantissa, r)
    return s.x if s.end else leg


@inlined
def legs_general(spot, strike, time, rate, dividend, sigma):
    rx = discount_exponent(rate, time)
    qx = discount_exponent(dividend, time)
    r = reduce(rx.value, rx.low)
    q = reduce(qx.value, qx.low)
    s = scaled(spot)
    k = scaled(strike)
    ratio = log_ratio(s.normal, k.normal)
    n = ((ratio.n + (s.shift - k.shift)) - r.n) + q.n
    y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess)
    y = y if y == y else 0.0  # both legs are 0 or infinite
    v = fabs(sigma * sqrt(time))  # -0 is 0
    missing = (
        (spot != spot)
        | (strike != strike)
        | (time != time)
        | (rate != rate)
        | (dividend != dividend)
        | (sigma != sigma)
    )
    invalid = (
        (spot < 0.0)
        | (strike < 0.0)
        | (time < 0.0)
        | (sigma < 0.0)
        | ((spot == inf) & (strike == inf))
        | (v != v)
        | (fabs(rate) == inf)
        | (fabs(dividend) == inf)
    )
    return GeneralLegs(
        a=discounted(s, q.r),
        a_exponent=s.exponent + q.n,
        b=discounted(k, r.r),
        b_exponent=k.exponent + r.n,
        h=0.0 if v == inf else fabs(y) / v,
        v=v,
        state=(MISSING if missing else 0) | (INVALID if invalid else 0),
    )
