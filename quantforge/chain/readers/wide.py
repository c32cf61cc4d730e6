"""Tables with a call and a put in every row, whoever made them, in columns that name the side.

The side stands before or after what the column holds: ``c_bid``, ``[C_BID]``, ``call_bid``,
``bid_put``, ``putIV``, ``CE_LTP``. What is left of the name, and the columns of both, are those of
`quantforge.chain.readers.long`. ``--map call_bid=CB,put_bid=PB`` names others.

``CE`` and ``PE`` are how the exchanges of India call them. Their options are European and settled
at 15:30 there, which is also the zone of times without one.

Files that are captured all day often have the time of day alone. The name of the file then says the
day, or else it is that of the only expiry; a note says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import at, exchange_zone
from quantforge.chain.quotes import ChainError, Dates, Quotes
from quantforge.chain.readers import nse
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_day, read_days
from quantforge.chain.readers.long import (
    CLOCKS,
    KNOWN,
    find_columns,
    is_clock,
    quotes_of,
    read_times,
)
from quantforge.chain.readers.table import (
    Table,
    bare,
    head_cells,
    interleaved,
    read_named,
)
from quantforge.files.cells import CellError, read_dates

_SIDES: Final = {
    "c": 1, "call": 1, "calls": 1, "ce": 1, "p": -1, "put": -1, "puts": -1, "pe": -1,
}  # fmt: skip
_SIDED: Final = (
    "bid", "ask", "mark", "last", "vendor_iv", "vendor_delta", "vendor_gamma", "volume",
    "open_interest", "symbol",
)  # fmt: skip
_PRICES: Final = frozenset({"bid", "ask", "mark", "last"})
_HOLDS: Final = {letters: name for name in _SIDED for letters in (*KNOWN[name].split(), bare(name))}
_NEEDED: Final = ("strike", "expiry")
_AT_THE_CLOSE: Final = "quoted at the close of each day, 15:30 in India"
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DATED: Final = re.compile(
    r"(?<!\d)(?:(\d{4}-\d{2}-\d{2})|(\d{1,2}-?[A-Za-z]{3}-?\d{4})|(20\d{2}[01]\d[0-3]\d))(?!\d)"
)


class _Wide:
    """The reader."""

    name = "wide"
    seeks = "columns of strike and expiry, and prices of calls and puts such as c_bid and p_bid"
    takes_map = True
    takes_zone = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        cells = head_cells(head)
        names = set(map(bare, cells))
        held = {sign: {name for one, name, _ in _sided(cells) if one == sign} for sign in (1, -1)}
        both = bool(_PRICES & held[1] and _PRICES & held[-1])
        there = all(not names.isdisjoint(KNOWN[each].split()) for each in _NEEDED)
        return 0.4 if both and there else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read the call and then the put of every row."""
        wide = read_named(raw, source, (), options.map)
        table, held, indian = _turned(wide, options.map)
        mapped = held | {name: it for name, it in options.map.items() if name in KNOWN}
        columns = find_columns(table, mapped, ("kind", *_NEEDED))
        if "vendor_delta" not in held:
            columns.pop("vendor_delta", None)  # without a side it is that of the call
        if not _PRICES & held.keys():
            raise ChainError(f"{source}: no column with a price of calls or puts, such as c_bid")
        clock = _clock(table, columns)
        if clock is not None:
            expiry, quoted, notes = _timed(table, columns["expiry"], clock, options, indian)
        else:
            closing = (nse.closes, _AT_THE_CLOSE) if indian else ()
            if indian and options.zone is None:
                options = replace(options, zone=nse.INDIA)
            expiry, quoted, notes = read_times(table, columns, options, *closing)
        known: dict[str, Any] = {"quoted": quoted, "expiry": expiry}
        if indian:
            known |= {"exercise": "european", "currency": "INR", "zone": nse.INDIA}
            if expiry.dtype == np.dtype("datetime64[D]"):
                known["expiry"] = nse.closes(expiry)
        return quotes_of(table, columns, notes, **known)


READER: Final[Reader] = _Wide()


