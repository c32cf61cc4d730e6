"""Options under Bachelier's model by their prices."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from quantforge_conformance import reference
from quantforge_conformance.regions.bachelier_price import (
    BachelierOptions,
    forward_is_strike,
    options,
)
from quantforge_conformance.regions.quotes import at_least_intrinsic, by_price, normal_cdf
from quantforge_conformance.regions.region import Array, Draw, Region


class BachelierQuotes(NamedTuple):
    """The operands of `bachelier_implied_volatility`; the price is exact, correctly rounded."""

    price: Array
    forward: Array
    strike: Array
    time: Array
    rate: Array
    sign: Array


def quoted(name: str, draw: Draw) -> Region:
    """Return the region of the same options by their prices."""
    return by_price(name, draw, BachelierQuotes, reference.bachelier_price, _textbook)


def _textbook(o: BachelierOptions) -> Array:
    v, intrinsic = o.sigma * np.sqrt(o.time), o.sign * (o.forward - o.strike)
    d = intrinsic / v
    value = v * np.exp(-0.5 * d * d) / math.sqrt(2 * math.pi) + intrinsic * normal_cdf(d)
    return np.exp(-o.rate * o.time) * at_least_intrinsic(value, intrinsic)


REGIONS = (
    quoted("ordinary", options(-3, 3)),
    quoted("out of the money 4-20 sd", options(4, 20)),
    quoted("out of the money 20-36 sd", options(20, 36)),
    quoted("out of the money 36-37.4 sd", options(36, 37.4)),
    quoted("in the money 0-4 sd", options(-4, 0)),
    quoted("in the money 4-6 sd", options(-6, -4)),
    quoted("forward = strike", forward_is_strike),
    quoted("time 1e-9", options(-3, 6, time=(0.5e-9, 2e-9))),
    quoted("sigma 1e-7 to 1e-2", options(-3, 6, sigma=(1e-7, 1e-2))),
    quoted("sigma 1e3 to 1e8", options(-3, 6, sigma=(1e3, 1e8))),
    quoted("negative rates", options(-3, 6, rate=(-0.08, 0))),
    quoted("|rT| to 600", options(-3, 6, rate=(-200, 200))),
    quoted("forwards 1e-9 to 1e-3", options(-3, 6, forward=(1e-9, 1e-3), sigma=(1e-6, 1e-2))),
)
