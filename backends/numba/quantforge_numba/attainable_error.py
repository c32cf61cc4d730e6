"""What the rounding of the inputs costs an implied volatility."""

from math import fabs

from quantforge_numba.elementary import (
    at_least,
    at_most,
    half_ulp,
    mills,
    power_of_two,
    reduce,
    times_exp,
    times_power,
)
from quantforge_numba.intrinsics import inlined
from quantforge_numba.legs import PAST
from quantforge_numba.normalized_price import SQRT_2PI
from quantforge_numba.tables import MILLS_FROM


@inlined
def attainable_error(
    legs, to, s, price, spot, strike, time, rate, dividend, sign, in_the_money, sigma
):
    """The attainable limit over sigma: the cost of half a unit in the last place of each input.

    And one unit of the result. Everything is in units of the lesser leg.
    """
    h = to.k / s
    t = 0.5 * s
    near = at_most(at_least(h - t, -PAST), PAST)
    far = at_most(h + t, PAST)
    within = near > MILLS_FROM
    e = reduce(0.5 * near * near, 0.0)
    per_density = times_power(times_exp(SQRT_2PI, e.r), e.n)  # 1 / phi(near)
    m = mills(near if within else -near, far)
    far_tail = SQRT_2PI * m.far
    near_tail = SQRT_2PI * m.near
    near_tail = near_tail if within else per_density - near_tail
    most = per_density / to.share  # the greater leg over density
    least_share = per_density - near_tail if in_the_money else near_tail
    most_share = most - far_tail if in_the_money else far_tail
    below = legs.y.high < 0.0
    a = least_share if below else most_share
    b = most_share if below else least_share
    c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density
    c = SQRT_2PI * (s * m.slope) if within else c
    value = c + most * to.gap if in_the_money else c
    rate_cost = rate * time * b
    dividend_cost = dividend * time * a
    theta = 0.5 * s + sign * (rate_cost - dividend_cost)
    cost = half_ulp(price) * value + half_ulp(spot) * a + half_ulp(strike) * b
    cost = cost + half_ulp(time) * fabs(theta) + half_ulp(rate) * fabs(rate_cost)
    cost = cost + half_ulp(dividend) * fabs(dividend_cost)
    return cost / s + 2.0 * half_ulp(sigma)
