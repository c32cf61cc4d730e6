"""Price and greeks of European options on a lognormal underlying, to 40 digits."""

from __future__ import annotations

from mpmath import inf, isfinite, mp, mpf, pi, sqrt

from quantforge import ALL
from quantforge_conformance.reference.elementary import (
    DIGITS,
    discounted,
    normal_pdf,
    product,
    sign_of,
)
from quantforge_conformance.reference.legs import accurate_legs
from quantforge_conformance.reference.price import price


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
    values are the one-sided limits from within the domain, see `_limiting_greeks`.
    """
    with mp.workdps(DIGITS + 20):
        arguments = S, K, T, r, q, v = [mpf(x) for x in (spot, strike, time, rate, dividend, sigma)]
        if not (all(map(isfinite, arguments)) and min(S, K, T, v) > 0):
            return _limiting_greeks(S, K, T, r, q, v, int(sign))
        e = int(sign)
        t = accurate_legs(S, K, T, r, q, v, e)
        d1, d2 = t.d1, t.d2
        delta, dual_delta = e * t.A / S * t.N1, -e * t.B / K * t.N2
        gamma = t.A / S * normal_pdf(d1) / (S * t.s)
        vega = t.A * normal_pdf(d1) * sqrt(T)
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


def _limiting_greeks(
    S: mpf, K: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf, sign: int
) -> dict[str, mpf]:
    """Return the limits of the greeks where an argument is 0 or infinite.

    Away from the money the density vanishes faster than any power, and with it all but the shares
    of the legs. At the money with sigma = 0, or T = 0, it does not, and what divides by sigma
    sqrt(T) is infinite; with both 0 sigma goes first. Endless time is endless sigma sqrt(T) with
    the discounts' limits.
    """
    with mp.workdps(700 + DIGITS):  # at S = K the legs differ by as little as (r - q)T
        A, B = discounted(S, q, T), discounted(K, r, T)
        level = A == B and 0 in (T, sigma)
        above = A > B
    if 0 in (S, K) or inf in (S, K) or 0 in (T, sigma):
        n1 = n2 = mpf(1) / 2 if level else mpf(above == (sign > 0))
    else:
        n1, n2 = mpf(sign > 0), mpf(sign < 0)
    found = dict.fromkeys(ALL, mpf(0))
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
