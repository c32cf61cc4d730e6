"""Option chains as the server behind Cboe's delayed-quote page sends them, as JSON.

::

    {"timestamp": "2030-06-14 19:46:02", "symbol": "_TST",
     "data": {"symbol": "^TST", "current_price": 101.25, "last_trade_time": "2030-06-14T15:31:00",
              "options": [{"option": "TSTW300621C00090000", "bid": 11.8, "ask": 12.0, "iv": 0.3,
                           "delta": 0.9, "gamma": 0.01, "volume": 5, "open_interest": 7,
                           "last_trade_price": 11.9}]}}

Neither time has a zone. The first is in UTC, and that of the last trade is the exchange's. Where
the first would be before the last trade it cannot be UTC, and is the exchange's too.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import exchange_zone
from quantforge.chain.quotes import ChainError, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.table import head_lines, read_lines
from quantforge.chain.symbols import Symbols, read_symbols
from quantforge.files.cells import CellError

_NEEDED: Final = {"bid": "bid", "ask": "ask"}
_OPTIONAL: Final = {
    "iv": "vendor_iv", "delta": "vendor_delta", "gamma": "vendor_gamma", "volume": "volume",
    "open_interest": "open_interest", "last_trade_price": "last",
}  # fmt: skip
_OPTION: Final = re.compile(r'"options"\s*:\s*\[\s*(?:\]|\{[^}]*"option"\s*:)')


class _CboeJson:
    """The reader."""

    name = "cboe-json"
    seeks = 'JSON with "data" and in it "options", each with an "option"'
    takes_map = False
    dated_by_export = True

    def sniff(self, head: bytes, path: str) -> float:
        text = "\n".join(head_lines(head)).lstrip("\ufeff \n\t")
        return 0.9 if text.startswith("{") and _OPTION.search(text) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read an option for every object in `options`, in their order."""
        document = _parse(raw, source)
        data = document["data"]
        rows = data["options"]
        symbols = _symbols(rows, source)
        numbers: dict[str, Any] = {
            ours: _numbers(rows, theirs, symbols, source)
            for theirs, ours in (_NEEDED | _OPTIONAL).items()
            if theirs in _NEEDED or any(theirs in row for row in rows)
        }
        quoted, zone = options.asof, options.asof.tzinfo if options.asof else exchange_zone()
        return Quotes(
            name=str(data.get("symbol") or document.get("symbol") or ""),
            source=source,
            quoted=_quote_time(document, data, source) if quoted is None else quoted,
            zone=zone,
            spot=_number(data.get("current_price"), f"{source}: current_price"),
            symbol=symbols.symbol,
            root=symbols.root,
            expiry=symbols.expiry,
            kind=symbols.kind,
            strike=symbols.strike,
            **numbers,
        )


READER: Final[Reader] = _CboeJson()


def _parse(raw: bytes, source: str) -> dict[str, Any]:
    """The document, once it is certain that it holds a list of options."""
    try:
        document = json.loads("\n".join(read_lines(raw, source)))
    except json.JSONDecodeError as error:
        raise ChainError(
            f"{source}: line {error.lineno}, column {error.colno}: damaged or cut off: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ChainError(f"{source}: no JSON of Cboe: nested too deeply") from error
    data = document.get("data") if isinstance(document, dict) else None
    rows = data.get("options") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise ChainError(f'{source}: no list "options" in "data"')
    if not rows:
        raise ChainError(f'{source}: "options" is empty')
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("option"), str):
            raise ChainError(f'{source}: option {index + 1}: no text "option" with its symbol')
    return dict(document)


def _symbols(rows: list[dict[str, Any]], source: str) -> Symbols:
    try:
        return read_symbols([row["option"] for row in rows])
    except CellError as error:
        raise ChainError(f"{source}: option {error.index + 1}: {error}") from None


def _numbers(rows: list[dict[str, Any]], name: str, symbols: Symbols, source: str) -> Floats:
    values = [row.get(name) for row in rows]
    for index, row in enumerate(rows):
        place = f"{source}: option {index + 1}, {symbols.symbol[index]}"
        if name in _NEEDED and name not in row:
            raise ChainError(f"{place}: no {name}")
        values[index] = _number(values[index], f"{place}: {name}")
    return np.array(values, dtype=np.float64)


def _number(value: Any, place: str) -> float:
    """A number, and null as NaN."""
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ChainError(f"{place} is {json.dumps(value)[:40]} where a number is needed")
    try:
        return float(value)
    except OverflowError:
        raise ChainError(f"{place} is too large for a number") from None


def _quote_time(document: dict[str, Any], data: dict[str, Any], source: str) -> datetime:
    """`timestamp` in UTC, or in the zone of the exchange if it would precede the last trade."""
    stamp = _time(document.get("timestamp"))
    if stamp is None:
        found = json.dumps(document.get("timestamp"))[:40]
        raise ChainError(
            f"{source}: time of the quotes unknown: timestamp is {found}; give it with --asof"
        )
    if stamp.tzinfo is not None:
        return stamp
    traded = _time(data.get("last_trade_time"))
    utc = stamp.replace(tzinfo=UTC)
    if traded is None:
        return utc
    if traded.tzinfo is None:
        traded = traded.replace(tzinfo=exchange_zone())
    return stamp.replace(tzinfo=exchange_zone()) if utc < traded else utc


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
