"""One column of a quote file turned into an array: numbers, dates, OSI symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from quantforge.chain.instants import read_date
from quantforge.chain.quotes import Dates, Floats, Texts

_BLANKS: Final = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "none"})
_SPACES: Final = str.maketrans("", "", " \t\xa0\u2009\u202f'")
_SYMBOL: Final = re.compile(r"([A-Z0-9]{1,6}) *(\d{6})([CP])(\d{8})")


class CellError(ValueError):
    """A cell cannot be read; `index` is its place in the column."""

    def __init__(self, cell: str, what: str, index: int) -> None:
        super().__init__(f"{cell.strip()[:40]!r} is not {what}")
        self.index = index


def read_numbers(cells: Sequence[str], decimal: str) -> Floats:
    """Numbers of a column; a blank cell is NaN.

    `decimal` is the decimal sign, ``"."`` or ``","``; the other one may group thousands, as may
    spaces and apostrophes. Groups must have three digits, so that ``3300,1`` is no number where
    the sign is a point: this is what tells the two ways of writing apart.

    Raises
    ------
    CellError
        At the first cell that is not a number.
    """
    if decimal == "." or not any("." in cell for cell in cells):
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass  # a blank, a comma or a word: cell by cell
    pattern = _number_pattern(decimal)
    known: dict[str, float] = {}
    values = np.empty(len(cells))
    for index, cell in enumerate(cells):
        if cell not in known:
            known[cell] = _read_number(cell, index, decimal, pattern)
        values[index] = known[cell]
    return values


def _number_pattern(decimal: str) -> re.Pattern[str]:
    group, point = re.escape("," if decimal == "." else "."), re.escape(decimal)
    whole = rf"(?:[1-9]\d{{0,2}}(?:{group}\d{{3}})+|\d+)"
    return re.compile(rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?")


def _read_number(cell: str, index: int, decimal: str, pattern: re.Pattern[str]) -> float:
    if cell.strip().casefold() in _BLANKS:
        return np.nan
    bare = cell.translate(_SPACES).replace("\u2212", "-")
    if not pattern.fullmatch(bare):
        raise CellError(cell, "a number", index)
    return float(bare.replace("," if decimal == "." else ".", "").replace(decimal, "."))


def read_dates(cells: Sequence[str]) -> Dates:
    """Dates of a column (see `read_date`); `CellError` at the first that is none."""
    known: dict[str, np.datetime64] = {}
    for index, cell in enumerate(cells):
        if cell not in known:
            try:
                known[cell] = np.datetime64(read_date(cell), "D")
            except ValueError:
                raise CellError(cell, "a date", index) from None
    return np.array([known[cell] for cell in cells], dtype="datetime64[D]")


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """A column of OSI symbols and what they say."""

    symbol: Texts
    root: Texts
    expiry: Dates
    strike: Floats


def read_symbols(cells: Sequence[str], kind: str) -> Symbols:
    """OSI symbols of a column of calls (`kind` ``"C"``) or puts (``"P"``).

    Root, expiry as yymmdd, C or P, and the strike in thousandths with eight digits:
    ``SPXW230915C04500000``. (Options Clearing Corporation, Options Symbology Initiative, 2010.)

    Raises
    ------
    CellError
        At the first cell that is none, or of the other kind.
    """
    what = "the symbol of a call" if kind == "C" else "the symbol of a put"
    parts: list[tuple[str, str, str]] = []
    for index, cell in enumerate(cells):
        found = _SYMBOL.fullmatch(cell.strip())
        if found is None or found[3] != kind:
            raise CellError(cell, what, index)
        parts.append((found[1], found[2], found[4]))
    roots, days, thousandths = zip(*parts, strict=True)
    dates: dict[str, np.datetime64] = {}
    for day in dict.fromkeys(days):
        try:
            dates[day] = np.datetime64(f"20{day[:2]}-{day[2:4]}-{day[4:]}", "D")
        except ValueError:
            index = days.index(day)
            raise CellError(cells[index], what, index) from None
    return Symbols(
        np.array([cell.strip() for cell in cells]),
        np.array(roots),
        np.array([dates[day] for day in days], dtype="datetime64[D]"),
        np.array(thousandths, dtype=np.float64) / 1000.0,
    )
