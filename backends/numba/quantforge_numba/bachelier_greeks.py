"""Price and greeks on a normally distributed forward, as many as are wanted.

With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
and limits are those of greeks.py; phi, the derivative by a dividend, is 0.
"""

from math import inf
from typing import NamedTuple

from quantforge_numba.bachelier_price import bachelier_price_general, bachelier_price_ordinary
from quantforge_numba.elementary import (
    at_least,
    exp_minus_1,
    gauss_exponent,
    loss,
    power_of_two,
    reduce,
    shift_exponent,
    tail_numerator,
    times_exp,
    times_power,
    two_sum,
    zero_times,
)
from quantforge_numba.greeks import Greeks
from quantforge_numba.intrinsics import fma, inlined
from quantforge_numba.legs import deviation_ordinary, magnitude
from quantforge_numba.tables import INV_SQRT_2PI


class BachelierOption(NamedTuple):
    """The inputs of one lane."""

    forward: float
    strike: float
    time: float
    rate: float
    sigma: float
    sign: float


class BachelierParts(NamedTuple):
    """What the greeks of one option are made of.

    `density` and `chance` are G and e^(-rT) N(+-d), `root` is sqrt(T), `special` the ordinary
    form's.
    """

    price: float
    density: float
    chance: float
    d: float
    per_v: float
    root: float
    per_root: float
    per_sigma: float
    theta: float
    special: bool


@inlined
def bachelier_parts_ordinary(x):
    price = bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign)
    rt = x.rate * x.time
    rt_low = fma(x.rate, x.time, -rt)
    r = reduce(-rt, -rt_low)
    distance = two_sum(x.forward, -x.strike)
    d = deviation_ordinary(magnitude(distance), x.time, x.sigma)
    e = gauss_exponent(d.h, d.h_low)
    growth = exp_minus_1(e.r)
    m = tail_numerator(d.h) / loss(d.h).q
    tail = shift_exponent(fma(m, growth, m), e.n_magic)
    chance = 1.0 - tail if x.sign * distance.high > 0.0 else tail
    density = shift_exponent(fma(INV_SQRT_2PI, growth, INV_SQRT_2PI), e.n_magic)
    density = shift_exponent(times_exp(density, r.r), r.n_magic)
    per_root = x.sigma * d.per_v
    return BachelierParts(
        price=price.price,
        density=density,
        chance=shift_exponent(times_exp(chance, r.r), r.n_magic),
        d=distance.high * d.per_v,
        per_v=d.per_v,
        root=d.root,
        per_root=per_root,
        per_sigma=d.root * d.per_v,
        theta=x.rate * price.price - 0.5 * density * (x.sigma * per_root),
        special=price.special | (not (x.time > 2.0**-1000)),
    )


@inlined
def bachelier_parts_general(n, x):
    m = tail_numerator(n.d.h) / loss(n.d.h).q
    beyond = n.h == inf
    level = (n.moneyness.high == 0.0) & (n.d.v < 2.0**-1000)
    tail = fma(m, n.growth, m)
    rest = 1.0 - tail * power_of_two(at_least(n.e.n, -1000.0))
    tail = 0.0 if beyond else tail
    inside = times_power(times_exp(rest, n.r.r), n.r.n)
    outside = times_power(times_exp(tail, n.r.r), n.e.n + n.r.n)
    price = bachelier_price_general(n, x.time, x.rate)
    density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r)
    density = times_power(density, n.e.n + n.r.n)
    density = 0.0 if beyond else density
    root = n.d.root
    per_v = 0.0 if density == 0.0 else n.d.per_v
    d = 0.0 if per_v == 0.0 else (x.forward - x.strike) * per_v
    per_root = 1.0 / root if n.d.v == inf else x.sigma * per_v
    level_per_root = 1.0 / root if x.time > 0.0 else inf
    level_per_sigma = 1.0 / x.sigma if x.sigma > 0.0 else inf
    per_root = level_per_root if level else per_root
    # Endless volatility makes both terms of theta endless; their sum is a multiple of it.
    theta = x.rate * price - 0.5 * density * zero_times(x.sigma, per_root)
    drift = zero_times(x.rate, root) - 0.5 * per_root
    return BachelierParts(
        price=price,
        density=density,
        chance=inside if n.moneyness.high > 0.0 else outside,
        d=0.0 if level else d,
        per_v=per_v,
        root=root,
        per_root=per_root,
        per_sigma=level_per_sigma if level else root * per_v,
        theta=density * (x.sigma * drift) if n.d.v == inf else theta,
        special=False,
    )


@inlined
def bachelier_greeks_of(x, p):
    delta = x.sign * p.chance
    gamma = p.density * p.per_v
    vega = p.density * p.root
    per_time = p.per_root * p.per_root
    dd = p.d * p.d
    return Greeks(
        price=p.price,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=-x.time * p.price,
        phi=0.0,
        vanna=-p.density * (p.d * p.per_sigma),
        volga=vega * (p.d * p.d) * p.per_sigma,
        charm=x.rate * delta + zero_times(p.d, 0.5 * p.density * per_time),
        veta=p.density * (p.root * x.rate - 0.5 * p.per_root * fma(p.d, p.d, 1.0)),
        dual_delta=-delta,
        dual_gamma=gamma,
        speed=-gamma * p.d * p.per_v,
        color=gamma * (x.rate + 0.5 * fma(-p.d, p.d, 1.0) * per_time),
        zomma=gamma * p.per_sigma * fma(p.d, p.d, -1.0),
        ultima=vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0))),
    )
