"""Price and greeks of a European option on a lognormal underlying, as many as are wanted.

With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.

Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
lane is NaN: a product of 0 and infinity counts as 0. See docs/numerics.md for the errors.
"""

from math import inf, nan
from typing import NamedTuple

from quantforge_numba.elementary import (
    LEAST_NORMAL,
    at_least,
    at_most,
    shift_exponent,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_numba.intrinsics import fma, inlined
from quantforge_numba.legs import (
    deviation_ordinary,
    magnitude,
    on_common_scale,
    scaled,
    separation_general,
    tails_ordinary,
)
from quantforge_numba.price import price_general, price_ordinary
from quantforge_numba.tables import INV_SQRT_2PI


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


class Ratios(NamedTuple):
    """Parts with limits of their own at the money: d1, d2, d1/v, d2/v, 1/sqrt(T), 1/sigma."""

    d1: float
    d2: float
    d1_v: float
    d2_v: float
    per_root: float
    per_sigma: float


class Parts(NamedTuple):
    """What the greeks of one option are made of.

    `density`, `a_share` and `b_share` are G, A N(+-d1) and B N(+-d2); `delta` and `dual_delta` lack
    their sign; `root` is sqrt(T); `sigma` is 0 where nothing depends on it; `special` is the
    ordinary form's.
    """

    price: float
    density: float
    a_share: float
    b_share: float
    delta: float
    dual_delta: float
    ratios: Ratios
    root: float
    per_spot: float
    per_strike: float
    theta: float
    sigma: float
    special: bool


@inlined
def carried_theta(x, price, a_share, b_share):
    """What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call.

    By the price and the lesser share, so that nearly equal rates do not cancel.
    """
    own = x.dividend if x.sign > 0.0 else x.rate
    other = x.rate if x.sign > 0.0 else x.dividend
    share = b_share if x.sign > 0.0 else a_share
    return zero_times(own, price) + zero_times(own - other, share)


@inlined
def parts_ordinary(legs, option):
    """Tails of the normal distribution times the legs, from the Mills ratios.

    The leg that is less has the near one.
    """
    d = deviation_ordinary(magnitude(legs.y), option.time, option.sigma)
    at = tails_ordinary(d)
    price = price_ordinary(legs, d, at, option.sign)
    below = legs.y.high < 0.0
    least = legs.a if below else legs.b
    most = legs.b if below else legs.a
    moneyness = -option.sign if below else option.sign  # > 0: in the money
    near_moneyness = moneyness if at.within else -moneyness
    density = shift_exponent(fma(least, at.growth, least), at.e.n_magic)
    turned = -at.near_low if at.within else at.near_low
    near_tail = density * fma(at.near_loss, turned, at.m.near)
    far_tail = density * fma(-at.far_loss, at.far_low, at.m.far)
    near_share = least - near_tail if near_moneyness > 0.0 else near_tail
    far_share = most - far_tail if moneyness > 0.0 else far_tail

    density = density * INV_SQRT_2PI
    a_share = near_share if below else far_share
    b_share = far_share if below else near_share
    near = at.near + at.near_low  # a greek may be 0 where it is
    d1 = -near if below else at.far
    d2 = -at.far if below else near
    per_root = option.sigma * d.per_v
    per_spot = 1.0 / option.spot
    carry = carried_theta(option, price.price, a_share, b_share)
    return Parts(
        price=price.price,
        density=density,
        a_share=a_share,
        b_share=b_share,
        delta=a_share * per_spot,
        dual_delta=b_share / option.strike,
        ratios=Ratios(d1, d2, d1 * d.per_v, d2 * d.per_v, per_root, per_sigma=d.root * d.per_v),
        root=d.root,
        per_spot=per_spot,
        per_strike=1.0 / option.strike,
        theta=carry - 0.5 * density * (option.sigma * per_root),
        sigma=option.sigma,
        special=price.special | (not (option.time > 2.0**-1000)),
    )


@inlined
def parts_at_the_money(ratios, option, root, level):
    """The ratios' limits at the money with v = 0; with both sigma and T zero sigma goes first.

    At expiry d1/v is (r - q)/sigma^2 + 1/2.
    """
    sigma = option.sigma
    drift = (option.rate - option.dividend) / sigma / sigma
    per_sigma = 1.0 / sigma
    per_root = 1.0 / root
    drift = 0.0 if (option.time > 0.0) | (sigma == 0.0) else drift
    per_sigma = per_sigma if sigma > 0.0 else inf
    per_root = per_root if option.time > 0.0 else inf
    return Ratios(
        d1=0.0 if level else ratios.d1,
        d2=0.0 if level else ratios.d2,
        d1_v=drift + 0.5 if level else ratios.d1_v,
        d2_v=drift - 0.5 if level else ratios.d2_v,
        per_root=per_root if level else ratios.per_root,
        per_sigma=per_sigma if level else ratios.per_sigma,
    )


class Amounts(NamedTuple):
    """Spot and strike in units of 2^unit; `ends`: one of them is 0 or infinite.

    Where both are very small or very large, what the greeks are made of would under- or overflow
    sooner than they do.
    """

    spot: float
    strike: float
    unit: float
    ends: bool


@inlined
def amounts_in_unit(spot, strike):
    s = scaled(spot)
    k = scaled(strike)
    low = at_most(s.exponent, k.exponent)
    high = at_least(s.exponent, k.exponent)
    unit = high if high < -500.0 else 0.0
    unit = low if low > 500.0 else unit
    ends = s.end | k.end
    spot_held = times_power(s.mantissa, s.exponent - unit)
    strike_held = times_power(k.mantissa, k.exponent - unit)
    return Amounts(
        spot=spot if ends else spot_held,
        strike=strike if ends else strike_held,
        unit=0.0 if ends else unit,
        ends=ends,
    )


@inlined
def parts_general(legs, option, amounts):
    sign, spot, strike = option.sign, amounts.spot, amounts.strike
    separation = separation_general(legs, option.time, option.sigma)
    d = separation.d
    at = separation.at
    price = price_general(legs, separation, sign)
    unit = amounts.unit
    a = times_power(legs.a, legs.a_exponent - unit)
    b = times_power(legs.b, legs.b_exponent - unit)
    common = on_common_scale(legs)
    level = ((common.a == common.b) | (separation.y.high == 0.0)) & (d.v < 2.0**-1000)
    below = (separation.y.high < 0.0) & (not level)
    moneyness = -sign if below else sign  # > 0: in the money
    exponent = (legs.a_exponent if below else legs.b_exponent) - unit + at.e.n
    least = legs.a if below else legs.b
    density = fma(least, at.growth, least)
    density = least if level else density
    exponent = legs.b_exponent - unit if level else exponent
    turned = -at.near_low if at.within else at.near_low
    near_mills = fma(at.near_loss, turned, at.m.near)
    far_mills = fma(-at.far_loss, at.far_low, at.m.far)
    near_tail = times_power(density * (0.5 if level else near_mills), exponent)
    far_tail = times_power(density * (0.5 if level else far_mills), exponent)
    ends = amounts.ends
    settled = ends | (d.v == inf)
    near_tail = 0.0 if settled else near_tail
    far_tail = 0.0 if settled else far_tail
    near_moneyness = moneyness if at.within | ends else -moneyness
    near_share = (a if below else b) - near_tail if near_moneyness > 0.0 else near_tail
    far_share = (b if below else a) - far_tail if moneyness > 0.0 else far_tail

    density = 0.0 if settled else times_power(density, exponent) * INV_SQRT_2PI
    a_share = near_share if below else far_share
    b_share = far_share if below else near_share
    per_v = 0.0 if density == 0.0 else d.per_v  # nothing depends on what is so far off
    near = at.near + at.near_low
    d1 = 0.0 if per_v == 0.0 else (-near if below else at.far)
    d2 = 0.0 if per_v == 0.0 else (-at.far if below else near)
    per_sigma = zero_times(per_v, d.root)  # T may be infinite
    ratios = Ratios(d1, d2, d1 * per_v, d2 * per_v, option.sigma * per_v, per_sigma)
    ratios = parts_at_the_money(ratios, option, d.root, level)
    per_spot = 1.0 / spot
    discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n)
    discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n)
    raised = 2.0**54 if spot < LEAST_NORMAL else 1.0  # 1/S of a subnormal S is infinite
    delta = a_share * raised * (1.0 / (spot * raised))
    dual_delta = b_share / strike
    sigma = 0.0 if density == 0.0 else option.sigma  # it may be infinite
    price_in_unit = times_power(price.value, price.exponent - unit)
    carry = carried_theta(option, price_in_unit, a_share, b_share)
    return Parts(
        price=times_power(price.value, price.exponent),
        density=density,
        a_share=a_share,
        b_share=b_share,
        delta=(discount_a if moneyness > 0.0 else 0.0) if ends else delta,
        dual_delta=(discount_b if moneyness > 0.0 else 0.0) if ends else dual_delta,
        ratios=ratios,
        root=d.root,
        per_spot=0.0 if density == 0.0 else per_spot,
        per_strike=1.0 / strike,
        theta=carry - 0.5 * density * zero_times(sigma, ratios.per_root),
        sigma=sigma,
        special=False,
    )


