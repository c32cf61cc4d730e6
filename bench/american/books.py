"""The books of American options that are priced: half of them puts, all with a strike of 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from quantforge_conformance.regions.region import log_uniform

Floats = NDArray[np.float64]

STRIKE = 100.0
SEED = 20261127
"""The one that docs/american.md is made with."""

_YEAR = 365  # days


class Options(NamedTuple):
    """Operands by the names that other libraries' adapters know, all of one length."""

    spot: Floats
    strike: Floats
    time: Floats
    rate: Floats
    dividend: Floats
    sigma: Floats
    sign: Floats

    def taken(self, where: Any) -> Options:
        """Return some of them."""
        return Options(*(column[where] for column in self))

    def as_puts(self) -> Options:
        """Return the puts that all are by symmetry.

        Of a call, spot and strike change places, and so do rate and dividend.
        """
        calls = self.sign > 0.0
        exchanged = self._replace(
            spot=self.strike, strike=self.spot, rate=self.dividend, dividend=self.rate
        )
        columns = zip(exchanged, self, strict=True)
        return Options(*(np.where(calls, *pair) for pair in columns))._replace(sign=-abs(self.sign))


@dataclass(frozen=True)
class Book:
    """A range of options to draw from.

    Attributes
    ----------
    name, title : str
        In the figures and above the table.
    years : float
        The longest time; the shortest is seven days.
    rate, dividend, sigma, spot : tuple of float
        From where to where. No dividend is negative, so that no option has two exercise boundaries.

    Times and volatilities are drawn evenly by their logarithm, the others evenly.
    """

    name: str
    title: str
    years: float
    rate: tuple[float, float]
    dividend: tuple[float, float]
    sigma: tuple[float, float]
    spot: tuple[float, float] = (60.0, 160.0)

    def draw(self, count: int, seed: int) -> Options:
        """Return the same options for the same seed; calls and puts in turn.

        Times are whole days over 365, which is what a library that counts in dates can be given.
        """
        rng = np.random.default_rng(seed)
        days = np.rint(log_uniform(rng, 7, self.years * _YEAR, count))
        return Options(
            spot=rng.uniform(*self.spot, count),
            strike=np.full(count, STRIKE),
            time=days / _YEAR,
            rate=rng.uniform(*self.rate, count),
            dividend=rng.uniform(*self.dividend, count),
            sigma=log_uniform(rng, *self.sigma, count),
            sign=np.where(np.arange(count) % 2, -1.0, 1.0),
        )


MARKET = Book(
    name="market",
    title="Options of the market",
    years=5.0,
    rate=(-0.02, 0.1),
    dividend=(0.0, 0.12),
    sigma=(0.05, 0.8),
)
WIDE = Book(
    name="wide",
    title="A wide book",
    years=30.0,
    rate=(-0.02, 0.15),
    dividend=(0.0, 0.12),
    sigma=(0.005, 2.0),
)
BOOKS = (MARKET, WIDE)
