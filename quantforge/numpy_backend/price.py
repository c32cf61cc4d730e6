"""European price on a lognormal underlying, in NumPy.

The method of the native kernels (see docs/numerics.md) without fused multiply-add, which NumPy
does not have, and with NumPy's own exponential: a few ulp from their bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge.numpy_backend.blocks import Array, run
from quantforge.numpy_backend.elementary import power_of_two, times_power
from quantforge.numpy_backend.legs import (
    Apart,
    Deviation,
    Sides,
    Tails,
    apart,
    beside,
    is_missing,
    sides,
)

__all__ = ["price", "price_of_sides"]


def price(*inputs: Any, out: Any = None) -> Any:
    """Price options from (spot, strike, time, rate, dividend, sigma, sign), like a ufunc."""
    return run(_price, inputs, "d", out)


def _price(*operands: Array) -> tuple[tuple[Array], bool]:
    *market, sigma, sign = operands
    of = sides(*market)
    by = apart(of, operands[2], sigma)
    missing, outside = is_missing(*operands), of.outside | by.d.outside | (np.abs(sign) != 1)
    value = times_power(*price_of_sides(of, by, sign))
    return (np.where(outside | missing, np.nan, value),), bool((outside & ~missing).any())


def _time_value(d: Deviation, at: Tails) -> Array:
    """phi(near) (M(near) - M(far)) over the power of two of the exponential.

    It is the out-of-the-money price over the lesser leg, c, or c - 1 where near is below the range
    of M. What rounding took from near and far enters by the slopes of M, and what it took from
    near in the exponential too.
    """
    m, low = at.m, at.far_loss * at.far_low - at.near_loss * at.near_low
    within = d.v * m.slope + (at.width * m.slope + low)
    return np.where(at.within, within, low - (m.near + m.far)) * at.grown


def price_of_sides(of: Sides, by: Apart, sign: Array) -> tuple[Array, Array]:
    """The price of options inside the domain as value 2^exponent."""
    (y, d, at), legs = by, beside(of)
    below = y.high < 0
    least, exponent = np.where(below, of.a, of.b), np.where(below, of.a_exponent, of.b_exponent)
    least_low = np.where(below, of.a_low, of.b_low)
    less, most = np.where(below, legs.a, legs.b), np.where(below, legs.b, legs.a)
    low = of.a_low * legs.a_scale - of.b_low * legs.b_scale
    low = np.where(below, -low, low)

    # At expiry, without volatility, or with a leg of 0 or infinity the intrinsic value is all.
    settled = (d.v == 0) | (less == 0) | (most == 0) | np.isinf(less) | np.isinf(most)
    factor = _time_value(d, at)
    factor = np.where(at.within, factor, 1.0 + factor * power_of_two(at.e.n))
    factor = np.where(settled, 0.0, factor)
    exponent = np.where(at.within, exponent + at.e.n, exponent)
    gap, scale = most - less, power_of_two(exponent - legs.top)
    term = least_low * factor * scale + (((most - gap) - less) + low)
    inside = gap + (least * scale * factor + term)
    inside = np.where(np.isinf(most), np.inf, inside)
    worth = np.where(below, -sign, sign) > 0
    value = np.where(worth, inside, least * factor + least_low * factor)
    value = np.where(value > 0, value, 0.0)
    exponent = np.where(worth, legs.top, exponent)

    # Endless volatility leaves all of one leg, and not a rounding error of the other.
    endless, call = np.isinf(d.v) & ~settled, sign > 0
    value = np.where(endless, np.where(call, of.a, of.b), value)
    return value, np.where(endless, np.where(call, of.a_exponent, of.b_exponent), exponent)
