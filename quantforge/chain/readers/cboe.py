"""Option chains as Cboe's delayed-quote page exports them.

The file begins with a few lines about the underlying (its name, its last value, the date of the
quotes) and a header. Below it there is one row per expiry and strike, with a call on the left and a
put on the right. The columns of the two share their names::

    Standard & Poors 500 Index,Last: 4505.1001,Change:  37.6601
    "Date: September 14, 2023 at 4:31 PM EDT",Bid: 4483.25,Ask: 4526.27,Size: 1*1,Volume: 0
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,...,Strike,Puts,Last Sale,Net,Bid,...
    Fri Sep 15 2023,SPXW230915C04500000,14.9,...,4500.00,SPXW230915P04500000,5.6,...

Spreadsheets and browsers change it on the way: encoding, delimiter, decimal sign, the order and
spelling of the columns, the language of the date. None of them changes the OSI symbols, which name
root, expiry, kind and strike. So everything else is checked against these.

Files of 2018 to 2020 begin with ``AAPL (Apple Inc.),202.63,-9.82`` and a time as in
``Aug 25 2019 @ 10:55 ET,Bid,201.6,...``. For older ones see `cboe_vintage`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import read_written_instant
from quantforge.chain.quotes import ChainError, Dates, Flags, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import states
from quantforge.chain.readers.table import (
    DELIMITERS,
    LONGEST,
    PREAMBLE,
    Table,
    head_lines,
    read_lines,
    read_rows,
)
from quantforge.chain.symbols import read_symbols
from quantforge.files.cells import CellError, read_numbers

_LAST: Final = re.compile(r"\blast\s*:\s*([-\d.,]*\d)", re.IGNORECASE)
_TITLE: Final = re.compile(r'"?(?P<name>\S.*\))"?\s*(?P<delimiter>[,;\t|])(?P<rest>.*)')

# What a column holds, by the letters of its header.
_SHARED: Final = {
    "expirationdate": "expiry", "expiration": "expiry", "expirydate": "expiry", "expiry": "expiry",
    "strike": "strike", "strikeprice": "strike", "calls": "calls", "call": "calls",
    "puts": "puts", "put": "puts",
}  # fmt: skip
_SIDED: Final = {
    "bid": "bid", "ask": "ask", "lastsale": "last", "last": "last", "volume": "volume",
    "vol": "volume", "iv": "vendor_iv", "impliedvolatility": "vendor_iv", "delta": "vendor_delta",
    "gamma": "vendor_gamma", "openinterest": "open_interest", "openint": "open_interest",
}  # fmt: skip
_NEEDED: Final = ("bid", "ask", "vendor_iv")
_OPTIONAL: Final = ("last", "vendor_delta", "vendor_gamma", "volume", "open_interest")
_WORDS: Final = {"vendor_iv": "volatility", "vendor_delta": "delta", "vendor_gamma": "gamma"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which line is the header and which column holds what; `sides` are the calls, the puts."""

    line: int
    delimiter: str
    names: Sequence[str]
    shared: Mapping[str, int]
    sides: tuple[Mapping[str, int], Mapping[str, int]]

    @property
    def width(self) -> int:
        return 1 + max(max(places.values()) for places in (self.shared, *self.sides))


