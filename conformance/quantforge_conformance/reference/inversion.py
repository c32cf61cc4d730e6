"""Volatilities that prices imply under both models, to 40 digits, with their codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from mpmath import exp, inf, isfinite, ln, log10, mp, mpf, nan, pi, sqrt

from quantforge_conformance.reference.bachelier import normal_greeks
from quantforge_conformance.reference.functions import DIGITS, density, normal
from quantforge_conformance.reference.lognormal import greeks

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM = range(5)
NOT_FINITE, INVALID_INPUT, LOW_PRECISION = range(5, 8)

PRECISE = mpf("1e-8")
"""What the attainable limit is at most, relatively, where the code is OK."""


class Implied(NamedTuple):
    """A volatility, its code, and what rounding of the inputs and of itself may cost it."""

    sigma: mpf
    code: int
    attainable: mpf


def implied_volatility(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> Implied:
    """Return the volatility at which `price` is exactly the option's, to 40 digits.

    Its attainable limit is the sum over inputs of half a unit in the last place times
    |d sigma / d input|, and one unit in the last place of sigma. Codes: in the money a price
    within 2 ulp of max(S e^(-qT), K e^(-rT)) of intrinsic is AT_INTRINSIC, out of it a price of 0
    (or less than 0 by as little); within 2 ulp of the maximum, S e^(-qT) or K e^(-rT), it is
    AT_MAXIMUM; a limit beyond 1e-8 sigma is LOW_PRECISION.
    """
    with mp.workdps(2 * DIGITS):
        P, S, K, T, r, q = map(mpf, (price, spot, strike, time, rate, dividend))
        if not isfinite(P):
            return Implied(nan, NOT_FINITE, nan)
        if not (all(map(isfinite, (S, K, T, r, q))) and min(S, K, T) >= 0 and abs(sign) == 1):
            return Implied(nan, INVALID_INPUT, nan)
        A, B = S * exp(-q * T), K * exp(-r * T)
        intrinsic = max(int(sign) * (A - B), mpf(0))
        maximum = A if sign > 0 else B
        code = bound(P - intrinsic, 2 * ulp(max(A, B)), intrinsic > 0)
        if code == OK and (T == 0 or maximum + 2 * ulp(maximum) < P):
            code = ABOVE_MAXIMUM
        elif code == OK and maximum - 2 * ulp(maximum) <= P:
            return Implied(inf, AT_MAXIMUM, nan)
        if code != OK:
            return Implied(mpf(0) if code == AT_INTRINSIC else nan, code, nan)
        sigma = _total_volatility(abs(ln(A / B)), (P - intrinsic) / min(A, B)) / sqrt(T)
        g = greeks(spot, strike, time, rate, dividend, sigma, sign)
        names = ("delta", "dual_delta", "theta", "rho", "phi")
        slopes = [mpf(1), *(g[name] for name in names)]
        inputs = (price, spot, strike, time, rate, dividend)
        return judged(sigma, inputs, [x / g["vega"] for x in slopes])


def bound(otm: mpf, unit: mpf, inside: bool) -> int:
    """The code of a price by its distance from intrinsic alone."""
    if otm < -unit:
        return BELOW_INTRINSIC
    return AT_INTRINSIC if otm <= (unit if inside else 0) else OK


def judged(sigma: mpf, inputs: tuple[float, ...], slopes: list[mpf]) -> Implied:
    """A volatility with its attainable limit, from |d sigma / d input| of each."""
    costs = [ulp(mpf(x)) / 2 * abs(slope) for x, slope in zip(inputs, slopes, strict=True)]
    attainable = sum(costs, ulp(sigma))
    return Implied(sigma, LOW_PRECISION if attainable > sigma * PRECISE else OK, attainable)


def ulp(x: mpf) -> mpf:
    """The spacing of doubles at x, of the largest ones where x is beyond them."""
    return mpf(math.ulp(min(float(abs(x)), 1.7e308)))


def _total_volatility(k: mpf, c: mpf) -> mpf:
    """Solve c = N(d1) - e^k N(d2) for s, d1 = -k/s + s/2, d2 = d1 - s."""

    def residual(s: mpf) -> tuple[mpf, mpf]:
        near, far = k / s - s / 2, k / s + s / 2
        value = normal(-near) - exp(k) * normal(-far)
        if c <= 0.5:
            return ln(value / c), s * density(near) / value
        rest = normal(near) + exp(k) * normal(-far)
        return ln((1 - c) / rest), s * density(near) / rest

    def lost(s: mpf) -> mpf:
        h = k / s + s / 2
        return (1 + h) ** 2 * (1 + (1 + h) / s)

    return root_in_logs(residual, lost, max(sqrt(2 * k), c * sqrt(2 * pi)))


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


def normal_implied_volatility(
    price: float, forward: float, strike: float, time: float, rate: float, sign: float
) -> Implied:
    """Return Bachelier's volatility at which `price` is exactly the option's, to 40 digits.

    Codes and limit as in `implied_volatility`, the 2 ulp those of max(|F|, |K|) undiscounted; there
    is no maximum but at T = 0.
    """
    with mp.workdps(2 * DIGITS):
        P, F, K, T, r = map(mpf, (price, forward, strike, time, rate))
        if not isfinite(P):
            return Implied(nan, NOT_FINITE, nan)
        if not (all(map(isfinite, (F, K, T, r))) and T >= 0 and abs(sign) == 1):
            return Implied(nan, INVALID_INPUT, nan)
        k, inside = abs(F - K), int(sign) * (F - K) > 0
        c = P * exp(r * T) - (k if inside else 0)
        code = bound(c, 2 * ulp(max(abs(F), abs(K))), inside)
        if code == OK and T == 0:
            code = ABOVE_MAXIMUM
        if code != OK:
            return Implied(mpf(0) if code == AT_INTRINSIC else nan, code, nan)

        def residual(s: mpf) -> tuple[mpf, mpf]:
            value = s * density(k / s) - k * normal(-k / s)
            return ln(value / c), s * density(k / s) / value

        s = c * sqrt(2 * pi)
        if k > 0:
            s = root_in_logs(residual, lambda s: (1 + k / s) ** 4, s + k)
        sigma = s / sqrt(T)
        g = normal_greeks(forward, strike, time, rate, sigma, sign)
        slopes = [mpf(1), *(g[name] for name in ("delta", "dual_delta", "theta", "rho"))]
        inputs = (price, forward, strike, time, rate)
        return judged(sigma, inputs, [x / g["vega"] for x in slopes])
