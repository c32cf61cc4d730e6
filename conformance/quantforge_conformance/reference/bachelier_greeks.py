"""Price and greeks of European options under Bachelier's model, to 40 digits."""

from __future__ import annotations

from mpmath import exp, inf, isfinite, mp, mpf, pi, sqrt

from quantforge import ALL
from quantforge_conformance.reference.bachelier_price import bachelier_price
from quantforge_conformance.reference.elementary import (
    DIGITS,
    discounted,
    normal_cdf,
    normal_pdf,
    product,
    sign_of,
)


def bachelier_greeks(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> dict[str, mpf]:
    """Return the price and its derivatives by name under Bachelier's model, as `greeks` does.

    Delta and gamma are by the forward; phi is 0. Limits where time or sigma are 0.
    """
    with mp.workdps(DIGITS + 20):
        F, K, T, r, v = [mpf(x) for x in (forward, strike, time, rate, sigma)]
        if 0 in (T, v) or not all(map(isfinite, (F, K, T, v))):
            return _limiting_greeks(F, K, T, r, v, int(sign))
        s, D = v * sqrt(T), exp(-r * T)
        d = (F - K) / s
        found = dict.fromkeys(ALL, mpf(0))
        value = found["price"] = bachelier_price(forward, strike, time, rate, sigma, sign)
        delta = found["delta"] = int(sign) * D * normal_cdf(int(sign) * d)
        gamma = found["gamma"] = D * normal_pdf(d) / s
        vega = found["vega"] = D * normal_pdf(d) * sqrt(T)
        return found | {
            "theta": r * value - gamma * v**2 / 2,
            "rho": -T * value,
            "vanna": -vega * d / s,
            "volga": vega * d**2 / v,
            "charm": r * delta + gamma * d * v / (2 * sqrt(T)),
            "veta": vega * (r - (1 + d**2) / (2 * T)),
            "dual_delta": -delta,
            "dual_gamma": gamma,
            "speed": -gamma * d / s,
            "color": gamma * (r + (1 - d**2) / (2 * T)),
            "zomma": gamma * (d**2 - 1) / v,
            "ultima": vega * (d**4 - 3 * d**2) / v**2,
        }


def _limiting_greeks(F: mpf, K: mpf, T: mpf, r: mpf, sigma: mpf, sign: int) -> dict[str, mpf]:
    """Return the limits of the greeks at sigma or T = 0, or where the money is infinitely far."""
    found = dict.fromkeys(ALL, mpf(0))
    value = found["price"] = bachelier_price(F, K, T, r, sigma, sign)
    D, level = discounted(mpf(1), r, T), F == K or inf in (T, sigma)
    n = mpf(1) / 2 if level else mpf((F > K) == (sign > 0))
    found["delta"] = sign * D * n
    found["dual_delta"] = -found["delta"]
    found["theta"] = product(r, value)
    found["rho"] = -product(T, value)
    found["charm"] = product(r, found["delta"])
    if inf in (T, sigma):
        vega = found["vega"] = product(D, sqrt(T / (2 * pi)))
        found["veta"] = product(vega, r - 1 / (2 * T))
        if inf > T:
            found["theta"] = inf * sign_of(2 * r * T - 1)
        return found
    if F != K:
        return found
    limits = {"gamma": inf, "dual_gamma": inf, "color": inf, "zomma": -inf}
    if sigma == 0 and T > 0:
        vega = D * sqrt(T / (2 * pi))
        limits |= {"vega": vega, "veta": vega * (r - 1 / (2 * T))}
        limits["color"] = inf * sign_of(r + 1 / (2 * T))
    else:
        limits["veta"] = -inf
        if sigma > 0:
            limits["theta"] = -inf
    return found | limits
