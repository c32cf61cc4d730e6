"""European price on a normally distributed forward (Bachelier).

With v = sigma sqrt(T), k = |F - K|, h = k/v and M(x) = N(-x)/phi(x):

    price = e^(-rT) (max(+-(F - K), 0) + v phi(h) (1 - h M(h)))

Forwards and strikes may have any sign. Limits: NaN in, NaN out. Negative sigma or T, 0 times
infinity in sigma sqrt(T), F - K of infinities, an infinite rate, a sign other than +-1: NaN and
`invalid`. sigma or T zero: discounted intrinsic value. Endless volatility: infinite, but 0 for
endless time at a positive rate.
"""

from math import fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.blocks import whole
from quantforge_numba.elementary import (
    Ratio,
    Reduced,
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
)
from quantforge_numba.intrinsics import fma, inlined, outlined, sqrt, vectorise
from quantforge_numba.legs import INVALID, MISSING, discount_exponent, sign_state
from quantforge_numba.tables import INV_SQRT_2PI


@inlined
def normal_loss(h):
    """Return 1 - h M(h), over sqrt(2 pi), as numerator and denominator."""
    m = mills(h)
    return Ratio(fma(-h, m.p, INV_SQRT_2PI * m.q), m.q)


class OrdinaryNormal(NamedTuple):
    """The price; `special` is 1 where this form may not hold."""

    price: float
    special: int


@inlined
def ordinary_normal(forward, strike, time, rate, sigma, sign):
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    r = reduce(-rt, -rt_low)
    apart = forward - strike
    v = sigma * sqrt(time)
    h = fabs(apart) / v
    hh = h * h
    e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh))
    loss = normal_loss(h)
    factor = shift_exponent(times_exp(loss.p / loss.q, e.r), e.n_magic)
    intrinsic = sign * apart
    intrinsic = intrinsic if intrinsic > 0.0 else 0.0
    price = shift_exponent(times_exp(fma(v, factor, intrinsic), r.r), r.n_magic)
    holds = (fabs(rt) < 50.0) & (v > 2.0**-64) & (v < 2.0**200) & (h < 34.0) & (fabs(sign) == 1.0)
    return OrdinaryNormal(price, 0 if holds else 1)


class Normal(NamedTuple):
    """What the general forms of this model share.

    `inside` > 0: in the money; `r` is the discount exponent -rT.
    """

    k: float
    v: float
    h: float
    inside: float
    r: Reduced
    state: int


@inlined
def normal_general(forward, strike, time, rate, sigma, sign):
    x = discount_exponent(rate, time)
    apart = forward - strike
    k = fabs(apart)
    v = fabs(sigma * sqrt(time))
    missing = (
        (forward != forward)
        | (strike != strike)
        | (time != time)
        | (rate != rate)
        | (sigma != sigma)
    )
    invalid = (time < 0.0) | (sigma < 0.0) | (v != v) | (apart != apart) | (fabs(rate) == inf)
    return Normal(
        k=k,
        v=v,
        h=0.0 if k == 0.0 else k / v,
        inside=sign * apart,
        r=reduce(x.value, x.low),
        state=(MISSING if missing else 0) | (INVALID if invalid else 0) | sign_state(sign),
    )


@inlined
def general_normal(n, time, rate):
    h = n.h if n.h < 54.0 else 54.0
    hh = h * h
    e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh))
    loss = normal_loss(h)
    factor = times_exp(loss.p / loss.q, e.r)
    settled = (n.v == 0.0) | (n.k == inf)
    factor = 0.0 if settled else factor
    intrinsic = n.inside if n.inside > 0.0 else 0.0
    held = factor * power_of_two(e.n if e.n > -1000.0 else -1000.0)
    inside = fma(n.v, held, intrinsic)
    outside = n.v * factor
    value = inside if intrinsic > 0.0 else outside
    value = intrinsic if settled else value
    exponent = n.r.n if (intrinsic > 0.0) | settled else n.r.n + e.n
    price = times_power(times_exp(value, n.r.r), exponent)
    endless = (n.v == inf) & (not settled)
    limit = 0.0 if (time == inf) & (rate > 0.0) else inf
    price = inf if value == inf else price  # infinity less a part of it is no number
    return limit if endless else price


@outlined
def bachelier_price_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    forward, strike, time, rate, sigma, sign = inputs
    (price,) = outputs
    for i in range(n):
        lane = normal_general(forward[i], strike[i], time[i], rate[i], sigma[i], sign[i])
        value = general_normal(lane, time[i], rate[i])
        price[i] = nan if lane.state else value
        outside[i] = 1 if lane.state == INVALID else 0


@inlined
def bachelier_price_ordinary(inputs, outputs, special, n, wanted):
    vectorise("outputs special")
    n = whole(n)
    forward, strike, time, rate, sigma, sign = inputs
    (price,) = outputs
    for i in range(n):
        lane = ordinary_normal(forward[i], strike[i], time[i], rate[i], sigma[i], sign[i])
        price[i] = lane.price
        special[i] = lane.special
