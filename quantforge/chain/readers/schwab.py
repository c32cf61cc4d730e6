"""Option chains of Schwab's market data, and of TD Ameritrade's before it, as JSON.

A map from expiry to strike to a list of options, for calls and for puts, beneath the underlying::

    {"symbol": "MSFT", "underlyingPrice": 245.375, "interestRate": 0.1, "putExpDateMap":
      {"2021-05-21:3": {"215.0": [{"bid": 0.06, "ask": 0.07, "volatility": 51.7, ...}]}}, ...}

Rate and volatilities are in per cent. What is missing is -999 or NaN. Options have a time each,
that of the last change of their quote. The newest is taken for all of them, and a note says so.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.records import Records, instants, read_json

_MAPS: Final = {"callExpDateMap": 1, "putExpDateMap": -1}
_NUMBERS: Final = {
    "bid": "bid", "ask": "ask", "last": "last", "totalVolume": "volume",
    "openInterest": "open_interest", "delta": "vendor_delta", "gamma": "vendor_gamma",
    "multiplier": "multiplier",
}  # fmt: skip
_MISSING: Final = (-999.0,)
_PER_CENT: Final = 0.01


class _Schwab:
    """The reader."""

    name = "schwab"
    seeks = "JSON with callExpDateMap or putExpDateMap"
    takes_map = False
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        text = head.lstrip()
        found = b'"symbol"' in text and (b'ExpDateMap"' in text or b'"underlyingPrice"' in text)
        return 0.9 if text.startswith(b"{") and found else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read the calls and then the puts, in the order of the file."""
        whole = read_json(raw, source)
        if not isinstance(whole, dict):
            raise ChainError(f"{source}: {type(whole).__name__} where an object is needed")
        records, days, kinds = _options(whole, source)
        top = Records(source, [whole], ["the underlying"])
        numbers: dict[str, Any] = {
            ours: records.numbers(theirs, _MISSING) for theirs, ours in _NUMBERS.items()
        }
        quoted: Any = options.asof
        notes = []
        if quoted is None:
            changed = instants(records.numbers("quoteTimeInLong", (*_MISSING, 0.0)))
            if np.isnat(changed).all():
                raise ChainError(f"{source}: no time in quoteTimeInLong; give one with --asof")
            quoted = changed[~np.isnat(changed)].max()
            notes.append(
                "quoted when the last quote changed, "
                f"{np.datetime_as_string(quoted)}Z; --asof says another time"
            )
        root = " ".join(top.texts("symbol")).lstrip("$")
        return Quotes(
            name=root,
            source=source,
            notes=notes,
            quoted=quoted,
            expiry=np.array(days, dtype="datetime64[D]"),
            kind=np.array(kinds, dtype=np.int8),
            strike=records.needed("strikePrice", _MISSING),
            vendor_iv=records.numbers("volatility", _MISSING) * _PER_CENT,
            spot=top.numbers("underlyingPrice", _MISSING)[0],
            rate=top.numbers("interestRate", _MISSING)[0] * _PER_CENT,
            symbol=records.texts("symbol"),
            root=root,
            **numbers,
        )


READER: Final[Reader] = _Schwab()


def _options(whole: dict[str, Any], source: str) -> tuple[Records, list[str], list[int]]:
    """All options, the date each expires on, and which are calls."""
    fields: list[dict[str, Any]] = []
    places, days, kinds = [], [], []
    for name, kind in _MAPS.items():
        for key, strikes in (whole.get(name) or {}).items():
            day = str(key).partition(":")[0]
            try:
                np.datetime64(day, "D")
            except ValueError:
                raise ChainError(f"{source}: {name}: {key!r} is no expiry") from None
            for strike, listed in strikes.items():
                for each in listed:
                    fields.append(each)
                    places.append(f"{name} {day} {strike}")
                    days.append(day)
                    kinds.append(kind)
    if not fields:
        raise ChainError(f"{source}: no options in {' or '.join(_MAPS)}")
    return Records(source, fields, places), days, kinds
