"""Dates and times without a zone, whose order of day and month only the file can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import numpy as np

from quantforge.chain.instants import exchange_zone
from quantforge.chain.quotes import Dates
from quantforge.chain.readers.table import Table
from quantforge.files.cells import CellError, read_dates
from quantforge.files.dates import plain, read_date

_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC: Final = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})(?: 0?0:00(?::00)?)?")
_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]?([a-z]{3,})\.?[-/. ]?(\d{4}|\d{2})")


def read_day(cell: str, *, day_first: bool) -> date:
    """Read a date as data vendors and spreadsheets write it.

    Beside what `read_date` knows it may be ``20300621``, ``21-Jun-30``, ``21JUN2030``,
    ``21/6/30`` or ``6/21/30``; `day_first` chooses between the last two. Years of two digits
    are from 1970 to 2069.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = plain(cell)
    if found := _COMPACT.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMERIC.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        day, month = (first, second) if day_first else (second, first)
        return date(_year(found[4]), month, day)
    if found := _NAMED.fullmatch(text):
        return read_date(f"{found[1]} {found[2]} {_year(found[3])}")
    return read_date(cell)


def states(cell: str, day: date) -> bool:
    """Whether a cell, in one order or the other, is this date.

    Raises
    ------
    ValueError
        If it is no date in either.
    """
    try:
        if read_day(cell, day_first=False) == day:
            return True
    except ValueError:
        return read_day(cell, day_first=True) == day
    try:
        return read_day(cell, day_first=True) == day
    except ValueError:
        return False


def read_local_instants(cells: Sequence[str]) -> Dates:
    """Instants of a column such as ``2030-06-14 15:45``, in the zone of the exchange, as UTC.

    A blank cell is NaT.

    Raises
    ------
    CellError
        At the first cell that is none, or has a date alone.
    """
    known: dict[str, str] = {}
    for index, cell in enumerate(cells):
        if cell in known:
            continue
        text = cell.strip()
        try:
            moment = datetime.fromisoformat(text) if text else None
            if moment is not None and ":" not in text:
                raise ValueError(text)
            if moment is not None and moment.tzinfo is None:
                moment = moment.replace(tzinfo=exchange_zone())
            known[cell] = moment.astimezone(UTC).isoformat()[:19] if moment else "NaT"
        except (ValueError, OverflowError):
            raise CellError(cell, "a time such as 2030-06-14 15:45", index) from None
    return np.array([known[cell] for cell in cells], dtype="datetime64[s]")


def read_days(table: Table, *names: str) -> list[Dates]:
    """Read columns of dates.

    Whether days or months come first where both are numbers is told by what is above 12 in any of
    the columns.

    Raises
    ------
    ChainError
        If a cell holds no date, or nothing tells days from months.
    """
    numeric = {
        (name, cell): found
        for name in names
        for cell in dict.fromkeys(table.texts(name))
        if (found := _NUMERIC.fullmatch(plain(cell)))
    }
    day_first = any(int(each[1]) > 12 for each in numeric.values())
    if numeric and not day_first and all(int(each[3]) <= 12 for each in numeric.values()):
        name, cell = next(iter(numeric))
        what = f"{name} {cell.strip()!r} may be a day or a month first, and no date tells"
        raise table.refusal(table.texts(name).index(cell), what)
    read = partial(read_dates, read=partial(read_day, day_first=day_first))
    return [table.column(name, read) for name in names]


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 70 else 2000)
