"""American options on a lognormal underlying by their prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from quantforge_conformance import reference
from quantforge_conformance.regions import american_price
from quantforge_conformance.regions.american_price import AmericanOptions
from quantforge_conformance.regions.quotes import normal_cdf
from quantforge_conformance.regions.region import Array, Draw, Region


class AmericanQuotes(NamedTuple):
    """The operands of `american_implied_volatility`; the price is the reference's."""

    price: Array
    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sign: Array
    style: Array


def quoted(region: Region) -> Region:
    """Return the region of the same options by their prices."""

    def priced(draw: Draw, price: Callable[[AmericanOptions], Array]) -> Draw:
        def drawn(rng: Generator, count: int) -> AmericanQuotes:
            o = draw(rng, count)
            return AmericanQuotes(
                *(price(o), o.spot, o.strike, o.time, o.rate, o.dividend, o.sign, o.style)
            )

        return drawn

    return Region(
        region.name, priced(region.draw, _exact), priced(region.approximate or region.draw, _rough)
    )


def _exact(o: AmericanOptions) -> Array:
    lanes = zip(*(column.tolist() for column in o[:7]), strict=True)
    return np.array([float(reference.american_price(*lane)) for lane in lanes])


def _rough(o: AmericanOptions) -> Array:
    """The European price, but no less than some more than exercise on a known path brings."""
    call = o.sign > 0.0
    spot, strike = np.where(call, o.strike, o.spot), np.where(call, o.spot, o.strike)
    rate, dividend = np.where(call, o.dividend, o.rate), np.where(call, o.rate, o.dividend)

    def on_path(time: Array) -> Array:
        return np.asarray(strike * np.exp(-rate * time) - spot * np.exp(-dividend * time))

    with np.errstate(all="ignore"):
        level = np.log(dividend * spot / (rate * strike)) / (dividend - rate)
    level = np.where((level > 0.0) & (level < o.time), level, 0.0)
    least = np.maximum(np.maximum(on_path(level), on_path(o.time)), strike - spot)
    least = np.maximum(least, 0.0)
    v = o.sigma * np.sqrt(o.time)
    first = (np.log(spot / strike) + (rate - dividend) * o.time) / v + 0.5 * v
    left, right = strike * np.exp(-rate * o.time), spot * np.exp(-dividend * o.time)
    european = left * normal_cdf(v - first) - right * normal_cdf(-first)
    return np.asarray(np.maximum(european, least + 1e-5 * (strike - least)))


REGIONS = tuple(map(quoted, american_price.ONE_BOUNDARY))
