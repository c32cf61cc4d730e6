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

from math import fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.blocks import BLOCK, LANES, whole
from quantforge_numba.elementary import (
    Sum,
    at_least,
    at_most,
    power_of_two,
    shift_exponent,
    times_power,
)
from quantforge_numba.intrinsics import blocks, fma, inlined, interleave, outlined, vectorise
from quantforge_numba.legs import (
    INVALID,
    Sides,
    apart_general,
    beside,
    deviation_ordinary,
    is_straight,
    magnitude,
    sides_general,
    sides_ordinary,
    sigma_state,
    sign_state,
    tails_ordinary,
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
def ordinary_price(sides, d, at, sign):
    below = sides.y.high < 0.0
    least = sides.a if below else sides.b
    most = sides.b if below else sides.a
    least_low = sides.a_low if below else sides.b_low
    most_low = sides.b_low if below else sides.a_low
    moneyness = -sign if below else sign  # > 0: in the money
    factor = shift_exponent(time_value(d, at), at.e.n_magic)
    factor = factor if at.within else 1.0 + factor
    low = least_low * factor
    outside = fma(least, factor, low)
    gap = most - least
    low = low + (((most - gap) - least) + (most_low - least_low))
    inside = gap + fma(least, factor, low)
    price = inside if moneyness > 0.0 else outside
    holds = (
        (sides.load < 300.0)
        & is_straight(sides.bend, at.x, d.v)
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
def general_price(sides, apart, sign):
    d = apart.d
    at = apart.at
    below = apart.y.high < 0.0
    legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent)
    least = sides.a if below else sides.b
    least_exponent = sides.a_exponent if below else sides.b_exponent
    least_beside = legs.a if below else legs.b
    most_beside = legs.b if below else legs.a
    least_low = sides.a_low if below else sides.b_low
    a_low = sides.a_low * legs.a_scale
    b_low = sides.b_low * legs.b_scale
    gap_low = b_low - a_low if below else a_low - b_low

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = (d.v == 0.0) | (legs.a == 0.0) | (legs.b == 0.0) | (legs.a == inf) | (legs.b == inf)
    factor = time_value(d, at)
    all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0))
    factor = factor if at.within else all_but
    factor = 0.0 if settled else factor
    exponent = least_exponent + at.e.n if at.within else least_exponent
    low = least_low * factor
    outside = fma(least, factor, low)
    scale = power_of_two(at_most(at_least(exponent - legs.top, -1000.0), 1000.0))
    gap = most_beside - least_beside
    low = low * scale + (((most_beside - gap) - least_beside) + gap_low)
    inside = gap + fma(least * scale, factor, low)
    inside = inf if most_beside == inf else inside
    in_the_money = (-sign if below else sign) > 0.0
    price = at_least(inside if in_the_money else outside, 0.0)
    exponent = legs.top if in_the_money else exponent

    # Endless volatility leaves all of one leg, and not a rounding error of the other.
    endless = (d.v == inf) & (not settled)
    whole = sides.a if sign > 0.0 else sides.b
    whole_exponent = sides.a_exponent if sign > 0.0 else sides.b_exponent
    return GeneralPrice(whole if endless else price, whole_exponent if endless else exponent)


@outlined
def price_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    spot, strike, time, rate, dividend, sigma, sign = inputs
    (price,) = outputs
    for i in range(n):
        sides = sides_general(spot[i], strike[i], time[i], rate[i], dividend[i])
        apart = apart_general(sides, time[i], sigma[i])
        state = sides.state | sigma_state(sigma[i], apart.d.v) | sign_state(sign[i])
        lane = general_price(sides, apart, sign[i])
        value = times_power(lane.value, lane.exponent)
        price[i] = nan if state else value
        outside[i] = state == INVALID  # a NaN that came in is no signal


@inlined
def put_sides(block, inputs, n):
    """The sides of the lanes of a block."""
    vectorise("block")
    n = whole(n)
    spot, strike, time, rate, dividend = inputs[:5]
    a, a_low, b, b_low, y, y_low, bend, load = block
    for i in range(n):
        sides = sides_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i])
        a[i], a_low[i] = sides.a, sides.a_low
        b[i], b_low[i] = sides.b, sides.b_low
        y[i], y_low[i] = sides.y.high, sides.y.low
        bend[i], load[i] = sides.bend, sides.load


@inlined
def get_sides(block, i):
    a, a_low, b, b_low, y, y_low, bend, load = block
    return Sides(a[i], a_low[i], b[i], b_low[i], Sum(y[i], y_low[i]), bend[i], load[i])


@inlined
def price_ordinary(inputs, outputs, special, n, wanted):
    """Price `n` lanes, a multiple of LANES and at most BLOCK.

    The two halves run one after the other over the block: each is short enough for the processor
    to overlap several vectors of it.
    """
    vectorise("outputs special")
    interleave(LANES)
    n = whole(n)
    block = blocks(8, BLOCK)
    _, _, time, _, _, sigma, sign = inputs
    (price,) = outputs
    put_sides(block, inputs, n)
    for i in range(n):
        sides = get_sides(block, i)
        d = deviation_ordinary(magnitude(sides.y), time[i], sigma[i])
        lane = ordinary_price(sides, d, tails_ordinary(d), sign[i])
        price[i] = lane.price
        special[i] = lane.special
