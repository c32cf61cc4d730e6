"""Price and greeks of a European option on a normally distributed forward.

With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
and limits are those of `greeks`; phi, the derivative by a dividend, is 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.bachelier_price import (
    BachelierTerms,
    bachelier_price_general,
    bachelier_terms_general,
)
from quantforge_conformance.spec.elementary import (
    at_least,
    divide,
    fma,
    loss,
    power_of_two,
    tail_numerator,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_conformance.spec.greeks import Greeks, swept
from quantforge_conformance.spec.tables import INV_SQRT_2PI


class BachelierOption(NamedTuple):
    """The inputs of one lane."""

    forward: float
    strike: float
    time: float
    rate: float
    sigma: float
    sign: float


class BachelierParts(NamedTuple):
    """What the greeks of one option are made of."""

    price: float
    density: float  # G
    chance: float  # e^(-rT) N(+-d)
    d: float
    per_v: float  # 1/v, 1/sigma, 1/sqrt(T)
    root: float  # sqrt(T)
    per_sigma: float
    per_root: float
    theta: float


def bachelier_parts_general(terms: BachelierTerms, x: BachelierOption) -> BachelierParts:
    """What the greeks of one option are made of."""
    n, root = terms, terms.d.root
    m = tail_numerator(n.d.h) / loss(n.d.h).q
    beyond, level = n.h == math.inf, n.moneyness.high == 0.0 and n.d.v < power_of_two(-1000.0)
    tail = fma(m, n.growth, m)
    rest = 1.0 - tail * power_of_two(at_least(n.e.n, -1000.0))
    if n.moneyness.high > 0.0:
        chance = times_power(times_exp(rest, n.r.r), n.r.n)
    else:
        chance = times_power(times_exp(0.0 if beyond else tail, n.r.r), n.e.n + n.r.n)
    density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r)
    density = 0.0 if beyond else times_power(density, n.e.n + n.r.n)
    per_v = 0.0 if density == 0.0 else n.d.per_v
    d = 0.0 if per_v == 0.0 else (x.forward - x.strike) * per_v
    per_sigma = root * per_v
    per_root = divide(1.0, root) if n.d.v == math.inf else x.sigma * per_v
    if level:  # the limits; with both sigma and T zero sigma went first
        d = 0.0
        per_sigma = divide(1.0, x.sigma) if x.sigma > 0.0 else math.inf
        per_root = divide(1.0, root) if x.time > 0.0 else math.inf
    price = bachelier_price_general(n, x.time, x.rate)
    theta = x.rate * price - 0.5 * density * zero_times(x.sigma, per_root)
    if n.d.v == math.inf:  # both terms are endless, and their sum is a multiple of it
        theta = density * (x.sigma * (zero_times(x.rate, root) - 0.5 * per_root))
    return BachelierParts(price, density, chance, d, per_v, root, per_sigma, per_root, theta)


def bachelier_greeks_of(x: BachelierOption, p: BachelierParts) -> Greeks:
    """The greeks from the parts."""
    dd, per_time = p.d * p.d, p.per_root * p.per_root
    delta, gamma, vega = x.sign * p.chance, p.density * p.per_v, p.density * p.root
    return Greeks(
        price=p.price,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=p.theta,
        rho=-x.time * p.price,
        phi=0.0,
        vanna=-p.density * (p.d * p.per_sigma),
        volga=vega * dd * p.per_sigma,
        charm=x.rate * delta + zero_times(p.d, 0.5 * p.density * per_time),
        veta=p.density * (p.root * x.rate - 0.5 * p.per_root * fma(p.d, p.d, 1.0)),
        dual_delta=-delta,
        dual_gamma=gamma,
        speed=-gamma * p.d * p.per_v,
        color=gamma * (x.rate + 0.5 * fma(-p.d, p.d, 1.0) * per_time),
        zomma=gamma * p.per_sigma * fma(p.d, p.d, -1.0),
        ultima=vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0))),
    )


def bachelier_greeks(
    forward: float, strike: float, time: float, rate: float, sigma: float, sign: float
) -> Greeks:
    """The price and all greeks of one option, sign +1 for a call and -1 for a put."""
    option = BachelierOption(forward, strike, time, rate, sigma, sign)
    terms = bachelier_terms_general(*option)
    found = bachelier_greeks_of(option, bachelier_parts_general(terms, option))
    return Greeks(*(swept(x, terms.state) for x in found))
