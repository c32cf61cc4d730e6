"""Calls out of the money with F = T = 1 and r = 0, which every library can take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from quantforge_conformance.regions import Draw, Region
from quantforge_conformance.regions.implied_volatility import quoted
from quantforge_conformance.regions.price import Options, ordinary
from quantforge_conformance.regions.region import log_uniform

Floats = NDArray[np.float64]

_Both = Callable[[Generator, int], tuple[Floats, Floats]]
"""From a generator and a count to volatilities, and how many of them the strike is away."""


def _calls(both: _Both) -> Draw:
    def draw(rng: Generator, count: int) -> Options:
        sigma, deviations = both(rng, count)
        one, none = np.ones(count), np.zeros(count)
        strike = np.exp(sigma * deviations)
        return Options(one, strike, one, none, none, sigma, one)

    return draw


def _ordinary(rng: Generator, count: int) -> Floats:
    """The deviations sigma sqrt(T) of options as they are quoted."""
    drawn = ordinary(rng, count)
    return drawn.sigma * np.sqrt(drawn.time)


def _away(low: float, high: float) -> _Both:
    return lambda rng, count: (_ordinary(rng, count), rng.uniform(low, high, count))


def _narrow(rng: Generator, count: int) -> tuple[Floats, Floats]:
    return log_uniform(rng, 1e-4, 0.1, count), rng.uniform(0, 3, count)


def _by_product(rng: Generator, count: int) -> tuple[Floats, Floats]:
    """With t = v/2 and h = |ln F/K|/v, the product t max(h, 2) from 1/64 to 1/2, h to 20."""
    h = rng.uniform(0, 20, count)
    return 2 * log_uniform(rng, 1 / 64, 1 / 2, count) / np.maximum(h, 2), h


_DRAWS = {
    "ordinary, out of the money": _calls(_away(0, 3)),
    "sigma sqrt(T) 1e-4 to 0.1, within 3 sd": _calls(_narrow),
    "t max(h,2) from 1/64 to 1/2": _calls(_by_product),
    "4-20 sd out of the money": _calls(_away(4, 20)),
    "20-35 sd": _calls(_away(20, 35)),
}

UNIT_PRICE = tuple(Region(name, draw) for name, draw in _DRAWS.items())
UNIT_VOLATILITY = tuple(quoted(name, draw) for name, draw in _DRAWS.items())
