"""A straddle on a lognormal underlying is worth A erf(d1 / sqrt(2)) - B erf(d2 / sqrt(2)).

A = S exp(-q T) and B = K exp(-r T) are the legs, d1, d2 = y / v +- v / 2, y = ln(S / K) + (r - q) T
and v = sigma sqrt(T): Black and Scholes' call and put, added up with 2 N(x) - 1 = erf(x / sqrt(2)).
An error of y / v costs nothing, since A phi(d1) = B phi(d2).
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import erf

Array = np.ndarray


def straddle(*operands: Array, out: tuple[Array] | None = None) -> Array:
    """Value straddles from (spot, strike, time, rate, dividend, sigma).

    Operands are arrays of float64 that broadcast; `out` is none of them. NaN that comes in goes
    out in silence. Outside the domain the result is NaN, and *invalid* is signalled.
    """
    with np.errstate(all="ignore"):
        value = _straddle(*operands)
        missing = np.isnan(sum(np.where(np.isnan(x), np.nan, 0.0) for x in operands))
    if out is not None:
        out[0][...] = value
        value = out[0]
    if (np.isnan(value) & ~missing).any():
        np.sqrt(np.float64(-1.0))  # signals *invalid*, as the caller's np.errstate wants it
    return value


def _straddle(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array
) -> Array:
    """NaN outside the domain, and where both legs are more than a double holds."""
    inside = np.isfinite(rate) & np.isfinite(dividend)
    for amount in (spot, strike, time, sigma):
        inside = inside & (amount >= 0.0) & np.isfinite(amount)
    asset, cash = spot * np.exp(-dividend * time), strike * np.exp(-rate * time)
    v = sigma * np.sqrt(time)
    y = np.log(spot / strike) + (rate - dividend) * time
    distance = np.where((y == 0.0) | ((spot == 0.0) & (strike == 0.0)), 0.0, y / v)
    d1, d2 = distance + 0.5 * v, distance - 0.5 * v
    value = asset * erf(d1 * sqrt(0.5)) - cash * erf(d2 * sqrt(0.5))
    return np.where(inside, value, np.nan)
