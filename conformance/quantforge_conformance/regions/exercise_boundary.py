"""American options without a spot, calls and puts in turn: those of `american_price`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from numpy.random import Generator

from quantforge_conformance.regions import american_price
from quantforge_conformance.regions.american_price import AmericanOptions
from quantforge_conformance.regions.region import Array, Draw, Region, log_uniform


class Boundaries(NamedTuple):
    """The operands of `exercise_boundary`, in the order kernels take them, all of one length."""

    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sigma: Array
    sign: Array
    style: Array


def without_spot(draw: Callable[..., AmericanOptions]) -> Draw:
    """Return what draws the same options without their spots."""
    return lambda rng, count: Boundaries(*draw(rng, count)[1:])


def next_to_nothing(rng: Generator, count: int) -> Boundaries:
    """Rates and dividends of 1e-14 to 1e-4."""
    _, *rest = american_price.market(rng, count)
    o = Boundaries(*rest)
    rate = log_uniform(rng, 1e-14, 1e-4, count)
    return o._replace(rate=rate, dividend=rate * log_uniform(rng, 0.1, 10.0, count))


_FEW = 512

REGIONS = (
    Region("Boundary, of the market", without_spot(american_price.market)),
    Region("Boundary, fast", without_spot(american_price.fast)),
    Region(
        "Boundary, high accuracy",
        without_spot(american_price.high),
        without_spot(partial(american_price.high, one_in=_FEW)),
    ),
    Region("Boundary, rate near dividend", without_spot(american_price.at_the_seam)),
    Region("Boundary, no rate or no dividend", without_spot(american_price.without_dividend)),
    Region("Boundary, a minute to a week", without_spot(american_price.short_time)),
    Region(
        "Boundary, beyond the table",
        without_spot(american_price.beyond_the_table),
        without_spot(partial(american_price.beyond_the_table, one_in=_FEW)),
    ),
    Region("Boundary, of hardly ending time", without_spot(american_price.endless)),
    Region("Boundary, next to no rates", next_to_nothing),
)
