"""What the rounding of the inputs costs an implied volatility."""

from math import fabs

from quantforge_numba.elementary import (
    half_ulp,
    mills,
    power_of_two,
    reduce,
    times_exp,
    times_power,
)
from quantforge_numba.intrinsics import inlined
from quantforge_numba.target import SQRT_2PI


@inlined
def attainable(sides, to, s, price, spot, strike, time, rate, dividend, inside, sigma):
    """The attainable limit over sigma: the cost of half a unit in the last place of each input.

    And one unit of the result. Everything is in units of the lesser leg.
    """
    h = to.k / s
    t = 0.5 * s
    near = h - t
    x = fabs(near)
    x = x if x < 54.0 else 54.0
    far = h + t if h + t < 54.0 else 54.0
    e = reduce(0.5 * x * x, 0.0)
    per_density = times_power(times_exp(SQRT_2PI, e.r), e.n)  # 1 / phi(x)
    m = mills(far)
    m0 = mills(x)
    far_tail = SQRT_2PI * (m.p / m.q)
    near_tail = SQRT_2PI * (m0.p / m0.q)
    near_tail = per_density - near_tail if near < 0.0 else near_tail
    most = per_density / to.share  # the greater leg over density
    least_share = per_density - near_tail if inside else near_tail
    most_share = most - far_tail if inside else far_tail
    below = sides.y < 0.0
    a = least_share if below else most_share
    b = most_share if below else least_share
    c = to.c * power_of_two(to.shift if to.shift > -1000.0 else -1000.0) * per_density
    c = c if near < 0.0 else near_tail - far_tail
    value = c + most * to.gap if inside else c
    rt = fabs(rate) * time
    qt = fabs(dividend) * time
    theta = 0.5 * s + fabs(qt * a - rt * b)
    cost = half_ulp(price) * value + half_ulp(spot) * a + half_ulp(strike) * b
    cost = cost + half_ulp(time) * theta + half_ulp(rate) * rt * b + half_ulp(dividend) * qt * a
    return cost / s + 2.0 * half_ulp(sigma)
