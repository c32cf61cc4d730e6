"""Option quotes of Deribit: tickers, book summaries, order books and trades, in CSV or JSON.

One row or record an option, which ``instrument_name`` tells all about::

    instrument_name,best_bid_price,best_ask_price,underlying_price,mark_iv,delta,gamma,timestamp
    BTC-27JUN25-100000-C,0.0815,0.101,66342.3,63.29,0.78695,4e-05,1751000000000

Options expire at 08:00 UTC. Prices of options on a coin are in that coin; those of linear ones,
``BTC_USDC``, are in dollars. Volatilities are in per cent. The underlying's price is that of the
future of the same expiry, at which Deribit computes volatilities and greeks, at a rate of zero.

Tickers have a ``timestamp`` each, summaries the time at which they were created. Those that follow
each other closely are one snapshot. Tables that join tickers with instruments have the time at
which each instrument was made under the name of the latter. Deribit's own prices and volatilities
then say how long there was to each expiry, to some minutes.

An order book has the best bid and offer, or else the lists of all. A trade has its ``price``, which
stands for bid and ask, and its own time, ``iv`` and ``index_price``, the underlying's. What the
future of its expiry was is not in it, so that ``--rate`` has to say what it yields over that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import partial
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.chain.instants import SECONDS_PER_YEAR
from quantforge.chain.quotes import ChainError, Dates, Flags, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_epochs, read_instants
from quantforge.chain.readers.records import is_json, read_json, tabulated
from quantforge.chain.readers.table import LONGEST, Table, head_names, read_named, read_texts
from quantforge.files.cells import CellError, is_blank
from quantforge.files.dates import read_date

_NAME: Final = re.compile(
    r"([A-Z0-9_]+)-(\d{1,2})([A-Z]{3})(\d{2})-(\d{1,12}(?:d\d{1,12})?)-([CP])"
)
_NUMBERS: Final = {
    "bid": ("best_bid_price", "bid_price"),
    "ask": ("best_ask_price", "ask_price"),
    "last": ("last_price", "last"),
    "spot": ("index_price", "estimated_delivery_price"),
    "forward": ("underlying_price",),
    "volume": ("volume",),
    "open_interest": ("open_interest",),
    "vendor_delta": ("delta",),
    "vendor_gamma": ("gamma",),
    "vendor_iv": ("mark_iv",),
}
_OF_TRADES: Final = {
    "bid": ("price",), "ask": ("price",), "last": ("price",), "spot": ("index_price",),
    "vendor_iv": ("iv",), "volume": ("amount", "contracts"),
}  # fmt: skip
_INSTRUMENT: Final = np.dtype([("root", "U16"), ("day", "M8[D]"), ("strike", "f8"), ("kind", "i1")])
_OPTIONAL: Final = (
    *chain.from_iterable(_NUMBERS.values()), *chain.from_iterable(_OF_TRADES.values()),
    "mark_price", "timestamp",
    "creation_timestamp", "expiration_timestamp",
)  # fmt: skip
_AT: Final = np.timedelta64(8, "h")  # after midnight UTC
_PER_CENT: Final = 0.01
_GAP: Final = np.timedelta64(60, "s")  # between tickers of different snapshots
_TICK, _POINT = 5e-5, 5e-5  # half of the last digit of mark prices in coins, and of volatilities
_SURE: Final = 3600.0  # seconds to which prices and volatilities must say the time


class _Deribit:
    """The reader."""

    name = "deribit"
    seeks = "instrument_name and underlying_price, in CSV or JSON"
    takes_map = False
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        if is_json(head):
            told = b'"mark_price"' in head or b'"index_price"' in head
            return 0.9 if b'"instrument_name"' in head and told else 0.0
        names = head_names(head)
        told = "underlyingprice" in names or {"price", "iv", "indexprice"} <= names
        return 0.9 if "instrumentname" in names and told else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row or record, in the order of the file."""
        table, notes = _options_of(_table(raw, source))
        instruments = table.each("instrument_name", _read_instruments)
        root = instruments["root"]
        coins = np.char.find(root, "_") < 0
        expiry: Any = instruments["day"].astype("datetime64[s]") + _AT
        trades = _are_trades(table)
        names = _OF_TRADES if trades else _NUMBERS
        numbers: dict[str, Any] = {ours: _numbers(table, *theirs) for ours, theirs in names.items()}
        known: dict[str, Any] = {"strike": instruments["strike"], "kind": instruments["kind"]}
        sigma = numbers.pop("vendor_iv") * _PER_CENT
        quoted: Any = options.asof
        if trades:
            quoted = _trade_times(table)
            notes.append(
                "trades: the price of each stands for bid and ask; forwards are not in them: "
                "--rate says what futures yield over the index, 0 nothing"
            )
        elif quoted is None:
            quoted, note = _snapshots(table) or _solved(
                table, expiry, sigma, np.where(coins, numbers["forward"], 1.0), **known
            )
            notes += note
        return Quotes(
            name=", ".join(np.unique(root).tolist()),
            source=source,
            notes=notes,
            quoted=quoted,
            expiry=expiry,
            vendor_iv=sigma,
            rate=np.where(coins, np.nan, 0.0),
            symbol=read_texts(table, "instrument_name"),
            root=root,
            currency="USD",
            exercise="european",
            price_unit=np.where(coins, "underlying", "currency"),
            **known,
            **numbers,
        )


