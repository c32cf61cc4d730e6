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
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
)
from quantforge_numba.intrinsics import (
    blocks,
    fma,
    inlined,
    noinline,
    outlined,
    sqrt,
    vectorise,
    words,
)
from quantforge_numba.legs import (
    INVALID,
    LEAST_NORMAL,
    Legs,
    legs_general,
    legs_ordinary,
    sign_state,
)
from quantforge_numba.price import MOST_FAR, general_price, ordinary_price
from quantforge_numba.tables import INV_SQRT_2PI

# Order of the outputs; bit i of `wanted` asks for output i.
PRICE, DELTA, GAMMA, VEGA, THETA, RHO, PHI, VANNA, VOLGA, CHARM, VETA = range(11)
DUAL_DELTA, DUAL_GAMMA, SPEED, COLOR, ZOMMA, ULTIMA, GREEKS = range(11, 18)


class Parts(NamedTuple):
    """What the greeks of one option are made of.

    `density`, `a_share` and `b_share` are G, A N(+-d1) and B N(+-d2); `delta` and `dual_delta` lack
    their sign; `special` is the general form's state. Only that has `dual_delta` and the distances.
    """

    price: float
    density: float
    a_share: float
    b_share: float
    delta: float
    dual_delta: float
    d1: float
    d2: float
    d1_v: float
    d2_v: float
    per_spot: float
    per_sigma: float
    per_root: float
    special: int


@inlined
def ordinary_parts(legs, spot, root, sigma, sign):
    """Tails of the normal distribution times the legs, from the Mills ratio.

    The leg that is less has the near one.
    """
    a, b, h, v = legs.a, legs.b, legs.h, legs.v
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

    a_share = near_share if below else far_share
    per_v = 1.0 / v
    per_spot = 1.0 / spot
    return Parts(
        price=price.price,
        density=density * INV_SQRT_2PI,
        a_share=a_share,
        b_share=far_share if below else near_share,
        delta=a_share * per_spot,
        dual_delta=0.0,
        d1=0.0,
        d2=0.0,
        d1_v=0.0,
        d2_v=0.0,
        per_spot=per_spot,
        per_sigma=root * per_v,
        per_root=sigma * per_v,
        special=price.special,
    )


@inlined
def parts_at_the_money(parts, time, sigma):
    """With v = 0 the ratios have these limits; both sigma and T zero count as T > 0."""
    per_root = 1.0 / sqrt(time) if time > 0.0 else (inf if sigma > 0.0 else 1.0)
    return Parts(
        price=parts.price,
        density=parts.density,
        a_share=parts.a_share,
        b_share=parts.b_share,
        delta=parts.delta,
        dual_delta=parts.dual_delta,
        d1=0.0,
        d2=0.0,
        d1_v=0.5,
        d2_v=-0.5,
        per_spot=parts.per_spot,
        per_sigma=1.0 / sigma if sigma > 0.0 else inf,
        per_root=per_root,
        special=parts.special,
    )


