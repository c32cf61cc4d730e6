"""When options expire, how long that is from the instant of their quotes, and which are American.

An expiry is a date and a settlement root. On the third Friday of a month SPX options settle at the
open and SPXW options at the close, so that this date has two expiries.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

import numpy as np

from quantforge.chain.instants import exchange_zone
from quantforge.chain.quotes import Chain, Dates, Flags, Floats, Integers, Texts

OPEN: Final = time(9, 30)
CLOSE: Final = time(16, 0)
SECONDS_PER_YEAR: Final = 365.0 * 86400.0  # ACT/365 fixed

AM_ROOTS: Final = frozenset({"SPX", "NDX", "RUT", "DJX"})
"""Roots settled at the open of the expiry date (Cboe contract specifications).

Every other root (SPXW, NDXP, RUTW, XSP, OEX, equities, ...) is settled at the close.
"""

EUROPEAN_ROOTS: Final = frozenset(
    {"SPX", "SPXW", "XSP", "SPESG", "XEO", "NDX", "NDXP", "XND", "RUT", "RUTW", "MRUT", "RUI"}
    | {"RLG", "RLV", "DJX", "VIX", "VIXW", "MXEA", "MXEF"}
)
"""Roots of index options exercised at expiry alone (Cboe and Nasdaq contract specifications).

Options of every other root (OEX, exchange-traded funds, equities, ...) are American.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Expiries:
    """The expiries of a chain, the nearest first, one element each.

    Attributes
    ----------
    date : array of datetime64[D]
    root : array of str
    time : array of float64
        Years (ACT/365, by the second) from the quotes to the expiry; not positive once expired.
    of_option : array of int
        For each option of the chain, the place of its expiry here.
    american : array of bool
        Whether its options may be exercised at any time.
    """

    date: Dates
    root: Texts
    time: Floats
    of_option: Integers
    american: Flags

    def __len__(self) -> int:
        return len(self.time)

    @property
    def options(self) -> Integers:
        """How many options of the chain each expiry has."""
        return np.bincount(self.of_option, minlength=len(self))


def expiries(
    chain: Chain,
    am_roots: Collection[str] = AM_ROOTS,
    american_roots: Collection[str] | None = None,
) -> Expiries:
    """Find the expiries of `chain`.

    Parameters
    ----------
    chain : Chain
    am_roots : collection of str
        Roots settled at 9:30 US Eastern; all others are at 16:00.
    american_roots : collection of str, optional
        Roots of American options; all others are European. Without it, all are American but
        `EUROPEAN_ROOTS`.
    """
    roots, root_place = np.unique(chain.root, return_inverse=True)
    dates, date_place = np.unique(chain.expiry, return_inverse=True)
    pairs, place = np.unique(date_place * len(roots) + root_place, return_inverse=True)
    date_of, root_of = dates[pairs // len(roots)], roots[pairs % len(roots)]
    years = np.array(
        [
            years_between(chain.quoted, _expires(day.item(), OPEN if root in am_roots else CLOSE))
            for day, root in zip(date_of, root_of, strict=True)
        ]
    )
    order = np.lexsort((root_of, years))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    if american_roots is None:
        american = ~np.isin(roots, list(EUROPEAN_ROOTS))
    else:
        american = np.isin(roots, list(american_roots))
    return Expiries(
        date_of[order],
        root_of[order],
        years[order],
        rank[place],
        american[pairs % len(roots)][order],
    )


def years_between(start: datetime, end: datetime) -> float:
    """Years of 365 days from one instant to another, by the second.

    Time stamps are subtracted, not local times: those would be wrong by an hour where summer time
    begins or ends in between.
    """
    return (end.timestamp() - start.timestamp()) / SECONDS_PER_YEAR


def _expires(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=exchange_zone())
