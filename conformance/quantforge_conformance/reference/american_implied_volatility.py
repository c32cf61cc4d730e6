"""Volatility implied by an American price: the root of the reference's price, by Brent's method."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from mpmath import inf, mpf
from scipy.optimize import brentq

from quantforge import Code
from quantforge_conformance.reference.american_greeks import as_put, distance, is_early
from quantforge_conformance.reference.american_price import premia, without_volatility
from quantforge_conformance.reference.elementary import ulp
from quantforge_conformance.reference.implied_volatility import (
    implied_volatility as european_implied_volatility,
)
from quantforge_conformance.reference.inversion import Implied
from quantforge_conformance.reference.price import price as european_price

_GRID = 40, 60, 120  # points, turns, nodes
_STEP = 1e-4

Option = tuple[float, float, float, float, float, float]


def _price(option: Option, sigma: float) -> float:
    spot, strike, time, rate, dividend, sign = option
    lane = spot, strike, time, rate, dividend, sigma, sign
    s, k, t, r, q, _ = as_put(lane)
    variance = sigma * sigma
    a, b, x = (np.array([each]) for each in (r / variance, q / variance, variance * t))
    gained = k * premia(a, b, x, float(np.log(s / k)), *_GRID)[0, 0]
    return max(float(european_price(*lane)) + float(gained), k - s)


def _root(function: Callable[[float], float], start: float) -> float:
    """Return where an increasing function is 0, from a number on either side."""
    low = high = start
    while function(low) > 0.0:
        high, low = low, 0.5 * low
    while function(high) < 0.0:
        low, high = high, 2.0 * high
    return low if low == high else float(brentq(function, low, high, xtol=1e-15, rtol=1e-11))


@lru_cache(maxsize=1024)
def american_implied_volatility(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> Implied:
    """Return the volatility, its code, and what an error of 1 in the price costs.

    Of an option with one exercise boundary, or with none. At an intrinsic value that exercise
    brings it is the largest volatility at which the option is exercised at once, and the cost is
    that of an error of 1 in ln B.
    """
    option = spot, strike, time, rate, dividend, sign
    european = european_implied_volatility(price, *option)
    if not is_early((spot, strike, time, rate, dividend, 0.0, sign)):
        solved = european.code in (Code.OK, Code.LOW_PRECISION)
        cost = european.attainable / ulp(mpf(price)) if solved else inf
        return Implied(european.sigma, european.code, cost)
    floor = float(without_volatility(*option))
    gain = max(sign * (spot - strike), 0.0)
    start = float(european.sigma) if european.code == Code.OK else 1.0 / np.sqrt(time)
    at_intrinsic = price <= floor + 2.0**-51 * max(spot, strike) * (floor > 0.0)
    if at_intrinsic and not 0.0 < gain == floor:
        return Implied(mpf(0), Code.AT_INTRINSIC, inf)

    def off(sigma: float) -> float:
        if at_intrinsic:
            lane = spot, strike, time, rate, dividend, sigma, sign
            return distance(lane, *_GRID[:2])
        return _price(option, sigma) - price

    sigma = _root(off, start)
    step = _STEP * sigma
    slope = (off(sigma + step) - off(sigma - step)) / (2.0 * step)
    code = Code.AT_INTRINSIC if at_intrinsic else Code.OK
    return Implied(mpf(sigma), code, mpf(1.0 / slope) if slope > 0.0 else inf)
