"""Price and greeks of a European option on a normally distributed forward.

With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
and limits are those of `greeks`; phi, the derivative by a dividend, is 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.bachelier_price import Normal, normal, price_of_normal
from quantforge_conformance.spec.elementary import (
    at_least,
    divide,
    fma,
    loss,
    power_of_two,
    square_root,
    tail_numerator,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_conformance.spec.greeks import Greeks
from quantforge_conformance.spec.legs import NOT_A_NUMBER
from quantforge_conformance.spec.tables import INV_SQRT_2PI


class Parts(NamedTuple):
    """What the greeks of one option are made of."""

    price: float
    density: float  # G
    chance: float  # e^(-rT) N(+-d)
    d: float
    per_v: float  # 1/v, 1/sigma, 1/sqrt(T)
    per_sigma: float
    per_root: float
    theta: float


def greeks(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> Greeks:
    """The price and all greeks of one option, sign +1 for a call and -1 for a put."""
    lane = normal(forward, strike, time, rate, sigma, sign)
    if lane.state:
        return Greeks(*[NOT_A_NUMBER] * len(Greeks._fields))
    parts = _parts(lane, forward - strike, time, rate, sigma)
    found = _combined(parts, time, rate, sign)
    return Greeks(*(x if x == x else 0.0 for x in found))


def _parts(n: Normal, apart: float, time: float, rate: float, sigma: float) -> Parts:
    m, root = tail_numerator(n.d.h) / loss(n.d.h).q, n.d.root
    beyond, level = n.h == math.inf, n.inside.high == 0.0 and n.d.v < power_of_two(-1000.0)
    tail = fma(m, n.growth, m)
    rest = 1.0 - tail * power_of_two(at_least(n.e.n, -1000.0))
    if n.inside.high > 0.0:
        chance = times_power(times_exp(rest, n.r.r), n.r.n)
    else:
        chance = times_power(times_exp(0.0 if beyond else tail, n.r.r), n.e.n + n.r.n)
    density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r)
    density = 0.0 if beyond else times_power(density, n.e.n + n.r.n)
    per_v = 0.0 if density == 0.0 else n.d.per_v
    d = 0.0 if per_v == 0.0 else apart * per_v
    per_sigma = root * per_v
    per_root = divide(1.0, root) if n.d.v == math.inf else sigma * per_v
    if level:  # the limits; with both sigma and T zero sigma went first
        d = 0.0
        per_sigma = divide(1.0, sigma) if sigma > 0.0 else math.inf
        per_root = divide(1.0, root) if time > 0.0 else math.inf
    price = price_of_normal(n, time, rate)
    theta = rate * price - 0.5 * density * zero_times(sigma, per_root)
    if n.d.v == math.inf:  # both terms are endless, and their sum is a multiple of it
        theta = density * (sigma * (zero_times(rate, root) - 0.5 * per_root))
    return Parts(price, density, chance, d, per_v, per_sigma, per_root, theta)


def _combined(p: Parts, time: float, rate: float, sign: float) -> Greeks:
    """The greeks from the parts."""
    d, dd, root, variance_rate = p.d, p.d * p.d, square_root(time), p.per_root * p.per_root
    delta, gamma, vega = sign * p.chance, p.density * p.per_v, p.density * root
    return Greeks(
        price=p.price,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=-time * p.price,
        phi=0.0,
        vanna=-p.density * (d * p.per_sigma),
        volga=vega * dd * p.per_sigma,
        charm=rate * delta + zero_times(d, 0.5 * p.density * variance_rate),
        veta=p.density * (root * rate - 0.5 * p.per_root * fma(d, d, 1.0)),
        dual_delta=-delta,
        dual_gamma=gamma,
        speed=-gamma * d * p.per_v,
        color=gamma * (rate + 0.5 * fma(-d, d, 1.0) * variance_rate),
        zomma=gamma * p.per_sigma * fma(d, d, -1.0),
        ultima=vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0))),
    )
