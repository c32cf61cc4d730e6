"""Price and greeks on a normally distributed forward, as many as are wanted.

With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
and limits are those of greeks.py; phi, the derivative by a dividend, is 0.
"""

from math import fabs, inf
from typing import NamedTuple

from quantforge_numba.bachelier_price import general_normal, normal_general, ordinary_normal
from quantforge_numba.blocks import BLOCK, whole
from quantforge_numba.elementary import (
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
)
from quantforge_numba.greeks import (
    CHARM,
    COLOR,
    DUAL_DELTA,
    DUAL_GAMMA,
    PRICE,
    SPEED,
    ULTIMA,
    VANNA,
    VETA,
    VOLGA,
    ZOMMA,
    sweep,
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
from quantforge_numba.legs import INVALID
from quantforge_numba.tables import INV_SQRT_2PI


class NormalParts(NamedTuple):
    """What the greeks of one option are made of: G, e^(-rT) N(+-d), d and reciprocals."""

    price: float
    density: float
    chance: float
    d: float
    per_v: float
    per_sigma: float
    per_root: float
    special: int


@inlined
def ordinary_normal_parts(forward, strike, time, rate, sigma, sign):
    price = ordinary_normal(forward, strike, time, rate, sigma, sign)
    rt = rate * time
    rt_low = fma(rate, time, -rt)
    r = reduce(-rt, -rt_low)
    root = sqrt(time)
    v = sigma * root
    apart = forward - strike
    h = fabs(apart) / v
    hh = h * h
    e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh))
    m = mills(h)
    tail = shift_exponent(times_exp(m.p / m.q, e.r), e.n_magic)
    chance = 1.0 - tail if sign * apart > 0.0 else tail
    density = shift_exponent(times_exp(INV_SQRT_2PI, e.r), e.n_magic)
    per_v = 1.0 / v
    return NormalParts(
        price=price.price,
        density=shift_exponent(times_exp(density, r.r), r.n_magic),
        chance=shift_exponent(times_exp(chance, r.r), r.n_magic),
        d=apart * per_v,
        per_v=per_v,
        per_sigma=root * per_v,
        per_root=sigma * per_v,
        special=price.special,
    )


@inlined
def general_normal_parts(n, forward, strike, time, rate, sigma):
    h = n.h if n.h < 54.0 else 54.0
    hh = h * h
    e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh))
    m = mills(h)
    beyond = n.h == inf
    level = (n.k == 0.0) & (n.v == 0.0)
    tail = times_exp(m.p / m.q, e.r)
    rest = 1.0 - tail * power_of_two(e.n if e.n > -1000.0 else -1000.0)
    tail = 0.0 if beyond else tail
    inside = times_power(times_exp(rest, n.r.r), n.r.n)
    outside = times_power(times_exp(tail, n.r.r), e.n + n.r.n)
    density = times_exp(times_exp(INV_SQRT_2PI, e.r), n.r.r)
    density = times_power(density, e.n + n.r.n)
    density = 0.0 if beyond else density
    root = sqrt(time)
    per_v = 0.0 if density == 0.0 else 1.0 / n.v
    d = 0.0 if per_v == 0.0 else (forward - strike) * per_v
    per_sigma = 1.0 / sigma if sigma > 0.0 else inf
    per_root = 1.0 / root if time > 0.0 else (inf if sigma > 0.0 else 1.0)
    return NormalParts(
        price=general_normal(n, time, rate),
        density=density,
        chance=inside if n.inside > 0.0 else outside,
        d=0.0 if level else d,
        per_v=per_v,
        per_sigma=per_sigma if level else root * per_v,
        per_root=per_root if level else sigma * per_v,
        special=n.state,
    )


class BlockNormalParts(NamedTuple):
    """The parts of a block of lanes; the price is an output already."""

    price: object
    density: object
    chance: object
    d: object
    per_v: object
    per_sigma: object
    per_root: object


@inlined
def store_normal_parts(to, i, parts):
    to.price[i] = parts.price
    to.density[i] = parts.density
    to.chance[i] = parts.chance
    to.d[i] = parts.d
    to.per_v[i] = parts.per_v
    to.per_sigma[i] = parts.per_sigma
    to.per_root[i] = parts.per_root


