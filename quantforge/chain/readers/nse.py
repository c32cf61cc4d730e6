"""Option chains of the National Stock Exchange of India, as JSON of its site or saved as CSV.

The CSV has two lines of names. The first says which side the calls are on, the second has the same
columns on both sides of the strike::

    CALLS,,PUTS
    ,OI,CHNG IN OI,VOLUME,IV,LTP,CHNG,BID QTY,BID,ASK,ASK QTY,STRIKE,BID QTY,BID,ASK,...
    ,434,-,86,10.69,"1,011.00",68.30,65,"1,012.00","1,016.25",65,"23,000.00","1,950",6.55,6.60,...

Its expiry is in the name of the file alone, ``option-chain-ED-NIFTY-28-Nov-2026.csv``, and the time
of its quotes nowhere. Copies of other chain pages have the same two lines, with rows between the
options that say expiry and underlying: ``April 28 10 DTE`` and ``TCS 2,581.50 INR +4.60``.

The JSON has an object for each strike and expiry, with the call under ``CE`` and the put under
``PE``, in ``records.data``. Volatilities are in per cent. Options are European and settled at 15:30
in India, when the market closes. (NSE, equity derivatives, contract specifications.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import at, read_written_instant
from quantforge.chain.quotes import ChainError, Dates, Flags, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.records import Records, read_json
from quantforge.chain.readers.table import (
    LONGEST,
    PREAMBLE,
    Table,
    bare,
    head_lines,
    read_figures,
    read_lines,
    read_rows,
    split_header,
)
from quantforge.files.cells import CellError
from quantforge.files.dates import read_date

CLOSE: Final = time(15, 30)
_PER_CENT: Final = 0.01
OPEN: Final = time(9, 15)
INDIA: Final = timezone(timedelta(hours=5, minutes=30), "IST")

_SIDED: Final = {
    "bid": "bid", "bidprice": "bid", "ask": "ask", "askprice": "ask", "ltp": "last",
    "iv": "vendor_iv", "delta": "vendor_delta", "gamma": "vendor_gamma", "volume": "volume",
    "oi": "open_interest",
}  # fmt: skip
_OF_RECORDS: Final = {
    "bidprice": "bid", "buyPrice1": "bid", "askPrice": "ask", "sellPrice1": "ask",
    "lastPrice": "last", "impliedVolatility": "vendor_iv", "totalTradedVolume": "volume",
    "openInterest": "open_interest", "underlyingValue": "spot",
}  # fmt: skip
_SIDES: Final = {"CE": 1, "PE": -1}
_FILE_NAME: Final = re.compile(
    r"(?:option-chain-(?:[A-Z]+-)?(?P<root>[A-Z0-9&-]+?)-)?(?P<date>\d{1,2}-[A-Za-z]{3}-\d{4})"
)
_SECTION: Final = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2})(?:,? (?P<year>\d{4}))?\s+(?P<days>\d+) DTE"
)
_UNDERLYING: Final = re.compile(
    r"(?P<root>[A-Z0-9&_.!-]+)\s+(?P<spot>[\d,]*\d(?:\.\d+)?)\s+(?P<currency>[A-Z]{3})\b.*"
)
_DOWNLOADED: Final = re.compile(r"Downloaded:\s*(\d{1,2})/(\d{1,2})/(\d{4}),?\s*(.*)")
_SYMBOL: Final = re.compile(r"Symbol:\s*([A-Z0-9&_.!-]+)")


class _NSE:
    """The reader."""

    name = "nse"
    seeks = "JSON with CE and PE, or a line with Calls and Puts above one with Strike"
    takes_map = False
    dated_by_export = False  # the close it would stand for is that of New York

    def sniff(self, head: bytes, path: str) -> float:
        if head.lstrip()[:1] == b"{":
            found = b'"records"' in head and b'"strikePrice"' in head
            return 0.9 if found and (b'"CE"' in head or b'"PE"' in head) else 0.0
        return 0.9 if _find_names(head_lines(head)) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read the call and the put of every strike; of CSV all calls first."""
        if raw.lstrip()[:1] == b"{":
            return _read_document(raw, source, options)
        return _read_sides(raw, source, options)


READER: Final[Reader] = _NSE()


def _read_document(raw: bytes, source: str, options: Options) -> Quotes:
    document = read_json(raw, source)
    top = document.get("records") if isinstance(document, dict) else None
    top = top if isinstance(top, dict) else {}
    pairs = top.get("data")
    if not isinstance(pairs, list):
        raise ChainError(f"{source}: no list of options in records.data")
    options_of = [
        (f"records.data {place}, {side}", {**pair, **pair[side]}, sign)
        for place, pair in enumerate(pairs, start=1)
        for side, sign in _SIDES.items()
        if isinstance(pair, dict) and isinstance(pair.get(side), dict)
    ]
    if not options_of:
        raise ChainError(f"{source}: no CE and no PE in records.data")
    places, fields, kinds = zip(*options_of, strict=True)
    records = Records(source, fields, places)
    strike = records.needed("strikePrice")
    quoted: Any = options.asof
    if quoted is None:
        quoted = _stamped(top.get("timestamp"), source)
    numbers: dict[str, Any] = {name: np.full(len(records), np.nan) for name in ("bid", "ask")}
    for theirs, ours in _OF_RECORDS.items():
        if any(theirs in each for each in fields):
            numbers[ours] = records.numbers(theirs)
    return _quotes(
        source=source,
        quoted=quoted,
        days=_days(records),
        kind=np.array(kinds, dtype=np.int8),
        strike=strike,
        symbol=records.texts("identifier"),
        root=records.texts("underlying"),
        **numbers,
    )


