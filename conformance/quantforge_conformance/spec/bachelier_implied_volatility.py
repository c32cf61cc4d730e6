"""Volatility implied by a European price on a normally distributed forward.

With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu),
s = sqrt(pi/2 eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order 4
on ln c. Codes are those of `implied_volatility`; there is no maximum but at T = 0.
"""

from __future__ import annotations

import math

from quantforge_conformance.spec.elementary import (
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
    SQRT_2PI,
    householder,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    discount_exponent,
    scaled,
    sign_state,
)
from quantforge_conformance.spec.tables import LN2_HI, LN2_LO


def implied_volatility(
    price: float, forward: float, strike: float, time: float, rate: float, sign: float
) -> tuple[float, int]:
    """The volatility of one option and its code, sign +1 for a call and -1 for a put."""
    if not math.isfinite(price):
        return NOT_A_NUMBER, NOT_FINITE
    apart = forward - strike
    valid = 0.0 <= time < math.inf and abs(rate) < math.inf and abs(apart) < math.inf
    if not valid or sign_state(sign):
        return NOT_A_NUMBER, INVALID_INPUT
    x = discount_exponent(rate, time)
    r, p, gap = reduce(-x.value, -x.low), scaled(abs(price)), scaled(abs(apart))
    p_exponent = p.exponent + r.n  # of the undiscounted price
    unit = (p_exponent if p_exponent > gap.exponent else gap.exponent) - 300.0
    paid = p.x if p.end else times_power(times_exp(p.mantissa, r.r), p_exponent - unit)
    paid, k = math.copysign(paid, price), in_unit(abs(apart), unit)
    f, g = in_unit(forward, unit), in_unit(strike, unit)
    inside = sign * apart > 0.0
    c = paid - k if inside else paid
    two = two_ulp(abs(f) if abs(f) > abs(g) else abs(g))
    if c < -two:
        return NOT_A_NUMBER, BELOW_INTRINSIC
    if c <= (two if inside else 0.0):
        return 0.0, AT_INTRINSIC
    if time == 0.0:
        return NOT_A_NUMBER, ABOVE_MAXIMUM
    s = normal_step(c, k, normal_step(c, k, normal_seed(c, k)))
    sigma = times_power(divide(s, square_root(time)), unit)
    if sigma != sigma:  # the inputs are beyond all range
        return NOT_A_NUMBER, INVALID_INPUT
    limit = _attainable(c, k, s, (price, f, g, time, rate), inside) + 2.0 * half_ulp(sigma)
    return sigma, OK if limit <= 1e-8 else LOW_PRECISION


def in_unit(x: float, unit: float) -> float:
    """x 2^-unit."""
    s = scaled(abs(x))
    return math.copysign(s.x if s.end else times_power(s.mantissa, s.exponent - unit), x)


def normal_seed(c: float, k: float) -> float:
    """Seed for s."""
    total = k + 2.0 * c
    nu = divide(k, total)
    log = log_ratio(k + c, c)  # 2 artanh(nu)
    eta = divide(2.0 * nu, fma(log.n, LN2_HI, log.r))
    eta = 1.0 if nu < 0.0009765625 else eta
    g = divide(0.4018 + 0.8933 * eta, 1.0 + 0.2924 * eta)
    return 1.2533141373155003 * total * (square_root(eta) * g)


def normal_step(c: float, k: float, s: float) -> float:
    """A step of order 4 on ln c."""
    h = k * divide(1.0, s)
    hh = h * h
    rest = loss(h)
    log = log_ratio(rest.p * s, rest.q * c)
    f = fma(log.n, LN2_HI, fma(log.n, LN2_LO, log.r) - 0.5 * h * h)
    newton = -f * SQRT_2PI * divide(rest.p, rest.q)
    return fma(s, householder(f, newton, hh, fma(hh, hh, -3.0 * hh)), s)


def _attainable(c: float, k: float, s: float, inputs: tuple[float, ...], inside: bool) -> float:
    """What half a unit in the last place of each input costs, over sigma."""
    price, forward, strike, time, rate = inputs
    h = at_most(divide(k, s), 38.0)
    e = reduce(0.5 * h * h, 0.0)
    grown = times_exp(SQRT_2PI, e.r)
    per_density = times_power(grown, e.n)  # 1 / phi(h)
    tail = SQRT_2PI * (tail_numerator(h) / loss(h).q)
    chance = per_density - tail if inside else tail
    value = times_power((c + k if inside else c) * grown, e.n)  # c may vanish beside 1 / phi
    rt = rate * time
    theta = abs(rt * value - 0.5 * s)
    cost = (
        half_ulp(price) * value
        + half_ulp(forward) * abs(forward) * chance
        + half_ulp(strike) * abs(strike) * chance
        + half_ulp(time) * theta
        + half_ulp(rate) * abs(rt) * value
    )
    return divide(cost, s)
