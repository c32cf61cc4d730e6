"""Price of European options under Bachelier's model, to 40 digits."""

from __future__ import annotations

from mpmath import inf, isnan, log10, mp, mpf, nan, sqrt

from quantforge_conformance.reference.elementary import (
    DIGITS,
    discounted,
    normal_cdf,
    normal_pdf,
)


def bachelier_price(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> mpf:
    """Return the price of a call (sign +1) or put (-1) under Bachelier's model, limits included.

    NaN outside the domain: an argument NaN; time or sigma negative; rate infinite;
    sigma sqrt(time) = 0 inf; forward - strike = inf - inf.
    """
    with mp.workdps(DIGITS + 20):
        arguments = F, K, T, r, v = [mpf(x) for x in (forward, strike, time, rate, sigma)]
        if any(map(isnan, [*arguments, mpf(sign)])) or min(T, v) < 0 or abs(r) == inf:
            return nan
        if {T, v} == {mpf(0), inf} or (abs(F) == inf and F == K):
            return nan
        s, intrinsic = v * sqrt(T), max(int(sign) * (F - K), mpf(0))
        if abs(F - K) == inf or s == 0:
            return discounted(intrinsic, r, T)
        if s == inf:
            return mpf(0) if inf == T and r > 0 else inf
        return discounted(_undiscounted(F, K, s, int(sign)), r, T)


def _undiscounted(F: mpf, K: mpf, s: mpf, sign: int) -> mpf:
    d = (F - K) / s
    with mp.workdps(mp.dps + int(4 * log10(2 + abs(d)))):
        return sign * (F - K) * normal_cdf(sign * d) + s * normal_pdf(d)
