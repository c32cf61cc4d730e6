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
    at_least,
    at_most,
    divide,
    fma,
    power_of_two,
    square_root,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Legs,
    Tails,
    legs_general,
    on_common_scale,
    scaled,
    separation_general,
    sigma_state,
    sign_state,
)
from quantforge_conformance.spec.price import price_general
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


class Option(NamedTuple):
    """The inputs of one lane."""

    spot: float
    strike: float
    time: float
    rate: float
    dividend: float
    sigma: float
    sign: float


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
    per_spot: float  # 1/S, 1/K, 1/sigma, 1/sqrt(T)
    per_strike: float
    per_sigma: float
    per_root: float
    sigma: float  # 0 where nothing depends on it
    theta: float


def carried_theta(x: Option, price: float, a_share: float, b_share: float) -> float:
    """What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call.

    By the price and the lesser share, so that nearly equal rates do not cancel.
    """
    own, other = (x.dividend, x.rate) if x.sign > 0.0 else (x.rate, x.dividend)
    share = b_share if x.sign > 0.0 else a_share
    return zero_times(own, price) + zero_times(own - other, share)


def parts_at_the_money(parts: Parts, option: Option, level: bool) -> Parts:
    """The ratios' limits at the money with v = 0; with both sigma and T zero sigma goes first.

    At expiry d1/v is (r - q)/sigma^2 + 1/2.
    """
    if not level:
        return parts
    sigma, time = option.sigma, option.time
    drift = 0.0
    if not (time > 0.0 or sigma == 0.0):
        drift = (option.rate - option.dividend) / sigma / sigma
    return parts._replace(
        d1=0.0,
        d2=0.0,
        d1_v=drift + 0.5,
        d2_v=drift - 0.5,
        per_sigma=divide(1.0, sigma) if sigma > 0.0 else math.inf,
        per_root=divide(1.0, parts.root) if time > 0.0 else math.inf,
    )


class Amounts(NamedTuple):
    """Spot and strike in units of 2^unit.

    Where both are very small or very large, what the greeks are made of would under- or overflow
    sooner than they do.
    """

    spot: float
    strike: float
    unit: float
    ends: bool  # spot or strike is 0 or infinite


def amounts_in_unit(spot: float, strike: float) -> Amounts:
    """Choose the unit: none but where both are very small or very large."""
    s, k = scaled(spot), scaled(strike)
    if s.end or k.end:
        return Amounts(spot, strike, 0.0, ends=True)
    low, high = at_most(s.exponent, k.exponent), at_least(s.exponent, k.exponent)
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
    legs: Legs, at: Tails, amounts: Amounts, below: bool, level: bool, settled: bool, sign: float
) -> Shares:
    """Tails of the normal distribution times the legs, from the Mills ratios.

    The leg that is less has the near one.
    """
    unit = amounts.unit
    a, b = times_power(legs.a, legs.a_exponent - unit), times_power(legs.b, legs.b_exponent - unit)
    least, most = (a, b) if below else (b, a)
    mantissa = legs.a if below else legs.b
    exponent = (legs.a_exponent if below else legs.b_exponent) - unit
    density = mantissa if level else fma(mantissa, at.growth, mantissa)
    exponent = exponent if level else exponent + at.e.n
    near_mills = fma(at.near_loss, -at.near_low if at.within else at.near_low, at.m.near)
    far_mills = fma(-at.far_loss, at.far_low, at.m.far)
    near_tail = times_power(density * (0.5 if level else near_mills), exponent)
    far_tail = times_power(density * (0.5 if level else far_mills), exponent)
    near_tail, far_tail = (0.0, 0.0) if settled else (near_tail, far_tail)
    moneyness = -sign if below else sign
    near_moneyness = moneyness if at.within or amounts.ends else -moneyness
    near_share = least - near_tail if near_moneyness > 0.0 else near_tail
    far_share = most - far_tail if moneyness > 0.0 else far_tail
    return Shares(
        0.0 if settled else times_power(density, exponent) * INV_SQRT_2PI,
        near_share if below else far_share,
        far_share if below else near_share,
    )


def _deltas(legs: Legs, shares: Shares, amounts: Amounts, moneyness: float) -> tuple[float, float]:
    """The shares over spot and strike; where one of these is 0 or infinite, their limits."""
    if not amounts.ends:
        # 1/S of a subnormal S is infinite.
        raised = power_of_two(54.0) if amounts.spot < power_of_two(-1022.0) else 1.0
        delta = shares.a * raised * divide(1.0, amounts.spot * raised)
        return delta, divide(shares.b, amounts.strike)
    if not moneyness > 0.0:
        return 0.0, 0.0
    return (
        times_power(times_exp(1.0, legs.q.r), legs.q.n),
        times_power(times_exp(1.0, legs.r.r), legs.r.n),
    )


