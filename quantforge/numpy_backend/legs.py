"""The two legs of a European option and how far apart they are (see the specification)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask
from quantforge.numpy_backend.elementary import (
    Reduced,
    aligning,
    log_ratio,
    natural,
    product_error,
    reduce,
)

__all__ = ["Aligned", "Legs", "Sides", "aligned", "discount", "is_missing", "legs", "sides"]


class Sides(NamedTuple):
    """A = S e^(-qT) and B = K e^(-rT) as mantissa, rounding error and exponent; y = ln(A/B)."""

    a: Array
    a_exponent: Array
    a_low: Array
    b: Array
    b_exponent: Array
    b_low: Array
    y: Array
    r: Reduced
    q: Reduced
    outside: Mask


class Legs(NamedTuple):
    """Both legs, their distance h and the total volatility v."""

    a: Array
    a_exponent: Array
    b: Array
    b_exponent: Array
    h: Array
    v: Array
    r: Reduced
    q: Reduced
    outside: Mask


class Aligned(NamedTuple):
    """Both legs times 2^-top, what the factors were, and which leg is less."""

    a: Array
    a_scale: Array
    b: Array
    b_scale: Array
    top: Array
    below: Mask


def is_missing(*operands: Array) -> Mask:
    """Where NaN came in."""
    missing: Mask = np.isnan(operands[0])
    for operand in operands[1:]:
        missing = missing | np.isnan(operand)
    return missing


def discount(rate: Array, time: Array) -> tuple[Reduced, Array]:
    """-rate time within +-4000, and what was cut off; a zero rate discounts nothing, for ever."""
    zero = rate == 0
    x = np.where(zero, 0.0, rate * time)
    within = np.abs(x) < 4000
    low = np.where(within & ~zero, product_error(rate, time, x), 0.0)
    held = np.where(within, x, np.copysign(4000.0, x))
    return reduce(-held, -low), np.where(within, 0.0, x - held)


def _scaled(x: Array) -> tuple[Array, Array]:
    """Mantissa and exponent; zero and infinity beside an exponent beyond all others."""
    mantissa, exponent = np.frexp(x)
    return mantissa, np.where(x == 0, -20000.0, np.where(np.isinf(x), 20000.0, exponent))


def _discounted(mantissa: Array, r: Array) -> tuple[Array, Array]:
    """The mantissa times e^r, and what rounding took from it."""
    grown = np.expm1(r)
    change = mantissa * grown
    value = mantissa + change
    low = (change - (value - mantissa)) + product_error(mantissa, grown, change)
    return np.where(np.isinf(mantissa), mantissa, value), np.where(np.isfinite(low), low, 0.0)


def sides(spot: Array, strike: Array, time: Array, rate: Array, dividend: Array) -> Sides:
    """The legs for whatever volatility."""
    r, r_excess = discount(rate, time)
    q, q_excess = discount(dividend, time)
    s, s_exponent = _scaled(spot)
    k, k_exponent = _scaled(strike)
    ratio = log_ratio(s, k)
    n = (ratio.n + np.clip(s_exponent - k_exponent, -3000, 3000) - r.n) + q.n
    y = natural(Reduced(n, ratio.r + (q.r - r.r))) + (r_excess - q_excess)
    y = np.where(np.isnan(y), 0.0, y)  # both legs are 0 or infinite
    a, a_low = _discounted(s, q.r)
    b, b_low = _discounted(k, r.r)
    outside = (
        (np.minimum(np.minimum(spot, strike), time) < 0)
        | (np.isinf(spot) & np.isinf(strike))
        | np.isinf(rate)
        | np.isinf(dividend)
    )
    return Sides(a, s_exponent + q.n, a_low, b, k_exponent + r.n, b_low, y, r, q, outside)


def legs(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array
) -> Legs:
    """The legs, and how many standard deviations they are apart."""
    apart = sides(spot, strike, time, rate, dividend)
    v = np.abs(sigma * np.sqrt(time))
    h = np.where(np.isinf(v), 0.0, np.abs(apart.y) / v)
    outside = apart.outside | (sigma < 0) | np.isnan(v)
    return Legs(
        apart.a, apart.a_exponent, apart.b, apart.b_exponent, h, v, apart.r, apart.q, outside
    )


def aligned(of: Legs | Sides) -> Aligned:
    """Both legs beside the exponent of the greater one."""
    top = np.maximum(of.a_exponent, of.b_exponent)
    a_scale, b_scale = aligning(of.a_exponent - top), aligning(of.b_exponent - top)
    a, b = of.a * a_scale, of.b * b_scale
    return Aligned(a, a_scale, b, b_scale, top, a < b)
