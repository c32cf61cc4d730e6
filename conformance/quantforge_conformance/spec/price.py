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
    Deviation,
    Legs,
    Separation,
    Tails,
    legs_general,
    on_common_scale,
    separation_general,
    sigma_state,
    sign_state,
)


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


def price_general(legs: Legs, separation: Separation, sign: float) -> Price:
    """The price of an option inside the domain."""
    common, d, at = on_common_scale(legs), separation.d, separation.at
    a_low, b_low = legs.a_low * common.a_scale, legs.b_low * common.b_scale
    if separation.y.high < 0.0:
        least, least_low, exponent, moneyness = legs.a, legs.a_low, legs.a_exponent, -sign
        least_common, most_common, gap_low = common.a, common.b, b_low - a_low
    else:
        least, least_low, exponent, moneyness = legs.b, legs.b_low, legs.b_exponent, sign
        least_common, most_common, gap_low = common.b, common.a, a_low - b_low

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = d.v == 0.0 or 0.0 in (common.a, common.b) or math.inf in (common.a, common.b)
    if d.v == math.inf and not settled:
        # All of one leg, and not a rounding error of the other.
        return Price(legs.a, legs.a_exponent) if sign > 0.0 else Price(legs.b, legs.b_exponent)
    factor = time_value(d, at)
    if at.within:
        exponent = exponent + at.e.n
    else:
        factor = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0))
    factor = 0.0 if settled else factor
    low = least_low * factor
    if not moneyness > 0.0:
        return Price(at_least(fma(least, factor, low), 0.0), exponent)
    if most_common == math.inf:
        return Price(math.inf, common.top)
    gap = most_common - least_common
    scale = power_of_two(at_most(at_least(exponent - common.top, -1000.0), 1000.0))
    low = low * scale + (((most_common - gap) - least_common) + gap_low)
    value = gap + fma(least * scale, factor, low)
    return Price(at_least(value, 0.0), common.top)


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
    legs = legs_general(spot, strike, time, rate, dividend)
    separation = separation_general(legs, time, sigma)
    if legs.state | sigma_state(sigma, separation.d.v) | sign_state(sign):
        return NOT_A_NUMBER
    found = price_general(legs, separation, sign)
    return times_power(found.value, found.exponent)
