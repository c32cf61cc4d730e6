"""Option quotes of Cboe DataShop: the end of days, calculations at 15:45, and intervals.

One row an option and day, of two snapshots::

    underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,
    trade_volume,bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,
    underlying_ask_1545,[implied_underlying_price_1545,active_underlying_price_1545,
    implied_volatility_1545,delta_1545,gamma_1545,...,]bid_size_eod,bid_eod,ask_size_eod,ask_eod,
    underlying_bid_eod,underlying_ask_eod,vwap,open_interest,delivery_code

or an option and interval, with ``quote_datetime`` in New York, ``bid``, ``ask``, ``underlying_bid``
and ``implied_volatility``. The first snapshot is a quarter of an hour before the close, 15:45 as a
rule. It has the vendor's volatilities, so it is read where it is there, and a note says so;
``--map bid=bid_eod,ask=ask_eod`` reads the other one, which is of 16:15 for options on broad
indices and some funds. (Cboe DataShop, Option EOD Summary and Option Quote Intervals.)
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from quantforge.chain.instants import exchange_zone
from quantforge.chain.quotes import ChainError, Dates, Floats, Quotes, Texts, positive
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days, read_instants
from quantforge.chain.readers.table import Table, head_names, read_kinds, read_named, read_texts
from quantforge.chain.roots import LATE_ROOTS
from quantforge.chain.sessions import closes

_NEEDED: Final = ("root", "expiration", "strike", "option_type")
_NUMBERS: Final = {
    "bid": "bid", "ask": "ask", "implied_volatility": "vendor_iv", "delta": "vendor_delta",
    "gamma": "vendor_gamma", "underlying_bid": "", "underlying_ask": "",
    "active_underlying_price": "", "implied_underlying_price": "",
}  # fmt: skip
_OF_DAYS: Final = {"close": "last", "trade_volume": "volume", "open_interest": "open_interest"}
_SNAPSHOTS: Final = ("_1545", "_eod", "")
_QUARTER: Final = np.timedelta64(15, "m")


class _DataShop:
    """The reader."""

    name = "cboe-datashop"
    seeks = "columns underlying_symbol, quote_date or quote_datetime, root and option_type"
    takes_map = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        names = head_names(head)
        dated = {"quotedate", "quotedatetime"} & names
        return 0.9 if dated and {"underlyingsymbol", "root", "optiontype"} <= names else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        optional = [f"{name}{at}" for name in _NUMBERS for at in _SNAPSHOTS]
        mapped = {
            ours: theirs for ours, theirs in options.map.items() if ours not in {"bid", "ask"}
        }
        table = read_named(
            raw, source, _NEEDED, mapped, (*optional, *_OF_DAYS, "quote_date", "quote_datetime")
        )
        at = _snapshot(table, options)
        root = read_texts(table, "root")
        quoted, expiry, notes = _times(table, at, root)
        numbers: dict[str, Any] = {
            name: table.numbers(f"{name}{at}") for name in _NUMBERS if f"{name}{at}" in table
        }
        for each in ("bid", "ask"):
            if each in options.map:
                numbers[each] = table.numbers(options.map[each])
        for each in ("bid", "ask"):
            if each not in numbers:
                raise ChainError(f"{source}: no column {each}_1545, {each}_eod or {each}")
        spot = table.numbers("spot") if "spot" in table else _spot(numbers, len(table))
        return Quotes(
            name=", ".join(np.unique(root).tolist()[:3]),
            source=source,
            notes=notes,
            zone=exchange_zone(),
            quoted=quoted,
            expiry=expiry,
            kind=table.each("option_type", read_kinds),
            strike=table.strikes("strike"),
            root=root,
            spot=spot,
            **{
                ours: numbers[theirs]
                for theirs, ours in _NUMBERS.items()
                if ours and theirs in numbers
            },
            **{ours: table.numbers(theirs) for theirs, ours in _OF_DAYS.items() if theirs in table},
        )


READER: Final[Reader] = _DataShop()


def _snapshot(table: Table, options: Options) -> str:
    """What the names of the columns of the snapshot that is read end on."""
    wanted = options.map.get("bid", options.map.get("ask", ""))
    for at in _SNAPSHOTS:
        if at and wanted.endswith(at):
            return at
    return next((at for at in _SNAPSHOTS if f"bid{at}" in table), "")


def _times(table: Table, at: str, root: Texts) -> tuple[Dates, Dates, list[str]]:
    """Times of the quotes, expiries, and a note on the snapshot."""
    if "quote_datetime" in table:
        (expiry,) = read_days(table, "expiration")
        quoted = table.each("quote_datetime", _read_new_york)
        return quoted, expiry, []
    day, expiry = read_days(table, "quote_date", "expiration")
    close = closes(day)
    if at == "_1545":
        note = "quoted a quarter of an hour before the close, as bid_1545 and ask_1545 are"
        others = "; --map bid=bid_eod,ask=ask_eod takes those of the close"
        return close - _QUARTER, expiry, [note + (others if "bid_eod" in table else "")]
    late = np.isin(root, list(LATE_ROOTS))
    note = "quoted at the close of each day, 16:00, or 16:15 for broad indices and some funds"
    return close + np.where(late, _QUARTER, 0 * _QUARTER), expiry, [note]


def _read_new_york(cells: Any) -> Dates:
    return read_instants(cells, exchange_zone())


def _spot(numbers: dict[str, Any], count: int) -> Floats:
    """The underlying's price that the vendor has used, or else the middle of its bid and ask.

    Of an index both are its value. Where there is none they are zero.
    """
    none = np.full(count, np.nan)
    bid, ask = (positive(numbers.get(f"underlying_{each}", none)) for each in ("bid", "ask"))
    active = positive(numbers.get("active_underlying_price", none))
    return np.where(np.isfinite(active), active, 0.5 * (bid + ask))
