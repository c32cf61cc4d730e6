"""Elementary functions, right under the three liberties that XLA takes with doubles.

It fuses products into sums, so that rounding errors are only found by products that are exact. It
takes (x + c) - c with a constant c for x. And it takes subnormal numbers for 0, so that where they
matter they are taken apart and put together as integers.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from quantforge_jax.formulas.tables import (
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
    TAIL_P,
)

__all__ = [
    "END",
    "Argument",
    "Mills",
    "Ratio",
    "Reduced",
    "Scaled",
    "Sum",
    "add",
    "bits",
    "exp_minus_1",
    "finite_or_zero",
    "from_bits",
    "gauss_exponent",
    "is_negative",
    "log_argument",
    "log_ratio",
    "log_ratio_fine",
    "loss",
    "mills",
    "power_of_two",
    "product",
    "reduce",
    "scaled",
    "square_root",
    "tail_numerator",
    "times",
    "times_exp",
    "times_power",
    "zero_times",
]

END = 20000.0
"""The exponent of infinity; that of 0 is minus this."""

_SIGN = -(1 << 63)
_FRACTION = (1 << 52) - 1
_ONE = 1023 << 52


class Sum(NamedTuple):
    """An unevaluated sum; low is at most a rounding error of high."""

    high: Array
    low: Array


class Reduced(NamedTuple):
    """A number as n ln 2 + r, |r| <= ln 2 / 2."""

    n: Array
    r: Array


class Scaled(NamedTuple):
    """A size as mantissa 2^exponent with a mantissa in [1, 2); 0 and infinity are their own."""

    mantissa: Array
    exponent: Array


class Ratio(NamedTuple):
    """Numerator and denominator."""

    p: Array
    q: Array


class Argument(NamedTuple):
    """s = (x - y) / (x + y) for y next to x, and n: x / y = (x / that) 2^n."""

    s: Sum
    n: Array


class Mills(NamedTuple):
    """The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points, and minus its slope.

    The slope is (M(near) - M(far)) / (far - near) > 0.
    """

    near: Array
    far: Array
    slope: Array


# --- numbers as integers ---------------------------------------------------------------------


def bits(x: Array) -> Array:
    return lax.bitcast_convert_type(x, jnp.int64)


def from_bits(n: Array) -> Array:
    return lax.bitcast_convert_type(n, jnp.float64)


def is_negative(x: Array) -> Array:
    """x < 0, subnormal numbers included; true of some NaN."""
    return (bits(x) < 0) & (bits(x) != _SIGN)


def scaled(x: Array) -> Scaled:
    """|x| taken apart."""
    size = bits(x) & ~_SIGN
    subnormal = size <= _FRACTION
    whole = jnp.where(subnormal, bits(size.astype(jnp.float64)), size)
    exponent = (whole >> 52) - jnp.where(subnormal, 1023 + 1074, 1023)
    mantissa = from_bits((whole & _FRACTION) | _ONE)
    end, ends = (size == 0) | jnp.isinf(x), jnp.where(size == 0, -END, END)
    return Scaled(
        jnp.where(end | jnp.isnan(x), jnp.abs(x), mantissa),
        jnp.where(end, ends, exponent.astype(jnp.float64)),
    )


def times_power(x: Array, n: Array) -> Array:
    """x 2^n for any integer n, rounded once."""
    mantissa, exponent = scaled(x)
    e = jnp.clip(exponent + n, -1100.0, 1024.0)
    e = jnp.where(jnp.isnan(e), 0.0, e).astype(jnp.int64)
    normal = bits(mantissa) + (e << 52)
    units = mantissa * from_bits((jnp.clip(e + 1074, -30, 60) + 1023) << 52)  # of the least number
    small = jnp.round(jnp.where(e < -1022, units, 0.0)).astype(jnp.int64)
    infinite = jnp.where(e > 1023, bits(jnp.full_like(x, jnp.inf)), normal)
    size = jnp.where(e < -1022, small, infinite)
    plain = (bits(x) << 1 == 0) | ~jnp.isfinite(x)
    return from_bits(jnp.where(plain, bits(x), size | (bits(x) & _SIGN)))


def times(x: Array, y: Array) -> Array:
    """x y, of which either may be subnormal."""
    a, b = scaled(x), scaled(y)
    power = jnp.where(jnp.isinf(x * y), 0.0, a.exponent + b.exponent)
    value = times_power(a.mantissa * b.mantissa, power)
    return from_bits(bits(value) | ((bits(x) ^ bits(y)) & _SIGN))


def square_root(x: Array) -> Array:
    """The square root of x >= 0."""
    tiny = scaled(x).exponent < -1022.0
    root = jnp.sqrt(jnp.where(tiny, times_power(x, jnp.full_like(x, 1074.0)), x))
    return jnp.where(tiny, root * 2.0**-537, root)


def power_of_two(n: Array) -> Array:
    """2^n, n held within +-1000."""
    return from_bits((jnp.clip(n, -1000.0, 1000.0).astype(jnp.int64) + 1023) << 52)


# --- sums and products without loss ----------------------------------------------------------


def finite_or_zero(x: Array) -> Array:
    return jnp.where(jnp.isfinite(x), x, 0.0)


def zero_times(x: Array, y: Array) -> Array:
    """x y, but 0 where x is 0, even if y is infinite."""
    return jnp.where(x == 0.0, 0.0, x * y)


def add(x: Array, y: Array) -> Sum:
    """x + y without loss, for numbers that are neither products nor constants."""
    high = x + y
    part = high - x
    return Sum(high, (x - (high - part)) + (y - part))


def product(x: Array, y: Array) -> Sum:
    """x y to twice the precision; every product in it but the last two is exact."""
    x_high, y_high = (from_bits(bits(each) & -(1 << 27)) for each in (x, y))
    x_low, y_low = x - x_high, y - y_high
    whole, rest = x_high * y_high, x_high * y_low + (x_low * y_high + x_low * y_low)
    high = whole + rest
    low = (whole - high) + rest
    held = jnp.isfinite(low) & (jnp.abs(high) > 2.0**-960)
    return Sum(jnp.where(held, high, x * y), jnp.where(held, low, 0.0))


def _product_of_sums(x: Sum, y: Sum) -> Sum:
    high, low = product(x.high, y.high)
    low = low + (x.high * y.low + x.low * y.high)
    return Sum(high + low, low - ((high + low) - high))


# --- exponential and logarithm ---------------------------------------------------------------


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def reduce(x: Array, low: Array | float = 0.0) -> Reduced:
    n = jnp.round(x * LOG2E)
    return Reduced(n, ((x - n * LN2_HI) - n * LN2_LO) + low)


def exp_minus_1(r: Array) -> Array:
    return _polynomial(EXP, r) * (r * r) + r


def times_exp(x: Array, r: Array) -> Array:
    return x * exp_minus_1(r) + x


def gauss_exponent(x: Array, low: Array) -> Reduced:
    """-x^2 / 2 for the exponential, x being a number and its rounding error."""
    square = product(-0.5 * x, x)
    return reduce(square.high, square.low - x * low)


def log_argument(x: Array, y: Array) -> Argument:
    """What the logarithm of x / y is made of, for x and y in [1, 2)."""
    n = jnp.where(x > 1.5 * y, 1.0, jnp.where(1.5 * x < y, -1.0, 0.0))
    near = y * jnp.where(n > 0, 2.0, jnp.where(n < 0, 0.5, 1.0))
    up, down = x - near, x + near
    s, down_low = up / down, ((x + x) - (x + near)) - up
    back = product(s, down)
    return Argument(Sum(s, (((up - back.high) - back.low) - s * down_low) / down), n)


def log_ratio(s: Sum, n: Array) -> Sum:
    """ln(x / y) by its argument, with an error of s^5."""
    u = product(s.high, s.high)
    w = product(s.high, u.high)
    w_low = w.low + s.high * u.low + 3.0 * u.high * s.low
    first = product(w.high, jnp.full_like(u.high, ATANH_HIGH[0]))
    rest = first.low + (w_low * ATANH_HIGH[0] + w.high * ATANH_LOW[0])
    rest = w.high * u.high * _polynomial(ATANH_NEXT, u.high) + rest
    return _log_sum(Sum(first.high, rest), s, n)


def log_ratio_fine(s: Sum, n: Array) -> Sum:
    """The same to twice the precision."""
    u = _product_of_sums(s, s)
    p = Sum(_polynomial(ATANH_REST, u.high), jnp.zeros_like(u.high))
    for first, second in zip(ATANH_HIGH[::-1], ATANH_LOW[::-1], strict=True):
        following = _product_of_sums(p, u)
        whole = add(jnp.where(u.high < 1.0, first, u.high), following.high)  # no constant
        p = Sum(whole.high, whole.low + (following.low + second))
    return _log_sum(_product_of_sums(_product_of_sums(s, u), p), s, n)


def _log_sum(tail: Sum, s: Sum, n: Array) -> Sum:
    """n ln 2 + 2 s + tail."""
    whole = add(n * LN2_HI, s.high + s.high)  # both are exact
    both = add(whole.high, tail.high)
    low = both.low + (whole.low + (tail.low + (n * LN2_LO + (s.low + s.low))))
    return Sum(both.high + low, low - ((both.high + low) - both.high))


# --- the normal distribution -----------------------------------------------------------------


def mills(near: Array, far: Array) -> Mills:
    """M at two points from MILLS_FROM on; Horner's scheme carries its divided difference along."""
    per_near, per_far = 1.0 / (near + MILLS_SHIFT), 1.0 / (far + MILLS_SHIFT)
    y_near, y_far = (near - MILLS_ZERO) * per_near, (far - MILLS_ZERO) * per_far
    p, d = jnp.full_like(near, MILLS[-1]), jnp.zeros_like(near)
    for coefficient in MILLS[-2::-1]:
        d = d * y_near + p
        p = p * y_far + coefficient
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