@inlined
def greeks_of(x, p):
    d1, d2, d1_v, d2_v, per_root, per_sigma = p.ratios
    gamma = p.density * p.per_spot * (p.per_spot * (per_root * per_sigma))
    vega = p.density * p.root
    carry = x.rate - x.dividend
    drift = x.dividend + carry * d1_v
    decay = fma(-0.5 * d2_v, p.sigma, zero_times(carry, per_sigma))
    decay = p.density * p.per_spot * zero_times(decay, per_root)
    squares = d1_v * d1_v + d2_v * d2_v
    return Greeks(
        price=p.price,
        delta=x.sign * p.delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=x.sign * x.time * p.b_share,
        phi=-x.sign * x.time * p.a_share,
        vanna=-(vega * p.per_spot) * d2_v,
        volga=vega * (p.root * (d1 * d2_v)),
        charm=x.sign * x.dividend * p.delta - decay,
        veta=p.density * (p.root * drift - 0.5 * per_root * fma(d1, d2, 1.0)),
        dual_delta=-x.sign * p.dual_delta,
        dual_gamma=p.density * p.per_strike * (p.per_strike * (per_root * per_sigma)),
        speed=-gamma * p.per_spot * (d1_v + 1.0),
        color=gamma * (drift + 0.5 * (per_root * per_root) * fma(-d1, d2, 1.0)),
        zomma=gamma * per_sigma * fma(d1, d2, -1.0),
        ultima=-vega * (x.time * (d1_v * d2_v * (1.0 - d1 * d2) + squares)),
    )


@inlined
def rescaled(greek, degree, unit):
    """Bring a greek back from units of 2^unit."""
    return times_power(greek, degree * unit)


@inlined
def swept(greek, state):
    """Return the one NaN outside the domain, and no NaN inside."""
    valid = greek if greek == greek else 0.0
    return nan if state else valid
