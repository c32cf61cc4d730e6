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
    Sum,
    at_least,
    exp_minus_1,
    finite_or_zero,
    fma,
    gauss_exponent,
    loss,
    power_of_two,
    reduce,
    times_exp,
    times_power,
    two_sum,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    PAST,
    Deviation,
    deviation_general,
    discount_exponent,
    magnitude,
    sign_state,
    state_of,
)


def bachelier_time_value(d: Deviation, rest: Ratio, growth: float) -> float:
    """phi(h) (1 - h M(h)) over the power of two of the exponential, times v."""
    share = rest.p / rest.q
    value = fma(d.v, share, d.v_low * share)
    return fma(value, growth, value)


class BachelierTerms(NamedTuple):
    """What price and greeks of one option share."""

    d: Deviation  # h at most PAST
    moneyness: Sum  # > 0: in the money
    r: Reduced  # the discount exponent -rT
    e: Reduced  # -h^2/2
    h: float  # h itself
    growth: float  # e^e.r - 1
    state: int


def bachelier_terms_general(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> BachelierTerms:
    """What price and greeks of one option share."""
    x = discount_exponent(rate, time)
    distance = two_sum(forward, -strike)
    moneyness = Sum(sign * distance.high, finite_or_zero(sign * distance.low))
    d = deviation_general(magnitude(moneyness), time, sigma)
    held = d if d.h < PAST else d._replace(h=PAST, h_low=0.0)
    e = gauss_exponent(held.h, held.h_low)
    missing = any(value != value for value in (forward, strike, time, rate, sigma))
    invalid = (
        time < 0.0
        or sigma < 0.0
        or d.v != d.v
        or distance.high != distance.high
        or abs(rate) == math.inf
    )
    return BachelierTerms(
        d=held,
        moneyness=moneyness,
        r=reduce(x.value, x.low),
        e=e,
        h=d.h,
        growth=exp_minus_1(e.r),
        state=state_of(missing, invalid) | sign_state(sign),
    )


def bachelier_price_general(n: BachelierTerms, time: float, rate: float) -> float:
    """The price of an option inside the domain."""
    intrinsic = at_least(n.moneyness.high, 0.0)
    settled = n.d.v == 0.0 or abs(n.moneyness.high) == math.inf
    if n.d.v == math.inf and not settled:
        return 0.0 if time == math.inf and rate > 0.0 else math.inf
    term = 0.0 if settled else bachelier_time_value(n.d, loss(n.d.h), n.growth)
    if intrinsic > 0.0:
        held = term * power_of_two(at_least(n.e.n, -1000.0))
        value, exponent = intrinsic + (n.moneyness.low + held), n.r.n
    else:
        value, exponent = term, n.r.n + n.e.n
    if value == math.inf:  # infinity less a part of it is no number
        return value
    return times_power(times_exp(value, n.r.r), exponent)


def bachelier_price(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> float:
    """The price of one option, sign +1 for a call and -1 for a put."""
    terms = bachelier_terms_general(forward, strike, time, rate, sigma, sign)
    return NOT_A_NUMBER if terms.state else bachelier_price_general(terms, time, rate)