def _days(records: Records) -> Dates:
    known: dict[str, date] = {}
    texts = records.texts("expiryDate")
    for index, text in enumerate(texts):
        if text not in known:
            try:
                known[text] = _day(text)
            except ValueError:
                raise records.refusal(index, f"expiryDate {text!r} is not a date") from None
    return np.array([known[text] for text in texts], dtype="datetime64[D]")


def _day(text: str) -> date:
    """A date with the day first: ``28-Nov-2026``, ``28-11-2026``."""
    day, month, year = re.split(r"[-/ ]", text.strip())
    if month.isdigit():
        return date(int(year), int(month), int(day))
    return read_date(f"{day} {month} {year}")


def _stamped(stamp: Any, source: str) -> datetime:
    """The time of a document, ``28-Nov-2026 15:30:00``, in India."""
    day, _, clock = str(stamp or "").strip().partition(" ")
    try:
        return datetime.combine(_day(day), time.fromisoformat(clock.strip()), INDIA)
    except ValueError:
        raise ChainError(
            f"{source}: no time of the quotes in records.timestamp; give it with --asof"
        ) from None


def _quotes(*, days: Dates, root: Any, **columns: Any) -> Quotes:
    """Options of the exchange, which expire on these days."""
    if "vendor_iv" in columns:
        columns["vendor_iv"] = columns["vendor_iv"] * _PER_CENT
    return Quotes(
        name=", ".join(sorted(set(np.atleast_1d(root).tolist()))),
        root=root,
        expiry=closes(days),
        zone=INDIA,
        currency="INR",
        exercise="european",
        **columns,
    )


def closes(days: Dates) -> Dates:
    """The instants, in UTC, at which the exchange closes and options are settled."""
    return at(days, CLOSE, INDIA)


def _strikes(table: Table, column: int | str) -> Any:
    strike = table.each(column, read_figures)
    table.refuse_where(~np.isfinite(strike), "no strike")
    return strike


@dataclass(frozen=True, slots=True)
class _Names:
    """Which line has the names of the columns, what they are, and which side comes first."""

    line: int
    delimiter: str
    cells: Sequence[str]
    first: int  # +1 where calls come first

    @property
    def strike(self) -> int:
        return next(place for place, cell in enumerate(self.cells) if _is_strike(cell))

    @property
    def sides(self) -> dict[int, Mapping[str, int]]:
        """The columns of calls and of puts.

        A volatility that one side alone has, beside the strike, is that of both.
        """
        middle = self.strike
        left, right = ({}, {})  # type: tuple[dict[str, int], dict[str, int]]
        for place, cell in enumerate(self.cells):
            name = _SIDED.get(bare(cell.replace("%", "percent")))
            if name and place != middle:
                (left if place < middle else right).setdefault(name, place)
        for one, other in ((left, right), (right, left)):
            if "vendor_iv" not in other and abs(one.get("vendor_iv", -9) - middle) == 1:
                other["vendor_iv"] = one["vendor_iv"]
        return {self.first: left, -self.first: right}


def _is_strike(cell: str) -> bool:
    return bare(cell) in {"strike", "strikeprice"}


def _find_names(lines: Sequence[str]) -> _Names | None:
    """The line with the names, right below the one with calls and puts."""
    words: list[str] = []
    for number, line in enumerate(lines[:PREAMBLE]):
        if not line.strip() or len(line) > LONGEST:
            continue
        delimiter, cells = split_header(line)
        if words in (["calls", "puts"], ["puts", "calls"]) and sum(map(_is_strike, cells)) == 1:
            return _Names(number, delimiter, cells, 1 if words[0] == "calls" else -1)
        words = [bare(cell) for cell in cells if cell]
    return None


def _read_sides(raw: bytes, source: str, options: Options) -> Quotes:
    lines = read_lines(raw, source)
    names = _find_names(lines)
    if names is None:
        raise ChainError(f"{source}: no line with Calls and Puts above one with Strike")
    for sign, side in names.sides.items():
        for each in {"bid", "ask"} - side.keys():
            kind = "calls" if sign > 0 else "puts"
            raise ChainError(f"{source}: line {names.line + 1}: no column {each} of the {kind}")
    width = 1 + max(names.strike, *(max(side.values()) for side in names.sides.values()))
    table = read_rows(lines, names.line, names.cells, names.delimiter, source, width)
    filled = [table.each(place, _filled).astype(np.intp) for place in range(len(names.cells))]
    single = np.sum(filled, axis=0) == 1
    rows = table.where(~single)
    if not len(rows):
        raise ChainError(f"{source}: no options below line {names.line + 1}")
    says = _read_sections(table, single, lines[: names.line], options)
    strike = _strikes(rows, names.strike)
    both: dict[str, Any] = {
        "source": source,
        "notes": says.notes,
        "quoted": says.quoted,
        "days": np.tile(says.days, 2),
        "root": says.root,
        "spot": says.spot,
        "strike": np.tile(strike, 2),
        "kind": np.repeat(np.array([1, -1], np.int8), len(rows)),
    }
    for name in dict.fromkeys(_SIDED.values()):
        parts = [
            rows.each(side[name], read_figures) if name in side else np.full(len(rows), np.nan)
            for side in (names.sides[1], names.sides[-1])
        ]
        both[name] = np.concatenate(parts)
    return _quotes(**both)


