"""Price and greeks of a European option on a lognormal underlying.

With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.

Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
lane is NaN: a product of 0 and infinity counts as 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    divide,
    fma,
    power_of_two,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Apart,
    Sides,
    Tails,
    apart,
    beside,
    scaled,
    sides,
    sigma_state,
    sign_state,
)
from quantforge_conformance.spec.price import price_of_sides
from quantforge_conformance.spec.tables import INV_SQRT_2PI


class Greeks(NamedTuple):
    """The outputs, in the order of every kernel's."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    phi: float
    vanna: float
    volga: float
    charm: float
    veta: float
    dual_delta: float
    dual_gamma: float
    speed: float
    color: float
    zomma: float
    ultima: float


# By which power of the unit of all amounts each greek changes; the price is not in that unit.
DEGREES = (0.0, 0.0, -1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, -2.0, -1.0, -1.0, 1.0)


class Parts(NamedTuple):
    """What the greeks of one option are made of."""

    price: float
    density: float  # G
    a_share: float  # A N(+-d1)
    b_share: float  # B N(+-d2)
    delta: float  # but for their sign
    dual_delta: float
    d1: float
    d2: float
    d1_v: float  # d1/v, d2/v
    d2_v: float
    root: float  # sqrt(T)
    per_spot: float  # 1/S, 1/sigma, 1/sqrt(T)
    per_sigma: float
    per_root: float
    sigma: float  # 0 where nothing depends on it
    theta: float


