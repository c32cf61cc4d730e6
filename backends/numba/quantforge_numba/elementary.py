"""Elementary functions of the numerical specification.

+ - * / sqrt fma, comparisons and bit operations in a fixed order, so that every machine and every
vector width gives the same bits. The names and the order are those of elementary.h, elementary.rs
and the specification.
"""

from math import fabs
from typing import NamedTuple

import numpy as np

from quantforge_numba.intrinsics import fma, from_bits, horner, horner_divided, inlined, to_bits
from quantforge_numba.tables import (
    ATANH,
    ATANH_HIGH,
    ATANH_LOW,
    ATANH_NEXT,
    ATANH_REST,
    EXP,
    LN2_HI,
    LN2_LO,
    LOG2E,
    LOSS_P,
    LOSS_Q,
    MILLS,
    MILLS_SHIFT,
    MILLS_SPAN,
    MILLS_ZERO,
    ROUND_MAGIC,
    TAIL_P,
)

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
def at_least(x, bound):
    """Return the greater of two numbers, the bound where x is NaN."""
    return x if x > bound else bound


@inlined
def at_most(x, bound):
    """Return the lesser of two numbers, the bound where x is NaN."""
    return x if x < bound else bound


@inlined
def finite_or_zero(x):
    """Return x, but 0 where it is NaN or infinite."""
    return x if x - x == 0.0 else 0.0


@inlined
def times_power(x, n):
    """Return x 2^n for any integer n, in three steps; where it is subnormal it is rounded once."""
    n = at_most(at_least(n, -3060.0), 3060.0)
    third = (n * (1.0 / 3.0) + ROUND_MAGIC) - ROUND_MAGIC
    power = power_of_two(third)
    return x * power * power * power_of_two(n - 2.0 * third)


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
def polynomial(c, x):
    """A polynomial with ascending coefficients, even and odd powers side by side."""
    u = x * x
    return fma(horner(c[1::2], u), x, horner(c[0::2], u))


@inlined
def exp_minus_1(r):
    """Return e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r)."""
    return fma(polynomial(EXP, r), r * r, r)


@inlined
def times_exp(x, r):
    """Return x e^r, rounded once but for the error of e^r - 1."""
    return fma(x, exp_minus_1(r), x)


class Sum(NamedTuple):
    """An unevaluated sum; `low` is at most a rounding error of `high`."""

    high: float
    low: float


class Aligned(NamedTuple):
    """y times the power of two that brings it next to x, so that x - y is exact.

    x / y = (x / that) 2^n for normal positive x and y.
    """

    y: float
    n: float


@inlined
def aligned(x, y):
    apart = to_bits(x) - to_bits(y) + HALF + SIGN
    n = from_bits((apart >> MANTISSA_BITS) | TWO_52) - LOG_BIAS
    return Aligned(from_bits(to_bits(y) + (apart & EXPONENT_MASK) + SIGN), n)


@inlined
def log_ratio(x, y):
    """Return ln(x / y) = n ln 2 + r for normal positive x and y."""
    near = aligned(x, y)
    s = (x - near.y) / (x + near.y)
    u = s * s
    return Reduced(near.n, near.n, fma(s * u, polynomial(ATANH, u), s + s))


@inlined
def two_sum(x, y):
    """Return x + y without loss."""
    high = x + y
    part = high - x
    return Sum(high, (x - (high - part)) + (y - part))


@inlined
def product(x, y):
    """Return x y to twice the precision."""
    high = x.high * y.high
    low = fma(x.high, y.high, -high) + fma(x.high, y.low, x.low * y.high)
    return Sum(high + low, low - ((high + low) - high))


@inlined
def log_argument(x, near):
    """Return s = (x - y) / (x + y), with the remainders of the division and of its divisor.

    `near` is y next to x.
    """
    up = x - near.y
    down = x + near.y
    per = 1.0 / down
    s = up * per
    down_low = ((x + x) - down) - up
    return Sum(s, fma(-s, down_low, fma(-s, down, up)) * per)


