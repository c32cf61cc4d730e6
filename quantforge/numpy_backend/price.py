"""European price on a lognormal underlying, in NumPy.

The method of the native kernels (see docs/numerics.md) without fused multiply-add, which NumPy
does not have, and with NumPy's own exponential: a few ulp from their bits.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.tables import (
    ATANH,
    INV_SQRT_2PI,
    LN2_HI,
    LN2_LO,
    LOG2E,
    MILLS_P,
    MILLS_Q,
)

__all__ = ["price"]

Array = np.ndarray[Any, np.dtype[np.float64]]
_READ: Final[Any] = ("readonly", "overlap_assume_elementwise")
_WRITE: Final[Any] = ("writeonly", "no_broadcast", "overlap_assume_elementwise")
_BLOCK: Final = 2048  # lanes at a time: every temporary stays in the first cache


def price(*inputs: Any, out: Any = None) -> Any:
    """Price options from (spot, strike, time, rate, dividend, sigma, sign), like a ufunc."""
    inputs = tuple(map(_plain, inputs))
    if out is None:
        out = np.empty(np.broadcast_shapes(*map(np.shape, inputs)))
        scalar = out.ndim == 0
    else:
        scalar = False
    blocks = np.nditer(
        [*inputs, out],
        flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        op_flags=[*[_READ] * len(inputs), _WRITE],
        op_dtypes=[np.float64] * (len(inputs) + 1),
        casting="same_kind",
        buffersize=_BLOCK,
    )
    invalid = False
    with blocks, np.errstate(all="ignore"):
        for *operands, target in blocks:
            target[...], outside = _price(*operands)
            invalid |= outside
    if invalid:
        np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
    return out[()] if scalar else out


def _plain(given: Any) -> np.ndarray[Any, Any]:
    """Refuse what would lose something here: a mask, labels, precision."""
    is_plain = type(given) is np.ndarray or isinstance(given, np.generic | np.memmap)
    if hasattr(given, "__array_ufunc__") and not is_plain:
        raise TypeError(f"the NumPy fallback takes plain arrays, not {type(given).__name__}")
    array = np.asarray(given)
    if not np.can_cast(array.dtype, np.float64):
        raise TypeError(f"{array.dtype.name} cannot become float64 without loss")
    return array


class _Legs(NamedTuple):
    a: Array
    a_exponent: Array
    b: Array
    b_exponent: Array
    h: Array
    v: Array


def _price(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array, sign: Array
) -> tuple[Array, bool]:
    operands = (spot, strike, time, rate, dividend, sigma, sign)
    legs = _legs(spot, strike, time, rate, dividend, sigma)
    outside = (
        (np.minimum(np.minimum(spot, strike), np.minimum(time, sigma)) < 0)
        | (np.isinf(spot) & np.isinf(strike))
        | np.isnan(legs.v)
        | np.isinf(rate)
        | np.isinf(dividend)
        | (np.abs(sign) != 1)
    )
    missing = np.isnan(sum(np.where(np.isinf(operand), 0.0, operand) for operand in operands))
    value = np.where(outside | missing, np.nan, _value(legs, sign))
    return value, bool((outside & ~missing).any())


def _legs(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array
) -> _Legs:
    """A = S e^(-qT) and B = K e^(-rT) as mantissa and exponent, h = |ln(A/B)|/v, v."""
    r_n, r_r, r_excess = _discount(rate, time)
    q_n, q_r, q_excess = _discount(dividend, time)
    s, s_exponent = _scaled(spot)
    k, k_exponent = _scaled(strike)
    n, log = _log_ratio(s, k)
    n = (n + np.clip(s_exponent - k_exponent, -3000, 3000) - r_n) + q_n
    y = n * LN2_HI + (n * LN2_LO + (log + (q_r - r_r))) + (r_excess - q_excess)
    v = np.abs(sigma * np.sqrt(time))
    h = np.where(np.isinf(v), 0.0, np.abs(np.where(np.isnan(y), 0.0, y)) / v)
    return _Legs(s * np.exp(q_r), s_exponent + q_n, k * np.exp(r_r), k_exponent + r_n, h, v)


def _discount(rate: Array, time: Array) -> tuple[Array, Array, Array]:
    """-rate time = n ln 2 + r, within +-4000, and what was cut off."""
    exact_zero = rate == 0
    x = np.where(exact_zero, 0.0, rate * time)
    within = np.abs(x) < 4000
    low = np.where(within & ~exact_zero, _product_error(rate, time, x), 0.0)
    held = np.where(within, x, np.copysign(4000.0, x))
    n = np.rint(-held * LOG2E)
    return n, (-held - n * LN2_HI) - n * LN2_LO - low, np.where(within, 0.0, x - held)


def _product_error(a: Array, b: Array, product: Array) -> Array:
    """Return a b - product exactly, by Dekker's splitting; 0 where it over- or underflows."""
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return np.where(np.isfinite(error), error, 0.0)


