"""Elementary functions of the specification, without fused multiply-add and with NumPy's exp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array
from quantforge.numpy_backend.tables import (
    ATANH,
    INV_SQRT_2PI,
    LN2_HI,
    LN2_LO,
    LOG2E,
    MILLS_P,
    MILLS_Q,
)

__all__ = [
    "Difference",
    "Ratio",
    "Reduced",
    "aligning",
    "gauss_exponent",
    "half_ulp",
    "log_ratio",
    "mills",
    "mills_difference",
    "mills_series",
    "natural",
    "product_error",
    "reduce",
    "times_power",
    "zero_times",
]


class Reduced(NamedTuple):
    """A number as n ln 2 + r."""

    n: Array
    r: Array


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: Array
    q: Array


class Difference(NamedTuple):
    """M(x) - M(f), for x < 0 -(M(-x) + M(f)), over sqrt(2 pi), as numerator and denominator."""

    p: Array
    q: Array
    near: Array


def product_error(a: Array, b: Array, product: Array) -> Array:
    """Return a b - product exactly, by Dekker's splitting; 0 where it over- or underflows."""
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return np.where(np.isfinite(error), error, 0.0)


def _halves(x: Array) -> tuple[Array, Array]:
    shifted = x * 134217729.0  # 2^27 + 1
    high = shifted - (shifted - x)
    return high, x - high


def reduce(x: Array, low: Any = 0.0) -> Reduced:
    """x + low = n ln 2 + r with |r| <= ln 2 / 2."""
    n = np.rint(x * LOG2E)
    return Reduced(n, (x - n * LN2_HI) - n * LN2_LO + low)


def natural(x: Reduced) -> Array:
    """The number that was reduced."""
    return x.n * LN2_HI + (x.n * LN2_LO + x.r)


def gauss_exponent(x: Array) -> Reduced:
    """-x^2 / 2, with the rounding error of the square."""
    xx = x * x
    return reduce(-0.5 * xx, -0.5 * product_error(x, x, xx))


def log_ratio(x: Array, y: Array) -> Reduced:
    """ln(x / y) for positive x and y; y is brought to x, so that their difference is exact."""
    (x, x_exponent), (y, y_exponent) = np.frexp(x), np.frexp(y)
    n = np.where(x > 1.5 * y, 1.0, np.where(1.5 * x < y, -1.0, 0.0))
    near = y * np.where(n > 0, 2.0, np.where(n < 0, 0.5, 1.0))
    s = (x - near) / (x + near)
    u = s * s
    return Reduced(n + (x_exponent - y_exponent), s * u * _polynomial(ATANH, u) + (s + s))


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def mills(x: Array) -> Ratio:
    """N(-x) / (sqrt(2 pi) phi(x)), 0 <= x <= 54."""
    return Ratio(_polynomial(MILLS_P, x), _polynomial(MILLS_Q, x))


def mills_difference(h: Array, t: Array) -> Difference:
    """The difference at x = h - t and f = h + t, both held within 54."""
    near = h - t
    m, m0 = mills(np.fmin(h + t, 2.0**50)), mills(np.fmin(np.abs(near), 54.0))
    return Difference(np.copysign(m0.p, near) * m.q - m.p * m0.q, m.q * m0.q, near)


def mills_series(h: Array, t: Array, last: int) -> Array:
    """The difference for small t: the odd derivatives of M at h, up to the `last`."""
    p, q = mills(h)
    u = t * t
    m = [p / q]
    m.append(h * m[0] - INV_SQRT_2PI)
    for n in range(2, last + 1):
        m.append(h * m[-1] + (n - 1.0) * m[-2])
    total = m[last]
    for n in range(last - 2, 0, -2):
        total = total * (u * (1.0 / ((n + 1.0) * (n + 2.0)))) + m[n]
    return -2.0 * t * total


def times_power(x: Array, n: Any) -> Array:
    """x 2^n for any integer n; infinity stays what it is."""
    return np.where(np.isinf(x), x, np.ldexp(x, np.clip(n, -5000, 5000).astype(np.int32)))


def aligning(n: Array) -> Array:
    """2^n, not beyond +-1000."""
    return np.ldexp(1.0, np.clip(n, -1000, 1000).astype(np.int32))


def half_ulp(x: Array) -> Array:
    """Half a unit in the last place of x, relative to x."""
    size = np.abs(x)
    return np.where(size == 0, 0.0, 0.5 * (np.spacing(size) / size))


def zero_times(x: Array, y: Array) -> Array:
    """x y, but 0 where x is 0, even if y is infinite."""
    return np.where(x == 0, 0.0, x * y)
