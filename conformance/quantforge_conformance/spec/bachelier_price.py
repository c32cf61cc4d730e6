"""European price on a normally distributed forward (Bachelier).

With v = sigma sqrt(T), k = |F - K|, h = k/v and M(x) = N(-x)/phi(x):

    price = e^(-rT) (max(+-(F - K), 0) + v phi(h) (1 - h M(h)))

Forwards and strikes may have any sign. Limits: NaN in, NaN out. Negative sigma or T, 0 times
infinity in sigma sqrt(T), F - K of infinities, an infinite rate, a sign other than +-1: NaN and
`invalid`. sigma or T zero: discounted intrinsic value. Endless volatility: infinite, but 0 for
endless time at a positive rate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    Ratio,
    Reduced,
    divide,
    fma,
    mills,
    power_of_two,
    reduce,
    square_root,
    times_exp,
    times_power,
)
from quantforge_conformance.spec.legs import (
    INVALID,
    MISSING,
    NOT_A_NUMBER,
    at_least,
    at_most,
    discount_exponent,
    sign_state,
)
from quantforge_conformance.spec.price import PAST, gauss_exponent
from quantforge_conformance.spec.tables import INV_SQRT_2PI


class Normal(NamedTuple):
    """How far forward and strike are apart, and the discount exponent -rT."""

    k: float
    v: float
    h: float
    inside: float  # > 0: in the money
    r: Reduced
    state: int


def price(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> float:
    """The price of one option, sign +1 for a call and -1 for a put."""
    lane = normal(forward, strike, time, rate, sigma, sign)
    return NOT_A_NUMBER if lane.state else price_of_normal(lane, time, rate)


def normal(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> Normal:
    """What price and greeks of one option share."""
    x = discount_exponent(rate, time)
    apart, v = forward - strike, abs(sigma * square_root(time))
    k = abs(apart)
    missing = any(value != value for value in (forward, strike, time, rate, sigma))
    invalid = time < 0.0 or sigma < 0.0 or v != v or apart != apart or abs(rate) == math.inf
    return Normal(
        k=k,
        v=v,
        h=0.0 if k == 0.0 else divide(k, v),
        inside=sign * apart,
        r=reduce(x.value, x.low),
        state=MISSING * missing | INVALID * invalid | sign_state(sign),
    )


def normal_loss(h: float) -> Ratio:
    """1 - h M(h), over sqrt(2 pi), as numerator and denominator."""
    m = mills(h)
    return Ratio(fma(-h, m.p, INV_SQRT_2PI * m.q), m.q)


def price_of_normal(n: Normal, time: float, rate: float) -> float:
    """The price of an option inside the domain."""
    h = at_most(n.h, PAST)
    e, loss = gauss_exponent(h), normal_loss(h)
    settled = n.v == 0.0 or n.k == math.inf
    factor = 0.0 if settled else times_exp(loss.p / loss.q, e.r)
    intrinsic = at_least(n.inside, 0.0)
    if n.v == math.inf and not settled:
        return 0.0 if time == math.inf and rate > 0.0 else math.inf
    if settled:
        value, exponent = intrinsic, n.r.n
    elif intrinsic > 0.0:
        held = factor * power_of_two(at_least(e.n, -1000.0))
        value, exponent = fma(n.v, held, intrinsic), n.r.n
    else:
        value, exponent = n.v * factor, n.r.n + e.n
    if value == math.inf:  # infinity less a part of it is no number
        return value
    return times_power(times_exp(value, n.r.r), exponent)