def _halves(x: Array) -> tuple[Array, Array]:
    shifted = x * 134217729.0  # 2^27 + 1
    high = shifted - (shifted - x)
    return high, x - high


def _scaled(x: Array) -> tuple[Array, Array]:
    """Mantissa and exponent; zero and infinity beside an exponent beyond all others."""
    mantissa, exponent = np.frexp(x)
    exponent = np.where(x == 0, -20000.0, np.where(np.isinf(x), 20000.0, exponent))
    return mantissa, exponent


def _log_ratio(x: Array, y: Array) -> tuple[Array, Array]:
    """ln(x / y) = n ln 2 + r for mantissas x and y."""
    n = np.where(x > 1.5 * y, 1.0, np.where(1.5 * x < y, -1.0, 0.0))
    near = y * np.where(n > 0, 2.0, np.where(n < 0, 0.5, 1.0))
    s = (x - near) / (x + near)
    u = s * s
    return n, s * u * _polynomial(ATANH, u) + (s + s)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def _mills(x: Array) -> tuple[Array, Array]:
    """Numerator and denominator of N(-x) / (sqrt(2 pi) phi(x)), 0 <= x <= 54."""
    return _polynomial(MILLS_P, x), _polynomial(MILLS_Q, x)


def _series(h: Array, t: Array) -> Array:
    """(M(h - t) - M(h + t)) / sqrt(2 pi) for small t: the odd derivatives of M at h."""
    p, q = _mills(h)
    u = t * t
    derivatives = [p / q]
    derivatives.append(h * derivatives[0] - INV_SQRT_2PI)
    for order in range(1, 7):
        derivatives.append(h * derivatives[order] + order * derivatives[order - 1])
    _, m1, _, m3, _, m5, _, m7 = derivatives
    return -2 * t * (((m7 * (u / 42) + m5) * (u / 20) + m3) * (u / 6) + m1)


def _value(legs: _Legs, sign: Array) -> Array:
    h, t = legs.h, 0.5 * legs.v
    near = h - t
    far, x = np.fmin(h + t, 54.0), np.fmin(np.abs(near), 54.0)
    h_held = np.fmin(h, 54.0)
    top = np.maximum(legs.a_exponent, legs.b_exponent)
    a = _times_power(legs.a, legs.a_exponent - top)
    b = _times_power(legs.b, legs.b_exponent - top)

    xx = x * x
    n = np.rint(-0.5 * xx * LOG2E)
    remainder = (-0.5 * xx - n * LN2_HI) - n * LN2_LO - 0.5 * _product_error(x, x, xx)
    least = np.where(a < b, legs.a, legs.b)
    least_exponent = np.where(a < b, legs.a_exponent, legs.b_exponent)
    density = np.exp(remainder)
    (p, q), (p0, q0) = _mills(far), _mills(x)
    difference = (np.copysign(p0, near) * q - p * q0) / (q * q0)
    close = t * np.fmax(h_held, 2.0) < 1 / 64
    if close.any():
        difference = np.where(close, _series(h_held, t), difference)

    settled = (legs.v == 0) | (a == 0) | (b == 0) | np.isinf(a) | np.isinf(b)
    complement = (near < 0) & ~close
    factor = np.where(complement, 1 + _times_power(density, n) * difference, density * difference)
    factor = np.where(settled, 0.0, factor)
    term_exponent = least_exponent + np.where(complement, 0.0, n)
    intrinsic = np.fmax(sign * (a - b), 0.0)
    exponent = np.where(intrinsic > 0, top, term_exponent)
    value = _times_power(least, term_exponent - exponent) * factor + intrinsic
    value = np.fmax(value, 0.0)
    endless = np.isinf(legs.v) & ~settled
    value = np.where(endless, np.where(sign > 0, legs.a, legs.b), value)
    exponent = np.where(endless, np.where(sign > 0, legs.a_exponent, legs.b_exponent), exponent)
    return np.where(np.isinf(value), value, np.ldexp(value, _integer(exponent))) + 0.0


def _times_power(x: Array, n: Array) -> Array:
    return np.ldexp(x, np.clip(n, -1000, 1000).astype(np.int32))


def _integer(exponent: Array) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.clip(exponent, -5000, 5000).astype(np.int32)