class _Cboe:
    """The reader."""

    name = "cboe"
    seeks = f"a header with Calls, Puts and Strike in the first {PREAMBLE} lines"
    takes_map = False
    dated_by_export = True

    def sniff(self, head: bytes, path: str) -> float:
        return 0.9 if _find_header(head_lines(head)) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read two options per row of the file, in its order."""
        lines = read_lines(raw, source)
        layout = _lay_out(lines, source)
        preamble = lines[: layout.line]
        quoted = options.asof if options.asof is not None else _quote_time(preamble, source)
        table = _read_rows(lines, layout, source)
        fields = _read_sides(table, layout)
        decimal, numbers = _read_numbers(table, layout, fields["strike"])
        return Quotes(
            name=_underlying(preamble),
            source=source,
            quoted=quoted,
            spot=_spot(preamble, decimal),
            kind=np.tile(np.array([1, -1], dtype=np.int8), len(table)),
            **fields,
            **numbers,
        )


READER: Final[Reader] = _Cboe()


def _find_header(lines: Sequence[str]) -> tuple[int, str, list[str]] | None:
    """Place and delimiter of the header, and its cells, if there is one."""
    for number, line in enumerate(lines[:PREAMBLE]):
        if len(line) > LONGEST:
            continue
        for delimiter in DELIMITERS:
            cells = line.replace('"', "").split(delimiter)
            if {"strike", "calls", "puts"} <= {_SHARED.get(_letters(cell)) for cell in cells}:
                return number, delimiter, cells
    return None


def _letters(cell: str) -> str:
    return re.sub(r"[^a-z]", "", cell.casefold())


def _lay_out(lines: Sequence[str], source: str) -> _Layout:
    """Assign columns; of two with the same name, the first belongs to the side that comes first."""
    header = _find_header(lines)
    if header is None:
        raise ChainError(
            f"{source}: not an option chain: no header with Calls, Puts and Strike "
            f"in its first {PREAMBLE} lines"
        )
    line, delimiter, cells = header
    where, names = f"{source}: line {line + 1}", list(map(_letters, cells))
    shared: dict[str, int] = {}
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name in _SHARED:
            if shared.setdefault(_SHARED[name], place) != place:
                raise ChainError(f"{where}: two columns {_SHARED[name]}")
        elif name in _SIDED:
            places.setdefault(_SIDED[name], []).append(place)
    if "expiry" not in shared:
        raise ChainError(f"{where}: no column with the expiration date")
    for name in (*_NEEDED, *_OPTIONAL):
        found = len(places.get(name, []))
        if found != 2 and (found or name in _NEEDED):
            raise ChainError(
                f"{where}: {found} columns {_WORDS.get(name, name).replace('_', ' ')}, "
                "where one of the calls and one of the puts are needed"
            )
    first, second = ({name: both[side] for name, both in places.items()} for side in (0, 1))
    sides = (first, second) if shared["calls"] < shared["puts"] else (second, first)
    return _Layout(line, delimiter, cells, shared, sides)


def _quote_time(preamble: Sequence[str], source: str) -> datetime:
    cause = "no date and time above the header"
    for number, line in enumerate(preamble, start=1):
        try:
            return read_written_instant(line.replace('"', ""))
        except ValueError as error:
            if re.search(r"\bdate\b", line, re.IGNORECASE):
                cause = f"line {number}: {error}"
    raise ChainError(f"{source}: time of the quotes unknown: {cause}; give it with --asof")


def _underlying(preamble: Sequence[str]) -> str:
    """Name of the underlying, which precedes its last value, in quotation marks or not."""
    first = _first(preamble)
    titled = _titled(first)
    return titled[0] if titled else _LAST.split(first)[0].strip(f'" {DELIMITERS}')


def _spot(preamble: Sequence[str], decimal: str) -> float:
    found = _LAST.search("\n".join(preamble))
    titled = _titled(_first(preamble))
    value = found[1] if found else titled[1] if titled else ""
    try:
        return float(read_numbers([value], decimal, grouped=True)[0])
    except CellError:
        return float("nan")


def _first(preamble: Sequence[str]) -> str:
    return next((line.strip() for line in preamble if line.strip()), "")


def _titled(line: str) -> tuple[str, str] | None:
    """Name and last value in ``AAPL (Apple Inc.),202.63,-9.82``."""
    found = _TITLE.fullmatch(line)
    if found is None or _LAST.search(line):
        return None
    return found["name"], next(csv.reader([found["rest"]], delimiter=found["delimiter"]), [""])[0]


def _read_rows(lines: Sequence[str], layout: _Layout, source: str) -> Table:
    width = layout.width
    table = read_rows(lines, layout.line, layout.names, layout.delimiter, source, width)
    if lines[-1] and not table.texts(width - 1)[-1].strip():
        raise table.refusal(-1, "the file is cut off: its last field is empty")
    return table


def _read_sides(table: Table, layout: _Layout) -> dict[str, Any]:
    """Symbol, root, expiry and strike of every option, as the symbols say."""
    calls, puts = (
        table.column(layout.shared[side], partial(read_symbols, kind=kind))
        for side, kind in (("calls", "C"), ("puts", "P"))
    )
    table.refuse_where(
        (calls.root != puts.root) | (calls.expiry != puts.expiry) | (calls.strike != puts.strike),
        "call and put differ in root, expiry or strike",
    )
    agrees = table.column(layout.shared["expiry"], partial(_agree, expiry=calls.expiry))
    table.refuse_where(~agrees, "expiration date and symbol differ")
    return {
        "symbol": np.stack((calls.symbol, puts.symbol), axis=1).ravel(),
        **{name: np.repeat(getattr(calls, name), 2) for name in ("root", "expiry", "strike")},
    }


def _agree(cells: Sequence[str], expiry: Dates) -> Flags:
    """Whether each cell is the date in the symbol, in the order of any country."""
    pairs = list(zip(cells, expiry.tolist(), strict=True))
    known: dict[tuple[str, Any], bool] = {}
    for index, pair in enumerate(pairs):
        if pair not in known:
            try:
                known[pair] = states(*pair)
            except ValueError:
                raise CellError(pair[0], "a date", index) from None
    return np.array([known[pair] for pair in pairs])


def _read_numbers(table: Table, layout: _Layout, strike: Floats) -> tuple[str, dict[str, Any]]:
    """Decimal sign of the file, and its numbers.

    It is the sign with which every cell is a number and every strike is that of its symbol. The
    comma is tried first where semicolons separate the columns, elsewhere the point.
    """
    likely, other = ",." if layout.delimiter == ";" else ".,"
    try:
        return likely, _numbers(table, layout, strike, likely)
    except ChainError:
        with suppress(ChainError):
            return other, _numbers(table, layout, strike, other)
        raise


def _numbers(table: Table, layout: _Layout, strike: Floats, decimal: str) -> dict[str, Any]:
    read = partial(read_numbers, decimal=decimal, grouped=True)
    stated = table.column(layout.shared["strike"], read)
    table.refuse_where(stated != strike[::2], "strike and symbol differ")
    numbers = {name: np.full(len(strike), np.nan) for name in (*_NEEDED, *_OPTIONAL)}
    for offset, side in enumerate(layout.sides):
        for name, place in side.items():
            numbers[name][offset::2] = table.column(place, read)
    return numbers
