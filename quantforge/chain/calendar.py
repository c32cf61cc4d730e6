"""When options expire, how long that is from the instant of their quotes, and which are American.

An expiry is the options of one root, date and exercise, quoted at one instant. On the third Friday
of a month SPX options settle at the open and SPXW options at the close, so that this date has two
expiries. Where quotes have the instant of the expiry it holds, else the root's rule does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import time

import numpy as np

from quantforge.chain.cash import Dividends, Schedule
from quantforge.chain.instants import SECONDS_PER_YEAR, at
from quantforge.chain.quotes import Dates, Flags, Floats, Integers, Quotes, Texts, positive
from quantforge.chain.roots import AM_ROOTS, EUROPEAN_ROOTS
from quantforge.chain.sessions import OPEN, closes, early_closes, last_trading_days


@dataclass(frozen=True, slots=True, eq=False)
class Expiries:
    """The expiries of some quotes, by the time of the quotes and then the nearest first.

    Attributes
    ----------
    quoted : array of datetime64[s]
        When its options were quoted, in UTC.
    date : array of datetime64[D]
    settled : array of datetime64[s]
        The instant of the expiry, in UTC.
    root, currency : array of str
    time : array of float64
        Years (ACT/365, by the second) from the quotes to the expiry; not positive once expired.
    american : array of bool
        Whether its options may be exercised at any time.
    spot, forward, rate : array of float64
        As the quotes give them, in the median; NaN where they do not. Zero is no value of an
        underlying.
    dividends : tuple of tuple of (float, float)
        For each expiry, the cash dividends of its underlying that are to come: years until the
        ex-date, and what is paid. Those beyond the expiry are among them.
    of_option : array of int
        For each option, the place of its expiry here.
    """

    quoted: Dates
    date: Dates
    settled: Dates
    root: Texts
    currency: Texts
    time: Floats
    american: Flags
    spot: Floats
    forward: Floats
    rate: Floats
    dividends: tuple[Schedule, ...]
    of_option: Integers

    def __len__(self) -> int:
        return len(self.time)

    @property
    def options(self) -> Integers:
        """How many options each expiry has."""
        return np.bincount(self.of_option, minlength=len(self))

    @property
    def settles_early(self) -> Flags:
        """Which settle at a close that is early."""
        return np.asarray(early_closes(self.date) & (self.settled == closes(self.date)))

    @property
    def has_spot(self) -> Flags:
        """Which have the value of the underlying, without which nothing is American."""
        return np.isfinite(self.spot)

    def across_exercises(self) -> tuple[Expiries, Integers]:
        """Expiries of American and European options alike, and the place of each expiry there."""
        place, first = grouped(self.quoted, self.settled, self.root, self.currency)
        columns = {
            name: getattr(self, name)[first]
            for name in self.__slots__
            if name not in {"dividends", "of_option"}
        }
        dividends = tuple(self.dividends[each] for each in first.tolist())
        merged = Expiries(**columns, dividends=dividends, of_option=place[self.of_option])
        return merged, place

    def alike(self, places: Integers) -> Iterator[tuple[Schedule, Integers]]:
        """Which of some places of expiries have the same dividends, and these."""
        kinds = list(dict.fromkeys(self.dividends))
        kind = np.array([kinds.index(each) for each in self.dividends], dtype=np.intp)
        for place in np.unique(kind[places]):
            yield kinds[place], np.flatnonzero(kind[places] == place)

    @property
    def cash(self) -> Floats:
        """What the dividends until each expiry add up to."""
        return self.worth(np.zeros(len(self)))

    def worth(self, rate: Floats) -> Floats:
        """What the dividends until each expiry are worth, at its rate."""
        worth = np.zeros(len(self))
        for schedule, places in self.alike(np.arange(len(self))):
            for when, amount in schedule:
                due = when <= self.time[places]
                worth[places] += np.where(due, amount * np.exp(-rate[places] * when), 0.0)
        return worth

    def rows(self, wanted: Flags) -> list[Integers]:
        """The rows of the options of each expiry that have `wanted` set, in their order."""
        rows = np.flatnonzero(wanted)
        order = rows[np.argsort(self.of_option[rows], kind="stable")]
        ends = np.searchsorted(self.of_option[order], np.arange(1, len(self)))
        return np.split(order, ends)


def expiries(
    quotes: Quotes,
    am_roots: Collection[str] = AM_ROOTS,
    american_roots: Collection[str] | None = None,
    close: time | None = None,
    dividends: Dividends | None = None,
) -> Expiries:
    """Find the expiries of `quotes`.

    Parameters
    ----------
    quotes : Quotes
    am_roots : collection of str
        Roots settled at 9:30 US Eastern, if the quotes have a date only; all others are at the
        close, 16:00 or on some days 13:00 (see `quantforge.chain.sessions`). A date on which the
        exchange is closed means the last trading day before.
    american_roots : collection of str, optional
        Roots of American options; all others are European. Without it the quotes tell, and where
        they do not, all are American but `EUROPEAN_ROOTS`.
    close : time, optional
        When roots settled at the close are, in US Eastern time, on every day.
    dividends : Dividends, optional
        Cash dividends of the underlyings.
    """
    if dividends is not None:
        dividends.check(quotes)
    place, first = grouped(
        quotes.quoted, quotes.expiry, quotes.settled, quotes.root, quotes.exercise, quotes.currency
    )
    quoted, date, root = quotes.quoted[first], quotes.expiry[first], quotes.root[first]
    exercise, settled = quotes.exercise[first], quotes.settled[first]
    day = last_trading_days(date)
    at_close = closes(day) if close is None else at(day, close)
    by_rule = np.where(np.isin(root, list(am_roots)), at(day, OPEN), at_close)
    settled = np.where(np.isnat(settled), by_rule, settled)
    years = (settled - quoted).astype(np.float64) / SECONDS_PER_YEAR
    if american_roots is not None:
        american = np.isin(root, list(american_roots))
    else:
        by_root = ~np.isin(root, list(EUROPEAN_ROOTS))
        american = np.where(exercise == "", by_root, exercise == "american")
    order = np.lexsort((exercise, root, years, quoted))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    of_option = rank[place]
    quoted, root = quoted[order], root[order]
    return Expiries(
        quoted=quoted,
        date=date[order],
        settled=settled[order],
        root=root,
        currency=quotes.currency[first][order],
        time=years[order],
        american=american[order],
        spot=_medians(positive(quotes.spot), of_option, len(order)),
        forward=_medians(positive(quotes.forward), of_option, len(order)),
        rate=_medians(quotes.rate, of_option, len(order)),
        dividends=tuple(
            () if dividends is None else dividends.schedule(its, when)
            for its, when in zip(root.tolist(), quoted, strict=True)
        ),
        of_option=of_option,
    )


def grouped(*columns: Dates | Texts | Floats) -> tuple[Integers, Integers]:
    """The group of equal rows that each row belongs to, and the first row of each group."""
    place = np.zeros(len(columns[0]), dtype=np.intp)
    first = place[:1]
    for column in columns:
        values, rank = np.unique(column, return_inverse=True)
        _, first, place = np.unique(
            place * len(values) + rank, return_index=True, return_inverse=True
        )
    return place, first


def _medians(values: Floats, place: Integers, count: int) -> Floats:
    """Median of the finite values in each place, NaN where there is none."""
    medians = np.full(count, np.nan)
    rows = np.flatnonzero(np.isfinite(values))
    order = rows[np.lexsort((values[rows], place[rows]))]
    some, start, size = np.unique(place[order], return_index=True, return_counts=True)
    low, high = (values[order[start + half]] for half in ((size - 1) // 2, size // 2))
    medians[some] = 0.5 * (low + high)
    return medians
