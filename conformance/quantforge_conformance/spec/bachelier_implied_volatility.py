"""Volatility implied by a European price on a normally distributed forward.

With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu),
s = sqrt(pi/2 eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order 4
on ln c. Codes are those of `implied_volatility`; there is no maximum but at T = 0.
"""

from __future__ import annotations

import math

from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    half_ulp,
    log_ratio,
    loss,
    reduce,
    square_root,
    tail_numerator,
    times_exp,
    times_power,
    two_ulp,
)
from quantforge_conformance.spec.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
    Implied,
    code_of_nan,
    householder,
    volatility_of,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    discount_exponent,
    scaled,
    sign_state,
)
from quantforge_conformance.spec.normalized_price import SQRT_2PI
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO


def bachelier_seed(c: float, k: float) -> float:
    """Seed for s."""
    total = k + 2.0 * c
    nu = divide(k, total)
    log = log_ratio(k + c, c)  # 2 artanh(nu)
    eta = divide(2.0 * nu, fma(log.n, LN2_HI, log.r))
    eta = 1.0 if nu < float.fromhex("0x1p-10") else eta
    g = divide(0.4018 + 0.8933 * eta, 1.0 + 0.2924 * eta)
    return 1.2533141373155003 * total * (square_root(eta) * g)


def bachelier_step(c: float, k: float, s: float) -> float:
    """A step of order 4 on ln c."""
    h = k * divide(1.0, s)
    hh = h * h
    rest = loss(h)
    log = log_ratio(rest.p * s, rest.q * c)
    f = fma(log.n, LN2_HI, fma(log.n, LN2_LO, log.r) - 0.5 * h * h)
    newton = -f * SQRT_2PI * divide(rest.p, rest.q)
    return fma(s, householder(f, newton, hh, fma(hh, hh, -3.0 * hh)), s)


def in_unit(x: float, unit: float) -> float:
    """|x| 2^-unit."""
    s = scaled(abs(x))
    return s.x if s.end else times_power(s.mantissa, s.exponent - unit)


def bachelier_attainable_error(
    c: float,
    k: float,
    s: float,
    price: float,
    forward: float,
    strike: float,
    time: float,
    rate: float,
    in_the_money: bool,
    sigma: float,
) -> float:
    """What half a unit in the last place of each input costs and one of the result, over sigma."""
    h = at_most(divide(k, s), 38.0)
    e = reduce(0.5 * h * h, 0.0)
    grown = times_exp(SQRT_2PI, e.r)
    per_density = times_power(grown, e.n)  # 1 / phi(h)
    tail = SQRT_2PI * (tail_numerator(h) / loss(h).q)
    chance = per_density - tail if in_the_money else tail
    value = times_power((c + k if in_the_money else c) * grown, e.n)  # c may vanish beside 1 / phi
    rt = rate * time
    theta = abs(rt * value - 0.5 * s)
    cost = (
        half_ulp(price) * value
        + half_ulp(forward) * forward * chance
        + half_ulp(strike) * strike * chance
        + half_ulp(time) * theta
        + half_ulp(rate) * abs(rt) * value
    )
    return divide(cost, s) + 2.0 * half_ulp(sigma)


def bachelier_implied_volatility_general(
    price: float, forward: float, strike: float, time: float, rate: float, sign: float
) -> Implied:
    """The volatility between the bounds, and the code anywhere."""
    if not math.isfinite(price):
        return Implied(NOT_A_NUMBER, NOT_FINITE)
    distance = forward - strike
    valid = 0.0 <= time < math.inf and abs(rate) < math.inf and abs(distance) < math.inf
    if not valid or sign_state(sign):
        return Implied(NOT_A_NUMBER, INVALID_INPUT)
    x = discount_exponent(rate, time)
    r, p, gap = reduce(-x.value, -x.low), scaled(abs(price)), scaled(abs(distance))
    # In units of 2^unit both c and k are normal numbers, for c is not below e^-730 k.
    paid_exponent = p.exponent + r.n
    unit = at_least(paid_exponent, gap.exponent) - 300.0
    paid = p.x if p.end else times_power(times_exp(p.mantissa, r.r), paid_exponent - unit)
    paid, k = math.copysign(paid, price), in_unit(distance, unit)
    f, g = in_unit(forward, unit), in_unit(strike, unit)
    in_the_money = sign * distance > 0.0
    c = paid - k if in_the_money else paid
    two = two_ulp(at_least(f, g))
    if c < -two:
        return Implied(NOT_A_NUMBER, BELOW_INTRINSIC)
    if c <= (two if in_the_money else 0.0):
        return Implied(NOT_A_NUMBER, AT_INTRINSIC)
    if time == 0.0:
        return Implied(NOT_A_NUMBER, ABOVE_MAXIMUM)
    s = bachelier_step(c, k, bachelier_step(c, k, bachelier_seed(c, k)))
    sigma = times_power(divide(s, square_root(time)), unit)
    limit = bachelier_attainable_error(c, k, s, price, f, g, time, rate, in_the_money, sigma)
    return Implied(sigma, OK if limit <= 1e-8 else LOW_PRECISION)


def bachelier_implied_volatility(
    price: float, forward: float, strike: float, time: float, rate: float, sign: float
) -> Implied:
    """The volatility of one option and its code, sign +1 for a call and -1 for a put."""
    lane = bachelier_implied_volatility_general(price, forward, strike, time, rate, sign)
    code = lane.code if lane.sigma == lane.sigma else code_of_nan(lane.code)
    return Implied(volatility_of(lane.sigma, code), code)