def greeks(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> Greeks:
    """The price and all greeks of one option, sign +1 for a call and -1 for a put."""
    of = sides(spot, strike, time, rate, dividend)
    by = apart(of, time, sigma)
    if of.state | sigma_state(sigma, by.d.v) | sign_state(sign):
        return Greeks(*[NOT_A_NUMBER] * len(Greeks._fields))
    amounts = _amounts(spot, strike)
    parts = _parts(of, by, amounts, time, rate, dividend, sigma, sign)
    found = _combined(parts, amounts.strike, time, rate, dividend, sign)
    back = (times_power(x, n * amounts.unit) for x, n in zip(found, DEGREES, strict=True))
    return Greeks(*(x if x == x else 0.0 for x in back))


class Amounts(NamedTuple):
    """Spot and strike in units of 2^unit.

    Where both are very small or very large, what the greeks are made of would under- or overflow
    sooner than they do.
    """

    spot: float
    strike: float
    unit: float
    ends: bool  # spot or strike is 0 or infinite


def _amounts(spot: float, strike: float) -> Amounts:
    s, k = scaled(spot), scaled(strike)
    if s.end or k.end:
        return Amounts(spot, strike, 0.0, ends=True)
    low, high = min(s.exponent, k.exponent), max(s.exponent, k.exponent)
    unit = high if high < -500.0 else low if low > 500.0 else 0.0
    return Amounts(
        times_power(s.mantissa, s.exponent - unit),
        times_power(k.mantissa, k.exponent - unit),
        unit,
        ends=False,
    )


class Shares(NamedTuple):
    """The density and the legs' shares."""

    density: float
    a: float
    b: float


def _shares(
    of: Sides, at: Tails, amounts: Amounts, below: bool, level: bool, settled: bool, sign: float
) -> Shares:
    """Tails of the normal distribution times the legs, from the Mills ratios.

    The leg that is less has the near one.
    """
    unit = amounts.unit
    a, b = times_power(of.a, of.a_exponent - unit), times_power(of.b, of.b_exponent - unit)
    least, most = (a, b) if below else (b, a)
    mantissa = of.a if below else of.b
    exponent = (of.a_exponent if below else of.b_exponent) - unit
    density = mantissa if level else fma(mantissa, at.growth, mantissa)
    exponent = exponent if level else exponent + at.e.n
    near_mills = fma(at.near_loss, -at.near_low if at.within else at.near_low, at.m.near)
    far_mills = fma(-at.far_loss, at.far_low, at.m.far)
    near_tail = times_power(density * (0.5 if level else near_mills), exponent)
    far_tail = times_power(density * (0.5 if level else far_mills), exponent)
    near_tail, far_tail = (0.0, 0.0) if settled else (near_tail, far_tail)
    inside = -sign if below else sign
    near_inside = inside if at.within or amounts.ends else -inside
    near_share = least - near_tail if near_inside > 0.0 else near_tail
    far_share = most - far_tail if inside > 0.0 else far_tail
    return Shares(
        0.0 if settled else times_power(density, exponent) * INV_SQRT_2PI,
        near_share if below else far_share,
        far_share if below else near_share,
    )


def _parts(
    of: Sides,
    by: Apart,
    amounts: Amounts,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> Parts:
    d, at, legs = by.d, by.at, beside(of)
    level = (legs.a == legs.b or by.y.high == 0.0) and d.v < power_of_two(-1000.0)
    below = by.y.high < 0.0 and not level
    settled = amounts.ends or d.v == math.inf
    shares = _shares(of, at, amounts, below, level, settled, sign)
    # Nothing depends on what is so far off.
    per_v = 0.0 if shares.density == 0.0 else d.per_v
    d1 = d2 = 0.0
    if per_v != 0.0:
        near = at.near + at.near_low  # a greek may be 0 where it is
        d1, d2 = (-near, -at.far) if below else (at.far, near)
    d1_v, d2_v = d1 * per_v, d2 * per_v
    per_sigma, per_root = zero_times(per_v, d.root), sigma * per_v  # T may be infinite
    if level:  # the limits; with both sigma and T zero sigma went first
        drift = 0.0 if time > 0.0 or sigma == 0.0 else (rate - dividend) / sigma / sigma
        d1, d2, d1_v, d2_v = 0.0, 0.0, drift + 0.5, drift - 0.5
        per_sigma = divide(1.0, sigma) if sigma > 0.0 else math.inf
        per_root = divide(1.0, d.root) if time > 0.0 else math.inf
    delta, dual_delta = _deltas(of, shares, amounts, -sign if below else sign)
    price = price_of_sides(of, by, sign)
    held = 0.0 if shares.density == 0.0 else sigma  # it may be infinite
    in_unit = times_power(price.value, price.exponent - amounts.unit)
    return Parts(
        price=times_power(price.value, price.exponent),
        density=shares.density,
        a_share=shares.a,
        b_share=shares.b,
        delta=delta,
        dual_delta=dual_delta,
        d1=d1,
        d2=d2,
        d1_v=d1_v,
        d2_v=d2_v,
        root=d.root,
        per_spot=0.0 if shares.density == 0.0 else divide(1.0, amounts.spot),
        per_sigma=per_sigma,
        per_root=per_root,
        sigma=held,
        theta=_carried(in_unit, shares, rate, dividend, sign)
        - 0.5 * shares.density * zero_times(held, per_root),
    )


def _carried(price: float, shares: Shares, rate: float, dividend: float, sign: float) -> float:
    """What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call.

    By the price and the lesser share, so that nearly equal rates do not cancel.
    """
    own, other = (dividend, rate) if sign > 0.0 else (rate, dividend)
    share = shares.b if sign > 0.0 else shares.a
    return zero_times(own, price) + zero_times(own - other, share)


def _deltas(of: Sides, shares: Shares, amounts: Amounts, inside: float) -> tuple[float, float]:
    """The shares over spot and strike; where one of these is 0 or infinite, their limits."""
    if not amounts.ends:
        # 1/S of a subnormal S is infinite.
        raised = power_of_two(54.0) if amounts.spot < power_of_two(-1022.0) else 1.0
        delta = shares.a * raised * divide(1.0, amounts.spot * raised)
        return delta, divide(shares.b, amounts.strike)
    if not inside > 0.0:
        return 0.0, 0.0
    return (
        times_power(times_exp(1.0, of.q.r), of.q.n),
        times_power(times_exp(1.0, of.r.r), of.r.n),
    )


def _combined(
    p: Parts,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> Greeks:
    """The greeks from the parts."""
    root, r, q = p.root, rate, dividend
    gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma))
    vega = p.density * root
    per_strike = divide(1.0, strike)
    product, carry = p.d1 * p.d2, r - q
    return Greeks(
        price=p.price,
        delta=sign * p.delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=sign * time * p.b_share,
        phi=-sign * time * p.a_share,
        vanna=-(vega * p.per_spot) * p.d2_v,
        volga=vega * (root * (p.d1 * p.d2_v)),
        charm=sign * q * p.delta
        - p.density
        * p.per_spot
        * zero_times(fma(-0.5 * p.d2_v, p.sigma, zero_times(carry, p.per_sigma)), p.per_root),
        veta=p.density * (root * (q + carry * p.d1_v) - 0.5 * p.per_root * fma(p.d1, p.d2, 1.0)),
        dual_delta=-sign * p.dual_delta,
        dual_gamma=p.density * per_strike * (per_strike * (p.per_root * p.per_sigma)),
        speed=-gamma * p.per_spot * (p.d1_v + 1.0),
        color=gamma
        * ((q + carry * p.d1_v) + 0.5 * (p.per_root * p.per_root) * fma(-p.d1, p.d2, 1.0)),
        zomma=gamma * p.per_sigma * fma(p.d1, p.d2, -1.0),
        ultima=-vega
        * (time * (p.d1_v * p.d2_v * (1.0 - product) + (p.d1_v * p.d1_v + p.d2_v * p.d2_v))),
    )