@inlined
def general_parts(legs, spot, strike, time, sigma, sign):
    a = times_power(legs.a, legs.a_exponent)
    b = times_power(legs.b, legs.b_exponent)
    top = legs.a_exponent if legs.a_exponent > legs.b_exponent else legs.b_exponent
    a_apart = legs.a_exponent - top
    b_apart = legs.b_exponent - top
    a_scaled = legs.a * power_of_two(a_apart if a_apart > -1000.0 else -1000.0)
    b_scaled = legs.b * power_of_two(b_apart if b_apart > -1000.0 else -1000.0)
    below = a_scaled < b_scaled
    inside = -sign if below else sign  # > 0: in the money
    level = (a_scaled == b_scaled) & (legs.v == 0.0)
    h = 0.0 if level else legs.h
    v = legs.v
    t = 0.5 * v
    far = h + t
    near = h - t
    x = fabs(near)
    far_held = far if far < MOST_FAR else MOST_FAR
    x_held = x if x < 54.0 else 54.0
    xx = x_held * x_held
    e = reduce(-0.5 * xx, -0.5 * fma(x_held, x_held, -xx))
    least = legs.a if below else legs.b
    exponent = (legs.a_exponent if below else legs.b_exponent) + e.n
    m = mills(far_held)
    m0 = mills(x_held)
    density = times_exp(least, e.r)
    part = density / (m.q * m0.q)
    far_tail = times_power(part * (m.p * m0.q), exponent)
    near_tail = times_power(part * (m0.p * m.q), exponent)
    ends = (spot == 0.0) | (strike == 0.0) | (spot == inf) | (strike == inf)
    far_tail = 0.0 if ends else far_tail
    near_tail = 0.0 if ends else near_tail
    near_inside = inside if ends else inside * copysign(1.0, near)
    near_share = (a if below else b) - near_tail if near_inside > 0.0 else near_tail
    far_share = (b if below else a) - far_tail if inside > 0.0 else far_tail

    density = 0.0 if ends else times_power(density, exponent) * INV_SQRT_2PI
    a_share = near_share if below else far_share
    b_share = far_share if below else near_share
    per_v = 0.0 if density == 0.0 else 1.0 / v  # nothing depends on what is so far off
    d1 = 0.0 if per_v == 0.0 else (-near if below else far)
    d2 = 0.0 if per_v == 0.0 else (-far if below else near)
    discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n)
    discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n)
    raised = 2.0**54 if spot < LEAST_NORMAL else 1.0  # 1/S of a subnormal S is infinite
    delta = a_share * raised * (1.0 / (spot * raised))
    dual_delta = b_share / strike
    parts = Parts(
        price=general_price(legs, sign),
        density=density,
        a_share=a_share,
        b_share=b_share,
        delta=(discount_a if inside > 0.0 else 0.0) if ends else delta,
        dual_delta=(discount_b if inside > 0.0 else 0.0) if ends else dual_delta,
        d1=d1,
        d2=d2,
        d1_v=d1 * per_v,
        d2_v=d2 * per_v,
        per_spot=1.0 / spot,
        per_sigma=sqrt(time) * per_v,
        per_root=sigma * per_v,
        special=legs.state | sign_state(sign),
    )
    at_the_money = parts_at_the_money(parts, time, sigma)
    return at_the_money if level else parts


class BlockParts(NamedTuple):
    """The parts of a block of lanes; the price is an output already."""

    price: object
    density: object
    a_share: object
    b_share: object
    delta: object
    dual_delta: object
    d1: object
    d2: object
    d1_v: object
    d2_v: object
    per_spot: object
    per_sigma: object
    per_root: object
    root: object  # sqrt(T)


@inlined
def store_parts(to, i, parts):
    to.price[i] = parts.price
    to.density[i] = parts.density
    to.a_share[i] = parts.a_share
    to.b_share[i] = parts.b_share
    to.delta[i] = parts.delta
    to.per_spot[i] = parts.per_spot
    to.per_sigma[i] = parts.per_sigma
    to.per_root[i] = parts.per_root


