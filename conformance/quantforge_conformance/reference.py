r"""European options on a lognormal underlying to 40 digits: the golden values.

With :math:`A = S e^{-qT}`, :math:`B = K e^{-rT}`, :math:`s = \sigma\sqrt T`,
:math:`d_{1,2} = (\ln(S/K) + (r - q)T)/s \pm s/2` and sign :math:`\epsilon = \pm 1`,

.. math:: P = \epsilon\,(A\,N(\epsilon d_1) - B\,N(\epsilon d_2)).

Arguments are doubles (or mpf), taken as exact. The formula cancels where the time value is small
against A and B, so each evaluation raises its precision by the digits it will lose.
"""

from __future__ import annotations

from dataclasses import dataclass

from mpmath import erfc, exp, inf, isfinite, isnan, ln, log10, mp, mpf, nan, pi, sqrt

DIGITS = 50
"""Digits the terms keep after cancellation; results are right to 40."""


@dataclass(frozen=True)
class Terms:
    """What the price and its derivatives are made of, in the notation of the module."""

    A: mpf
    B: mpf
    s: mpf
    d1: mpf
    d2: mpf
    N1: mpf
    N2: mpf

    @property
    def value(self) -> mpf:
        """A N(e d1) - B N(e d2): the price but for its sign."""
        return self.A * self.N1 - self.B * self.N2


def normal(x: mpf) -> mpf:
    """Return N(x), in full relative precision in both tails."""
    return erfc(-x / sqrt(2)) / 2


def density(x: mpf) -> mpf:
    """Return phi(x)."""
    return exp(-x * x / 2) / sqrt(2 * pi)


def _terms(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> Terms:
    A, B, s = S * exp(-q * T), K * exp(-r * T), sigma * sqrt(T)
    centre = (ln(S) - ln(K) + (r - q) * T) / s
    d1, d2 = centre + s / 2, centre - s / 2
    return Terms(A, B, s, d1, d2, normal(sign * d1), normal(sign * d2))


def _digits_lost(t: Terms, S: mpf, K: mpf, T: mpf, r: mpf, q: mpf) -> int:
    """Bound the digits lost to rounding in d1 and d2, in N and phi, and to the subtraction."""
    if t.value == 0:
        return 2 * mp.dps
    d = max(abs(t.d1), abs(t.d2))
    size = 1 + abs(ln(S)) + abs(ln(K)) + (abs(r) + abs(q)) * T + t.s
    in_terms = (1 + d) * (1 + size / t.s + d)
    in_difference = max(t.A * t.N1, t.B * t.N2) / abs(t.value)
    return int(log10(in_terms) + log10(in_difference)) + 2


def _accurate_terms(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> Terms:
    """Return terms of which the price and the greeks keep DIGITS; call within mp.workdps."""
    while True:
        t = _terms(S, K, T, r, q, sigma, sign)
        needed = DIGITS + _digits_lost(t, S, K, T, r, q)
        if needed <= mp.dps:
            return t
        mp.dps = needed + 10


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
        return int(sign) * _accurate_terms(*arguments, int(sign)).value


def _limit(S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int) -> mpf:
    """Return the price where an argument is 0 or infinite: its limit, or its right limit."""
    if inf in (S, K):
        return inf if (sign > 0) == (inf == S) else mpf(0)
    if 0 in (T, sigma):
        # At S = K the difference is as small as (r - q)T, and that may be 1e-647.
        with mp.workdps(700 + DIGITS):
            return max(sign * (_discounted(S, q, T) - _discounted(K, r, T)), mpf(0))
    return _discounted(S, q, T) if sign > 0 else _discounted(K, r, T)


def _discounted(amount: mpf, rate: mpf, time: mpf) -> mpf:
    """Return amount e^(-rate time); nothing stays nothing whatever the discount."""
    if amount == 0 or rate == 0:
        return amount
    return amount * exp(-rate * time)


def condition(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> mpf:
    """Return the sum of |x dP/dx| / P over the six arguments, all finite, those >= 0 positive."""
    g = greeks(spot, strike, time, rate, dividend, sigma, sign)
    with mp.workdps(DIGITS):
        pairs = (
            (spot, g["delta"]),
            (strike, g["dual_delta"]),
            (time, g["theta"]),
            (rate, g["rho"]),
            (dividend, g["phi"]),
            (sigma, g["vega"]),
        )
        return sum(abs(mpf(x) * derivative) for x, derivative in pairs) / g["price"]


def greeks(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> dict[str, mpf]:
    """Return the price and its derivatives by name, to 40 digits of their largest term.

    All arguments finite; spot, strike, time and sigma positive. Theta, charm, veta and color
    are against time passing, -d/dT, per year; vega, rho and phi per 1.0.
    """
    with mp.workdps(DIGITS + 20):
        arguments = S, K, T, r, q, v = [mpf(x) for x in (spot, strike, time, rate, dividend, sigma)]
        if not (all(map(isfinite, arguments)) and min(S, K, T, v) > 0):
            raise ValueError("greeks need finite arguments; spot, strike, time, sigma positive")
        e = int(sign)
        t = _accurate_terms(*arguments, e)
        d1, d2 = t.d1, t.d2
        delta, dual_delta = e * t.A / S * t.N1, -e * t.B / K * t.N2
        gamma = t.A / S * density(d1) / (S * t.s)
        vega = t.A * density(d1) * sqrt(T)
        volga = vega * d1 * d2 / v
        d1_by_time = (2 * (r - q) * T - d2 * t.s) / (2 * T * t.s)
        return {
            "price": e * t.value,
            "delta": delta,
            "gamma": gamma,
            "vega": vega,
            "theta": q * S * delta + r * K * dual_delta - vega * v / (2 * T),
            "rho": -T * K * dual_delta,
            "phi": -T * S * delta,
            "vanna": -vega * d2 / (S * t.s),
            "volga": volga,
            "charm": q * delta - S * gamma * t.s * d1_by_time,
            "veta": vega * (q + d1 * d1_by_time - 1 / (2 * T)),
            "dual_delta": dual_delta,
            "dual_gamma": gamma * (S / K) ** 2,
            "speed": -gamma / S * (d1 / t.s + 1),
            "color": gamma * (q + d1 * d1_by_time + 1 / (2 * T)),
            "zomma": gamma * (d1 * d2 - 1) / v,
            "ultima": vega / v**2 * (d1 * d2 * (d1 * d2 - 1) - d1**2 - d2**2),
        }
