"""European price on a lognormal underlying.

With the legs A and B, h and v of `legs`, t = v/2 and M(x) = N(-x)/phi(x):

    price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))

where nothing cancels: the difference of M is its slope, a sum of positive terms, times v. For
h - t < -1/2, where M(h - t) grows without bound, the complement is taken, the factor of min(A, B)
being 1 - phi(t - h) (M(t - h) + M(t + h)).

Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    fma,
    power_of_two,
    times_power,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Apart,
    Deviation,
    Sides,
    Tails,
    apart,
    beside,
    sides,
    sigma_state,
    sign_state,
)


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
    of = sides(spot, strike, time, rate, dividend)
    legs = apart(of, time, sigma)
    if of.state | sigma_state(sigma, legs.d.v) | sign_state(sign):
        return NOT_A_NUMBER
    found = price_of_sides(of, legs, sign)
    return times_power(found.value, found.exponent)


def time_value(d: Deviation, at: Tails) -> float:
    """phi(near) (M(near) - M(far)) over the power of two of the exponential.

    It is the out-of-the-money price over the lesser leg, or less what that lacks to 1. What
    rounding took from near and far counts by the slopes of M, and near's in the exponential too.
    """
    low = fma(at.far_loss, at.far_low, -(at.near_loss * at.near_low))
    if at.within:
        factor = fma(d.v, at.m.slope, fma(at.width, at.m.slope, low))
    else:
        factor = low - (at.m.near + at.m.far)
    return fma(factor, at.growth, factor)


class Price(NamedTuple):
    """A price as value 2^exponent."""

    value: float
    exponent: float


def price_of_sides(of: Sides, by: Apart, sign: float) -> Price:
    """The price of an option inside the domain."""
    legs, d, at = beside(of), by.d, by.at
    a_low, b_low = of.a_low * legs.a_scale, of.b_low * legs.b_scale
    if by.y.high < 0.0:
        least, least_low, exponent, moneyness = of.a, of.a_low, of.a_exponent, -sign
        least_beside, most_beside, gap_low = legs.a, legs.b, b_low - a_low
    else:
        least, least_low, exponent, moneyness = of.b, of.b_low, of.b_exponent, sign
        least_beside, most_beside, gap_low = legs.b, legs.a, a_low - b_low

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = d.v == 0.0 or 0.0 in (legs.a, legs.b) or math.inf in (legs.a, legs.b)
    if d.v == math.inf and not settled:
        # All of one leg, and not a rounding error of the other.
        return Price(of.a, of.a_exponent) if sign > 0.0 else Price(of.b, of.b_exponent)
    factor = time_value(d, at)
    if at.within:
        exponent = exponent + at.e.n
    else:
        factor = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0))
    factor = 0.0 if settled else factor
    low = least_low * factor
    if not moneyness > 0.0:
        return Price(at_least(fma(least, factor, low), 0.0), exponent)
    if most_beside == math.inf:
        return Price(math.inf, legs.top)
    gap = most_beside - least_beside
    scale = power_of_two(at_most(at_least(exponent - legs.top, -1000.0), 1000.0))
    low = low * scale + (((most_beside - gap) - least_beside) + gap_low)
    inside = gap + fma(least * scale, factor, low)
    return Price(at_least(inside, 0.0), legs.top)
