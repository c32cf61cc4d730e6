"""Options on a lognormal underlying by their prices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from quantforge_conformance import reference
from quantforge_conformance.regions.price import (
    Options,
    deviating,
    near_the_forward,
    ordinary,
    out_of_the_money,
    struck,
)
from quantforge_conformance.regions.quotes import at_least_intrinsic, by_price, normal_cdf
from quantforge_conformance.regions.region import Array, Draw, Region, log_uniform


class Quotes(NamedTuple):
    """The operands of `implied_volatility`; the price is the exact one, correctly rounded."""

    price: Array
    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sign: Array


def quoted(name: str, draw: Draw) -> Region:
    """Return the region of the same options by their prices."""
    return by_price(name, draw, Quotes, reference.price, _textbook)


def _textbook(o: Options) -> Array:
    a, b = o.spot * np.exp(-o.dividend * o.time), o.strike * np.exp(-o.rate * o.time)
    v = o.sigma * np.sqrt(o.time)
    centre = (np.log(o.spot / o.strike) + (o.rate - o.dividend) * o.time) / v
    first, second = (normal_cdf(o.sign * (centre + half)) for half in (0.5 * v, -0.5 * v))
    return at_least_intrinsic(o.sign * (a * first - b * second), o.sign * (a - b))


def near_the_money(low: float = -3, high: float = 3, **ranges: tuple[float, float]) -> Draw:
    """Return the draw of options `low` to `high` sd out of the money.

    `time`, `sigma` and `total` (sigma sqrt(T)) may have ranges of their own, drawn log-uniformly.
    """

    def draw(rng: Generator, count: int) -> Options:
        return deviating(rng, _ranged(rng, ordinary(rng, count), ranges), low, high)

    return draw


def spot_is_strike(**ranges: tuple[float, float]) -> Draw:
    """Return the draw of options with S = K and the same rate and dividend, or none."""

    def draw(rng: Generator, count: int) -> Options:
        o = _ranged(rng, ordinary(rng, count), ranges)
        rate = np.where(np.arange(count) % 4 < 2, 0.0, o.rate)
        return o._replace(strike=o.spot, rate=rate, dividend=rate)

    return draw


def _ranged(rng: Generator, o: Options, ranges: dict[str, tuple[float, float]]) -> Options:
    drawn = {name: log_uniform(rng, *ends, o.spot.size) for name, ends in ranges.items()}
    if "total" in drawn:
        return o._replace(sigma=drawn["total"] / np.sqrt(o.time))
    return o._replace(**drawn)


def far_from_the_forward(low: float, high: float, total: tuple[float, float]) -> Draw:
    """Return the draw of |ln(F/K)| from `low` to `high`; beyond 3 sd out of the money only."""

    def draw(rng: Generator, count: int) -> Options:
        o, k = ordinary(rng, count), rng.uniform(low, high, count)
        v = rng.uniform(*total, count)
        side = np.where((k > 3 * v) | (rng.random(count) < 0.5), o.sign, -o.sign)
        return struck(o._replace(sigma=v / np.sqrt(o.time)), side * k)

    return draw


REGIONS = (
    quoted("ordinary", near_the_money()),
    quoted("out of the money 4-20 sd", out_of_the_money(4, 20)),
    quoted("out of the money 21-36 sd", out_of_the_money(21, 36)),
    quoted("out of the money 36-37.4 sd", out_of_the_money(36, 37.4)),
    quoted("in the money 0-4 sd", out_of_the_money(-4, 0)),
    quoted("in the money 4-7 sd", out_of_the_money(-7, -4)),
    quoted("time 1e-9 to 1e-3", near_the_money(-3, 4, time=(1e-9, 1e-3))),
    quoted("sigma 1e-7 to 1e-2", near_the_money(-3, 4, sigma=(1e-7, 1e-2))),
    quoted("total volatility 1 to 6", near_the_money(-1, 3, total=(1, 6))),
    quoted("total volatility 6 to 12", near_the_money(-0.3, 1, total=(6, 12))),
    quoted("spot = strike", spot_is_strike()),
    quoted("spot = strike, time 1e-9 to 1e-3", spot_is_strike(time=(1e-9, 1e-3))),
    quoted("spot = strike, sigma 1e-7 to 1e-2", spot_is_strike(sigma=(1e-7, 1e-2))),
    quoted("spot = strike, total volatility 1 to 12", spot_is_strike(total=(1, 12))),
    quoted("|ln F/K| 1e-16 to 1e-6", near_the_forward),
    quoted("|ln F/K| 1 to 5", far_from_the_forward(1, 5, (0.3, 3))),
    quoted("|ln F/K| 5 to 16", far_from_the_forward(5, 16, (0.6, 6))),
)
