"""Price and greeks of a European option on a lognormal underlying, as many as are wanted.

With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.

Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
lane is NaN: a product of 0 and infinity counts as 0. See docs/numerics.md for the errors.
"""

from math import copysign, fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.blocks import BLOCK, whole
from quantforge_numba.elementary import (
    LEAST_NORMAL,
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_numba.intrinsics import (
    blocks,
    doubles,
    fma,
    inlined,
    outlined,
    sqrt,
    vectorise,
    words,
)
from quantforge_numba.legs import (
    INVALID,
    Legs,
    legs_general,
    legs_ordinary,
    scaled,
    sign_state,
)
from quantforge_numba.price import MOST_FAR, general_price, ordinary_price
from quantforge_numba.tables import INV_SQRT_2PI

# Order of the outputs; bit i of `wanted` asks for output i.
PRICE, DELTA, GAMMA, VEGA, THETA, RHO, PHI, VANNA, VOLGA, CHARM, VETA = range(11)
DUAL_DELTA, DUAL_GAMMA, SPEED, COLOR, ZOMMA, ULTIMA, GREEKS = range(11, 18)

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


@inlined
def option_at(inputs, i):
    spot, strike, time, rate, dividend, sigma, sign = inputs
    return Option(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i], sign[i])


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
    special: int


@inlined
def ordinary_parts(legs, option, root):
    """Tails of the normal distribution times the legs, from the Mills ratio.

    The leg that is less has the near one.
    """
    a, b, h, v = legs.a, legs.b, legs.h, legs.v
    sign = option.sign
    price = ordinary_price(a, b, h, v, sign)
    t = 0.5 * v
    far = h + t
    near = h - t
    x = fabs(near)
    xx = x * x
    e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx))
    below = a < b
    least = a if below else b
    most = b if below else a
    inside = -sign if below else sign  # > 0: in the money
    m = mills(far)
    m0 = mills(x)
    density = shift_exponent(times_exp(least, e.r), e.n_magic)
    part = density / (m.q * m0.q)
    far_tail = part * (m.p * m0.q)
    near_tail = part * (m0.p * m.q)
    near_inside = inside * copysign(1.0, near)
    near_share = least - near_tail if near_inside > 0.0 else near_tail
    far_share = most - far_tail if inside > 0.0 else far_tail

    density = density * INV_SQRT_2PI
    a_share = near_share if below else far_share
    b_share = far_share if below else near_share
    d1 = -near if below else far
    d2 = -far if below else near
    per_v = 1.0 / v
    per_root = option.sigma * per_v
    per_spot = 1.0 / option.spot
    carried = option.dividend * a_share - option.rate * b_share
    return Parts(
        price=price.price,
        density=density,
        a_share=a_share,
        b_share=b_share,
        delta=a_share * per_spot,
        dual_delta=b_share / option.strike,
        ratios=Ratios(d1, d2, d1 * per_v, d2 * per_v, per_root, per_sigma=root * per_v),
        root=root,
        per_spot=per_spot,
        per_strike=1.0 / option.strike,
        theta=sign * carried - 0.5 * density * (option.sigma * per_root),
        sigma=option.sigma,
        special=legs.special + price.special + (0 if option.time > 2.0**-1000 else 1),
    )