def parts_general(legs: Legs, option: Option, amounts: Amounts) -> Parts:
    """What the greeks of one option are made of."""
    separation, common = separation_general(legs, option.time, option.sigma), on_common_scale(legs)
    d, at, sign = separation.d, separation.at, option.sign
    level = (common.a == common.b or separation.y.high == 0.0) and d.v < power_of_two(-1000.0)
    below = separation.y.high < 0.0 and not level
    settled = amounts.ends or d.v == math.inf
    shares = _shares(legs, at, amounts, below, level, settled, sign)
    # Nothing depends on what is so far off.
    per_v = 0.0 if shares.density == 0.0 else d.per_v
    d1 = d2 = 0.0
    if per_v != 0.0:
        near = at.near + at.near_low  # a greek may be 0 where it is
        d1, d2 = (-near, -at.far) if below else (at.far, near)
    delta, dual_delta = _deltas(legs, shares, amounts, -sign if below else sign)
    price = price_general(legs, separation, sign)
    parts = Parts(
        price=times_power(price.value, price.exponent),
        density=shares.density,
        a_share=shares.a,
        b_share=shares.b,
        delta=delta,
        dual_delta=dual_delta,
        d1=d1,
        d2=d2,
        d1_v=d1 * per_v,
        d2_v=d2 * per_v,
        root=d.root,
        per_spot=0.0 if shares.density == 0.0 else divide(1.0, amounts.spot),
        per_strike=divide(1.0, amounts.strike),
        per_sigma=zero_times(per_v, d.root),  # T may be infinite
        per_root=option.sigma * per_v,
        sigma=0.0 if shares.density == 0.0 else option.sigma,  # it may be infinite
        theta=carried_theta(
            option, times_power(price.value, price.exponent - amounts.unit), shares.a, shares.b
        ),
    )
    parts = parts_at_the_money(parts, option, level)
    decay = 0.5 * parts.density * zero_times(parts.sigma, parts.per_root)
    return parts._replace(theta=parts.theta - decay)


def greeks_of(x: Option, p: Parts) -> Greeks:
    """The greeks from the parts."""
    gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma))
    vega = p.density * p.root
    carry = x.rate - x.dividend
    drift = x.dividend + carry * p.d1_v
    decay = fma(-0.5 * p.d2_v, p.sigma, zero_times(carry, p.per_sigma))
    squares = p.d1_v * p.d1_v + p.d2_v * p.d2_v
    return Greeks(
        price=p.price,
        delta=x.sign * p.delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=x.sign * x.time * p.b_share,
        phi=-x.sign * x.time * p.a_share,
        vanna=-(vega * p.per_spot) * p.d2_v,
        volga=vega * (p.root * (p.d1 * p.d2_v)),
        charm=x.sign * x.dividend * p.delta
        - p.density * p.per_spot * zero_times(decay, p.per_root),
        veta=p.density * (p.root * drift - 0.5 * p.per_root * fma(p.d1, p.d2, 1.0)),
        dual_delta=-x.sign * p.dual_delta,
        dual_gamma=p.density * p.per_strike * (p.per_strike * (p.per_root * p.per_sigma)),
        speed=-gamma * p.per_spot * (p.d1_v + 1.0),
        color=gamma * (drift + 0.5 * (p.per_root * p.per_root) * fma(-p.d1, p.d2, 1.0)),
        zomma=gamma * p.per_sigma * fma(p.d1, p.d2, -1.0),
        ultima=-vega * (x.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares)),
    )


def rescaled(greek: float, degree: float, unit: float) -> float:
    """A greek brought back from units of 2^unit."""
    return times_power(greek, degree * unit)


def swept(greek: float, state: int) -> float:
    """The one NaN outside the domain, and no NaN inside."""
    if state:
        return NOT_A_NUMBER
    return greek if greek == greek else 0.0


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
    option = Option(spot, strike, time, rate, dividend, sigma, sign)
    legs = legs_general(spot, strike, time, rate, dividend)
    amounts = amounts_in_unit(spot, strike)
    v = abs(sigma * square_root(time))
    state = legs.state | sigma_state(sigma, v) | sign_state(sign)
    found = greeks_of(option, parts_general(legs, option, amounts))
    pairs = zip(found, DEGREES, strict=True)
    return Greeks(*(swept(rescaled(x, degree, amounts.unit), state) for x, degree in pairs))
