"""European price on a lognormal underlying.

With the legs A and B, h and v of `legs`, t = v/2 and M(x) = N(-x)/phi(x):

    price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))

where nothing cancels but M - M, and that no worse than the problem's own condition. For h < t
M(h - t) grows without bound and the complement is taken, the factor of min(A, B) being
1 - phi(t - h) (M(t - h) + M(t + h)). For t max(h, 2) < 1/64 the difference of M is its Taylor
series, from M' = x M - 1.

Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
"""

from __future__ import annotations

import math

from quantforge_conformance.spec.elementary import (
    Reduced,
    divide,
    fma,
    mills,
    power_of_two,
    reduce,
    times_exp,
    times_power,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Legs,
    aligned,
    at_least,
    at_most,
    legs,
    sign_state,
)
from quantforge_conformance.spec.tables import INV_SQRT_2PI

PAST = 54.0  # beyond it phi and phi M are less than the least double
MOST_FAR = 2.0**50  # the Mills ratio itself is right to infinity


def price(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> float:
    """The price of one option, sign +1 for a call and -1 for a put."""
    both = legs(spot, strike, time, rate, dividend, sigma)
    return NOT_A_NUMBER if both.state | sign_state(sign) else price_of_legs(both, sign)


def gauss_exponent(x: float) -> Reduced:
    """-x^2 / 2, with the rounding error of the square."""
    xx = x * x
    return reduce(-0.5 * xx, -0.5 * fma(x, x, -xx))


def mills_difference(h: float, t: float) -> float:
    """(M(h - t) - M(h + t)) / sqrt(2 pi), for h < t -(M(t - h) + M(t + h)) / sqrt(2 pi)."""
    near = h - t
    m, m0 = mills(at_most(h + t, MOST_FAR)), mills(at_most(abs(near), PAST))
    return divide(fma(math.copysign(m0.p, near), m.q, -(m.p * m0.q)), m.q * m0.q)


def mills_difference_series(h: float, t: float) -> float:
    """(M(h - t) - M(h + t)) / sqrt(2 pi) for small t: the odd derivatives M', M''', ... at h."""
    ratio = mills(h)
    m0, u = ratio.p / ratio.q, t * t
    m1 = fma(h, m0, -INV_SQRT_2PI)
    m2 = fma(h, m1, m0)
    m3 = fma(h, m2, 2.0 * m1)
    m4 = fma(h, m3, 3.0 * m2)
    m5 = fma(h, m4, 4.0 * m3)
    m6 = fma(h, m5, 5.0 * m4)
    m7 = fma(h, m6, 6.0 * m5)
    inner = fma(fma(m7, u * (1.0 / 42.0), m5), u * (1.0 / 20.0), m3)
    return -2.0 * t * fma(inner, u * (1.0 / 6.0), m1)


def price_of_legs(both: Legs, sign: float) -> float:
    """The price of an option inside the domain."""
    h, t, side = both.h, 0.5 * both.v, aligned(both)
    near, h_held = h - t, at_most(h, PAST)
    e = gauss_exponent(at_most(abs(near), PAST))
    least = both.a if side.below else both.b
    least_exponent = both.a_exponent if side.below else both.b_exponent
    close = t * (h_held if h_held > 2.0 else 2.0) < 0.015625
    difference = mills_difference_series(h_held, t) if close else mills_difference(h, t)

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = both.v == 0.0 or 0.0 in (side.a, side.b) or math.inf in (side.a, side.b)
    complement = near < 0.0 and not close
    factor = times_exp(difference, e.r)
    if complement:
        factor = 1.0 + factor * power_of_two(at_least(e.n, -1000.0))
    factor = 0.0 if settled else factor
    term_exponent = least_exponent if complement else least_exponent + e.n
    intrinsic = at_least(sign * (side.a - side.b), 0.0)
    exponent = side.top if intrinsic > 0.0 else term_exponent
    apart = at_most(at_least(term_exponent - exponent, -1000.0), 1000.0)
    value = at_least(fma(least * power_of_two(apart), factor, intrinsic), 0.0)
    if both.v == math.inf and not settled:
        # All of one leg, and not a rounding error of the other.
        value = both.a if sign > 0.0 else both.b
        exponent = both.a_exponent if sign > 0.0 else both.b_exponent
    return times_power(value, exponent)
