"""Option chains of Deribit, as CSV of its tickers or book summaries, or as the JSON of its API.

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
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain.calendar import SECONDS_PER_YEAR
from quantforge.chain.quotes import ChainError, Dates, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.records import Records, instants, read_json
from quantforge.chain.readers.table import head_names, read_named
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
}
_OPTIONAL: Final = (
    *chain.from_iterable(_NUMBERS.values()), "mark_iv", "mark_price", "timestamp",
    "creation_timestamp", "expiration_timestamp",
)  # fmt: skip
_BLANKS: Final = frozenset({"", "null", "none", "nan"})
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
        if head.lstrip()[:1] in {b"{", b"["}:
            return 0.9 if b'"instrument_name"' in head and b'"mark_price"' in head else 0.0
        return 0.9 if {"instrumentname", "underlyingprice"} <= head_names(head) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row or record, in the order of the file."""
        records, notes = _options_of(_records(raw, source))
        roots, days, strikes, kinds = zip(
            *(_instrument(records, index) for index in range(len(records))), strict=True
        )
        root = np.array(roots)
        coins = np.char.find(root, "_") < 0
        expiry: Any = np.array(days, dtype="datetime64[s]") + _AT
        numbers: dict[str, Any] = {
            ours: records.numbers(_present(records, names)) for ours, names in _NUMBERS.items()
        }
        known: dict[str, Any] = {"strike": np.array(strikes), "kind": np.array(kinds)}
        sigma = records.numbers("mark_iv") * _PER_CENT
        quoted: Any = options.asof
        if quoted is None:
            quoted, note = _snapshots(records) or _solved(
                records, expiry, sigma, np.where(coins, numbers["forward"], 1.0), **known
            )
            notes += note
        return Quotes(
            name=", ".join(sorted(set(roots))),
            source=source,
            notes=notes,
            quoted=quoted,
            expiry=expiry,
            vendor_iv=sigma,
            rate=np.where(coins, np.nan, 0.0),
            symbol=records.texts("instrument_name"),
            root=root,
            currency="USD",
            exercise="european",
            price_unit=np.where(coins, "underlying", "currency"),
            **known,
            **numbers,
        )


READER: Final[Reader] = _Deribit()


def _records(raw: bytes, source: str) -> Records:
    if raw.lstrip()[:1] not in {b"{", b"["}:
        table = read_named(raw, source, ("instrument_name", "underlying_price"), {}, _OPTIONAL)
        rows = [
            {
                name: cell
                for name, cell in zip(table.names, row, strict=True)
                if cell.strip().casefold() not in _BLANKS
            }
            for row in zip(*(table.texts(place) for place in range(len(table.names))), strict=True)
        ]
        return Records(source, rows, [f"{table.unit} {line}" for line in table.lines.tolist()])
    found = read_json(raw, source)
    found = found.get("result", found) if isinstance(found, dict) else found
    listed = found if isinstance(found, list) else [found]
    flat = [{**each, **(each.get("greeks") or {})} for each in listed if isinstance(each, dict)]
    if not flat or len(flat) < len(listed):
        raise ChainError(f"{source}: no list of options beneath result")
    return Records(source, flat, [f"option {place}" for place in range(1, len(flat) + 1)])


def _instrument(records: Records, index: int) -> tuple[str, str, float, int]:
    """Root, date of expiry, strike and sign."""
    name = str(records.fields[index].get("instrument_name", ""))
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise records.refusal(index, f"{name!r} is not the name of an option")
    root, day, month, year, strike, kind = found.groups()
    try:
        date = read_date(f"{day} {month} 20{year}").isoformat()
    except ValueError:
        raise records.refusal(index, f"{name!r} holds no date") from None
    return root, date, float(strike.replace("d", ".")), 1 if kind == "C" else -1


def _options_of(records: Records) -> tuple[Records, list[str]]:
    """The records of options, and a note on how many others there are: futures, combinations."""
    names = records.texts("instrument_name")
    wanted = [place for place, name in enumerate(names) if name.strip().endswith(("-C", "-P"))]
    others = len(names) - len(wanted)
    if not wanted or not others:
        return records, []
    kept = Records(
        records.source,
        [records.fields[place] for place in wanted],
        [records.places[place] for place in wanted],
    )
    return kept, [f"{others:,} instruments that are no options are left out"]


def _snapshots(records: Records) -> tuple[Dates, list[str]] | None:
    """The times of the quotes, None where the file has none.

    Tickers that follow each other closely have that of the last, unless an instrument comes again.
    """
    joined = any("expiration_timestamp" in each for each in records.fields)
    for name in ("timestamp", *(() if joined else ("creation_timestamp",))):
        times = instants(records.numbers(name))
        if not np.isnat(times).any():
            break
    else:
        return None
    order = np.argsort(times, kind="stable")
    snapshot = np.empty(len(times), dtype=np.intp)
    snapshot[order] = np.concatenate(([0], np.cumsum(np.diff(times[order]) > _GAP)))
    last = np.full(snapshot.max() + 1, times.min())
    np.maximum.at(last, snapshot, times)
    _, instrument = np.unique(records.texts("instrument_name"), return_inverse=True)
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
    records: Records, expiry: Dates, sigma: Floats, worth: Floats, **known: Any
) -> tuple[np.datetime64, list[str]]:
    """The instant at which Deribit's prices are those of its volatilities, and a note on it.

    A price says sigma * sqrt(time) whatever the time, and with the volatility then the time. Each
    option has the error that rounding leaves, which says its weight.
    """
    forward, mark = records.numbers("underlying_price"), records.numbers("mark_price")
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
    raise ChainError(
        f"{records.source}: no time at which all of it was quoted; give it with --asof"
    )


def _median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())])


def _present(records: Records, names: tuple[str, ...]) -> str:
    """The first of the names that any option has."""
    return next((name for name in names if any(name in each for each in records.fields)), names[0])
