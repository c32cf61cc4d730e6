r"""Price and greeks of European options on a lognormal underlying, to 40 digits.

With :math:`A = S e^{-qT}`, :math:`B = K e^{-rT}`, :math:`s = \sigma\sqrt T`,
:math:`d_{1,2} = (\ln(S/K) + (r - q)T)/s \pm s/2` and sign :math:`\epsilon = \pm 1`,

.. math:: P = \epsilon\,(A\,N(\epsilon d_1) - B\,N(\epsilon d_2)).

The formula cancels where the time value is small against A and B, so each evaluation raises its
precision by the digits it will lose.
"""

from __future__ import annotations

from dataclasses import dataclass

from mpmath import exp, inf, isfinite, isnan, ln, log10, mp, mpf, nan, pi, sqrt

from quantforge_conformance.reference.functions import (
    DIGITS,
    GREEKS,
    density,
    discounted,
    normal,
    product,
    sign_of,
)


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
            return max(sign * (discounted(S, q, T) - discounted(K, r, T)), mpf(0))
    return discounted(S, q, T) if sign > 0 else discounted(K, r, T)


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

    Theta, charm, veta and color are against time passing, -d/dT, per year; vega, rho and phi per
    1.0. Rate and dividend finite, the others not negative. Where an argument is 0 or infinite the
    values are one-sided limits, from the inside of the domain, see `limiting_greeks`.
    """
    with mp.workdps(DIGITS + 20):
        arguments = S, K, T, r, q, v = [mpf(x) for x in (spot, strike, time, rate, dividend, sigma)]
        if not (all(map(isfinite, arguments)) and min(S, K, T, v) > 0):
            return limiting_greeks(*arguments, int(sign))
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


def limiting_greeks(
    S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int
) -> dict[str, mpf]:
    """Return the limits of the greeks where an argument is 0 or infinite.

    Away from the money the density vanishes faster than any power, and with it all but the shares
    of the legs. At the money with sigma = 0, or T = 0, it does not, and what divides by sigma
    sqrt(T) is infinite; with both 0 sigma goes first. Endless time is endless sigma sqrt(T) with
    the discounts' limits. A product of 0 and infinity that stands for a limit is 0.
    """
    with mp.workdps(700 + DIGITS):  # at S = K the legs differ by as little as (r - q)T
        A, B = discounted(S, q, T), discounted(K, r, T)
        level = A == B and 0 in (T, sigma)
        above = A > B
    if 0 in (S, K) or inf in (S, K) or 0 in (T, sigma):
        n1 = n2 = mpf(1) / 2 if level else mpf(above == (sign > 0))
    else:
        n1, n2 = mpf(sign > 0), mpf(sign < 0)
    found = dict.fromkeys(GREEKS, mpf(0))
    found["price"] = price(S, K, T, r, q, sigma, sign)
    found["delta"] = sign * product(discounted(mpf(1), q, T), n1)
    found["dual_delta"] = -sign * product(discounted(mpf(1), r, T), n2)
    a_share, b_share = product(A, n1), product(B, n2)
    found["theta"] = sign * (product(q, a_share) - product(r, b_share))
    found["rho"] = sign * product(T, b_share)
    found["phi"] = -sign * product(T, a_share)
    found["charm"] = product(q, found["delta"])
    if level:
        found |= _at_the_money(found, S, T, r, q, sigma)
    return found


def _at_the_money(
    found: dict[str, mpf], S: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf
) -> dict[str, mpf]:
    """Return the limits that are neither 0 nor shares of the legs, sigma sqrt(T) being 0."""
    A = discounted(S, q, T)
    limits = {
        "gamma": inf,
        "dual_gamma": inf,
        "color": inf,
        "zomma": -inf,
    }
    if sigma == 0 and T > 0:  # r = q, or the legs were not equal
        vega = A / sqrt(2 * pi) * sqrt(T)
        limits |= {
            "vega": vega,
            "vanna": vega / (2 * S),
            "veta": vega * (q - 1 / (2 * T)),
            "speed": -inf,
            "color": inf * sign_of(q + 1 / (2 * T)),
            "ultima": -vega * T / 4,
        }
    elif sigma == 0:
        carry = sign_of(r - q)
        limits |= {"veta": -inf, "speed": -inf}
        limits |= {"charm": -inf * carry} if carry else {}
    else:  # d1/v has the limit (r - q)/sigma^2 + 1/2
        ratio = (r - q) / sigma**2
        limits |= {
            "theta": -inf,
            "charm": -inf * sign_of(2 * ratio + 1),
            "veta": -inf,
            "speed": -inf * sign_of(2 * ratio + 3),
        }
    return limits
