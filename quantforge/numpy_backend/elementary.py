"""Elementary functions of the specification, without fused multiply-add and with NumPy's exp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array
from quantforge.numpy_backend.tables import (
    ATANH,
    ATANH_HIGH,
    ATANH_LOW,
    ATANH_NEXT,
    ATANH_REST,
    LN2_HI,
    LN2_LO,
    LOG2E,
    LOSS_P,
    LOSS_Q,
    MILLS,
    MILLS_SHIFT,
    MILLS_SPAN,
    MILLS_ZERO,
    TAIL_P,
)

__all__ = [
    "Argument",
    "Mills",
    "Ratio",
    "Reduced",
    "Sum",
    "finite_or_zero",
    "gauss_exponent",
    "half_ulp",
    "log_argument",
    "log_ratio",
    "log_ratio_fine",
    "log_ratio_sum",
    "loss",
    "mills",
    "natural",
    "power_of_two",
    "product_error",
    "reduce",
    "sum_",
    "tail_numerator",
    "times_power",
    "two_ulp",
    "zero_times",
]


class Reduced(NamedTuple):
    """A number as n ln 2 + r."""

    n: Array
    r: Array


class Sum(NamedTuple):
    """An unevaluated sum; low is at most a rounding error of high."""

    high: Array
    low: Array


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: Array
    q: Array


class Mills(NamedTuple):
    """The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points and its slope.

    The slope is (M(near) - M(far)) / (far - near) > 0.
    """

    near: Array
    far: Array
    slope: Array


def product_error(a: Array, b: Array, product: Array) -> Array:
    """a b - product for a product next to it, by Dekker's splitting; 0 beyond its range."""
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    whole = a_high * b_high
    error = ((whole - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return np.where(np.isfinite(error) & (np.abs(whole) > 2.0**-960), error, 0.0)


def _halves(x: Array) -> tuple[Array, Array]:
    shifted = x * 134217729.0  # 2^27 + 1
    high = shifted - (shifted - x)
    return high, x - high


def finite_or_zero(x: Array) -> Array:
    """x, but 0 where it is NaN or infinite."""
    return np.where(np.isfinite(x), x, 0.0)


def zero_times(x: Array, y: Array) -> Array:
    """x y, but 0 where x is 0, even if y is infinite."""
    return np.where(x == 0, 0.0, x * y)


def power_of_two(n: Array) -> Array:
    """2^n, n held within +-1000."""
    return np.ldexp(1.0, np.clip(n, -1000, 1000).astype(np.int32))


def times_power(x: Array, n: Array) -> Array:
    """x 2^n for any integer n; where it is subnormal it is rounded once."""
    return np.ldexp(x, np.clip(n, -5000, 5000).astype(np.int32))


def reduce(x: Array, low: Any = 0.0) -> Reduced:
    """x + low = n ln 2 + r with |r| <= ln 2 / 2."""
    n = np.rint(x * LOG2E)
    return Reduced(n, ((x - n * LN2_HI) - n * LN2_LO) + low)


def natural(x: Reduced) -> Array:
    """The number that was reduced."""
    return x.n * LN2_HI + (x.n * LN2_LO + x.r)


def gauss_exponent(x: Array, low: Array) -> Reduced:
    """-x^2 / 2 for the exponential, x being a number and its rounding error."""
    half = -0.5 * x
    square = half * x
    return reduce(square, product_error(half, x, square) - x * low)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def sum_(x: Array, y: Array) -> Sum:
    """x + y without loss."""
    high = x + y
    part = high - x
    return Sum(high, (x - (high - part)) + (y - part))


def _aligned(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """x in [1/2, 1), y scaled to lie next to it, and n: x / y = (x / scaled y) 2^n."""
    (x, x_exponent), (y, y_exponent) = np.frexp(x), np.frexp(y)
    n = np.where(x > 1.5 * y, 1.0, np.where(1.5 * x < y, -1.0, 0.0))
    return x, y * np.where(n > 0, 2.0, np.where(n < 0, 0.5, 1.0)), n + (x_exponent - y_exponent)


def log_ratio(x: Array, y: Array) -> Reduced:
    """ln(x / y) for positive x and y."""
    x, near, n = _aligned(x, y)
    s = (x - near) / (x + near)
    u = s * s
    return Reduced(n, s * u * _polynomial(ATANH, u) + (s + s))


def product(x: Sum, y: Sum) -> Sum:
    """x y to twice the precision."""
    high = x.high * y.high
    low = product_error(x.high, y.high, high) + (x.high * y.low + x.low * y.high)
    return Sum(high + low, low - ((high + low) - high))


class Argument(NamedTuple):
    """s = (x - y) / (x + y) for y next to x, and n: x / y = (x / that) 2^n."""

    s: Sum
    n: Array


def log_argument(x: Array, y: Array) -> Argument:
    """What the logarithm of x / y is made of, for positive x and y.

    It includes the remainders of the division and of its divisor.
    """
    x, near, n = _aligned(x, y)
    up, down = x - near, x + near
    s = up / down
    down_low = ((x + x) - down) - up
    return Argument(Sum(s, (-s * down_low - product_error(s, down, up)) / down), n)


def log_ratio_sum(s: Sum, n: Array) -> Sum:
    """ln(x / y) by its argument.

    The first term of p is carried to twice the precision: the error is that of s^5 q(s^2).
    """
    u = s.high * s.high
    w = s.high * u
    first = w * ATANH_HIGH[0]
    w_low = s.high * product_error(s.high, s.high, u) + product_error(s.high, u, w)
    w_low = w_low + 3.0 * u * s.low
    third = np.full_like(w, ATANH_HIGH[0])
    rest = w_low * third + product_error(w, third, first) + w * ATANH_LOW[0]
    rest = w * u * _polynomial(ATANH_NEXT, u) + rest
    whole, two = n * LN2_HI, s.high + s.high
    total = whole + two
    high = total + first
    low = ((whole - total) + two) + ((total - high) + first)
    return Sum(high, low + (n * LN2_LO + (rest + (s.low + s.low))))


def log_ratio_fine(s: Sum, n: Array) -> Sum:
    """The same to twice the precision."""
    u = product(s, s)
    p = Sum(_polynomial(ATANH_REST, u.high), np.zeros_like(u.high))
    for first, second in zip(ATANH_HIGH[::-1], ATANH_LOW[::-1], strict=True):
        following = product(p, u)
        whole = sum_(np.full_like(u.high, first), following.high)
        p = Sum(whole.high, whole.low + (following.low + second))
    tail = product(product(s, u), p)
    whole = sum_(n * LN2_HI, s.high + s.high)
    both = sum_(whole.high, tail.high)
    low = both.low + (whole.low + (tail.low + (n * LN2_LO + (s.low + s.low))))
    return Sum(both.high + low, low - ((both.high + low) - both.high))


def mills(near: Array, far: Array) -> Mills:
    """M at two points from MILLS_FROM on, and minus its slope between them.

    With P the polynomial and d its divided difference, both terms of P(y_far) - MILLS_SPAN d /
    (near + MILLS_SHIFT) are positive, however close the points. Horner's scheme at `far` carries
    the divided difference along.
    """
    per_near, per_far = 1.0 / (near + MILLS_SHIFT), 1.0 / (far + MILLS_SHIFT)
    y_near, y_far = (near - MILLS_ZERO) * per_near, (far - MILLS_ZERO) * per_far
    p, d = np.full_like(near, MILLS[-1]), np.zeros_like(near)
    for coefficient in MILLS[-2::-1]:
        d *= y_near
        d += p
        p *= y_far
        p += coefficient
    return Mills(
        near=(d * (y_near - y_far) + p) * per_near,
        far=p * per_far,
        slope=(p - MILLS_SPAN * d * per_near) * (per_near * per_far),
    )


def loss(x: Array) -> Ratio:
    """-M'(x) = 1/sqrt(2 pi) - x M(x) over a denominator that is M's too; x >= 0."""
    return Ratio(_polynomial(LOSS_P, x), _polynomial(LOSS_Q, x))


def tail_numerator(x: Array) -> Array:
    """M(x) times the denominator of `loss`."""
    return _polynomial(TAIL_P, x)


def half_ulp(x: Array) -> Array:
    """Half a unit in the last place of x, relative to x."""
    size = np.abs(x)
    return np.where(size == 0, 0.0, 0.5 * (np.spacing(size) / size))


def two_ulp(x: Array) -> Array:
    """Two units in the last place of x."""
    return 2.0 * np.spacing(np.abs(x))
