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

from quantforge.chain.instants import exchange_zone
from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.records import Records, read_json
from quantforge.chain.readers.table import head_lines
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
        document, records = _parse(raw, source)
        data = document["data"]
        symbols = _symbols(records)
        numbers: dict[str, Any] = {
            ours: (records.present if theirs in _NEEDED else records.numbers)(theirs)
            for theirs, ours in (_NEEDED | _OPTIONAL).items()
            if theirs in _NEEDED or any(theirs in each for each in records.fields)
        }
        quoted, zone = options.asof, options.asof.tzinfo if options.asof else exchange_zone()
        return Quotes(
            name=str(data.get("symbol") or document.get("symbol") or ""),
            source=source,
            quoted=_quote_time(document, data, source) if quoted is None else quoted,
            zone=zone,
            spot=Records(source, [data], ["the underlying"]).numbers("current_price")[0],
            symbol=symbols.symbol,
            root=symbols.root,
            expiry=symbols.expiry,
            kind=symbols.kind,
            strike=symbols.strike,
            **numbers,
        )


READER: Final[Reader] = _CboeJson()


def _parse(raw: bytes, source: str) -> tuple[dict[str, Any], Records]:
    """The document and its options."""
    document = read_json(raw, source)
    data = document.get("data") if isinstance(document, dict) else None
    rows = data.get("options") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise ChainError(f'{source}: no list "options" in "data"')
    if not rows:
        raise ChainError(f'{source}: "options" is empty')
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("option"), str):
            raise ChainError(f'{source}: option {index + 1}: no text "option" with its symbol')
    places = [f"option {index + 1}, {row['option']}" for index, row in enumerate(rows)]
    return document, Records(source, rows, places)


def _symbols(records: Records) -> Symbols:
    try:
        return read_symbols(records.texts("option"))
    except CellError as error:
        raise records.refusal(error.index, error) from None


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
