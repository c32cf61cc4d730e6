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
    exp_minus_1,
    fma,
    from_bits,
    log_ratio,
    power_of_two,
    reduce,
    square_root,
    to_bits,
)
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO

NOT_A_NUMBER = from_bits(0x7FF8000000000000)  # the one NaN of every result

MISSING, INVALID = 1, 2
"""Bits of a lane's state: NaN came in, or the inputs lie outside the domain."""


def sign_state(sign: float) -> int:
    """The state of a lane by its sign alone."""
    return MISSING * (sign != sign) | INVALID * (abs(sign) != 1.0)


class Sides(NamedTuple):
    """The legs without volatility: mantissas, their rounding errors, exponents; y = ln(A/B)."""

    a: float
    a_exponent: float
    a_low: float
    b: float
    b_exponent: float
    b_low: float
    y: float
    r: Reduced  # the discount exponents -rT and -qT
    q: Reduced
    state: int


class Legs(NamedTuple):
    """Both legs as mantissa and exponent, their distance h and the total volatility v."""

    a: float
    a_exponent: float
    b: float
    b_exponent: float
    h: float
    v: float
    r: Reduced
    q: Reduced
    state: int


class Aligned(NamedTuple):
    """Both legs times 2^-top, what the factors were, and which leg is less."""

    a: float
    a_scale: float
    b: float
    b_scale: float
    top: float
    below: bool


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


def sides(spot: float, strike: float, time: float, rate: float, dividend: float) -> Sides:
    """The legs of one option and their distance, for whatever volatility."""
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = reduce(rx.value, rx.low), reduce(qx.value, qx.low)
    s, k = scaled(spot), scaled(strike)
    ratio = log_ratio(s.mantissa, k.mantissa)
    n = ((ratio.n + (s.exponent - k.exponent)) - r.n) + q.n
    y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess)
    a, b = discounted(s, q.r), discounted(k, r.r)
    return Sides(
        a=a.value,
        a_exponent=s.exponent + q.n,
        a_low=a.low,
        b=b.value,
        b_exponent=k.exponent + r.n,
        b_low=b.low,
        y=y if y == y else 0.0,  # both legs are 0 or infinite
        r=r,
        q=q,
        state=_state(spot, strike, time, rate, dividend),
    )


def _state(spot: float, strike: float, time: float, rate: float, dividend: float) -> int:
    missing = any(x != x for x in (spot, strike, time, rate, dividend))
    invalid = (
        any(x < 0.0 for x in (spot, strike, time))
        or spot == strike == math.inf
        or math.inf in (abs(rate), abs(dividend))
    )
    return MISSING * missing | INVALID * invalid


def legs(
    spot: float, strike: float, time: float, rate: float, dividend: float, sigma: float
) -> Legs:
    """The legs of one option."""
    apart = sides(spot, strike, time, rate, dividend)
    v = abs(sigma * square_root(time))  # -0 is 0
    return Legs(
        a=apart.a,
        a_exponent=apart.a_exponent,
        b=apart.b,
        b_exponent=apart.b_exponent,
        h=0.0 if v == math.inf or apart.y == 0.0 else divide(abs(apart.y), v),
        v=v,
        r=apart.r,
        q=apart.q,
        state=apart.state | MISSING * (sigma != sigma) | INVALID * (sigma < 0.0 or v != v),
    )


def aligned(of: Legs | Sides) -> Aligned:
    """Both legs beside the exponent of the greater one."""
    top = of.a_exponent if of.a_exponent > of.b_exponent else of.b_exponent
    a_scale = power_of_two(at_least(of.a_exponent - top, -1000.0))
    b_scale = power_of_two(at_least(of.b_exponent - top, -1000.0))
    a, b = of.a * a_scale, of.b * b_scale
    return Aligned(a, a_scale, b, b_scale, top, a < b)


def at_least(x: float, bound: float) -> float:
    """The greater of the two, the bound where x is NaN."""
    return x if x > bound else bound


def at_most(x: float, bound: float) -> float:
    """The lesser of the two, the bound where x is NaN."""
    return x if x < bound else bound
