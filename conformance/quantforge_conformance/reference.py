r"""European options to 40 digits: the golden values.

On a lognormal underlying first, on a normally distributed forward (Bachelier) at the end.

With :math:`A = S e^{-qT}`, :math:`B = K e^{-rT}`, :math:`s = \sigma\sqrt T`,
:math:`d_{1,2} = (\ln(S/K) + (r - q)T)/s \pm s/2` and sign :math:`\epsilon = \pm 1`,

.. math:: P = \epsilon\,(A\,N(\epsilon d_1) - B\,N(\epsilon d_2)).

Arguments are doubles (or mpf), taken as exact. The formula cancels where the time value is small
against A and B, so each evaluation raises its precision by the digits it will lose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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


GREEKS = (
    *("price", "delta", "gamma", "vega", "theta", "rho", "phi"),
    *("vanna", "volga", "charm", "veta", "dual_delta", "dual_gamma"),
    *("speed", "color", "zomma", "ultima"),
)


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
        A, B = _discounted(S, q, T), _discounted(K, r, T)
        level = A == B and 0 in (T, sigma)
        above = A > B
    if 0 in (S, K) or inf in (S, K) or 0 in (T, sigma):
        n1 = n2 = mpf(1) / 2 if level else mpf(above == (sign > 0))
    else:
        n1, n2 = mpf(sign > 0), mpf(sign < 0)
    found = dict.fromkeys(GREEKS, mpf(0))
    found["price"] = price(S, K, T, r, q, sigma, sign)
    found["delta"] = sign * _product(_discounted(mpf(1), q, T), n1)
    found["dual_delta"] = -sign * _product(_discounted(mpf(1), r, T), n2)
    a_share, b_share = _product(A, n1), _product(B, n2)
    found["theta"] = sign * (_product(q, a_share) - _product(r, b_share))
    found["rho"] = sign * _product(T, b_share)
    found["phi"] = -sign * _product(T, a_share)
    found["charm"] = _product(q, found["delta"])
    if level:
        found |= _at_the_money(found, S, T, r, q, sigma)
    return found


def _at_the_money(
    found: dict[str, mpf], S: mpf, T: mpf, r: mpf, q: mpf, sigma: mpf
) -> dict[str, mpf]:
    """Return the limits that are neither 0 nor shares of the legs, sigma sqrt(T) being 0."""
    A = _discounted(S, q, T)
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


def sign_of(x: mpf) -> int:
    """Return -1, 0 or 1."""
    return int(x > 0) - int(x < 0)


def _product(x: mpf, y: mpf) -> mpf:
    return mpf(0) if 0 in (x, y) else x * y


OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM = range(5)
NOT_FINITE, INVALID_INPUT, LOW_PRECISION = range(5, 8)


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
        code = _bound(P - intrinsic, 2 * _ulp(max(A, B)), intrinsic > 0)
        if code == OK and (T == 0 or maximum + 2 * _ulp(maximum) < P):
            code = ABOVE_MAXIMUM
        elif code == OK and maximum - 2 * _ulp(maximum) <= P:
            return Implied(inf, AT_MAXIMUM, nan)
        if code != OK:
            return Implied(mpf(0) if code == AT_INTRINSIC else nan, code, nan)
        sigma = _total_volatility(abs(ln(A / B)), (P - intrinsic) / min(A, B)) / sqrt(T)
        g = greeks(spot, strike, time, rate, dividend, sigma, sign)
        names = ("delta", "dual_delta", "theta", "rho", "phi")
        slopes = [mpf(1), *(g[name] for name in names)]
        inputs = (price, spot, strike, time, rate, dividend)
        return _judged(sigma, inputs, [x / g["vega"] for x in slopes])


def _bound(otm: mpf, unit: mpf, inside: bool) -> int:
    """The code of a price by its distance from intrinsic alone."""
    if otm < -unit:
        return BELOW_INTRINSIC
    return AT_INTRINSIC if otm <= (unit if inside else 0) else OK


def _judged(sigma: mpf, inputs: tuple[float, ...], slopes: list[mpf]) -> Implied:
    """A volatility with its attainable limit, from |d sigma / d input| of each."""
    costs = [_ulp(mpf(x)) / 2 * abs(slope) for x, slope in zip(inputs, slopes, strict=True)]
    attainable = sum(costs, _ulp(sigma))
    return Implied(sigma, LOW_PRECISION if attainable > sigma * mpf("1e-8") else OK, attainable)


def _ulp(x: mpf) -> mpf:
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

    return _root_in_logs(residual, lost, max(sqrt(2 * k), c * sqrt(2 * pi)))


def _root_in_logs(
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
            return _discounted(inside, r, T)
        if s == inf:
            return mpf(0) if inf == T and r > 0 else inf
        return _discounted(_undiscounted(F, K, s, int(sign)), r, T)


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
    D, level = _discounted(mpf(1), r, T), F == K or inf in (T, sigma)
    n = mpf(1) / 2 if level else mpf((F > K) == (sign > 0))
    found["delta"] = sign * D * n
    found["dual_delta"] = -found["delta"]
    found["theta"] = _product(r, value)
    found["rho"] = -_product(T, value)
    found["charm"] = _product(r, found["delta"])
    if inf in (T, sigma):
        vega = found["vega"] = _product(D, sqrt(T / (2 * pi)))
        found["veta"] = _product(vega, r - 1 / (2 * T))
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
        code = _bound(c, 2 * _ulp(max(abs(F), abs(K))), inside)
        if code == OK and T == 0:
            code = ABOVE_MAXIMUM
        if code != OK:
            return Implied(mpf(0) if code == AT_INTRINSIC else nan, code, nan)

        def residual(s: mpf) -> tuple[mpf, mpf]:
            value = s * density(k / s) - k * normal(-k / s)
            return ln(value / c), s * density(k / s) / value

        s = c * sqrt(2 * pi)
        if k > 0:
            s = _root_in_logs(residual, lambda s: (1 + k / s) ** 4, s + k)
        sigma = s / sqrt(T)
        g = normal_greeks(forward, strike, time, rate, sigma, sign)
        slopes = [mpf(1), *(g[name] for name in ("delta", "dual_delta", "theta", "rho"))]
        inputs = (price, forward, strike, time, rate)
        return _judged(sigma, inputs, [x / g["vega"] for x in slopes])