def _sided(names: Sequence[str]) -> list[tuple[int, str, int]]:
    """Side, what it holds and place of every column that names a side."""
    found = []
    for place, name in enumerate(names):
        words = _WORDS.findall(name)
        for side, rest in ((words[:1], words[1:]), (words[-1:], words[:-1])):
            sign = _SIDES.get("".join(side).casefold())
            holds = _HOLDS.get("".join(rest).casefold())
            if sign and holds:
                found.append((sign, holds, place))
                break
    return found


def _turned(wide: Table, mapped: Mapping[str, str]) -> tuple[Table, dict[str, str], bool]:
    """The table with a row an option, what its sides hold, and whether these are CE and PE."""
    sided = _sided(wide.names)
    places: dict[tuple[int, str], int] = {}
    for sign, holds, place in sided:
        if places.setdefault((sign, holds), place) != place:
            first = wide.names[places[sign, holds]]
            kind = "calls" if sign > 0 else "puts"
            raise ChainError(
                f"{wide.source}: two columns with the {holds.replace('_', ' ')} of {kind}: "
                f"{first} and {wide.names[place]}"
            )
    held = {holds: holds for holds in _SIDED if any(holds == each for _, each, _ in sided)}
    taken = {place for _, _, place in sided}
    shared = [place for place in range(len(wide.names)) if place not in taken]
    twice = np.repeat(np.arange(len(wide)), 2)
    blank = [""] * len(wide)
    doubled = wide.take(twice)
    columns = [doubled.columns[place] for place in shared]
    columns.append(["call", "put"] * len(wide))
    for holds in held:
        call, put = (
            wide.columns[places[sign, holds]] if (sign, holds) in places else blank
            for sign in (1, -1)
        )
        columns.append(interleaved(call, put))
    names = [*(wide.names[place] for place in shared), "kind", *held]
    table = replace(wide, names=names, columns=columns, lines=wide.lines[twice])
    sides = {re.sub(r"[^A-Z]", "", wide.names[place].upper())[:2] for place in taken}
    ends = {re.sub(r"[^A-Z]", "", wide.names[place].upper())[-2:] for place in taken}
    return table, {**held, "kind": "kind"}, {"CE", "PE"} in (sides, ends)


def _clock(table: Table, columns: Mapping[str, str]) -> str | None:
    """The column with times of day, where no column has dates of the quotes."""
    if "quoted" in columns and not is_clock(table.distinct(columns["quoted"])[0][0]):
        return None
    names = [name for name in table.names if bare(name) in CLOCKS]
    return next((name for name in names if is_clock(table.distinct(name)[0][0])), None)


def _timed(
    table: Table, expiry: str, clock: str, options: Options, indian: bool
) -> tuple[Dates, Any, list[str]]:
    """Expiries and times of quotes whose times of day alone are in the table."""
    (days,) = read_days(table, expiry)
    if options.asof is not None and len(table.distinct(clock)[0]) == 1:
        return days, options.asof, []
    named = _DATED.search(Path(table.source).name)
    if named:
        day = read_dates([named[0]], partial(read_day, day_first=True))[0]
        note = f"times of day are those of {day}, which is in the name of the file"
    elif (days == days[0]).all():
        day = days[0]
        note = (
            f"times of day without a date are taken to be on the day of the expiry, {day}; a date "
            "in the name of the file, as in chain_2031-03-21.csv, says another"
        )
    else:
        raise ChainError(
            f"{table.source}: times of day without a date: write it into the name of the file, as "
            "in chain_2031-03-21.csv"
        )
    zone = options.zone or (nse.INDIA if indian else exchange_zone())
    seconds = table.each(clock, _read_clocks)
    midnight = at(np.array([day]), time(), zone)[0]
    return days, midnight + seconds, [note]


def _read_clocks(cells: Sequence[str]) -> Any:
    known: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell not in known:
            try:
                if not is_clock(cell):
                    raise ValueError
                clock = time.fromisoformat(cell.strip().zfill(5))
            except ValueError:
                raise CellError(cell, "a time of day", index) from None
            known[cell] = 3600 * clock.hour + 60 * clock.minute + clock.second
    return np.array([known[cell] for cell in cells], dtype="timedelta64[s]")
