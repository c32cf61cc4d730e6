"""Elementary functions of the numerical specification, in exact arithmetic where it matters.

Only + - * / sqrt fma, comparisons and bit operations, in a fixed order. The names and the order are
those of every native backend.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import struct
import sys
from collections.abc import Sequence
from typing import NamedTuple

from quantforge_conformance.spec.tables import (
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

MASK = (1 << 64) - 1


def to_bits(x: float) -> int:
    """The 64 bits of x."""
    return int(struct.unpack("<Q", struct.pack("<d", x))[0])


def from_bits(bits: int) -> float:
    """The number with these 64 bits."""
    return float(struct.unpack("<d", struct.pack("<Q", bits & MASK))[0])


def exact_fma(a: float, b: float, c: float) -> float:
    """a b + c by IEEE 754, evaluated in integers and rounded once."""
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


if sys.version_info >= (3, 13):

    def fma(a: float, b: float, c: float) -> float:
        """a b + c, rounded once."""
        try:
            return math.fma(a, b, c)
        except (ValueError, OverflowError):  # where IEEE 754 has a new NaN, or infinity
            return exact_fma(a, b, c)

else:
    _fma = ctypes.CDLL(ctypes.util.find_library("m")).fma
    _fma.argtypes, _fma.restype = [ctypes.c_double] * 3, ctypes.c_double

    def fma(a: float, b: float, c: float) -> float:
        """a b + c, rounded once: by the C library, a hundred times as fast."""
        return float(_fma(a, b, c))


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


def shift_exponent(x: float, n_magic: float) -> float:
    """x 2^n for the integer n held by n_magic = n + ROUND_MAGIC; x and the result are normal."""
    return from_bits(to_bits(x) + (to_bits(n_magic) << 52))


def power_of_two(n: float) -> float:
    """2^n for -1022 <= n <= 1023, n an integer."""
    return shift_exponent(1.0, n + ROUND_MAGIC)


def at_least(x: float, bound: float) -> float:
    """The greater of the two, the bound where x is NaN."""
    return x if x > bound else bound


def at_most(x: float, bound: float) -> float:
    """The lesser of the two, the bound where x is NaN."""
    return x if x < bound else bound


def finite_or_zero(x: float) -> float:
    """x, but 0 where it is NaN or infinite."""
    return x if x - x == 0.0 else 0.0


def times_power(x: float, n: float) -> float:
    """x 2^n for any integer n, in three steps; where it is subnormal it is rounded once."""
    n = at_most(at_least(n, -3060.0), 3060.0)
    third = (n * (1.0 / 3.0) + ROUND_MAGIC) - ROUND_MAGIC
    power = power_of_two(third)
    return x * power * power * power_of_two(n - 2.0 * third)


def zero_times(x: float, y: float) -> float:
    """x y, but 0 where x is 0, even if y is infinite."""
    return 0.0 if x == 0.0 else x * y


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


def polynomial(c: Sequence[float], degree: int, x: float) -> float:
    """A polynomial with ascending coefficients, even and odd powers side by side."""
    u, high, low = x * x, c[degree], c[degree - 1]
    for i in range(degree - 2, 0, -2):
        high = fma(high, u, c[i])
        low = fma(low, u, c[i - 1])
    return fma(high, x, low) if degree % 2 else fma(low, x, fma(high, u, c[0]))


def exp_minus_1(r: float) -> float:
    """e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r)."""
    return fma(polynomial(EXP, 9, r), r * r, r)


def times_exp(x: float, r: float) -> float:
    """x e^r, rounded once but for the error of e^r - 1."""
    return fma(x, exp_minus_1(r), x)


class Sum(NamedTuple):
    """An unevaluated sum; low is at most a rounding error of high."""

    high: float
    low: float


class Aligned(NamedTuple):
    """y times the power of two that brings it next to x, so that x - y is exact.

    x / y = (x / that) 2^n.
    """

    y: float
    n: float


def aligned(x: float, y: float) -> Aligned:
    """Bring y next to x, both normal and positive."""
    apart = (to_bits(x) - to_bits(y) + (1 << 51) + (1 << 63)) & MASK
    n = from_bits((apart >> 52) | 0x4330000000000000) - float.fromhex("0x1.00000000008p+52")
    return Aligned(from_bits(to_bits(y) + (apart & ~((1 << 52) - 1)) + (1 << 63)), n)


def log_ratio(x: float, y: float) -> Reduced:
    """ln(x / y) = n ln 2 + r for normal positive x and y."""
    near = aligned(x, y)
    s = divide(x - near.y, x + near.y)
    u = s * s
    return Reduced(near.n, near.n, fma(s * u, polynomial(ATANH, 7, u), s + s))


def two_sum(x: float, y: float) -> Sum:
    """x + y without loss."""
    high = x + y
    part = high - x
    return Sum(high, (x - (high - part)) + (y - part))


def product(x: Sum, y: Sum) -> Sum:
    """x y to twice the precision."""
    high = x.high * y.high
    low = fma(x.high, y.high, -high) + fma(x.high, y.low, x.low * y.high)
    return Sum(high + low, low - ((high + low) - high))


def log_argument(x: float, near: Aligned) -> Sum:
    """s = (x - y) / (x + y), with the remainders of the division and of its divisor.

    `near` is y next to x.
    """
    up, down = x - near.y, x + near.y
    per = divide(1.0, down)
    s = up * per
    down_low = ((x + x) - down) - up
    return Sum(s, fma(-s, down_low, fma(-s, down, up)) * per)


def log_ratio_sum(s: Sum, n: float) -> Sum:
    """ln(x / y) for normal positive x and y by s of `log_argument`.

    The first term of p is carried to twice the precision: the error is that of s^5 q(s^2).
    """
    u = s.high * s.high
    w = s.high * u
    first = w * ATANH_HIGH[0]
    w_low = fma(s.high, fma(s.high, s.high, -u), fma(s.high, u, -w))
    w_low = fma(3.0 * u, s.low, w_low)
    first_low = fma(w_low, ATANH_HIGH[0], fma(w, ATANH_HIGH[0], -first))
    rest = fma(w * u, polynomial(ATANH_NEXT, 7, u), fma(w, ATANH_LOW[0], first_low))
    whole, two = n * LN2_HI, s.high + s.high
    total = whole + two
    high = total + first
    low = ((whole - total) + two) + ((total - high) + first)
    return Sum(high, low + fma(n, LN2_LO, rest + (s.low + s.low)))


def log_ratio_fine(s: Sum, n: float) -> Sum:
    """The same to twice the precision."""
    u = product(s, s)
    p = Sum(polynomial(ATANH_REST, 13, u.high), 0.0)
    for i in range(4, -1, -1):
        following = product(p, u)
        whole = two_sum(ATANH_HIGH[i], following.high)
        p = Sum(whole.high, whole.low + (following.low + ATANH_LOW[i]))
    tail = product(product(s, u), p)
    whole = two_sum(n * LN2_HI, s.high + s.high)
    both = two_sum(whole.high, tail.high)
    low = both.low + (whole.low + (tail.low + fma(n, LN2_LO, s.low + s.low)))
    return Sum(both.high + low, low - ((both.high + low) - both.high))


def gauss_exponent(x: float, low: float) -> Reduced:
    """-x^2 / 2 for the exponential, x being a number and its rounding error."""
    half = -0.5 * x
    square = half * x
    return reduce(square, fma(-x, low, fma(half, x, -square)))


class Mills(NamedTuple):
    """The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points and its slope.

    The slope is (M(near) - M(far)) / (far - near) > 0.
    """

    near: float
    far: float
    slope: float


def mills(near: float, far: float) -> Mills:
    """M at two points from MILLS_FROM on, and minus its slope between them.

    With P the polynomial and d its divided difference, both terms of P(y_far) - MILLS_SPAN d /
    (near + MILLS_SHIFT) are positive, however close the points. Horner's scheme at `far` carries
    the divided difference along; even and odd powers go side by side.
    """
    per_near, per_far = divide(1.0, near + MILLS_SHIFT), divide(1.0, far + MILLS_SHIFT)
    y_near, y_far = (near - MILLS_ZERO) * per_near, (far - MILLS_ZERO) * per_far
    u_near, u_far = y_near * y_near, y_far * y_far
    even = even_d = MILLS[24]
    odd = odd_d = MILLS[25]
    even = fma(even, u_far, MILLS[22])
    odd = fma(odd, u_far, MILLS[23])
    for i in range(20, -1, -2):
        even_d = fma(even_d, u_near, even)
        odd_d = fma(odd_d, u_near, odd)
        even = fma(even, u_far, MILLS[i])
        odd = fma(odd, u_far, MILLS[i + 1])
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


def loss(x: float) -> Ratio:
    """-M'(x) = 1/sqrt(2 pi) - x M(x) over a denominator that is M's too; x >= 0."""
    return Ratio(polynomial(LOSS_P, 11, x), polynomial(LOSS_Q, 13, x))


def tail_numerator(x: float) -> float:
    """M(x) times the denominator of `loss`."""
    return polynomial(TAIL_P, 12, x)


def half_ulp(x: float) -> float:
    """Half a unit in the last place of x, relative to x."""
    unit = at_least(from_bits(to_bits(x) & (0x7FF << 52)), float.fromhex("0x1p-1022"))
    return 0.0 if x == 0.0 else float.fromhex("0x1p-53") * divide(unit, abs(x))


def two_ulp(x: float) -> float:
    """Two units in the last place of x >= 0."""
    return float.fromhex("0x1p-51") * from_bits(to_bits(x) & (0x7FF << 52))
