"""Exercise boundaries now of American options, by the reference of their prices."""

from __future__ import annotations

from functools import cache

import numpy as np
from mpmath import inf, mp, mpf
from numpy.typing import NDArray

from quantforge_conformance.reference.american_perpetual import perpetual
from quantforge_conformance.reference.american_price import Boundaries

Floats = NDArray[np.float64]

_GRID = 64, 300  # points, turns


def depths(a: Floats, b: Floats, x: Floats) -> Floats:
    """Return -ln of the boundaries of puts of strike 1 on underlyings of volatility 1."""
    points, turns = _GRID
    found = Boundaries(a, b, x, points=points, turns=turns)
    return np.asarray(found.depth[:, 0] - found.log_start[:, 0])


@cache
def _depth(a: float, b: float, x: float) -> float:
    return float(depths(np.array([a]), np.array([b]), np.array([x]))[0])


def exercise_boundary(
    strike: float, time: float, rate: float, dividend: float, sigma: float, sign: float
) -> mpf:
    """Return the boundary of an option with one, or the limit where it is never exercised."""
    if sign > 0.0:
        rate, dividend = dividend, rate
    if rate <= 0.0 and dividend >= rate:
        return inf if sign > 0.0 else mpf(0)
    endless = perpetual(1.0, 1.0, time, rate, dividend, sigma)
    if endless and endless.reached:
        return mpf(strike) * endless.boundary ** int(-sign)
    variance = sigma * sigma
    depth = _depth(rate / variance, dividend / variance, variance * time)
    return mpf(strike) * mp.exp(sign * mpf(depth))


def start(strike: float, rate: float, dividend: float, sign: float) -> mpf:
    """Return the boundary just before expiry of an option that may be exercised there."""
    if sign > 0.0:
        rate, dividend = dividend, rate
    if dividend <= rate:
        return mpf(strike)
    return mpf(strike) * (mpf(rate) / mpf(dividend)) ** int(-sign)