@inlined
def parts_at_the_money(option, root):
    """The limits with v = 0; with both sigma and T zero sigma goes first.

    At expiry d1/v is (r - q)/sigma^2 + 1/2.
    """
    sigma = option.sigma
    drift = (option.rate - option.dividend) / sigma / sigma
    per_sigma = 1.0 / sigma
    per_root = 1.0 / root
    drift = 0.0 if (option.time > 0.0) | (sigma == 0.0) else drift
    return Ratios(
        d1=0.0,
        d2=0.0,
        d1_v=drift + 0.5,
        d2_v=drift - 0.5,
        per_root=per_root if option.time > 0.0 else inf,
        per_sigma=per_sigma if sigma > 0.0 else inf,
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
    low = s.exponent if s.exponent < k.exponent else k.exponent
    high = k.exponent if s.exponent < k.exponent else s.exponent
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
def general_parts(legs, option, amounts):
    sign, spot, strike, ends = option.sign, amounts.spot, amounts.strike, amounts.ends
    a_exponent = legs.a_exponent - amounts.unit
    b_exponent = legs.b_exponent - amounts.unit
    a = times_power(legs.a, a_exponent)
    b = times_power(legs.b, b_exponent)
    top = a_exponent if a_exponent > b_exponent else b_exponent
    a_apart = a_exponent - top
    b_apart = b_exponent - top
    a_scaled = legs.a * power_of_two(a_apart if a_apart > -1000.0 else -1000.0)
    b_scaled = legs.b * power_of_two(b_apart if b_apart > -1000.0 else -1000.0)
    below = a_scaled < b_scaled
    inside = -sign if below else sign  # > 0: in the money
    v = legs.v
    level = ((a_scaled == b_scaled) | (legs.h * v == 0.0)) & (v < 2.0**-1000)
    h = 0.0 if level else legs.h
    t = 0.5 * v
    far = h + t
    near = h - t
    x = fabs(near)
    far_held = far if far < MOST_FAR else MOST_FAR
    x_held = x if x < 54.0 else 54.0
    xx = x_held * x_held
    e = reduce(-0.5 * xx, -0.5 * fma(x_held, x_held, -xx))
    least = legs.a if below else legs.b
    exponent = (a_exponent if below else b_exponent) + e.n
    m = mills(far_held)
    m0 = mills(x_held)
    density = times_exp(least, e.r)
    part = density / (m.q * m0.q)
    far_tail = times_power(part * (m.p * m0.q), exponent)
    near_tail = times_power(part * (m0.p * m.q), exponent)
    settled = ends | (v == inf)
    far_tail = 0.0 if settled else far_tail
    near_tail = 0.0 if settled else near_tail
    near_inside = inside if ends else inside * copysign(1.0, near)
    near_share = (a if below else b) - near_tail if near_inside > 0.0 else near_tail
    far_share = (b if below else a) - far_tail if inside > 0.0 else far_tail

    density = 0.0 if settled else times_power(density, exponent) * INV_SQRT_2PI
    a_share = near_share if below else far_share
    b_share = far_share if below else near_share
    per_v = 0.0 if density == 0.0 else 1.0 / v  # nothing depends on what is so far off
    d1 = 0.0 if per_v == 0.0 else (-near if below else far)
    d2 = 0.0 if per_v == 0.0 else (-far if below else near)
    root = sqrt(option.time)
    per_sigma = zero_times(per_v, root)  # T may be infinite
    ratios = Ratios(d1, d2, d1 * per_v, d2 * per_v, option.sigma * per_v, per_sigma)
    ratios = parts_at_the_money(option, root) if level else ratios
    discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n)
    discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n)
    raised = 2.0**54 if spot < LEAST_NORMAL else 1.0  # 1/S of a subnormal S is infinite
    delta = a_share * raised * (1.0 / (spot * raised))
    dual_delta = b_share / strike
    per_spot = 1.0 / spot
    sigma = 0.0 if density == 0.0 else option.sigma  # it may be infinite
    carried = zero_times(option.dividend, a_share) - zero_times(option.rate, b_share)
    return Parts(
        price=general_price(legs, sign),
        density=density,
        a_share=a_share,
        b_share=b_share,
        delta=(discount_a if inside > 0.0 else 0.0) if ends else delta,
        dual_delta=(discount_b if inside > 0.0 else 0.0) if ends else dual_delta,
        ratios=ratios,
        root=root,
        per_spot=0.0 if density == 0.0 else per_spot,
        per_strike=1.0 / strike,
        theta=sign * carried - 0.5 * density * zero_times(sigma, ratios.per_root),
        sigma=sigma,
        special=0,
    )


