"""European price on a normally distributed forward (Bachelier).

With v = sigma sqrt(T), k = |F - K|, h = k/v and M(x) = N(-x)/phi(x):

    price = e^(-rT) (max(+-(F - K), 0) + v phi(h) (1 - h M(h)))

Forwards and strikes may have any sign. Limits: NaN in, NaN out. Negative sigma or T, 0 times
infinity in sigma sqrt(T), F - K of infinities, an infinite rate, a sign other than +-1: NaN and
`invalid`. sigma or T zero: discounted intrinsic value. Endless volatility: infinite, but 0 for
endless time at a positive rate.
"""

from math import fabs, inf
from typing import NamedTuple

from quantforge_numba.elementary import (
    Reduced,
    Sum,
    at_least,
    at_most,
    exp_minus_1,
    finite_or_zero,
    gauss_exponent,
    loss,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
    two_sum,
)
from quantforge_numba.intrinsics import fma, inlined
from quantforge_numba.legs import (
    PAST,
    Deviation,
    deviation_general,
    deviation_ordinary,
    discount_exponent,
    magnitude,
    sign_state,
    state_of,
)


@inlined
def bachelier_time_value(d, rest, growth):
    """phi(h) (1 - h M(h)) over the power of two of the exponential, times v."""
    share = rest.p / rest.q
    value = fma(d.v, share, d.v_low * share)
    return fma(value, growth, value)


class OrdinaryBachelierPrice(NamedTuple):
    """The price; `special` where this form may not hold."""

    price: float
    special: bool


@inlined
def bachelier_price_ordinary(forward, strike, time, rate, sigma, sign):
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    r = reduce(-rt, -rt_low)
    distance = two_sum(forward, -strike)
    d = deviation_ordinary(magnitude(distance), time, sigma)
    e = gauss_exponent(d.h, d.h_low)
    term = shift_exponent(bachelier_time_value(d, loss(d.h), exp_minus_1(e.r)), e.n_magic)
    intrinsic = sign * distance.high
    value = intrinsic + fma(sign, distance.low, term) if intrinsic > 0.0 else term
    price = shift_exponent(times_exp(value, r.r), r.n_magic)
    holds = (
        (fabs(rt) < 50.0) & (d.v > 2.0**-64) & (d.v < 2.0**200) & (d.h < 34.0) & (fabs(sign) == 1.0)
    )
    return OrdinaryBachelierPrice(price, special=not holds)


class BachelierTerms(NamedTuple):
    """What the general forms of this model share.

    `d.h` is at most PAST, `h` is h itself; `moneyness` is +-(F - K), > 0 in the money; `r` and `e`
    are the discount exponent -rT and -h^2/2, `growth` is e^e.r - 1.
    """

    d: Deviation
    moneyness: Sum
    r: Reduced
    e: Reduced
    h: float
    growth: float
    state: int


@inlined
def bachelier_terms_general(forward, strike, time, rate, sigma, sign):
    x = discount_exponent(rate, time)
    distance = two_sum(forward, -strike)
    moneyness = Sum(sign * distance.high, finite_or_zero(sign * distance.low))
    d = deviation_general(magnitude(moneyness), time, sigma)
    h = d.h
    h_low = d.h_low if h < PAST else 0.0
    d = Deviation(at_most(h, PAST), h_low, d.v, d.v_low, d.per_v, d.root)
    e = gauss_exponent(d.h, d.h_low)
    missing = (
        (forward != forward)
        | (strike != strike)
        | (time != time)
        | (rate != rate)
        | (sigma != sigma)
    )
    invalid = (
        (time < 0.0)
        | (sigma < 0.0)
        | (d.v != d.v)
        | (distance.high != distance.high)
        | (fabs(rate) == inf)
    )
    return BachelierTerms(
        d=d,
        moneyness=moneyness,
        r=reduce(x.value, x.low),
        e=e,
        h=h,
        growth=exp_minus_1(e.r),
        state=state_of(missing, invalid) | sign_state(sign),
    )


@inlined
def bachelier_price_general(n, time, rate):
    v = n.d.v
    intrinsic = at_least(n.moneyness.high, 0.0)
    settled = (v == 0.0) | (intrinsic == inf) | (n.moneyness.high == -inf)
    term = bachelier_time_value(n.d, loss(n.d.h), n.growth)
    term = 0.0 if settled else term
    held = term * power_of_two(at_least(n.e.n, -1000.0))
    itm = intrinsic + (n.moneyness.low + held)
    value = itm if intrinsic > 0.0 else term
    exponent = n.r.n if intrinsic > 0.0 else n.r.n + n.e.n
    price = times_power(times_exp(value, n.r.r), exponent)
    endless = (v == inf) & (not settled)
    limit = 0.0 if (time == inf) & (rate > 0.0) else inf
    price = inf if value == inf else price  # infinity less a part of it is no number
    return limit if endless else price
