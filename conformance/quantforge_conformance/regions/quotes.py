"""Options by their prices, exact or from a textbook formula: what the inversions are given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from quantforge_conformance.regions.region import Array, Draw, Region

Price = Callable[[Any], Array]
"""From options, as a named tuple of operands, to their prices."""


def by_price(
    name: str, draw: Draw, quotes: Callable[..., Any], exact: Callable[..., Any], textbook: Price
) -> Region:
    """Return the region of the same options by their prices.

    Parameters
    ----------
    name : str
    draw : Draw
        Of options whose last operands are sigma and sign.
    quotes : type
        The named tuple: the price, the options' operands without sigma.
    exact : callable
        The reference's price of one option.
    textbook : callable
        Approximate prices of many.
    """

    def priced(price: Price) -> Draw:
        def drawn(rng: Generator, count: int) -> Any:
            options = draw(rng, count)
            *operands, _, sign = options
            return quotes(price(options), *operands, sign)

        return drawn

    def exactly(options: Any) -> Array:
        lanes = zip(*(column.tolist() for column in options), strict=True)
        return np.array([float(exact(*lane)) for lane in lanes])

    return Region(name, priced(exactly), priced(textbook))


_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def normal_cdf(x: Array) -> Array:
    """Return N(x) in double precision."""
    cdf: Array = 0.5 * _erfc(-x / math.sqrt(2))
    return cdf


def at_least_intrinsic(price: Array, intrinsic: Array) -> Array:
    """Return prices, those that rounding took below the intrinsic value raised to it."""
    return np.maximum(price, np.maximum(intrinsic, 0.0))