@inlined
def store_greeks(to, i, x, p, order):
    """The greeks of lane i, up to the given order."""
    d1, d2, d1_v, d2_v, per_root, per_sigma = p.ratios
    gamma = p.density * p.per_spot * (p.per_spot * (per_root * per_sigma))
    vega = p.density * p.root
    to[PRICE][i] = p.price
    to[DELTA][i] = x.sign * p.delta
    to[GAMMA][i] = gamma
    to[VEGA][i] = vega
    to[THETA][i] = p.theta
    to[RHO][i] = x.sign * x.time * p.b_share
    to[PHI][i] = -x.sign * x.time * p.a_share
    if order < 2:
        return
    carry = x.rate - x.dividend
    drift = x.dividend + carry * d1_v
    decay = zero_times(carry, per_sigma) - 0.5 * d2_v * p.sigma
    decay = p.density * p.per_spot * zero_times(decay, per_root)
    to[VANNA][i] = -(vega * p.per_spot) * d2_v
    to[VOLGA][i] = vega * p.root * (d1 * d2_v)
    to[CHARM][i] = x.sign * x.dividend * p.delta - decay
    to[VETA][i] = p.density * (p.root * drift - 0.5 * per_root * fma(d1, d2, 1.0))
    to[DUAL_DELTA][i] = -x.sign * p.dual_delta
    to[DUAL_GAMMA][i] = p.density * p.per_strike * (p.per_strike * (per_root * per_sigma))
    if order < 3:
        return
    bend = d1_v * d2_v * (1.0 - d1 * d2) + (d1_v * d1_v + d2_v * d2_v)
    to[SPEED][i] = -gamma * p.per_spot * (d1_v + 1.0)
    to[COLOR][i] = gamma * (drift + 0.5 * (per_root * per_root) * fma(-d1, d2, 1.0))
    to[ZOMMA][i] = gamma * per_sigma * fma(d1, d2, -1.0)
    to[ULTIMA][i] = -vega * x.time * bend


@inlined
def rescale(outputs, unit, n, wanted):
    """Bring the greeks back from units of 2^unit."""
    vectorise("outputs")
    n = whole(n)
    for greek in range(GREEKS):
        if wanted >> greek & 1:
            x = outputs[greek]
            for i in range(n):
                x[i] = times_power(x[i], DEGREES[greek] * unit[i])


@inlined
def sweep(outputs, states, n, wanted):
    """Lanes outside the domain get the one NaN, and no other lane has any."""
    vectorise("outputs")
    n = whole(n)
    for greek in range(GREEKS):
        if wanted >> greek & 1:
            x = outputs[greek]
            for i in range(n):
                valid = x[i] if x[i] == x[i] else 0.0
                x[i] = nan if states[i] else valid


@inlined
def greeks_up_to(order, halves, inputs, outputs, special, n):
    """The second half of the ordinary form.

    One loop, for its many results are written while others are computed.
    """
    vectorise("outputs special")
    n = whole(n)
    a, b, h, v, root = halves
    for i in range(n):
        legs = Legs(a[i], b[i], h[i], v[i], special[i])
        option = option_at(inputs, i)
        parts = ordinary_parts(legs, option, root[i])
        store_greeks(outputs, i, option, parts, order)
        special[i] = parts.special


@inlined
def greeks_ordinary(inputs, outputs, special, n, wanted):
    vectorise("outputs special")
    n = whole(n)
    halves = blocks(5, BLOCK)
    a, b, h, v, root = halves
    for i in range(n):
        x = option_at(inputs, i)
        legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma)
        a[i], b[i], h[i], v[i] = legs.a, legs.b, legs.h, legs.v
        root[i] = sqrt(x.time)
        special[i] = legs.special
    if wanted >> SPEED:
        greeks_up_to(3, halves, inputs, outputs, special, n)
    elif wanted >> VANNA:
        greeks_up_to(2, halves, inputs, outputs, special, n)
    else:
        greeks_up_to(1, halves, inputs, outputs, special, n)


@outlined
def greeks_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    unit, states = doubles(BLOCK), words(BLOCK)
    for i in range(n):
        x = option_at(inputs, i)
        legs = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma)
        amounts = amounts_in_unit(x.spot, x.strike)
        store_greeks(outputs, i, x, general_parts(legs, x, amounts), 3)
        unit[i] = amounts.unit
        states[i] = legs.state | sign_state(x.sign)
        outside[i] = 1 if states[i] == INVALID else 0
    rescale(outputs, unit, n, wanted)
    sweep(outputs, states, n, wanted)
