"""Dates and times without a zone, whose order of day and month only the file can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from functools import partial
from typing import Final

import numpy as np

from quantforge.chain.instants import read_zone
from quantforge.chain.quotes import ChainError, Dates
from quantforge.chain.readers.table import Table
from quantforge.files.cells import CellError, is_blank, read_dates
from quantforge.files.dates import plain, read_date

_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0+)?")
_NUMERIC: Final = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})(?: 0?0:00(?::00)?)?")
_COMPACT_TIME: Final = re.compile(r"(\d{8})[ T_-]?(\d{2})(\d{2})(\d{2})")
_MIDNIGHT: Final = re.compile(r"0?0:00(?::00(?:[.,]0+)?)?")
_EPOCH: Final = re.compile(r"(?:\d{10}|\d{13}|\d{16}|\d{19})(?:\.\d*)?")
_UNITS: Final = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}  # of a second, by the digits of Unix times
_CLOCK: Final = re.compile(
    r"(?:(?<=\d)T|[ T,]+)(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\b\.?)?)"
    r"\s*(?P<zone>[A-Za-z]{0,4}(?:[+-]\d{1,2}(?::?\d{2})?)?)$"
)
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


def read_days(table: Table, *names: str) -> list[Dates]:
    """Read columns of dates.

    Whether days or months come first where both are numbers is told by what is above 12 in any of
    the columns.

    Raises
    ------
    ChainError
        If a cell holds no date, dates are in both orders, or nothing tells days from months.
    """
    cells = {name: table.distinct(name)[0] for name in names}
    read = partial(read_dates, read=partial(read_day, day_first=_order(table, cells)))
    return [table.each(name, read) for name in names]


def read_moments(
    table: Table, names: Sequence[str], zone: tzinfo | None, day_first: bool | None = None
) -> dict[str, Dates]:
    """Read columns of dates or of instants, which those with times of day are.

    A time is a date as in `read_days` with a time of day, ``2030-06-14T15:45``,
    ``6/14/2030 3:45 PM``, or a Unix time in seconds or a thousandth, millionth or billionth of
    them. Without a zone of its own it is in `zone`. A column that has no time but midnight, without
    a zone, has dates. A blank cell is NaT. `day_first` is what something else in the file tells,
    for dates that do not tell it.

    Returns
    -------
    dict of str to array
        datetime64[D], or datetime64[s] in UTC.

    Raises
    ------
    ChainError
        If a cell holds no time, has no zone where none is given, or as in `read_days`.
    """
    found = {}
    for name in names:
        instants = read_epochs(table, name)
        if instants is not None:
            found[name] = instants
    names = [name for name in names if name not in found]
    split = {name: [_split(cell) for cell in table.distinct(name)[0]] for name in names}
    clocked = {
        name
        for name, parts in split.items()
        if any(
            clock and not (_MIDNIGHT.fullmatch(clock) and not where) for _, clock, where in parts
        )
        or any(_EPOCH.fullmatch(day) for day, _, _ in parts)
    }
    days = {name: [day for day, *_ in parts] for name, parts in split.items()}
    order = _order(table, days, day_first)
    for name in names:
        read = partial(_read_moments, day_first=order, zone=zone, clocked=name in clocked)
        found[name] = table.each(name, read)
    return found


def read_epochs(table: Table, name: str) -> Dates | None:
    """The instants of a column of Unix times, None where it has something else."""
    first = next((cell for cell in table.head(name, 100) if not is_blank(cell)), "")
    if not _EPOCH.fullmatch(first.strip()):
        return None
    try:
        numbers = table.numbers(name)
    except ChainError:
        return None
    known = np.isfinite(numbers)
    size = np.where(known, numbers, 1e9)
    if (size < 1e9).any():
        return None
    divisor = np.select([size < 1e11, size < 1e14, size < 1e17], [1, 10**3, 10**6], 10**9)
    seconds = np.floor(size / divisor).astype(np.int64).astype("datetime64[s]")
    return np.where(known, seconds, np.datetime64("NaT", "s"))


def read_instants(cells: Sequence[str], zone: tzinfo | None = None) -> Dates:
    """Instants of a column of times with their dates, as in `read_moments`; month first.

    Raises
    ------
    CellError
        At the first cell that is none.
    """
    return _read_moments(cells, day_first=False, zone=zone, clocked=True)


def _split(cell: str) -> tuple[str, str, str]:
    """Date, time of day and zone."""
    if compact := _COMPACT_TIME.fullmatch(cell.strip()):
        return compact[1], ":".join(compact.groups()[1:]), ""
    found = _CLOCK.search(cell.strip())
    if found is None:
        return cell.strip(), "", ""
    return cell.strip()[: found.start()].strip(" T,"), found["clock"].strip(), found["zone"].strip()


def _read_moments(
    cells: Sequence[str], *, day_first: bool, zone: tzinfo | None, clocked: bool
) -> Dates:
    known = np.empty(len(cells), dtype="datetime64[s]" if clocked else "datetime64[D]")
    for index, cell in enumerate(cells):
        try:
            known[index] = _moment(cell, day_first, zone, clocked)
        except (ValueError, OverflowError) as error:
            raise CellError(cell, str(error), index) from None
    return known


def _moment(cell: str, day_first: bool, zone: tzinfo | None, clocked: bool) -> np.datetime64:
    """Raise what a cell is not, if it is no date or, in a column of times, no time."""
    if is_blank(cell):
        return np.datetime64("NaT")
    day, clock, where = _split(cell)
    if _EPOCH.fullmatch(day) and not clock:
        return np.datetime64(int(float(day)) // _UNITS[len(day.partition(".")[0])], "s")
    try:
        found = read_day(day, day_first=day_first)
    except ValueError:
        raise ValueError("a time" if clocked else "a date") from None
    if not clocked:
        return np.datetime64(found, "D")
    if not clock:
        raise ValueError("a time such as 2030-06-14 15:45")
    try:
        its = read_zone(where) if where else zone
    except ValueError:
        raise ValueError("a time of a known zone") from None
    if its is None:
        raise ValueError("a time with its zone; --zone says it, as --zone Europe/Berlin")
    try:
        moment = datetime.combine(found, _time_of_day(clock), its)
    except ValueError:
        raise ValueError("a time") from None
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")


def _time_of_day(clock: str) -> time:
    digits, half = clock.rstrip("apmAPM. ").replace(",", "."), clock.strip().casefold()
    hour, *rest = digits.split(":")
    if half[-1:] in {"m", "."}:
        if not 1 <= int(hour) <= 12:
            raise ValueError(clock)
        hour = str(int(hour) % 12 + 12 * ("p" in half))
    return time.fromisoformat(":".join([hour.zfill(2), *rest]))


def told_order(cells: Iterable[str], dates: Iterable[date]) -> bool | None:
    """Whether days come before months in cells of which the dates are known; None if none tells."""
    for cell, known in zip(cells, dates, strict=True):
        found = _NUMERIC.fullmatch(plain(_split(cell)[0]))
        if found is None or found[1] == found[3]:
            continue
        for day_first in (False, True):
            try:
                if read_day(_split(cell)[0], day_first=day_first) == known:
                    return day_first
            except ValueError:
                continue
    return None


def _order(table: Table, cells: Mapping[str, Sequence[str]], told: bool | None = None) -> bool:
    """Whether days come before months in the dates of some columns, whose cells are given."""
    numeric = {
        (name, cell): found
        for name, its in cells.items()
        for cell in its
        if (found := _NUMERIC.fullmatch(plain(cell)))
    }
    days = next((each for each, found in numeric.items() if int(found[1]) > 12), None)
    months = next((each for each, found in numeric.items() if int(found[3]) > 12), None)
    if numeric and not days and not months and told is not None:
        return told
    if numeric and not days and not months:
        name, cell = next(iter(numeric))
        raise _about(table, name, cell, "may be a day or a month first, and no date tells")
    if days and months:
        name, cell = months
        raise _about(
            table,
            name,
            cell,
            f"has the month first and {days[1].strip()!r} the day: write 2030-06-21",
        )
    return days is not None


def _about(table: Table, name: str, cell: str, what: str) -> ChainError:
    index = next(
        place
        for place, each in enumerate(table.texts(name))
        if each.strip().startswith(cell.strip())
    )
    return table.refusal(index, f"{name} {cell.strip()!r} {what}")


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 70 else 2000)
