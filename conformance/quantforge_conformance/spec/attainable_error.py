"""What the rounding of the inputs costs an implied volatility."""

from __future__ import annotations

from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    half_ulp,
    mills,
    power_of_two,
    reduce,
    times_exp,
    times_power,
)
from quantforge_conformance.spec.legs import PAST, Legs
from quantforge_conformance.spec.normalized_price import SQRT_2PI, NormalizedPrice
from quantforge_conformance.spec.tables import MILLS_FROM


def attainable_error(
    legs: Legs,
    to: NormalizedPrice,
    s: float,
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
    in_the_money: bool,
    sigma: float,
) -> float:
    """What half a unit in the last place of each input costs and one of the result, over sigma.

    Everything is in units of the lesser leg times its density.
    """
    h, t = divide(to.k, s), 0.5 * s
    near, far = at_most(at_least(h - t, -PAST), PAST), at_most(h + t, PAST)
    within = near > MILLS_FROM
    e = reduce(0.5 * near * near, 0.0)
    per_density = times_power(times_exp(SQRT_2PI, e.r), e.n)  # 1 / phi(near)
    m = mills(near if within else -near, far)
    far_tail, near_tail = SQRT_2PI * m.far, SQRT_2PI * m.near
    near_tail = near_tail if within else per_density - near_tail
    most = divide(per_density, to.share)  # the greater leg over density
    least_share = per_density - near_tail if in_the_money else near_tail
    most_share = most - far_tail if in_the_money else far_tail
    a, b = (least_share, most_share) if legs.y.high < 0.0 else (most_share, least_share)
    c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density
    c = SQRT_2PI * (s * m.slope) if within else c
    value = c + most * to.gap if in_the_money else c
    rate_cost, dividend_cost = rate * time * b, dividend * time * a
    theta = 0.5 * s + sign * (rate_cost - dividend_cost)
    cost = (
        half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * abs(theta)
        + half_ulp(rate) * abs(rate_cost)
        + half_ulp(dividend) * abs(dividend_cost)
    )
    return divide(cost, s) + 2.0 * half_ulp(sigma)
