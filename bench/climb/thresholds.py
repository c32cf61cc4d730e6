"""Options beside the places where kernels change their ways.

In the notation of the numerical specification: v = sigma sqrt(T), t = v/2, h = |ln(A/B)| / v and
d = h - t. An option is put there by its volatility, its rates or its strike, and misses the place
by a relative distance from 2^-52 to 2^-6.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from quantforge_conformance.spec.tables import MILLS_FROM

Floats = NDArray[np.float64]
Place = Callable[[Generator, Floats], Floats]

_LN2 = math.log(2)
_EDGES = (2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, math.sqrt(2), math.sqrt(0.5))
"""Quotients S/K, but for a power of two, at which ln(S/K) is put together another way."""


def beside(rng: Generator, count: int) -> Floats:
    """Return factors about 1, as near to it as doubles are or less."""
    return 1.0 + rng.choice([-1.0, 0.0, 1.0], count) * 2.0 ** rng.uniform(-53, -6, count)


def _signs(rng: Generator, count: int) -> Floats:
    return rng.choice([-1.0, 1.0], count)


def _place(options: Floats, h: Floats, v: Floats, rng: Generator) -> Floats:
    """Move strike and volatility of lognormal options to h and v, on either side of the money."""
    spot, _, time, rate, dividend, _, sign = options
    strike = spot * np.exp((rate - dividend) * time + _signs(rng, len(h)) * h * v)
    return np.array([spot, strike, time, rate, dividend, v / np.sqrt(time), sign])


def _total(options: Floats) -> Floats:
    return options[5] * np.sqrt(options[2])


def _by_distance(distance: Callable[[Generator, Floats], Floats]) -> Place:
    """Return the place where h is what `distance` makes of t."""

    def place(rng: Generator, options: Floats) -> Floats:
        v = _total(options)
        return _place(options, np.abs(distance(rng, v / 2)) * beside(rng, len(v)), v, rng)

    return place


def _near_level(rng: Generator, t: Floats) -> Floats:
    return rng.choice([34.0, 38.0], len(t)) + rng.choice([-1.0, 1.0], len(t)) * t


def _power_of_t(low: int, high: int) -> Place:
    """Return the place where t is a power of two from 2^low to 2^high, and h often beside t."""

    def place(rng: Generator, options: Floats) -> Floats:
        count = options.shape[1]
        t = 2.0 ** rng.integers(low, high + 1, count) * beside(rng, count)
        away = np.abs(rng.normal(0, 4, count))
        h = np.where(rng.random(count) < 0.5, away, t * beside(rng, count))
        return _place(options, h, 2 * t, rng)

    return place


def _series(rng: Generator, options: Floats) -> Floats:
    """t max(h, 2) at 1/64."""
    count: int = options.shape[1]
    h = rng.uniform(0, 36, count)
    t = 0.015625 / np.maximum(h, 2.0) * beside(rng, count)
    return _place(options, h, 2 * t, rng)


def _edge_of_the_logarithm(rng: Generator, options: Floats) -> Floats:
    """S/K at an edge, times a power of two; the volatility reaches from one to the other."""
    spot, _, time, rate, dividend, _, sign = options
    count = len(spot)
    ratio = rng.choice(_EDGES, count) * 2.0 ** rng.integers(-3, 4, count) * beside(rng, count)
    apart = np.abs(np.log(ratio) + (rate - dividend) * time)
    h = np.exp(rng.uniform(np.log(1e-3), np.log(36), count))
    v = np.clip(apart / h, 1e-9, 30)
    return np.array([spot, spot / ratio, time, rate, dividend, v / np.sqrt(time), sign])


def _moved_rates(options: Floats, rate: Floats, dividend: Floats) -> Floats:
    """Change the rates, and the strike so that forward over strike stays."""
    spot, strike, time, old_rate, old_dividend, sigma, sign = options
    moved = strike * np.exp((rate - dividend - old_rate + old_dividend) * time)
    return np.array([spot, moved, time, rate, dividend, sigma, sign])


def _edge_of_the_exponential(rng: Generator, options: Floats) -> Floats:
    """rT and qT at multiples of ln 2 / 2."""
    time, count = options[2], options.shape[1]

    def rates() -> Floats:
        multiple = np.rint(_signs(rng, count) * np.exp(rng.uniform(0, np.log(800), count)))
        return multiple * _LN2 / 2 / time * beside(rng, count)

    dividend = np.where(rng.random(count) < 0.3, options[4], rates())
    return _moved_rates(options, rates(), dividend)


def _large_rates(rng: Generator, options: Floats) -> Floats:
    """|rT| + |qT| at 300, rT and qT alike, opposite or apart."""
    time, count = options[2], options.shape[1]
    share = np.where(rng.random(count) < 0.5, 0.5 * beside(rng, count), rng.random(count))
    both = 300.0 * beside(rng, count)
    rate, dividend = both * share, both * (1 - share)
    return _moved_rates(
        options, _signs(rng, count) * rate / time, _signs(rng, count) * dividend / time
    )


def _at_the_forward(rng: Generator, options: Floats) -> Floats:
    """Forward at strike, and as little beside it as doubles allow."""
    spot, _, time, rate, dividend, sigma, sign = options
    count = len(spot)
    equal = rng.random(count) < 0.5
    rate = np.where(equal, dividend * beside(rng, count), rate)
    strike = spot * np.exp((rate - dividend) * time) * beside(rng, count)
    return np.array([spot, strike, time, rate, dividend, sigma, sign])


LOGNORMAL: dict[str, Place] = {
    "h - t at 0": _by_distance(lambda rng, t: t),
    "h - t at -1": _by_distance(lambda rng, t: np.maximum(t - 1.0, 0.0)),
    "h - t at -1/2": _by_distance(lambda rng, t: np.maximum(t + MILLS_FROM, 0.0)),
    "h at a power of 2": _by_distance(lambda rng, t: np.ldexp(1.0, rng.integers(-6, 6, len(t)))),
    "h + t, h - t at 34 and 38": _by_distance(_near_level),
    "t at a power of 2": _power_of_t(-29, 5),
    "sigma sqrt(T) at 16": _power_of_t(3, 3),
    "t max(h, 2) at 1/64": _series,
    "S/K at an edge of the logarithm": _edge_of_the_logarithm,
    "rT, qT at multiples of ln 2 / 2": _edge_of_the_exponential,
    "|rT| + |qT| at 300": _large_rates,
    "forward at strike": _at_the_forward,
}

TINY: dict[str, Place] = {"sigma sqrt(T) 2^-60 to 2^-31": _power_of_t(-61, -32)}
"""Without promises: a rounding of an input is more there than sigma sqrt(T) may be."""


def _normally(distance: Callable[[Generator, int], Floats]) -> Place:
    """Return the place where h = |F - K| / v is what `distance` draws."""

    def place(rng: Generator, options: Floats) -> Floats:
        forward, _, time, rate, sigma, sign = options
        count = len(forward)
        apart = _signs(rng, count) * distance(rng, count) * sigma * np.sqrt(time)
        return np.array([forward, forward + apart * beside(rng, count), time, rate, sigma, sign])

    return place


def _normal_discount(multiples: Callable[[Generator, int], Floats]) -> Place:
    """Return the place where rT is what `multiples` draws."""

    def place(rng: Generator, options: Floats) -> Floats:
        moved, count = options.copy(), options.shape[1]
        moved[3] = _signs(rng, count) * multiples(rng, count) / options[2] * beside(rng, count)
        return moved

    return place


def _normal_total(rng: Generator, options: Floats) -> Floats:
    """Sigma sqrt(T) at a power of two, the strike as many standard deviations away as before."""
    forward, strike, time, rate, sigma, sign = options
    v = 2.0 ** rng.integers(-40, 40, len(time)) * beside(rng, len(time))
    h = (strike - forward) / (sigma * np.sqrt(time))
    return np.array([forward, forward + h * v, time, rate, v / np.sqrt(time), sign])


NORMAL: dict[str, Place] = {
    "h at 1": _normally(lambda rng, count: np.ones(count)),
    "h at a power of 2": _normally(lambda rng, count: np.ldexp(1.0, rng.integers(-20, 6, count))),
    "h at 34 and 38": _normally(lambda rng, count: rng.choice([34.0, 38.0], count)),
    "forward at strike": _normally(lambda rng, count: 2.0 ** rng.uniform(-60, -6, count)),
    "rT at multiples of ln 2 / 2": _normal_discount(
        lambda rng, count: np.rint(np.exp(rng.uniform(0, np.log(1700), count))) * _LN2 / 2
    ),
    "|rT| at 300": _normal_discount(lambda rng, count: np.full(count, 300.0)),
    "total volatility at a power of 2": _normal_total,
}
