"""Elementary functions of the numerical specification, in exact arithmetic where it matters.

Only + - * / sqrt fma, comparisons and bit operations, in a fixed order; `fma` is evaluated in
integers and rounded once. The names and the order are those of every native backend.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

from quantforge_conformance.spec.tables import (
    ATANH,
    EXP,
    LN2_HI,
    LN2_LO,
    LOG2E,
    MILLS_P,
    MILLS_Q,
    ROUND_MAGIC,
)

MASK = (1 << 64) - 1


def to_bits(x: float) -> int:
    """The 64 bits of x."""
    return int(struct.unpack("<Q", struct.pack("<d", x))[0])


def from_bits(bits: int) -> float:
    """The number with these 64 bits."""
    return float(struct.unpack("<d", struct.pack("<Q", bits & MASK))[0])


def fma(a: float, b: float, c: float) -> float:
    """a b + c, rounded once."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b + c
    if not math.isfinite(c):
        return c
    if a == 0.0 or b == 0.0:
        return a * b + c
    (an, ad), (bn, bd), (cn, cd) = (x.as_integer_ratio() for x in (a, b, c))
    numerator, denominator = an * bn * cd + cn * ad * bd, ad * bd * cd
    try:
        return numerator / denominator  # int / int rounds correctly
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def divide(a: float, b: float) -> float:
    """a / b by IEEE 754: Python itself raises for b = 0."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def square_root(x: float) -> float:
    """The square root by IEEE 754, NaN below zero."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def zero_times(x: float, y: float) -> float:
    """x y, but 0 where x is 0, even if y is infinite."""
    return 0.0 if x == 0.0 else x * y


def shift_exponent(x: float, n_magic: float) -> float:
    """x 2^n for the integer n held by n_magic = n + ROUND_MAGIC; x and the result are normal."""
    return from_bits(to_bits(x) + (to_bits(n_magic) << 52))


def power_of_two(n: float) -> float:
    """2^n for -1022 <= n <= 1023, n an integer."""
    return shift_exponent(1.0, n + ROUND_MAGIC)


def times_power(x: float, n: float) -> float:
    """x 2^n for any integer n, in two steps; where it is subnormal it is rounded once."""
    n = n if n > -2040.0 else -2040.0
    n = n if n < 2040.0 else 2040.0
    half = (0.5 * n + ROUND_MAGIC) - ROUND_MAGIC
    return x * power_of_two(half) * power_of_two(n - half)


class Reduced(NamedTuple):
    """A number as n ln 2 + r; n_magic = n + ROUND_MAGIC holds n as an integer."""

    n: float
    n_magic: float
    r: float


def reduce(x: float, low: float) -> Reduced:
    """x + low = n ln 2 + r with |r| <= ln 2 / 2."""
    n_magic = fma(x, LOG2E, ROUND_MAGIC)
    n = n_magic - ROUND_MAGIC
    return Reduced(n, n_magic, fma(n, -LN2_LO, fma(n, -LN2_HI, x)) + low)


def exp_minus_1(r: float) -> float:
    """e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r), g in even and odd powers side by side."""
    u = r * r
    even = fma(fma(fma(fma(EXP[8], u, EXP[6]), u, EXP[4]), u, EXP[2]), u, EXP[0])
    odd = fma(fma(fma(fma(EXP[9], u, EXP[7]), u, EXP[5]), u, EXP[3]), u, EXP[1])
    return fma(fma(odd, r, even), u, r)


def times_exp(x: float, r: float) -> float:
    """x e^r, rounded once but for the error of e^r - 1."""
    return fma(x, exp_minus_1(r), x)


def log_ratio(x: float, y: float) -> Reduced:
    """ln(x / y) = n ln 2 + r for normal positive x and y.

    y is brought to x by a power of two, so that the difference in the numerator is exact.
    """
    apart = (to_bits(x) - to_bits(y) + (1 << 51) + (1 << 63)) & MASK
    near = from_bits(to_bits(y) + (apart & ~((1 << 52) - 1)) + (1 << 63))
    s = divide(x - near, x + near)
    u = s * s
    w = u * u
    even = fma(fma(fma(ATANH[6], w, ATANH[4]), w, ATANH[2]), w, ATANH[0])
    odd = fma(fma(fma(ATANH[7], w, ATANH[5]), w, ATANH[3]), w, ATANH[1])
    n = from_bits((apart >> 52) | 0x4330000000000000) - float.fromhex("0x1.00000000008p+52")
    return Reduced(n, n, fma(s * u, fma(odd, u, even), s + s))


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: float
    q: float


def mills(x: float) -> Ratio:
    """The Mills ratio N(-x) / (sqrt(2 pi) phi(x)) for 0 <= x <= 54."""
    u = x * x
    p, q = MILLS_P, MILLS_Q
    pe = fma(fma(fma(fma(p[8], u, p[6]), u, p[4]), u, p[2]), u, p[0])
    po = fma(fma(fma(fma(p[9], u, p[7]), u, p[5]), u, p[3]), u, p[1])
    qe = fma(fma(fma(fma(fma(q[10], u, q[8]), u, q[6]), u, q[4]), u, q[2]), u, q[0])
    qo = fma(fma(fma(fma(q[9], u, q[7]), u, q[5]), u, q[3]), u, q[1])
    return Ratio(fma(po, x, pe), fma(qo, x, qe))
