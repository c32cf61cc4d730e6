"""The dates of a table in which they are written short: 20070118, 18JAN2007, 18/1/07, 1/18/2007."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import numpy as np

from quantforge.chain.quotes import Dates
from quantforge.chain.readers.table import Table
from quantforge.files.cells import CellError
from quantforge.files.dates import read_date

_DIGITS: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_GLUED: Final = re.compile(r"(\d{1,2})-?([A-Za-z]{3})-?(\d{4})")
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_CENTURY: Final = 70  # of years of two digits, the first that is of the last century


def read_days(table: Table, *names: str) -> list[Dates]:
    """Read columns of dates.

    Whether days or months come first between slashes is told by what is above 12 in any of them.

    Raises
    ------
    ChainError
        If a cell holds no date, or nothing tells days from months.
    """
    written = {name: table.texts(name) for name in names}
    slashed = [
        found
        for cell in {cell.strip() for cells in written.values() for cell in cells}
        if (found := _SLASHED.fullmatch(cell))
    ]
    days_first = any(int(each[1]) > 12 for each in slashed)
    months_first = any(int(each[2]) > 12 for each in slashed)
    if slashed and not (days_first or months_first):
        what = f"{names[0]} {slashed[0][0]!r} may be a day or a month first, and no date tells"
        raise table.refusal(0, what)

    def read(cells: list[str]) -> Dates:
        known: dict[str, np.datetime64] = {}
        for index, cell in enumerate(cells):
            if cell not in known:
                try:
                    known[cell] = np.datetime64(_day(cell.strip(), days_first), "D")
                except ValueError:
                    raise CellError(cell, "a date", index) from None
        return np.array([known[cell] for cell in cells], dtype="datetime64[D]")

    return [table.column(name, lambda cells: read(list(cells))) for name in names]


def _day(text: str, days_first: bool) -> date:
    if found := _DIGITS.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _GLUED.fullmatch(text):
        return read_date(" ".join(found.groups()))
    if found := _SLASHED.fullmatch(text):
        first, second, year = map(int, found.groups())
        day, month = (first, second) if days_first else (second, first)
        if len(found[3]) == 2:
            year += 1900 if year >= _CENTURY else 2000
        return date(year, month, day)
    return read_date(text)
