"""American price on a lognormal underlying: the European price and the premium.

For the scaled put of `american_boundary`

    premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
    m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.

With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end.
Source: Kim (1990).
"""

from typing import NamedTuple

from quantforge_numba.american_boundary import discounted_tails, exp_of, logarithm
from quantforge_numba.elementary import at_least, log_ratio
from quantforge_numba.intrinsics import fma, inlined

# What an option asks for: how it may be exercised, and how closely that is to be valued.
EUROPEAN, FAST, STANDARD, HIGH = 0, 1, 2, 3


@inlined
def premium_density(p, depth, sine):
    """The premium's integrand at u = x sine^2, the boundary at x - u having this depth."""
    s = p.root * sine
    u = s * s
    distance = (p.log_m - p.log_start) + depth
    plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s)
    tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    return fma(p.a, tails.minus, -(p.b * tails.plus))


class KnownPath(NamedTuple):
    """Exercise where the underlying's path is known: K e^(-r t) - S e^(-q t).

    It is best now, at expiry, as the European price has it, or at the time t between where it is
    level; 0 if there is none.
    """

    strike: float
    spot: float
    rate: float
    dividend: float
    t: float
    now: float
    then: float


@inlined
def known_path(spot, strike, time, rate, dividend, sign):
    call = sign > 0.0
    s = strike if call else spot
    k = spot if call else strike
    r = dividend if call else rate
    q = rate if call else dividend
    per = (q * s) / (r * k)
    level = (per > 2.0**-1000) & (per < 2.0**1000) & (q != r)
    t = logarithm(log_ratio(per if level else 1.0, 1.0)) / (q - r if level else 1.0)
    t = t if level & (t > 0.0) & (t < time) else 0.0
    then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))))
    return KnownPath(
        strike=k,
        spot=s,
        rate=r,
        dividend=q,
        t=t,
        now=at_least(k - s, 0.0),
        then=then,
    )


@inlined
def value_without_volatility(p, european):
    """The value at the best of these times."""
    return at_least(at_least(p.then, european), p.now)
