"""Cash dividends of the underlyings of a chain, and the options that they reach.

An American option is exercised for a dividend, or kept for it. So it takes the dates on which
dividends are paid, while a European one takes their worth alone, which its forward has already. The
date that matters is the ex-date: whoever holds the share when that day's trading begins no longer
gets the dividend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from quantforge.chain.instants import SECONDS_PER_YEAR, at
from quantforge.chain.quotes import ChainError, Dates, Floats, Quotes, Texts
from quantforge.chain.readers.days import read_days
from quantforge.chain.readers.table import Table, bare, notation_in, read_named
from quantforge.chain.roots import EUROPEAN_ROOTS
from quantforge.chain.sessions import OPEN
from quantforge.files.cells import CellError, Notation, read_numbers
from quantforge.files.decoding import decode
from quantforge.files.opening import read_bytes

Schedule = tuple[tuple[float, float], ...]
"""Years from the quotes to each ex-date, and what is paid, as in `quantforge.price`."""

_KNOWN: Final = {
    "date": "exdate exdividenddate exdividend exeffdate date",
    "amount": "amount cashamount dividend dividends cash value",
    "root": "root symbol ticker underlying underlyingsymbol actsymbol",
}
_CLOCK: Final = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_SIGN: Final = re.compile(r"^[$€£¥]|[$€£¥]$")


@dataclass(frozen=True, slots=True, eq=False)
class Dividends:
    """Cash dividends, in any order.

    Attributes
    ----------
    source : str
        The file, for messages.
    date : array of datetime64[D]
        Ex-dates.
    amount : array of float64
        What is paid for one unit of the underlying; >= 0.
    root : array of str, optional
        The underlyings, by the roots of their options. Without it the dividends are those of a
        chain's only one.

    Examples
    --------
    >>> import numpy as np
    >>> from quantforge.chain import Dividends
    >>> dates = np.array(["2026-02-09", "2026-05-11"], dtype="datetime64[D]")
    >>> len(Dividends(source="by hand", date=dates, amount=np.array([0.26, 0.27])))
    2
    """

    source: str
    date: Dates
    amount: Floats
    root: Texts | None = None

    def __post_init__(self) -> None:
        shapes = {np.shape(self.date), np.shape(self.amount)}
        if self.root is not None:
            shapes.add(np.shape(self.root))
        if len(shapes) > 1 or len(*shapes) != 1:
            raise ChainError(f"{self.source}: dividends need a date and an amount each")
        wrong = np.isnat(self.date) | ~((self.amount >= 0.0) & (self.amount < np.inf))
        if wrong.any():
            place = int(np.argmax(wrong))
            raise ChainError(
                f"{self.source}: dividend {place + 1}: {self.amount[place]} on {self.date[place]}; "
                "it needs a date and an amount that is finite and not negative"
            )

    def __len__(self) -> int:
        return len(self.date)

    def schedule(self, root: str, quoted: np.datetime64) -> Schedule:
        """The dividends of a root that are still to come when it is quoted."""
        own = np.ones(len(self), bool) if self.root is None else self.root == root.upper()
        goes = at(self.date, OPEN) - quoted.astype("datetime64[s]")
        years = goes.astype(np.float64) / SECONDS_PER_YEAR
        rows = np.flatnonzero(own & (years > 0.0) & (self.amount > 0.0))
        rows = rows[np.argsort(years[rows], kind="stable")]
        return tuple(zip(years[rows].tolist(), self.amount[rows].tolist(), strict=True))

    def check(self, quotes: Quotes) -> None:
        """Refuse what could be the dividends of several underlyings.

        Raises
        ------
        ChainError
            If there is no root though quotes have several that may be American.
        """
        roots = sorted(set(quotes.root.tolist()) - set(EUROPEAN_ROOTS))
        if self.root is None and len(roots) > 1:
            raise ChainError(
                f"{self.source}: the quotes have options on {', '.join(roots[:5])}: a column root "
                "has to say whose dividends these are"
            )


def read_dividends(path: str | Path) -> Dividends:
    """Read a table of cash dividends, a row each.

    Parameters
    ----------
    path : str or Path
        Text with a header, delimited by commas, semicolons or tabs, compressed by gzip or not. It
        has a column of ex-dates, called ``date`` or ``ex_date``, and one of what is paid for one
        unit of the underlying, called ``amount`` or ``dividends``. A column ``root`` or ``symbol``
        says whose they are. The ``Ticker.dividends`` of yfinance is one, written to a CSV.

    Returns
    -------
    Dividends

    Raises
    ------
    ChainError
        If a column is missing, or a cell is no date or amount.
    OSError
        If the file cannot be opened.
    """
    try:
        raw, source = read_bytes(path)
        decode(raw, source, "a table of dividends")
    except ValueError as error:
        raise ChainError(str(error)) from error
    table = read_named(raw, source, (), {})
    columns = _columns(table)
    days = [_CLOCK.sub("", cell.strip()) for cell in table.texts(columns["date"])]
    place = table.names.index(columns["date"])
    cells = [days if each == place else column for each, column in enumerate(table.columns)]
    (dates,) = read_days(replace(table, columns=cells), columns["date"])
    root: Texts | None = None
    if "root" in columns:
        root = np.array([cell.strip().upper() for cell in table.texts(columns["root"])])
    amount = _amounts(table, columns["amount"])
    table.refuse_where(np.isnat(dates), f"no date, column {columns['date']}")
    table.refuse_where(~(amount >= 0.0), f"no amount of 0 or more, column {columns['amount']}")
    return Dividends(source, dates, amount, root)


def _columns(table: Table) -> dict[str, str]:
    by_letters = {bare(name): name for name in reversed(table.names)}
    found = {
        what: by_letters[its]
        for what, spellings in _KNOWN.items()
        if (its := next((each for each in spellings.split() if each in by_letters), None))
    }
    for what in ("date", "amount"):
        if what not in found:
            raise ChainError(
                f"{table.source}: no column of the {what} of dividends, such as "
                f"{_KNOWN[what].split()[0]}; found {', '.join(table.names)[:200]}"
            )
    return found


def _amounts(table: Table, column: str) -> Floats:
    """The amounts, with or without a currency's sign, in the notation that they tell."""
    bare_cells = {cell: _SIGN.sub("", cell.strip()) for cell in table.texts(column)}
    notation = Notation()
    if "," in "".join(bare_cells):
        notation = notation_in(bare_cells.values(), table.source, f" of column {column}")

    def read(cells: Sequence[str]) -> Floats:
        try:
            amounts = [bare_cells[cell] for cell in cells]
            return read_numbers(amounts, decimal=notation.decimal, grouped=notation.grouped)
        except CellError as error:
            raise CellError(cells[error.index], "an amount", error.index) from None

    return table.column(column, read)
