"""Option chains of Deribit, as CSV of its tickers or book summaries, or as the JSON of its API.

One row or record an option, which ``instrument_name`` tells all about::

    instrument_name,best_bid_price,best_ask_price,underlying_price,mark_iv,delta,gamma,timestamp
    BTC-27JUN25-100000-C,0.0815,0.101,66342.3,63.29,0.78695,4e-05,1751000000000

Options expire at 08:00 UTC. Prices of options on a coin are in that coin; those of linear ones,
``BTC_USDC``, are in dollars. Volatilities are in per cent. The underlying's price is that of the
future of the same expiry. The time is that of ``timestamp``, or that at which all summaries were
created; where neither says it, ``--asof`` must.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Quotes
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
    "forward": ("underlying_price",),
    "volume": ("volume",),
    "open_interest": ("open_interest",),
    "vendor_delta": ("delta",),
    "vendor_gamma": ("gamma",),
}
_BLANKS: Final = frozenset({"", "null", "none", "nan"})
_AT: Final = np.timedelta64(8, "h")  # after midnight UTC
_PER_CENT: Final = 0.01
_ONE_SNAPSHOT: Final = np.timedelta64(60, "s")


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
        records = _records(raw, source)
        roots, days, strikes, kinds = zip(
            *(_instrument(records, index) for index in range(len(records))), strict=True
        )
        root = np.array(roots)
        numbers: dict[str, Any] = {
            ours: records.numbers(_present(records, names)) for ours, names in _NUMBERS.items()
        }
        return Quotes(
            name=", ".join(sorted(set(roots))),
            source=source,
            quoted=options.asof if options.asof is not None else _quoted(records),
            expiry=np.array(days, dtype="datetime64[s]") + _AT,
            kind=np.array(kinds),
            strike=np.array(strikes),
            vendor_iv=records.numbers("mark_iv") * _PER_CENT,
            symbol=records.texts("instrument_name"),
            root=root,
            currency="USD",
            exercise="european",
            price_unit=np.where(np.char.find(root, "_") < 0, "underlying", "currency"),
            **numbers,
        )


READER: Final[Reader] = _Deribit()


def _records(raw: bytes, source: str) -> Records:
    if raw.lstrip()[:1] not in {b"{", b"["}:
        table = read_named(raw, source, ("instrument_name", "underlying_price"), {})
        rows = [
            {
                name: cell
                for name, cell in zip(table.names, row, strict=False)
                if cell.strip().casefold() not in _BLANKS
            }
            for row in table.rows
        ]
        return Records(source, rows, [f"line {line}" for line in table.lines])
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


def _quoted(records: Records) -> Any:
    """When the snapshot was taken."""
    for name in ("timestamp", "creation_timestamp"):
        found = instants(records.numbers(name))
        if not np.isnat(found).any() and found.max() - found.min() <= _ONE_SNAPSHOT:
            return found.max()
    raise ChainError(
        f"{records.source}: no time at which all of it was quoted; give it with --asof"
    )


def _present(records: Records, names: tuple[str, ...]) -> str:
    """The first of the names that any option has."""
    return next((name for name in names if any(name in each for each in records.fields)), names[0])
