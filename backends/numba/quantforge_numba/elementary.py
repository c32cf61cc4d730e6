"""Elementary functions of the numerical specification.

+ - * / sqrt fma, comparisons and bit operations in a fixed order, so that every machine and every
vector width gives the same bits. The names and the order are those of elementary.h, elementary.rs
and the specification.
"""

from math import fabs
from typing import NamedTuple

import numpy as np

from quantforge_numba.intrinsics import fma, from_bits, inlined, to_bits
from quantforge_numba.tables import ATANH, EXP, LN2_HI, LN2_LO, LOG2E, MILLS_P, MILLS_Q, ROUND_MAGIC

# Numba makes a float of uint64 + int: every integer beside bits is a uint64.
MANTISSA_BITS = np.uint64(52)
HALF = np.uint64(1 << 51)
SIGN = np.uint64(1 << 63)
EXPONENT_MASK = np.uint64((1 << 64) - (1 << 52))
BINADE = EXPONENT_MASK ^ SIGN  # of the bits of x: those of the power of two below |x|
TWO_52 = np.uint64(0x4330000000000000)  # the bits of 2^52: it holds an integer in its mantissa
LEAST_NORMAL = 2.0**-1022
LOG_BIAS = float.fromhex("0x1.00000000008p+52")


@inlined
def shift_exponent(x, n_magic):
    """Return x 2^n for the integer n held by n_magic = n + ROUND_MAGIC.

    x and the result are normal.
    """
    return from_bits(to_bits(x) + (to_bits(n_magic) << MANTISSA_BITS))


@inlined
def power_of_two(n):
    """Return 2^n for -1022 <= n <= 1023, n an integer."""
    return shift_exponent(1.0, n + ROUND_MAGIC)


@inlined
def times_power(x, n):
    """Return x 2^n for any integer n, in two steps; where it is subnormal it is rounded once."""
    n = n if n > -2040.0 else -2040.0
    n = n if n < 2040.0 else 2040.0
    half = (0.5 * n + ROUND_MAGIC) - ROUND_MAGIC
    return x * power_of_two(half) * power_of_two(n - half)


@inlined
def zero_times(x, y):
    """Return x y, but 0 where x is 0, even if y is infinite."""
    return 0.0 if x == 0.0 else x * y


class Reduced(NamedTuple):
    """x + lo = n ln 2 + r with |r| <= ln 2 / 2; n_magic = n + ROUND_MAGIC holds n as integer."""

    n: float
    n_magic: float
    r: float


@inlined
def reduce(x, lo):
    n_magic = fma(x, LOG2E, ROUND_MAGIC)
    n = n_magic - ROUND_MAGIC
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, x)) + lo
    return Reduced(n, n_magic, r)


@inlined
def exp_minus_1(r):
    """Return e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r), g in even and odd powers."""
    u = r * r
    even = fma(fma(fma(fma(EXP[8], u, EXP[6]), u, EXP[4]), u, EXP[2]), u, EXP[0])
    odd = fma(fma(fma(fma(EXP[9], u, EXP[7]), u, EXP[5]), u, EXP[3]), u, EXP[1])
    return fma(fma(odd, r, even), u, r)


@inlined
def times_exp(x, r):
    """Return x e^r, rounded once but for the error of e^r - 1."""
    return fma(x, exp_minus_1(r), x)


@inlined
def log_ratio(x, y):
    """Return ln(x / y) = n ln 2 + r for normal positive x and y.

    y is brought to x by a power of two, so that the difference in the numerator is exact.
    """
    apart = to_bits(x) - to_bits(y) + HALF + SIGN
    near = from_bits(to_bits(y) + (apart & EXPONENT_MASK) + SIGN)
    s = (x - near) / (x + near)
    u = s * s
    w = u * u
    even = fma(fma(fma(ATANH[6], w, ATANH[4]), w, ATANH[2]), w, ATANH[0])
    odd = fma(fma(fma(ATANH[7], w, ATANH[5]), w, ATANH[3]), w, ATANH[1])
    n = from_bits((apart >> MANTISSA_BITS) | TWO_52) - LOG_BIAS
    return Reduced(n, n, fma(s * u, fma(odd, u, even), s + s))


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: float
    q: float


@inlined
def mills(x):
    """Return the Mills ratio N(-x) / (sqrt(2 pi) phi(x)), 0 <= x <= 54, as a fraction."""
    p, q, u = MILLS_P, MILLS_Q, x * x
    pe = fma(fma(fma(fma(p[8], u, p[6]), u, p[4]), u, p[2]), u, p[0])
    po = fma(fma(fma(fma(p[9], u, p[7]), u, p[5]), u, p[3]), u, p[1])
    qe = fma(fma(fma(fma(fma(q[10], u, q[8]), u, q[6]), u, q[4]), u, q[2]), u, q[0])
    qo = fma(fma(fma(fma(q[9], u, q[7]), u, q[5]), u, q[3]), u, q[1])
    return Ratio(fma(po, x, pe), fma(qo, x, qe))


@inlined
def half_ulp(x):
    """Half a unit in the last place of x, relative to x."""
    unit = from_bits(to_bits(x) & BINADE)
    unit = unit if unit > LEAST_NORMAL else LEAST_NORMAL
    half = 2.0**-53 * (unit / fabs(x))
    return 0.0 if x == 0.0 else half


@inlined
def two_ulp(x):
    """Two units in the last place of x >= 0."""
    return 2.0**-51 * from_bits(to_bits(x) & BINADE)