def _filled(cells: Sequence[str]) -> Flags:
    return np.array([bool(cell.strip()) for cell in cells])


@dataclass(frozen=True, slots=True)
class _Sections:
    """What a file says of its options beside their rows; `days` are the expiries of the rows."""

    root: str
    spot: float
    quoted: datetime
    days: Dates
    notes: Sequence[str]


def _read_sections(
    table: Table, single: Flags, preamble: Sequence[str], options: Options
) -> _Sections:
    """Read the lines above the names, the rows with a single cell, and the name of the file."""
    above = "\n".join(preamble)
    named = _SYMBOL.search(above)
    root, spot = named[1] if named else "", float("nan")
    found: list[tuple[int, re.Match[str]]] = []
    for index in np.flatnonzero(single).tolist():
        row = table.take(np.array([index]))
        cell = next(filter(None, (row.texts(each)[0].strip() for each in range(len(row.names)))))
        if expiry := _SECTION.fullmatch(cell):
            found.append((index, expiry))
        elif underlying := _UNDERLYING.fullmatch(cell):
            if underlying["currency"] != "INR":
                what = f"{underlying['root']} is in {underlying['currency']}, not listed in India"
                raise table.refusal(index, what)
            root = underlying["root"]
            try:
                spot = float(read_figures([underlying["spot"]])[0])
            except CellError as error:
                raise table.refusal(index, error) from None
        else:
            raise table.refusal(index, f"{cell[:40]!r} is no option, expiry or underlying")
    times = [options.asof] if options.asof else _downloaded(above)
    if not times:
        raise ChainError(f"{table.source}: no time of the quotes; give it with --asof")
    if not found:
        day, of_name = _of_name(table.source)
        days = np.full(int(np.count_nonzero(~single)), np.datetime64(day, "D"))
        return _Sections(root or of_name, spot, times[0], days, [])
    places = np.searchsorted([index for index, _ in found], np.flatnonzero(~single)) - 1
    if (places < 0).any():
        raise table.refusal(int(np.flatnonzero(~single)[0]), "an option above any expiry")
    for quoted in times:
        expiries = [_expiry(expiry, quoted) for _, expiry in found]
        if None not in expiries:
            days = np.array(expiries, dtype="datetime64[D]")[places]
            if options.asof:
                return _Sections(root, spot, quoted, days, [])
            traded = _traded(quoted)
            note = f"downloaded {quoted:%Y-%m-%d %H:%M}, taken to be quoted {traded:%Y-%m-%d %H:%M}"
            return _Sections(root, spot, traded, days, [f"{note} in India; --asof says another"])
    what = f"days to expiry that are not those from {times[0]:%Y-%m-%d}"
    raise table.refusal(found[0][0], what)


def _traded(instant: datetime) -> datetime:
    """The instant, or where it is at night or at a weekend the close before it."""
    instant = instant.astimezone(INDIA)
    if instant.weekday() < 5 and OPEN <= instant.time() <= CLOSE:
        return instant
    day = instant.date() - timedelta(days=int(instant.time() < CLOSE))
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, CLOSE, INDIA)


def _downloaded(text: str) -> list[datetime]:
    """The times at which the file may have been saved: with the day first, or the month."""
    found = _DOWNLOADED.search(text)
    if found is None:
        return []
    times = []
    for day, month in ((found[1], found[2]), (found[2], found[1])):
        with suppress(ValueError):
            written = read_written_instant(f"{found[3]}-{month}-{day} at {found[4]}")
            times.append(written.replace(tzinfo=INDIA))
    return times


def _expiry(found: re.Match[str], quoted: datetime) -> date | None:
    """The date of ``April 28 10 DTE``, None if it is not that many days ahead."""
    ahead = (quoted.astimezone(INDIA) + timedelta(days=int(found["days"]))).date()
    try:
        day = read_date(f"{found['day']} {found['month']} {found['year'] or ahead.year}")
    except ValueError:
        return None
    return day if abs((day - ahead).days) <= 1 else None


def _of_name(source: str) -> tuple[date, str]:
    """Expiry and root, as the name of the file has them."""
    found = _FILE_NAME.search(Path(source).name)
    with suppress(ValueError):
        if found:
            return _day(found["date"]), found["root"] or ""
    raise ChainError(
        f"{source}: expiry unknown: NSE writes it into the name of the file alone, as in "
        "option-chain-ED-NIFTY-28-Nov-2026.csv"
    )