READER: Final[Reader] = _Deribit()


def _table(raw: bytes, source: str) -> Table:
    if not is_json(raw[:LONGEST]):
        return read_named(raw, source, ("instrument_name",), {}, _OPTIONAL)
    records = [_opened(each) for each in _records(read_json(raw, source))]
    if not records:
        raise ChainError(f"{source}: no options in it, each with an instrument_name")
    names, columns = tabulated(records)
    names = [re.sub(r"^(greeks|stats)\.", "", name) for name in names]
    return Table(source, names, columns, np.arange(1, len(records) + 1), unit="option")


def _records(found: Any) -> Iterator[dict[str, Any]]:
    """The records with an instrument, in answers of the API or lists or tables of them."""
    if isinstance(found, dict) and "instrument_name" in found:
        yield found
    elif isinstance(found, dict | list):
        for each in found.values() if isinstance(found, dict) else found:
            yield from _records(each)


def _opened(record: dict[str, Any]) -> dict[str, Any]:
    """The record, with the best bid and ask of an order book that has only the lists of them."""
    best = dict(record)
    for side, name, pick in (("bids", "best_bid_price", max), ("asks", "best_ask_price", min)):
        prices = [
            each[-2]
            for each in (record.get(side) if isinstance(record.get(side), list) else None) or ()
            if isinstance(each, list) and len(each) >= 2 and isinstance(each[-2], int | float)
        ]
        if prices and name not in record:
            best[name] = pick(prices)
    return best


def _read_instruments(cells: Sequence[str]) -> NDArray[np.void]:
    """Root, date of expiry, strike and sign of each."""
    found = np.empty(len(cells), dtype=_INSTRUMENT)
    for index, cell in enumerate(cells):
        parts = _NAME.fullmatch(cell.strip())
        if parts is None:
            raise CellError(cell, "the name of an option", index)
        root, day, month, year, strike, kind = parts.groups()
        try:
            date = read_date(f"{day} {month} 20{year}")
        except ValueError:
            raise CellError(cell, "the name of an option: it holds no date", index) from None
        found[index] = root, date, float(strike.replace("d", ".")), 1 if kind == "C" else -1
    return found


def _options_of(table: Table) -> tuple[Table, list[str]]:
    """The rows of options, and a note on how many others there are: futures, combinations."""
    options = table.each("instrument_name", _read_endings)
    others = len(table) - int(np.count_nonzero(options))
    if not others or others == len(table):
        return table, []
    return table.where(options), [f"{others:,} instruments that are no options are left out"]


def _read_endings(cells: Sequence[str]) -> Flags:
    return np.array([cell.strip().endswith(("-C", "-P")) for cell in cells])


