"""Volatility that a price implies on a lognormal underlying, to 40 digits."""

from __future__ import annotations

from mpmath import exp, inf, isfinite, ln, mp, mpf, nan, pi, sqrt

from quantforge import Code
from quantforge_conformance.reference.elementary import DIGITS, normal_cdf, normal_pdf, ulp
from quantforge_conformance.reference.greeks import greeks
from quantforge_conformance.reference.inversion import Implied, bound, judged, root_in_logs


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

    Its attainable error is the sum over inputs of half a unit in the last place times
    |d sigma / d input|, and one unit in the last place of sigma. Codes: in the money a price
    within 2 ulp of max(S e^(-qT), K e^(-rT)) of intrinsic is AT_INTRINSIC, out of it a price of 0
    (or less than 0 by as little); within 2 ulp of the maximum, S e^(-qT) or K e^(-rT), it is
    AT_MAXIMUM; an error beyond 1e-8 sigma is LOW_PRECISION.
    """
    with mp.workdps(2 * DIGITS):
        P, S, K, T, r, q = map(mpf, (price, spot, strike, time, rate, dividend))
        if not isfinite(P):
            return Implied(nan, Code.NOT_FINITE, nan)
        if not (all(map(isfinite, (S, K, T, r, q))) and min(S, K, T) >= 0 and abs(sign) == 1):
            return Implied(nan, Code.INVALID_INPUT, nan)
        A, B = S * exp(-q * T), K * exp(-r * T)
        intrinsic = max(int(sign) * (A - B), mpf(0))
        maximum = A if sign > 0 else B
        code = bound(P - intrinsic, 2 * ulp(max(A, B)), intrinsic > 0)
        if code == Code.OK and (T == 0 or maximum + 2 * ulp(maximum) < P):
            code = Code.ABOVE_MAXIMUM
        elif code == Code.OK and maximum - 2 * ulp(maximum) <= P:
            return Implied(inf, Code.AT_MAXIMUM, nan)
        if code != Code.OK:
            return Implied(mpf(0) if code == Code.AT_INTRINSIC else nan, code, nan)
        sigma = _total_volatility(abs(ln(A / B)), (P - intrinsic) / min(A, B)) / sqrt(T)
        g = greeks(spot, strike, time, rate, dividend, sigma, sign)
        names = ("delta", "dual_delta", "theta", "rho", "phi")
        slopes = [mpf(1), *(g[name] for name in names)]
        inputs = (price, spot, strike, time, rate, dividend)
        return judged(sigma, inputs, [x / g["vega"] for x in slopes])


def _total_volatility(k: mpf, c: mpf) -> mpf:
    """Solve c = N(d1) - e^k N(d2) for s, d1 = -k/s + s/2, d2 = d1 - s."""

    def residual(s: mpf) -> tuple[mpf, mpf]:
        near, far = k / s - s / 2, k / s + s / 2
        value = normal_cdf(-near) - exp(k) * normal_cdf(-far)
        if c <= 0.5:
            return ln(value / c), s * normal_pdf(near) / value
        rest = normal_cdf(near) + exp(k) * normal_cdf(-far)
        return ln((1 - c) / rest), s * normal_pdf(near) / rest

    def lost(s: mpf) -> mpf:
        h = k / s + s / 2
        return (1 + h) ** 2 * (1 + (1 + h) / s)

    return root_in_logs(residual, lost, max(sqrt(2 * k), c * sqrt(2 * pi)))
