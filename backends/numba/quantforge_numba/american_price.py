"""American price on a lognormal underlying: the European price and the premium.

For the scaled put of `american_boundary`

    premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
    m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.

With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end.
Source: Kim (1990).
"""

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


@inlined
def value_without_volatility(spot, strike, time, rate, dividend, sign):
    """The best of all times to exercise where the underlying's path is known.

    K e^(-r t) - S e^(-q t) at its ends and where it is level.
    """
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
    end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))))
    return at_least(at_least(then, end), at_least(k - s, 0.0))