def _are_trades(table: Table) -> bool:
    return "price" in table and "iv" in table and "underlying_price" not in table


def _numbers(table: Table, *names: str) -> Floats:
    """The numbers of the first of these columns that any option has."""
    there = (name for name in names if name in table)
    found = next((n for n in there if not all(map(is_blank, table.distinct(n)[0]))), None)
    return np.full(len(table), np.nan) if found is None else table.numbers(found)


def _times(table: Table, name: str) -> Dates:
    if name not in table:
        return np.full(len(table), np.datetime64("NaT", "s"))
    found = read_epochs(table, name)
    return table.each(name, partial(read_instants, zone=UTC)) if found is None else found


def _trade_times(table: Table) -> Dates:
    times = _times(table, "timestamp")
    table.refuse_where(np.isnat(times), "no time of the trade, column timestamp")
    return times


def _snapshots(table: Table) -> tuple[Dates, list[str]] | None:
    """The times of the quotes, None where the file has none.

    Tickers that follow each other closely have that of the last, unless an instrument comes again.
    """
    joined = "expiration_timestamp" in table
    for name in ("timestamp", *(() if joined else ("creation_timestamp",))):
        times = _times(table, name)
        if not np.isnat(times).any():
            break
    else:
        return None
    order = np.argsort(times, kind="stable")
    snapshot = np.empty(len(times), dtype=np.intp)
    snapshot[order] = np.concatenate(([0], np.cumsum(np.diff(times[order]) > _GAP)))
    last = np.full(snapshot.max() + 1, times.min())
    np.maximum.at(last, snapshot, times)
    _, instrument = np.unique(read_texts(table, "instrument_name"), return_inverse=True)
    pairs, counts = np.unique(np.stack((snapshot, instrument)), axis=1, return_counts=True)
    once = len(set(instrument.tolist())) == len(times)
    if name == "creation_timestamp" and len(last) > 1 and once:
        return None  # it is when each of the instruments was made
    repeated = np.isin(snapshot, pairs[0, counts > 1])
    found: Dates = np.where(repeated, times, last[snapshot])
    width = int((found - times).astype(np.int64).max())
    note = f"tickers within {_GAP.astype(int)} s of the next are one snapshot, up to {width} s long"
    return found, [note] * (width > 1)


def _solved(
    table: Table, expiry: Dates, sigma: Floats, worth: Floats, **known: Any
) -> tuple[np.datetime64, list[str]]:
    """The instant at which Deribit's prices are those of its volatilities, and a note on it.

    A price says sigma * sqrt(time) whatever the time, and with the volatility then the time. Each
    option has the error that rounding leaves, which says its weight.
    """
    forward, mark = _numbers(table, "underlying_price"), _numbers(table, "mark_price")
    model: Any = {**known, "time": 1.0, "rate": 0.0, "model": "black76"}
    with np.errstate(all="ignore"):
        forward = np.where(forward > 0.0, forward, np.nan)
        width, code = quantforge.implied_volatility(mark * worth, forward, **model, status=True)
        vega = quantforge.greeks(forward, sigma=width, **model, which=("vega",))["vega"]
        seconds = (width / sigma) ** 2 * SECONDS_PER_YEAR
        error = 2.0 * seconds * np.hypot(_TICK * worth / vega / width, _POINT / sigma)
    usable = (code == quantforge.Code.OK) & np.isfinite(error) & (error > 0.0)
    start, error = (expiry.astype(np.int64) - seconds)[usable], error[usable]
    if usable.any():
        center = _median(start, error**-2.0)
        sure = 1.0 / np.sqrt(np.sum(error**-2.0))
        if sure < _SURE and _median(np.abs(start - center) / error, np.ones(len(error))) < 3.0:
            quoted = np.datetime64(round(center), "s")
            return quoted, [
                f"no time in it: its mark prices and volatilities agree with {quoted}Z, within "
                f"some {max(1.0, sure / 30.0):.0f} minutes; --asof says another"
            ]
    raise ChainError(f"{table.source}: no time at which all of it was quoted; give it with --asof")


def _median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())])
