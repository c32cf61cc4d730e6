"""The quotes of an option chain, one array per column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from quantforge import QuantForgeError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.intp]
Signs: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
Dates: TypeAlias = NDArray[np.datetime64]
Texts: TypeAlias = NDArray[np.str_]


class ChainError(QuantForgeError, ValueError):
    """A file cannot be read as an option chain; the message names file, line and cause."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """An option chain as it was quoted at one instant.

    Every array has one element per option. Options come in pairs of the same expiry, root and
    strike: the call at an even index, the put right after it. Prices are per unit of the
    underlying. What the file leaves blank is NaN.

    Attributes
    ----------
    name : str
        What the file calls the underlying.
    source : str
        Where the quotes were read from.
    quoted : datetime
        When they were quoted, with its time zone.
    spot : float
        Last value of the underlying, NaN where the file does not say.
    symbol, root : array of str
        OSI symbol (``SPXW230915C04500000``) and its root (``SPXW``).
    expiry : array of datetime64[D]
    kind : array of int8
        +1 for a call, -1 for a put.
    strike, bid, ask, last : array of float64
    volatility, delta, gamma : array of float64
        As the vendor computed them; a volatility of 0.2 is 20 % a year.
    volume, open_interest : array of float64
        In contracts.
    """

    name: str
    source: str
    quoted: datetime
    spot: float
    symbol: Texts
    root: Texts
    expiry: Dates
    kind: Signs
    strike: Floats
    bid: Floats
    ask: Floats
    last: Floats
    volatility: Floats
    delta: Floats
    gamma: Floats
    volume: Floats
    open_interest: Floats

    def __len__(self) -> int:
        return len(self.symbol)

    @property
    def quoted_both_ways(self) -> Flags:
        """Whether an option has a bid and an ask, both above zero and not crossed."""
        return np.asarray((self.bid > 0.0) & (self.ask >= self.bid) & np.isfinite(self.ask))
