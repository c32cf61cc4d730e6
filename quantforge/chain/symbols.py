"""OSI symbols, the names of listed options, and what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from quantforge.chain.quotes import Dates, Floats, Signs, Texts
from quantforge.files.cells import CellError
from quantforge.files.contents import distinct

_ROOT: Final = re.compile(r"[A-Z0-9]{1,6}")
_FIXED: Final = 15  # letters behind the root
_KIND: Final = 6  # place of C or P among these
_DIGITS: Final = [place for place in range(_FIXED) if place != _KIND]


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
    symbols = np.array([cell.strip() for cell in cells], dtype=np.str_)
    letters = np.ascontiguousarray(symbols)[:, None].view(np.uint32)  # a row of code points each
    size = np.strings.str_len(symbols).astype(np.intp)
    start = size - _FIXED
    if (start < 1).any():
        index = int(np.argmax(start < 1))
        raise CellError(cells[index], what, index)
    tail = np.take_along_axis(letters, start[:, None] + np.arange(_FIXED), axis=1)
    digits = tail[:, _DIGITS].astype(np.int64) - ord("0")
    known = ((digits >= 0) & (digits <= 9)).all(axis=1)
    known &= np.isin(tail[:, _KIND], [ord(each) for each in kind])
    heads = np.where(np.arange(letters.shape[1]) < start[:, None], letters, np.uint32(0))
    roots = np.strings.rstrip(np.ascontiguousarray(heads).view(symbols.dtype)[:, 0], " ")
    found, places = distinct(roots.tolist())
    known &= np.array([bool(_ROOT.fullmatch(root)) for root in found])[places]
    days, of = np.unique(digits[:, :6] @ 10 ** np.arange(5, -1, -1), return_inverse=True)
    dates = np.array([_date(day) for day in days.tolist()], dtype="datetime64[D]")[of]
    known &= ~np.isnat(dates)
    if not known.all():
        index = int(np.argmin(known))
        raise CellError(cells[index], what, index)
    return Symbols(
        symbols,
        np.array(found)[places],
        dates,
        np.where(tail[:, _KIND] == ord("C"), 1, -1).astype(np.int8),
        (digits[:, 6:] @ 10 ** np.arange(7, -1, -1)) / 1000.0,
    )


def _date(day: int) -> np.datetime64:
    """The date yymmdd, NaT if there is none."""
    try:
        return np.datetime64(f"20{day // 10000:02}-{day // 100 % 100:02}-{day % 100:02}", "D")
    except ValueError:
        return np.datetime64("NaT")