@inlined
def log_ratio_sum(s, n):
    """Return ln(x / y) for normal positive x and y by s of `log_argument`.

    The first term of p is carried to twice the precision: the error is that of s^5 q(s^2).
    """
    u = s.high * s.high
    w = s.high * u
    first = w * ATANH_HIGH[0]
    w_low = fma(s.high, fma(s.high, s.high, -u), fma(s.high, u, -w))
    w_low = fma(3.0 * u, s.low, w_low)
    first_low = fma(w_low, ATANH_HIGH[0], fma(w, ATANH_HIGH[0], -first))
    rest = fma(w * u, polynomial(ATANH_NEXT, u), fma(w, ATANH_LOW[0], first_low))
    whole = n * LN2_HI
    two = s.high + s.high
    total = whole + two
    high = total + first
    low = ((whole - total) + two) + ((total - high) + first)
    return Sum(high, low + fma(n, LN2_LO, rest + (s.low + s.low)))


@inlined
def fine_term(p, u, high, low):
    """Return p u + high + low to twice the precision."""
    following = product(p, u)
    whole = two_sum(high, following.high)
    return Sum(whole.high, whole.low + (following.low + low))


@inlined
def log_ratio_fine(s, n):
    """Return the same to twice the precision."""
    u = product(s, s)
    p = Sum(polynomial(ATANH_REST, u.high), 0.0)
    p = fine_term(p, u, ATANH_HIGH[4], ATANH_LOW[4])
    p = fine_term(p, u, ATANH_HIGH[3], ATANH_LOW[3])
    p = fine_term(p, u, ATANH_HIGH[2], ATANH_LOW[2])
    p = fine_term(p, u, ATANH_HIGH[1], ATANH_LOW[1])
    p = fine_term(p, u, ATANH_HIGH[0], ATANH_LOW[0])
    tail = product(product(s, u), p)
    whole = two_sum(n * LN2_HI, s.high + s.high)
    both = two_sum(whole.high, tail.high)
    low = both.low + (whole.low + (tail.low + fma(n, LN2_LO, s.low + s.low)))
    return Sum(both.high + low, low - ((both.high + low) - both.high))


@inlined
def gauss_exponent(x, low):
    """Return -x^2 / 2 for the exponential, x being a number and its rounding error."""
    half = -0.5 * x
    square = half * x
    return reduce(square, fma(-x, low, fma(half, x, -square)))


class Mills(NamedTuple):
    """The Mills ratio M at two points, and minus its slope between them."""

    near: float
    far: float
    slope: float


@inlined
def mills(near, far):
    """The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points from MILLS_FROM on.

    And minus its slope between them, (M(near) - M(far)) / (far - near): with P the polynomial and d
    its divided difference, both terms of P(y_far) - MILLS_SPAN d / (near + MILLS_SHIFT) are
    positive, however close the points. Even and odd powers go side by side.
    """
    per_near = 1.0 / (near + MILLS_SHIFT)
    per_far = 1.0 / (far + MILLS_SHIFT)
    y_near = (near - MILLS_ZERO) * per_near
    y_far = (far - MILLS_ZERO) * per_far
    u_near = y_near * y_near
    u_far = y_far * y_far
    even, even_d = horner_divided(MILLS[0::2], u_near, u_far)
    odd, odd_d = horner_divided(MILLS[1::2], u_near, u_far)
    p = fma(odd, y_far, even)
    d = fma(y_near + y_far, fma(odd_d, y_near, even_d), odd)
    return Mills(
        near=fma(d, y_near - y_far, p) * per_near,
        far=p * per_far,
        slope=fma(-MILLS_SPAN * d, per_near, p) * (per_near * per_far),
    )


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: float
    q: float


@inlined
def loss(x):
    """Return -M'(x) = 1/sqrt(2 pi) - x M(x); its denominator is that of M too; x >= 0."""
    return Ratio(polynomial(LOSS_P, x), polynomial(LOSS_Q, x))


@inlined
def tail_numerator(x):
    return polynomial(TAIL_P, x)


@inlined
def half_ulp(x):
    """Half a unit in the last place of x, relative to x."""
    unit = at_least(from_bits(to_bits(x) & BINADE), LEAST_NORMAL)
    half = 2.0**-53 * (unit / fabs(x))
    return 0.0 if x == 0.0 else half


@inlined
def two_ulp(x):
    """Two units in the last place of x >= 0."""
    return 2.0**-51 * from_bits(to_bits(x) & BINADE)