@outlined
def combine(p, inputs, outputs, n, wanted):
    """Write the greeks that are wanted, from the parts.

    Those of first order always, in one loop: it costs less than to read their parts for each.
    """
    vectorise("outputs")
    noinline()
    n = whole(n)
    _, strike, time, r, q, sigma, sign = inputs
    _, delta, gamma, vega, theta, rho, phi = outputs[:VANNA]
    for i in range(n):
        share = p.per_spot[i] * (p.per_root[i] * p.per_sigma[i])
        gamma[i] = p.density[i] * p.per_spot[i] * share
        vega[i] = p.density[i] * p.root[i]
        carry = sign[i] * (q[i] * p.a_share[i] - r[i] * p.b_share[i])
        delta[i] = sign[i] * p.delta[i]
        theta[i] = carry - 0.5 * p.density[i] * (sigma[i] * p.per_root[i])
        rho[i] = sign[i] * time[i] * p.b_share[i]
        phi[i] = -sign[i] * time[i] * p.a_share[i]
    if wanted >> VANNA & 1:
        to = outputs[VANNA]
        for i in range(n):
            to[i] = -(vega[i] * p.per_spot[i]) * p.d2_v[i]
    if wanted >> VOLGA & 1:
        to = outputs[VOLGA]
        for i in range(n):
            to[i] = vega[i] * p.root[i] * (p.d1[i] * p.d2_v[i])
    if wanted >> CHARM & 1:
        to = outputs[CHARM]
        for i in range(n):
            drift = (r[i] - q[i]) * p.per_sigma[i] - 0.5 * p.d2_v[i] * sigma[i]
            decay = p.density[i] * p.per_spot[i] * (p.per_root[i] * drift)
            to[i] = sign[i] * q[i] * p.delta[i] - decay
    if wanted >> VETA & 1:
        to = outputs[VETA]
        for i in range(n):
            drift = q[i] + (r[i] - q[i]) * p.d1_v[i]
            spread = p.d1_v[i] * p.d2_v[i] * (sigma[i] * sigma[i])
            to[i] = vega[i] * (drift - 0.5 * (p.per_root[i] * p.per_root[i] + spread))
    if wanted >> DUAL_DELTA & 1:
        to = outputs[DUAL_DELTA]
        for i in range(n):
            to[i] = -sign[i] * p.dual_delta[i]
    if wanted >> DUAL_GAMMA & 1:
        to = outputs[DUAL_GAMMA]
        for i in range(n):
            per_strike = 1.0 / strike[i]
            share = per_strike * (p.per_root[i] * p.per_sigma[i])
            to[i] = p.density[i] * per_strike * share
    if wanted >> SPEED & 1:
        to = outputs[SPEED]
        for i in range(n):
            to[i] = -gamma[i] * p.per_spot[i] * (p.d1_v[i] + 1.0)
    if wanted >> COLOR & 1:
        to = outputs[COLOR]
        for i in range(n):
            drift = q[i] + (r[i] - q[i]) * p.d1_v[i]
            spread = p.d1_v[i] * p.d2_v[i] * (sigma[i] * sigma[i])
            to[i] = gamma[i] * (drift + 0.5 * (p.per_root[i] * p.per_root[i] - spread))
    if wanted >> ZOMMA & 1:
        to = outputs[ZOMMA]
        for i in range(n):
            to[i] = gamma[i] * p.per_sigma[i] * (p.d1[i] * p.d2[i] - 1.0)
    if wanted >> ULTIMA & 1:
        to = outputs[ULTIMA]
        for i in range(n):
            product = p.d1[i] * p.d2[i]
            squares = p.d1_v[i] * p.d1_v[i] + p.d2_v[i] * p.d2_v[i]
            bend = p.d1_v[i] * p.d2_v[i] * (1.0 - product) + squares
            to[i] = -vega[i] * time[i] * bend


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
def greeks_ordinary(inputs, outputs, special, n, wanted):
    vectorise("outputs special")
    n = whole(n)
    parts = BlockParts(outputs[PRICE], *blocks(13, BLOCK))
    a, b, h, v = blocks(4, BLOCK)
    spot, strike, time, rate, dividend, sigma, sign = inputs
    for i in range(n):
        legs = legs_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        a[i], b[i], h[i], v[i] = legs.a, legs.b, legs.h, legs.v
        parts.root[i] = sqrt(time[i])
        special[i] = legs.special
    for i in range(n):
        legs = Legs(a[i], b[i], h[i], v[i], 0)
        lane = ordinary_parts(legs, spot[i], parts.root[i], sigma[i], sign[i])
        store_parts(parts, i, lane)
        special[i] += lane.special
    if wanted >> VANNA:  # nothing before it takes d1 and d2
        for i in range(n):
            t = 0.5 * v[i]
            far = h[i] + t
            near = h[i] - t
            per_v = 1.0 / v[i]
            d1 = -near if a[i] < b[i] else far
            d2 = -far if a[i] < b[i] else near
            parts.d1[i] = d1
            parts.d2[i] = d2
            parts.d1_v[i] = d1 * per_v
            parts.d2_v[i] = d2 * per_v
            parts.dual_delta[i] = parts.b_share[i] / strike[i]
    combine(parts, inputs, outputs, n, wanted)


@outlined
def greeks_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    parts = BlockParts(outputs[PRICE], *blocks(13, BLOCK))
    states = words(BLOCK)
    spot, strike, time, rate, dividend, sigma, sign = inputs
    for i in range(n):
        legs = legs_general(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        lane = general_parts(legs, spot[i], strike[i], time[i], sigma[i], sign[i])
        store_parts(parts, i, lane)
        parts.root[i] = sqrt(time[i])
        parts.dual_delta[i] = lane.dual_delta
        parts.d1[i], parts.d2[i] = lane.d1, lane.d2
        parts.d1_v[i], parts.d2_v[i] = lane.d1_v, lane.d2_v
        states[i] = lane.special
        outside[i] = 1 if lane.special == INVALID else 0
    combine(parts, inputs, outputs, n, wanted)
    sweep(outputs, states, n, wanted)
