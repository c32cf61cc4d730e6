"""Volatility implied by a European price on a normally distributed forward, in fixed steps.

With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu),
s = sqrt(pi/2 eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order 4
on ln c. Codes are those of implied_volatility.py; there is no maximum but at T = 0.
"""

from math import fabs, inf
from typing import NamedTuple

from quantforge_numba.elementary import (
    at_least,
    at_most,
    half_ulp,
    log_ratio,
    loss,
    reduce,
    shift_exponent,
    tail_numerator,
    times_exp,
    times_power,
    two_ulp,
)
from quantforge_numba.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
    Implied,
    OrdinaryImplied,
    Step,
    householder,
)
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.legs import discount_exponent, scaled, sign_state, state_of
from quantforge_numba.normalized_price import SQRT_2PI
from quantforge_numba.tables import LN2_HI, LN2_LO


class BachelierQuote(NamedTuple):
    """The inputs of one lane."""

    price: float
    forward: float
    strike: float
    time: float
    rate: float
    sign: float


@inlined
def bachelier_seed(c, k):
    total = k + 2.0 * c
    nu = k / total
    log = log_ratio(k + c, c)  # 2 artanh(nu)
    eta = 2.0 * nu / fma(log.n, LN2_HI, log.r)
    eta = 1.0 if nu < 2.0**-10 else eta
    g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta)
    return 1.2533141373155003 * total * (sqrt(eta) * g)


@inlined
def bachelier_step(c, k, s):
    """A step, and e^(h^2/2) = s (1 - h M) / c at its beginning."""
    h = k * (1.0 / s)
    hh = h * h
    rest = loss(h)
    log = log_ratio(rest.p * s, rest.q * c)
    f = fma(log.n, LN2_HI, fma(log.n, LN2_LO, log.r) - 0.5 * h * h)
    newton = -f * SQRT_2PI * (rest.p / rest.q)  # over s
    change = householder(f, newton, hh, fma(hh, hh, -3.0 * hh))
    return Step(fma(s, change, s), rest.p * s / (rest.q * c))


@inlined
def in_unit(x, unit):
    """Return |x| 2^-unit."""
    s = scaled(fabs(x))
    held = times_power(s.mantissa, s.exponent - unit)
    return s.x if s.end else held


@inlined
def bachelier_attainable_error(c, k, s, price, forward, strike, time, rate, in_the_money, sigma):
    h = at_most(k / s, 38.0)
    e = reduce(0.5 * h * h, 0.0)
    grown = times_exp(SQRT_2PI, e.r)
    per_density = times_power(grown, e.n)  # 1 / phi(h)
    tail = SQRT_2PI * (tail_numerator(h) / loss(h).q)
    chance = per_density - tail if in_the_money else tail
    value = times_power((c + k if in_the_money else c) * grown, e.n)  # c may vanish beside 1 / phi
    rt = rate * time
    theta = fabs(rt * value - 0.5 * s)
    cost = half_ulp(price) * value + half_ulp(forward) * forward * chance
    cost = cost + half_ulp(strike) * strike * chance + half_ulp(time) * theta
    cost = cost + half_ulp(rate) * fabs(rt) * value
    return cost / s + 2.0 * half_ulp(sigma)


class Undiscounted(NamedTuple):
    """What is solved: c and k; and the price before c, undiscounted too."""

    c: float
    k: float
    paid: float


@inlined
def undiscounted_ordinary(x):
    rt = x.rate * x.time
    rt_low = fma(x.rate, x.time, -rt)
    r = reduce(rt, rt_low)
    paid = shift_exponent(times_exp(x.price, r.r), r.n_magic)
    distance = x.forward - x.strike
    k = fabs(distance)
    return Undiscounted(paid - k if x.sign * distance > 0.0 else paid, k, paid)


@inlined
def bachelier_implied_volatility_ordinary(x, to, last):
    """Where it is not special, rounding of the inputs surely costs less than 1e-8.

    The chance over density is at most 1.3 out of the money and 1 / density in it.
    """
    rt = x.rate * x.time
    in_the_money = x.sign * (x.forward - x.strike) > 0.0
    legs = fabs(x.forward) + fabs(x.strike)
    cost = 2.0**-24 * (legs + to.paid) * (1.0 + fabs(rt))
    within = SQRT_2PI * last.per_density * cost
    beyond = 1.3 * cost
    holds = (
        (fabs(rt) < 50.0)
        & (x.price > 2.0**-900)
        & (to.paid < 2.0**200)
        & (legs < 2.0**200)
        & (to.c > 2.0**-900)
        & ((not in_the_money) | (to.c > 2.0**-50 * legs))
        & ((within if in_the_money else beyond) < last.s)
        & (fabs(x.sign) == 1.0)
        & (x.time > 2.0**-1000)
    )
    return OrdinaryImplied(last.s / sqrt(x.time), special=not holds)


@inlined
def bachelier_implied_volatility_general(price, forward, strike, time, rate, sign):
    x = discount_exponent(rate, time)
    r = reduce(-x.value, -x.low)
    distance = forward - strike
    in_the_money = sign * distance > 0.0
    # In units of 2^unit both c and k are normal numbers, for c is not below e^-730 k.
    p = scaled(fabs(price))
    gap = scaled(fabs(distance))
    paid_exponent = p.exponent + r.n
    unit = at_least(paid_exponent, gap.exponent) - 300.0
    paid = times_power(times_exp(p.mantissa, r.r), paid_exponent - unit)  # undiscounted
    paid = p.x if p.end else paid
    paid = -paid if price < 0.0 else paid
    k = in_unit(distance, unit)
    c = paid - k if in_the_money else paid
    f = in_unit(forward, unit)
    g = in_unit(strike, unit)
    two = two_ulp(at_least(f, g))
    s = bachelier_seed(c, k)
    s = bachelier_step(c, k, s).s
    s = bachelier_step(c, k, s).s
    sigma = times_power(s / sqrt(time), unit)

    missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate)
    endless = (time == inf) | (fabs(rate) == inf) | (fabs(distance) == inf)
    invalid = (time < 0.0) | endless | (distance != distance)
    state = state_of(missing, invalid) | sign_state(sign)
    limit = bachelier_attainable_error(c, k, s, price, f, g, time, rate, in_the_money, sigma)
    code = OK if limit <= 1e-8 else LOW_PRECISION
    code = ABOVE_MAXIMUM if time == 0.0 else code
    code = AT_INTRINSIC if c <= (two if in_the_money else 0.0) else code
    code = BELOW_INTRINSIC if c < -two else code
    code = INVALID_INPUT if state else code
    code = NOT_FINITE if (price != price) | (fabs(price) == inf) else code
    return Implied(sigma, code)
