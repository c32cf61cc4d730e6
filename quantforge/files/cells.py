"""The cells of a column, turned into an array of numbers or dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quantforge.files.dates import read_date

__all__ = ["CellError", "read_dates", "read_numbers"]

_BLANKS: Final = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "none"})
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


def read_dates(cells: Sequence[str]) -> NDArray[np.datetime64]:
    """Read the dates of a column (see `read_date`).

    Raises
    ------
    CellError
        At the first cell that holds no date.
    """
    known: dict[str, np.datetime64] = {}
    for index, cell in enumerate(cells):
        if cell not in known:
            try:
                known[cell] = np.datetime64(read_date(cell), "D")
            except ValueError:
                raise CellError(cell, "a date", index) from None
    return np.array([known[cell] for cell in cells], dtype="datetime64[D]")
