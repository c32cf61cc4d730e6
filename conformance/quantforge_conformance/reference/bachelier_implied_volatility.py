"""Volatility that a price implies under Bachelier's model, to 40 digits."""

from __future__ import annotations

from mpmath import exp, isfinite, ln, mp, mpf, nan, pi, sqrt

from quantforge import Code
from quantforge_conformance.reference.bachelier_greeks import bachelier_greeks
from quantforge_conformance.reference.elementary import DIGITS, normal_cdf, normal_pdf, ulp
from quantforge_conformance.reference.inversion import Implied, bound, judged, root_in_logs


def bachelier_implied_volatility(
    price: float, forward: float, strike: float, time: float, rate: float, sign: float
) -> Implied:
    """Return Bachelier's volatility at which `price` is exactly the option's, to 40 digits.

    Codes and error as in `implied_volatility`, the 2 ulp those of max(|F|, |K|) undiscounted; there
    is no maximum but at T = 0.
    """
    with mp.workdps(2 * DIGITS):
        P, F, K, T, r = map(mpf, (price, forward, strike, time, rate))
        if not isfinite(P):
            return Implied(nan, Code.NOT_FINITE, nan)
        if not (all(map(isfinite, (F, K, T, r))) and T >= 0 and abs(sign) == 1):
            return Implied(nan, Code.INVALID_INPUT, nan)
        k, in_the_money = abs(F - K), int(sign) * (F - K) > 0
        c = P * exp(r * T) - (k if in_the_money else 0)
        code = bound(c, 2 * ulp(max(abs(F), abs(K))), in_the_money)
        if code == Code.OK and T == 0:
            code = Code.ABOVE_MAXIMUM
        if code != Code.OK:
            return Implied(mpf(0) if code == Code.AT_INTRINSIC else nan, code, nan)

        def residual(s: mpf) -> tuple[mpf, mpf]:
            value = s * normal_pdf(k / s) - k * normal_cdf(-k / s)
            return ln(value / c), s * normal_pdf(k / s) / value

        s = c * sqrt(2 * pi)
        if k > 0:
            s = root_in_logs(residual, lambda s: (1 + k / s) ** 4, s + k)
        sigma = s / sqrt(T)
        g = bachelier_greeks(forward, strike, time, rate, sigma, sign)
        slopes = [mpf(1), *(g[name] for name in ("delta", "dual_delta", "theta", "rho"))]
        inputs = (price, forward, strike, time, rate)
        return judged(sigma, inputs, [x / g["vega"] for x in slopes])
