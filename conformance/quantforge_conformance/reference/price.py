"""Price of European options on a lognormal underlying, to 40 digits."""

from __future__ import annotations

from mpmath import inf, isnan, mp, mpf, nan

from quantforge_conformance.reference.elementary import DIGITS, discounted
from quantforge_conformance.reference.legs import accurate_legs


def price(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> mpf:
    """Return the price of a call (sign +1) or put (-1), limits included, to 40 digits.

    Parameters
    ----------
    spot, strike : float
        Currency; 0 and infinity give the limits.
    time : float
        Years; 0 and infinity give the limits.
    rate, dividend : float
        Continuously compounded, per year, finite.
    sigma : float
        Volatility per square root of a year; 0 and infinity give the limits.
    sign : float
        +1 or -1.

    Returns
    -------
    mpf
        NaN outside the domain: an argument NaN; spot, strike, time or sigma negative; rate or
        dividend infinite; sigma sqrt(time) = 0 inf; spot and strike both infinite.
    """
    with mp.workdps(DIGITS + 20):
        arguments = S, K, T, r, q, v = [mpf(x) for x in (spot, strike, time, rate, dividend, sigma)]
        if any(map(isnan, [*arguments, mpf(sign)])) or min(S, K, T, v) < 0:
            return nan
        if inf in (abs(r), abs(q), min(S, K)) or {T, v} == {mpf(0), inf}:
            return nan
        if inf in arguments or 0 in (S, K, T, v):
            return _limit(S, K, T, r, q, v, int(sign))
        return int(sign) * accurate_legs(S, K, T, r, q, v, int(sign)).value


def _limit(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> mpf:
    """Return the price where an argument is 0 or infinite: its limit, or its right limit."""
    if inf in (S, K):
        return inf if (sign > 0) == (inf == S) else mpf(0)
    if 0 in (T, sigma):
        # At S = K the difference is as small as (r - q)T, and that may be 1e-647.
        with mp.workdps(700 + DIGITS):
            return max(sign * (discounted(S, q, T) - discounted(K, r, T)), mpf(0))
    return discounted(S, q, T) if sign > 0 else discounted(K, r, T)
