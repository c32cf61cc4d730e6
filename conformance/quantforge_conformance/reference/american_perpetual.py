"""American puts of endless time, to all digits (Merton, 1973), and when an option's own is as good.

The value of endless time solves x^2 V'' / 2 + (a - b) x V' = a V above the boundary, where it is
(1 - B) (x / B)^-g. Exercise at B brings as much, but for paths that have not come there in time.
With x^-g for the numeraire ln x has the drift -sqrt(h^2 + 2 a), which says how many those are.
"""

from __future__ import annotations

from typing import NamedTuple

from mpmath import exp, inf, log, mp, mpf, sqrt

_ENOUGH = 9.0
"""Deviations beyond which 1e-19 of the value is left."""


class Perpetual(NamedTuple):
    """What is known of a put."""

    value: mpf
    boundary: mpf
    reached: bool  # whether this holds at the put's own time


def perpetual(
    spot: float, strike: float, time: float, rate: float, dividend: float, sigma: float
) -> Perpetual | None:
    """Return the put of endless time; nothing where it has no boundary, or there is no time."""
    ordinary = all(0.0 < each < inf for each in (spot, strike, rate, sigma))
    if not ordinary or not time > 0.0:
        return None
    with mp.workdps(max(60, mp.dps)):
        variance = mpf(sigma) ** 2
        a, b = mpf(rate) / variance, mpf(dividend) / variance
        h = mpf(1) / 2 - a + b
        root = sqrt(h * h + 2 * a)
        boundary = mpf(strike) * (root - h) / (root - h + 1)
        distance = log(mpf(spot) / boundary)
        value = (strike - boundary) * exp(-(root - h) * distance)
        deviation = sigma * sqrt(mpf(time))
        return Perpetual(
            +value if distance > 0 else mpf(strike) - mpf(spot),
            +boundary,
            bool(root * deviation - max(distance, 0) / deviation > _ENOUGH),
        )
