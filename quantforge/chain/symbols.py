"""OSI symbols, the names of listed options, and what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from quantforge.chain.quotes import Dates, Floats, Signs, Texts
from quantforge.files.cells import CellError

_SYMBOL: Final = re.compile(r"([A-Z0-9]{1,6}) *(\d{6})([CP])(\d{8})")


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """A column of OSI symbols and what they say."""

    symbol: Texts
    root: Texts
    expiry: Dates
    kind: Signs
    strike: Floats


def read_symbols(cells: Sequence[str], kind: str = "CP") -> Symbols:
    """Read the OSI symbols of a column of calls (`kind` ``"C"``), puts (``"P"``) or both.

    A symbol is the root, the expiry as yymmdd, C or P, and the strike in thousandths with eight
    digits: ``SPXW230915C04500000``. (Options Clearing Corporation, Options Symbology Initiative,
    2010.)

    Raises
    ------
    CellError
        At the first cell that is none, or of the other kind.
    """
    what = {"C": "the symbol of a call", "P": "the symbol of a put"}.get(kind, "an OSI symbol")
    parts: list[tuple[str, str, str, str]] = []
    for index, cell in enumerate(cells):
        found = _SYMBOL.fullmatch(cell.strip())
        if found is None or found[3] not in kind:
            raise CellError(cell, what, index)
        parts.append((found[1], found[2], found[3], found[4]))
    roots, days, kinds, thousandths = zip(*parts, strict=True)
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
        np.where(np.array(kinds) == "C", 1, -1).astype(np.int8),
        np.array(thousandths, dtype=np.float64) / 1000.0,
    )
