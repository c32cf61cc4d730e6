"""The two legs of a European option and how far apart they are.

    A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v

-rT = n ln 2 + rho, so the integers of both discount factors and of ln(S/K) add up exactly and
ln(A/B) loses nothing however large rT and qT are; their rounding errors are carried along.
Exponents are kept apart. A native backend has a second, faster form for lanes in which everything
stays normal; it gives the same digits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    Reduced,
    divide,
    fma,
    from_bits,
    log_ratio,
    reduce,
    square_root,
    times_exp,
    to_bits,
)
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO

ENDS = (0.0, math.inf)

MISSING, INVALID = 1, 2
"""Bits of a lane's state: NaN came in, or the inputs lie outside the domain."""


class Legs(NamedTuple):
    """Both legs as mantissa and exponent, their distance h and the total volatility v."""

    a: float
    a_exponent: float
    b: float
    b_exponent: float
    h: float
    v: float
    state: int


class Exponent(NamedTuple):
    """-x t for the exponential, its rounding error, and what was cut off of x t."""

    value: float
    low: float
    excess: float


def discount_exponent(x: float, time: float) -> Exponent:
    """-x t within +-4000, past which e^-xt is 0 or infinite for every leg.

    A zero rate discounts nothing, even for ever.
    """
    xt = 0.0 if x == 0.0 else x * time
    low = 0.0 if x == 0.0 else fma(x, time, -xt)
    if abs(xt) < 4000.0:
        return Exponent(-xt, -low, 0.0)
    cut = 4000.0 if xt < 0.0 else -4000.0
    return Exponent(cut, 0.0, xt + cut)


class Scaled(NamedTuple):
    """mantissa 2^exponent; normal = x 2^-shift is what `log_ratio` takes."""

    mantissa: float
    exponent: float
    normal: float
    shift: float


def scaled(x: float) -> Scaled:
    """x with its mantissa in [1, 2).

    Zero and infinity keep their value beside an exponent beyond all others.
    """
    subnormal = x < float.fromhex("0x1p-1022")
    normal = x * float.fromhex("0x1p54") if subnormal else x
    shift = -54.0 if subnormal else 0.0
    if x == 0.0:
        return Scaled(x, -20000.0, normal, shift)
    if x == math.inf:
        return Scaled(x, 20000.0, normal, shift)
    bits = to_bits(normal)
    mantissa = from_bits((bits & ((1 << 52) - 1)) | to_bits(1.0))
    exponent = from_bits((bits >> 52) | 0x4330000000000000) - float.fromhex("0x1.00000000003ffp+52")
    return Scaled(mantissa, exponent + shift, normal, shift)


def legs(
    spot: float, strike: float, time: float, rate: float, dividend: float, sigma: float
) -> Legs:
    """The legs of one option."""
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = reduce(rx.value, rx.low), reduce(qx.value, qx.low)
    s, k = scaled(spot), scaled(strike)
    v = abs(sigma * square_root(time))  # -0 is 0
    return Legs(
        a=s.mantissa if s.mantissa in ENDS else times_exp(s.mantissa, q.r),
        a_exponent=s.exponent + q.n,
        b=k.mantissa if k.mantissa in ENDS else times_exp(k.mantissa, r.r),
        b_exponent=k.exponent + r.n,
        h=0.0 if v == math.inf else divide(abs(_log_of_legs(s, k, r, q, rx, qx)), v),
        v=v,
        state=_state(spot, strike, time, rate, dividend, sigma, v),
    )


def _log_of_legs(s: Scaled, k: Scaled, r: Reduced, q: Reduced, rx: Exponent, qx: Exponent) -> float:
    ratio = log_ratio(s.normal, k.normal)
    n = ((ratio.n + (s.shift - k.shift)) - r.n) + q.n
    y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess)
    return y if y == y else 0.0  # both legs are 0 or infinite


def _state(
    spot: float, strike: float, time: float, rate: float, dividend: float, sigma: float, v: float
) -> int:
    missing = any(x != x for x in (spot, strike, time, rate, dividend, sigma))
    invalid = (
        min(spot, strike, time, sigma) < 0.0
        or spot == strike == math.inf
        or v != v
        or math.inf in (abs(rate), abs(dividend))
    )
    return MISSING * missing | INVALID * invalid
