"""European price on a lognormal underlying.

With the legs A and B, h and v as in legs.py, t = v/2 and M(x) = N(-x)/phi(x):

    price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))

where nothing cancels: the difference of M is its slope, a sum of positive terms, times v. For
h - t < -1/2, where M(h - t) grows without bound, the complement is taken, the factor of
min(A, B) being 1 - phi(t - h) (M(t - h) + M(t + h)).

Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.

Error out of the money at most 11 ulp, in it 4 ulp of max(A, B), see docs/numerics.md.
"""

from math import fabs, inf
from typing import NamedTuple

from quantforge_numba.elementary import (
    at_least,
    at_most,
    power_of_two,
    shift_exponent,
)
from quantforge_numba.intrinsics import fma, inlined
from quantforge_numba.legs import (
    is_straight,
    on_common_scale,
)


@inlined
def time_value(d, at):
    """phi(near) (M(near) - M(far)) over the power of two of the exponential.

    The out-of-the-money price over the lesser leg, or less what that lacks to 1. What rounding took
    from near and far counts by the slopes of M, and near's in the exponential too.
    """
    low = fma(at.far_loss, at.far_low, -(at.near_loss * at.near_low))
    within = fma(d.v, at.m.slope, fma(at.width, at.m.slope, low))
    factor = within if at.within else low - (at.m.near + at.m.far)
    return fma(factor, at.growth, factor)


class OrdinaryPrice(NamedTuple):
    """The price; `special` where this form may not hold."""

    price: float
    special: bool


@inlined
def price_ordinary(legs, d, at, sign):
    below = legs.y.high < 0.0
    least = legs.a if below else legs.b
    most = legs.b if below else legs.a
    least_low = legs.a_low if below else legs.b_low
    most_low = legs.b_low if below else legs.a_low
    moneyness = -sign if below else sign  # > 0: in the money
    factor = shift_exponent(time_value(d, at), at.e.n_magic)
    factor = factor if at.within else 1.0 + factor
    low = least_low * factor
    otm = fma(least, factor, low)
    gap = most - least
    low = low + (((most - gap) - least) + (most_low - least_low))
    itm = gap + fma(least, factor, low)
    price = itm if moneyness > 0.0 else otm
    holds = (
        (legs.load < 300.0)
        & is_straight(legs.bend, at.x, d.v)
        & (least > 2.0**-64)
        & (most > 2.0**-64)
        & (most < 2.0**300)
        & (d.v > 2.0**-60)
        & (at.x < 34.0)
        & (fabs(sign) == 1.0)
    )
    return OrdinaryPrice(at_least(price, 0.0), special=not holds)


class GeneralPrice(NamedTuple):
    """price = value 2^exponent."""

    value: float
    exponent: float


@inlined
def price_general(legs, separation, sign):
    d = separation.d
    at = separation.at
    below = separation.y.high < 0.0
    common = on_common_scale(legs)
    least = legs.a if below else legs.b
    least_exponent = legs.a_exponent if below else legs.b_exponent
    least_common = common.a if below else common.b
    most_common = common.b if below else common.a
    least_low = legs.a_low if below else legs.b_low
    a_low = legs.a_low * common.a_scale
    b_low = legs.b_low * common.b_scale
    gap_low = b_low - a_low if below else a_low - b_low

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = (
        (d.v == 0.0) | (common.a == 0.0) | (common.b == 0.0) | (common.a == inf) | (common.b == inf)
    )
    factor = time_value(d, at)
    all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0))
    factor = factor if at.within else all_but
    factor = 0.0 if settled else factor
    exponent = least_exponent + at.e.n if at.within else least_exponent
    low = least_low * factor
    otm = fma(least, factor, low)
    scale = power_of_two(at_most(at_least(exponent - common.top, -1000.0), 1000.0))
    gap = most_common - least_common
    low = low * scale + (((most_common - gap) - least_common) + gap_low)
    itm = gap + fma(least * scale, factor, low)
    itm = inf if most_common == inf else itm
    in_the_money = (-sign if below else sign) > 0.0
    price = at_least(itm if in_the_money else otm, 0.0)
    exponent = common.top if in_the_money else exponent

    # Endless volatility leaves all of one leg, and not a rounding error of the other.
    endless = (d.v == inf) & (not settled)
    whole = legs.a if sign > 0.0 else legs.b
    whole_exponent = legs.a_exponent if sign > 0.0 else legs.b_exponent
    return GeneralPrice(whole if endless else price, whole_exponent if endless else exponent)
