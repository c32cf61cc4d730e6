"""American options on a lognormal underlying, calls and puts in turn.

The exact values take a boundary each, and the specification runs in plain Python: what is slow
stands among what is not.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from quantforge_conformance.regions.region import Array, Region, log_uniform

FAST, STANDARD, HIGH = 1.0, 2.0, 3.0


class AmericanOptions(NamedTuple):
    """The operands of `american_price`, in the order kernels take them, all of one length."""

    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sigma: Array
    sign: Array
    style: Array


def market(rng: Generator, count: int, style: float = STANDARD) -> AmericanOptions:
    """Options of the market: 7 days to 5 years, volatilities of 5 to 80 %, either carry."""
    return AmericanOptions(
        spot=rng.uniform(60, 160, count),
        strike=np.full(count, 100.0),
        time=log_uniform(rng, 7 / 365, 5, count),
        rate=rng.uniform(-0.02, 0.1, count),
        dividend=rng.uniform(0, 0.12, count),
        sigma=log_uniform(rng, 0.05, 0.8, count),
        sign=np.where(np.arange(count) % 2, -1.0, 1.0),
        style=np.full(count, style),
    )


def fast(rng: Generator, count: int) -> AmericanOptions:
    """The same at the least accuracy."""
    return market(rng, count, FAST)


def high(rng: Generator, count: int, one_in: int = 8) -> AmericanOptions:
    """One in so many at the highest accuracy."""
    o = market(rng, count)
    return o._replace(style=np.where(np.arange(count) % one_in == 1, HIGH, o.style))


def at_the_seam(rng: Generator, count: int) -> AmericanOptions:
    """Rates and dividends that differ by 0 to 1e-3, where the regions of the table meet."""
    o = market(rng, count)._replace(rate=rng.uniform(0.001, 0.1, count))
    apart = rng.uniform(-1e-3, 1e-3, count) * (np.arange(count) % 4 > 0)
    return o._replace(dividend=o.rate + apart)


def without_dividend(rng: Generator, count: int) -> AmericanOptions:
    """Calls that nobody exercises early, and puts that are; half of them the other way round."""
    o = market(rng, count)._replace(rate=rng.uniform(0.001, 0.1, count))
    paid = np.arange(count) % 4 < 2
    return o._replace(
        rate=np.where(paid, 0.0, o.rate), dividend=np.where(paid, np.abs(o.dividend), 0.0)
    )


def short_time(rng: Generator, count: int) -> AmericanOptions:
    """A minute to a week left, within 4 sd of the strike."""
    o = market(rng, count)._replace(time=log_uniform(rng, 2e-6, 7 / 365, count))
    deviation = o.sigma * np.sqrt(o.time) * rng.uniform(-4, 4, count)
    return o._replace(spot=100.0 * np.exp(deviation))


def beyond_the_table(rng: Generator, count: int, one_in: int = 8) -> AmericanOptions:
    """One in so many with volatilities of 0.5 to 200 % or 5 to 30 years left."""
    o = market(rng, count)._replace(rate=rng.uniform(0.001, 0.1, count))
    far, odd = np.arange(count) % one_in == 3, np.arange(count) % (2 * one_in) == 3
    sigma = np.where(
        rng.random(count) < 0.5,
        log_uniform(rng, 0.005, 0.03, count),
        log_uniform(rng, 0.9, 2.0, count),
    )
    return o._replace(
        sigma=np.where(odd, sigma, o.sigma),
        time=np.where(far & ~odd, rng.uniform(5, 30, count), o.time),
    )


def two_boundaries(rng: Generator, count: int, one_in: int = 8) -> AmericanOptions:
    """One in so many with two boundaries: rates of -0.1 to -10 %, dividends down to -20 %."""
    o = market(rng, count)
    place = np.arange(count)
    chosen = place % one_in == place // one_in % 2 % one_in
    owed = log_uniform(rng, 0.001, 0.1, count)
    more = owed + log_uniform(rng, 1e-4, 0.1, count)
    put = o.sign < 0.0
    return o._replace(
        rate=np.where(chosen, np.where(put, -owed, -more), o.rate),
        dividend=np.where(chosen, np.where(put, -more, -owed), o.dividend),
    )


def endless(rng: Generator, count: int) -> AmericanOptions:
    """So much time left, for ever for one in eight, that more would change nothing."""
    o = market(rng, count)
    rate, dividend = log_uniform(rng, 1e-4, 0.2, count), rng.uniform(-0.05, 0.15, count)
    sigma, spot = log_uniform(rng, 0.003, 5, count), log_uniform(rng, 30, 300, count)
    a, b = rate / sigma**2, dividend / sigma**2
    h = 0.5 - a + b
    root = np.sqrt(h * h + 2 * a)
    power = np.where(h > 0, 2 * a / (h + root), root - h)
    distance = np.maximum(np.log(spot / 100) + np.log1p(1 / power), 0)
    z = rng.uniform(12, 60, count)
    deviation = (z + np.sqrt(z * z + 4 * root * distance)) / (2 * root)
    time = np.where(rng.random(count) < 0.125, np.inf, (deviation / sigma) ** 2)
    put = o.sign < 0
    return o._replace(
        spot=np.where(put, spot, 100.0),
        strike=np.where(put, 100.0, spot),
        time=time,
        rate=np.where(put, rate, dividend),
        dividend=np.where(put, dividend, rate),
        sigma=sigma,
        style=rng.integers(1, 4, count).astype(float),
    )


ONE_BOUNDARY = (
    Region("American, of the market", market),
    Region("American, fast", fast),
    Region("American, high accuracy", high, partial(high, one_in=512)),
    Region("American, rate near dividend", at_the_seam),
    Region("American, no rate or no dividend", without_dividend),
    Region("American, a minute to a week", short_time),
    Region("American, beyond the table", beyond_the_table, partial(beyond_the_table, one_in=512)),
)
ENDLESS = Region("American, of hardly ending time", endless)
GREEKS = (*ONE_BOUNDARY, ENDLESS)
REGIONS = (
    *GREEKS,
    Region("American, two boundaries", two_boundaries, partial(two_boundaries, one_in=512)),
)
