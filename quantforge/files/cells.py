"""The cells of a column, turned into an array of numbers or dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quantforge.files.dates import read_date

__all__ = ["CellError", "Notation", "find_notation", "is_blank", "read_dates", "read_numbers"]

# A dash in Windows' own encoding is a control character in Latin-1.
_BLANKS: Final = frozenset(
    {"", "-", "--", "\u2013", "\u2014", "\x96", "\x97", ".", "n/a", "na", "nan", "null", "none"}
    | {"#n/a", "#na", "#value!", "#ref!", "#div/0!", "<na>", "nat"}
)
_SPACES: Final = " \xa0\u2009\u202f'"  # what separates thousands, beside the other decimal sign
_UNGROUPED: Final = str.maketrans("", "", _SPACES)


class CellError(ValueError):
    """A cell cannot be read.

    Parameters
    ----------
    cell, what : str
        The cell, and what it should be: ``"a number"``.
    index : int
        Its place in the column.
    """

    def __init__(self, cell: str, what: str, index: int) -> None:
        super().__init__(f"{cell.strip()[:40]!r} is not {what}")
        self.index = index


def read_numbers(
    cells: Sequence[str], decimal: str = ".", *, grouped: bool = False
) -> NDArray[np.float64]:
    """Read the numbers of a column; a blank cell is NaN.

    Parameters
    ----------
    cells : sequence of str
    decimal : {".", ","}
        The decimal sign.
    grouped : bool, default False
        Whether the other sign, spaces or apostrophes may separate thousands. Groups must have three
        digits, so that ``3300,1`` is no number where the decimal sign is a point. This is what
        distinguishes the two notations.

    Raises
    ------
    CellError
        At the first cell that is not a number.
    """
    everything = "".join(cells)
    # NumPy reads digits with underscores between them, and a point whatever the decimal sign.
    if "_" not in everything and (decimal == "." or "." not in everything):
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass  # a blank, a comma or a word: cell by cell
    pattern = _number_pattern(decimal, grouped)
    known: dict[str, float] = {}
    values = np.empty(len(cells))
    for index, cell in enumerate(cells):
        if cell not in known:
            known[cell] = _read_number(cell, index, decimal, pattern)
        values[index] = known[cell]
    return values


@dataclass(frozen=True, slots=True)
class Notation:
    """How numbers are written: the decimal sign, and whether thousands may be separated."""

    decimal: str = "."
    grouped: bool = False


def find_notation(cells: Iterable[str], *, doubted: bool = False) -> Notation | str:
    """Find the notation of the numbers among some cells.

    Cells that are numbers under one decimal sign alone decide, by their majority. Where there are
    none, ``1,250`` may be two numbers, and so may ``1.250`` if `doubted`.

    Returns
    -------
    Notation or str
        A cell that may be two numbers, where nothing decides.
    """
    point, comma = (_number_pattern(decimal, True) for decimal in ".,")
    points, commas, unclear = 0, 0, ""
    for cell in cells:
        bare = cell.strip()
        if "," not in bare and "." not in bare:
            continue
        by_point, by_comma = bool(point.fullmatch(bare)), bool(comma.fullmatch(bare))
        points += by_point > by_comma
        commas += by_comma > by_point
        if by_point and by_comma and (doubted or "," in bare):
            unclear = unclear or bare
    if points or commas:
        return Notation("," if commas > points else ".", grouped=True)
    return unclear or Notation()


def is_blank(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip().casefold() in _BLANKS


@cache
def _number_pattern(decimal: str, grouped: bool) -> re.Pattern[str]:
    point, whole = re.escape(decimal), r"\d+"
    if grouped:
        other = "," if decimal == "." else "."
        whole = rf"(?:[1-9]\d{{0,2}}([{other}{_SPACES}])\d{{3}}(?:\1\d{{3}})*|\d+)"
    number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:e[+-]?\d+)?"
    return re.compile(rf"[+-]?(?:{number}|inf|infinity|nan)", re.IGNORECASE)


def _read_number(cell: str, index: int, decimal: str, pattern: re.Pattern[str]) -> float:
    bare = cell.strip().replace("\u2212", "-")
    if bare.casefold() in _BLANKS:
        return np.nan
    if not pattern.fullmatch(bare):
        raise CellError(cell, "a number", index)
    other = "," if decimal == "." else "."
    return float(bare.translate(_UNGROUPED).replace(other, "").replace(decimal, "."))


def read_dates(
    cells: Sequence[str], read: Callable[[str], date] = read_date
) -> NDArray[np.datetime64]:
    """Read the dates of a column, each distinct cell once (see `read_date`).

    Raises
    ------
    CellError
        At the first cell that holds no date.
    """
    known: dict[str, np.datetime64] = {}
    for index, cell in enumerate(cells):
        if cell not in known:
            try:
                known[cell] = np.datetime64(read(cell), "D")
            except ValueError:
                raise CellError(cell, "a date", index) from None
    return np.array([known[cell] for cell in cells], dtype="datetime64[D]")
