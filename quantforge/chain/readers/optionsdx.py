"""Option chains of optionsdx, as CSV, at the end of days or many times within them.

A row has the call and the put of a strike. Names are in brackets and cells begin with a space::

    [QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST],
    [EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], ..., [C_IV], [C_VOLUME], [C_LAST],
    [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], ..., [P_IV], [P_VOLUME], ...

Unix times are true ones. The time to read is that of New York, and stands for the other where this
is missing. Only the name of the file says what the underlying is: ``spx_eod_202301.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import at, exchange_zone
from quantforge.chain.quotes import ChainError, Dates, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_instants
from quantforge.chain.readers.table import Table, head_names, read_named
from quantforge.chain.sessions import CLOSE
from quantforge.files.cells import CellError, read_dates, read_numbers

_SIDED: Final = {
    "BID": "bid", "ASK": "ask", "IV": "vendor_iv", "DELTA": "vendor_delta",
    "GAMMA": "vendor_gamma", "LAST": "last", "VOLUME": "volume",
}  # fmt: skip
_NEEDED: Final = ("EXPIRE_DATE", "STRIKE", "C_BID", "C_ASK", "P_BID", "P_ASK")
_OPTIONAL: Final = (
    "QUOTE_UNIXTIME", "QUOTE_READTIME", "EXPIRE_UNIX", "UNDERLYING_LAST",
    *(f"{side}_{name}" for side in "CP" for name in _SIDED),
)  # fmt: skip
_LATEST: Final = 1e10  # of the year 2286; beyond are milliseconds
_NAMED: Final = re.compile(r"([a-z]{1,6})_(?:eod|\d+x|[a-z0-9]*min)\w*", re.IGNORECASE)


class _Optionsdx:
    """The reader."""

    name = "optionsdx"
    seeks = "columns [QUOTE_READTIME] or [QUOTE_UNIXTIME], [EXPIRE_DATE], [C_BID] and [P_BID]"
    takes_map = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        names = head_names(head)
        timed = {"quotereadtime", "quoteunixtime"} & names
        return 0.9 if timed and {"expiredate", "cbid", "pbid"} <= names else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read two options per row of the file, in its order."""
        table = read_named(raw, source, _NEEDED, options.map, _OPTIONAL)
        root = _root(source)
        expiry = table.each("EXPIRE_DATE", read_dates)
        numbers: dict[str, Any] = {
            ours: np.stack([_numbers(table, f"{side}_{name}") for side in "CP"], axis=1).ravel()
            for name, ours in _SIDED.items()
        }
        quoted: Any = options.asof
        if quoted is None:
            quoted = np.repeat(_quote_times(table), 2)
        unnamed = "the file does not name its underlying, so that its options count as American"
        return Quotes(
            name=root,
            source=source,
            notes=() if root else (f"{unnamed}; name it as in spx_eod_202301.txt",),
            zone=exchange_zone(),
            quoted=quoted,
            expiry=np.repeat(expiry, 2),
            settled=np.repeat(_settled(table, expiry), 2),
            strike=np.repeat(table.strikes("STRIKE"), 2),
            kind=np.tile(np.array([1, -1], dtype=np.int8), len(table)),
            spot=np.repeat(_numbers(table, "UNDERLYING_LAST"), 2),
            root=root,
            **numbers,
        )


READER: Final[Reader] = _Optionsdx()


def _numbers(table: Table, name: str) -> Floats:
    return table.numbers(name) if name in table else np.full(len(table), np.nan)


def _read_unix_times(cells: Sequence[str]) -> Dates:
    """Instants, NaT where a cell is blank."""
    seconds = read_numbers(cells)
    known = np.isfinite(seconds)
    wrong = known & ((seconds < 0.0) | (seconds > _LATEST))
    if wrong.any():
        index = int(np.argmax(wrong))
        raise CellError(cells[index], "a Unix time in seconds", index)
    instants = np.where(known, seconds, 0.0).astype(np.int64).astype("datetime64[s]")
    return np.where(known, instants, np.datetime64("NaT", "s"))


def _quote_times(table: Table) -> Dates:
    if "QUOTE_UNIXTIME" in table:
        times = table.each("QUOTE_UNIXTIME", _read_unix_times)
    elif "QUOTE_READTIME" in table:
        times = table.each("QUOTE_READTIME", partial(read_instants, zone=exchange_zone()))
    else:
        raise ChainError(
            f"{table.source}: no column QUOTE_UNIXTIME or QUOTE_READTIME; give a time with --asof"
        )
    table.refuse_where(np.isnat(times), "the time of the quotes is missing")
    return times


def _settled(table: Table, expiry: Dates) -> Dates:
    """The instants of the expiries as the file has them, and elsewhere the close.

    The file has AM and PM expiries of an index under one name, and the root would say that all are
    at the open.
    """
    closes = at(expiry, CLOSE)
    if "EXPIRE_UNIX" not in table:
        return closes
    instants = table.each("EXPIRE_UNIX", _read_unix_times)
    given = ~np.isnat(instants)
    far = np.abs(instants - closes) > np.timedelta64(12, "h")
    table.refuse_where(given & far, "EXPIRE_DATE and EXPIRE_UNIX are different days")
    return np.where(given, instants, closes)


def _root(source: str) -> str:
    found = _NAMED.match(PurePath(source).name)
    return found[1].upper() if found else ""
