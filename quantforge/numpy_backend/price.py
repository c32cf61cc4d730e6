"""European price on a lognormal underlying, in NumPy.

The method of the native kernels (see docs/numerics.md) without fused multiply-add, which NumPy
does not have, and with NumPy's own exponential: a few ulp from their bits.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from quantforge.numpy_backend.blocks import Array, run
from quantforge.numpy_backend.elementary import (
    aligning,
    gauss_exponent,
    mills_difference,
    mills_series,
    times_power,
)
from quantforge.numpy_backend.legs import Legs, aligned, is_missing, legs

__all__ = ["PAST", "price", "price_of_legs"]

PAST: Final = 54.0  # beyond it phi and phi M are less than the least double


def price(*inputs: Any, out: Any = None) -> Any:
    """Price options from (spot, strike, time, rate, dividend, sigma, sign), like a ufunc."""
    return run(_price, inputs, "d", out)


def _price(*operands: Array) -> tuple[tuple[Array], bool]:
    sign = operands[-1]
    both = legs(*operands[:-1])
    missing, outside = is_missing(*operands), both.outside | (np.abs(sign) != 1)
    value = np.where(outside | missing, np.nan, price_of_legs(both, sign))
    return (value,), bool((outside & ~missing).any())


def price_of_legs(both: Legs, sign: Array) -> Array:
    """The price of options inside the domain."""
    h, t, side = both.h, 0.5 * both.v, aligned(both)
    h_held = np.fmin(h, PAST)
    difference = mills_difference(h, t)
    e = gauss_exponent(np.fmin(np.abs(difference.near), PAST))
    over = difference.p / difference.q
    close = t * np.fmax(h_held, 2.0) < 1 / 64
    if close.any():
        over = np.where(close, mills_series(h_held, t, 7), over)
    least = np.where(side.below, both.a, both.b)
    least_exponent = np.where(side.below, both.a_exponent, both.b_exponent)

    settled = (both.v == 0) | (side.a == 0) | (side.b == 0) | np.isinf(side.a) | np.isinf(side.b)
    complement = (difference.near < 0) & ~close
    factor = np.exp(e.r) * over
    factor = np.where(complement, 1 + aligning(e.n) * factor, factor)
    factor = np.where(settled, 0.0, factor)
    term_exponent = least_exponent + np.where(complement, 0.0, e.n)
    intrinsic = np.fmax(sign * (side.a - side.b), 0.0)
    exponent = np.where(intrinsic > 0, side.top, term_exponent)
    value = least * aligning(term_exponent - exponent) * factor + intrinsic
    value = np.fmax(value, 0.0)
    endless = np.isinf(both.v) & ~settled
    value = np.where(endless, np.where(sign > 0, both.a, both.b), value)
    exponent = np.where(endless, np.where(sign > 0, both.a_exponent, both.b_exponent), exponent)
    return times_power(value, exponent) + 0.0
