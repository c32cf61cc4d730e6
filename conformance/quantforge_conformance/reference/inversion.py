"""What the inversions of both models share: codes, attainable errors, and Newton's method."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mpmath import exp, inf, log10, mp, mpf, sqrt

from quantforge import Code
from quantforge_conformance.reference.elementary import DIGITS, ulp

PRECISE = mpf("1e-8")
"""The largest attainable error, relative to the volatility, of which the code is OK."""


class Implied(NamedTuple):
    """A volatility, its code, and its attainable error.

    The last is the absolute error that rounding of the inputs and of the volatility itself costs.
    """

    sigma: mpf
    code: Code
    attainable: mpf


def bound(otm: mpf, unit: mpf, in_the_money: bool) -> Code:
    """Return the code of a price by its distance from the intrinsic value alone."""
    if otm < -unit:
        return Code.BELOW_INTRINSIC
    return Code.AT_INTRINSIC if otm <= (unit if in_the_money else 0) else Code.OK


def judged(sigma: mpf, inputs: tuple[float, ...], slopes: list[mpf]) -> Implied:
    """Return a volatility with its attainable error, from |d sigma / d input| of each."""
    costs = [ulp(mpf(x)) / 2 * abs(slope) for x, slope in zip(inputs, slopes, strict=True)]
    attainable = sum(costs, ulp(sigma))
    code = Code.LOW_PRECISION if attainable > sigma * PRECISE else Code.OK
    return Implied(sigma, code, attainable)


def root_in_logs(
    residual: Callable[[mpf], tuple[mpf, mpf]], lost: Callable[[mpf], mpf], s: mpf
) -> mpf:
    """Newton's method in ln s, held within a bracket.

    `residual` increases with s and returns its derivative by ln s too; `lost` bounds the factor by
    which its rounding errors are greater than the arithmetic's.
    """
    low, high = mpf(0), inf
    for _ in range(500):
        with mp.workdps(2 * DIGITS + int(log10(lost(s)))):
            f, slope = residual(s)
            low, high = (s, high) if f < 0 else (low, s)
            change = -f / slope
            if abs(change) < mpf(10) ** -(DIGITS + 5):
                return s * exp(change)
            following = s * exp(max(min(change, mpf(1)), mpf(-1)))
            if not low < following < high:
                following = sqrt(low * high)
            s = following
    raise ArithmeticError("no convergence")
