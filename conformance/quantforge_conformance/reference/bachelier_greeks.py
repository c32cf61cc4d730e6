"""Price and greeks of European options on a normally distributed forward, to 40 digits."""

from __future__ import annotations

from mpmath import exp, inf, isfinite, isnan, log10, mp, mpf, nan, pi, sqrt

from quantforge_conformance.reference.functions import (
    DIGITS,
    GREEKS,
    density,
    discounted,
    normal,
    product,
    sign_of,
)


def normal_price(
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
        s, inside = v * sqrt(T), max(int(sign) * (F - K), mpf(0))
        if abs(F - K) == inf or s == 0:
            return discounted(inside, r, T)
        if s == inf:
            return mpf(0) if inf == T and r > 0 else inf
        return discounted(_undiscounted(F, K, s, int(sign)), r, T)


def _undiscounted(F: mpf, K: mpf, s: mpf, sign: int) -> mpf:
    d = (F - K) / s
    with mp.workdps(mp.dps + int(4 * log10(2 + abs(d)))):
        return sign * (F - K) * normal(sign * d) + s * density(d)


def normal_greeks(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> dict[str, mpf]:
    """Return the price and its derivatives by name under Bachelier's model, as `greeks` does.

    Delta and gamma are by the forward; phi is 0. Limits where time or sigma are 0.
    """
    with mp.workdps(DIGITS + 20):
        F, K, T, r, v = [mpf(x) for x in (forward, strike, time, rate, sigma)]
        if 0 in (T, v) or not all(map(isfinite, (F, K, T, v))):
            return _limiting_normal_greeks(F, K, T, r, v, int(sign))
        s, D = v * sqrt(T), exp(-r * T)
        d = (F - K) / s
        found = dict.fromkeys(GREEKS, mpf(0))
        value = found["price"] = normal_price(forward, strike, time, rate, sigma, sign)
        delta = found["delta"] = int(sign) * D * normal(int(sign) * d)
        gamma = found["gamma"] = D * density(d) / s
        vega = found["vega"] = D * density(d) * sqrt(T)
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


def _limiting_normal_greeks(
    F: mpf, K: mpf, T: mpf, r: mpf, sigma: mpf, sign: int
) -> dict[str, mpf]:
    """Return the limits of the greeks at sigma or T = 0, or where the money is infinitely far."""
    found = dict.fromkeys(GREEKS, mpf(0))
    value = found["price"] = normal_price(F, K, T, r, sigma, sign)
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


def normal_condition(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> mpf:
    """Return the sum of |x dP/dx| / P over the five arguments, those >= 0 positive."""
    g = normal_greeks(forward, strike, time, rate, sigma, sign)
    names = ("delta", "dual_delta", "theta", "rho", "vega")
    with mp.workdps(DIGITS):
        pairs = zip((forward, strike, time, rate, sigma), names, strict=True)
        return sum(abs(mpf(x) * g[name]) for x, name in pairs) / g["price"]