@outlined
def combine_normal(p, inputs, outputs, n, wanted):
    vectorise("outputs")
    noinline()
    n = whole(n)
    _, _, time, r, sigma, sign = inputs
    price, delta, gamma, vega, theta, rho, phi = outputs[:VANNA]
    for i in range(n):
        delta[i] = sign[i] * p.chance[i]
        gamma[i] = p.density[i] * p.per_v[i]
        vega[i] = p.density[i] * sqrt(time[i])
        theta[i] = r[i] * price[i] - 0.5 * p.density[i] * (sigma[i] * p.per_root[i])
        rho[i] = -time[i] * price[i]
        phi[i] = 0.0
    if wanted >> VANNA & 1:
        to = outputs[VANNA]
        for i in range(n):
            to[i] = -p.density[i] * (p.d[i] * p.per_sigma[i])
    if wanted >> VOLGA & 1:
        to = outputs[VOLGA]
        for i in range(n):
            to[i] = vega[i] * (p.d[i] * p.d[i]) * p.per_sigma[i]
    if wanted >> CHARM & 1:
        to = outputs[CHARM]
        for i in range(n):
            spread = 0.5 * p.density[i] * p.d[i] * (p.per_root[i] * p.per_root[i])
            to[i] = r[i] * delta[i] + spread
    if wanted >> VETA & 1:
        to = outputs[VETA]
        for i in range(n):
            spread = 0.5 * fma(p.d[i], p.d[i], 1.0) * (p.per_root[i] * p.per_root[i])
            to[i] = vega[i] * (r[i] - spread)
    if wanted >> DUAL_DELTA & 1:
        to = outputs[DUAL_DELTA]
        for i in range(n):
            to[i] = -delta[i]
    if wanted >> DUAL_GAMMA & 1:
        to = outputs[DUAL_GAMMA]
        for i in range(n):
            to[i] = gamma[i]
    if wanted >> SPEED & 1:
        to = outputs[SPEED]
        for i in range(n):
            to[i] = -gamma[i] * p.d[i] * p.per_v[i]
    if wanted >> COLOR & 1:
        to = outputs[COLOR]
        for i in range(n):
            spread = 0.5 * fma(-p.d[i], p.d[i], 1.0) * (p.per_root[i] * p.per_root[i])
            to[i] = gamma[i] * (r[i] + spread)
    if wanted >> ZOMMA & 1:
        to = outputs[ZOMMA]
        for i in range(n):
            to[i] = gamma[i] * p.per_sigma[i] * fma(p.d[i], p.d[i], -1.0)
    if wanted >> ULTIMA & 1:
        to = outputs[ULTIMA]
        for i in range(n):
            dd = p.d[i] * p.d[i]
            to[i] = vega[i] * (p.per_sigma[i] * p.per_sigma[i]) * (dd * (dd - 3.0))


@inlined
def bachelier_greeks_ordinary(inputs, outputs, special, n, wanted):
    vectorise("outputs special")
    n = whole(n)
    parts = BlockNormalParts(outputs[PRICE], *blocks(6, BLOCK))
    forward, strike, time, rate, sigma, sign = inputs
    for i in range(n):
        lane = ordinary_normal_parts(forward[i], strike[i], time[i], rate[i], sigma[i], sign[i])
        store_normal_parts(parts, i, lane)
        special[i] = lane.special
    combine_normal(parts, inputs, outputs, n, wanted)


@outlined
def bachelier_greeks_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    parts = BlockNormalParts(outputs[PRICE], *blocks(6, BLOCK))
    states = words(BLOCK)
    forward, strike, time, rate, sigma, sign = inputs
    for i in range(n):
        lane = normal_general(forward[i], strike[i], time[i], rate[i], sigma[i], sign[i])
        made = general_normal_parts(lane, forward[i], strike[i], time[i], rate[i], sigma[i])
        store_normal_parts(parts, i, made)
        states[i] = lane.state
        outside[i] = 1 if lane.state == INVALID else 0
    combine_normal(parts, inputs, outputs, n, wanted)
    sweep(outputs, states, n, wanted)
