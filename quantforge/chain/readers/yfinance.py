"""Option chains as yfinance gives them, ``Ticker.option_chain``, saved as CSV.

One row an option, calls and puts in one file or apart, of one expiry or many::

    contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,change,percentChange,volume,openInterest,
    impliedVolatility,inTheMoney,contractSize,currency

The symbol says root, expiry, kind and strike. The file does not say when it was fetched. The newest
trade in it is the best guess, since a liquid option has traded in the last minute of the session;
a note says so.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Floats, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_instants
from quantforge.chain.readers.table import Table, head_names, read_named, read_texts
from quantforge.chain.symbols import read_symbols

_NUMBERS: Final = {
    "bid": "bid", "ask": "ask", "lastPrice": "last", "volume": "volume",
    "openInterest": "open_interest", "impliedVolatility": "vendor_iv",
}  # fmt: skip
_NEEDED: Final = ("contractSymbol", "lastTradeDate", "strike", *_NUMBERS)
_OPTIONAL: Final = ("currency", "contractSize")


class _YFinance:
    """The reader."""

    name = "yfinance"
    seeks = "columns contractSymbol and lastTradeDate"
    takes_map = True
    takes_zone = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        return 0.9 if {"contractsymbol", "lasttradedate"} <= head_names(head) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        table = read_named(raw, source, _NEEDED, options.map, _OPTIONAL)
        symbols = table.column("contractSymbol", read_symbols)
        strike = table.numbers("strike")
        table.refuse_where(strike != symbols.strike, "strike and symbol differ")
        numbers: dict[str, Any] = {ours: table.numbers(theirs) for theirs, ours in _NUMBERS.items()}
        quoted: Any = options.asof
        notes = []
        if quoted is None:
            quoted = _newest(table, options.zone)
            notes.append(
                f"the file does not say when it was quoted: taken to be the time of its newest "
                f"trade, {np.datetime_as_string(quoted)}Z; --asof says another"
            )
        return Quotes(
            name=", ".join(sorted(set(symbols.root.tolist()))),
            source=source,
            notes=notes,
            quoted=quoted,
            expiry=symbols.expiry,
            kind=symbols.kind,
            strike=strike,
            symbol=symbols.symbol,
            root=symbols.root,
            currency=read_texts(table, "currency") if "currency" in table else "",
            multiplier=_multiplier(table),
            **numbers,
        )


READER: Final[Reader] = _YFinance()


def _newest(table: Table, zone: tzinfo | None) -> np.datetime64:
    traded = table.each("lastTradeDate", partial(read_instants, zone=zone))
    traded = traded[~np.isnat(traded)]
    if not traded.size:
        raise ChainError(f"{table.source}: no time in lastTradeDate; give one with --asof")
    newest: np.datetime64 = traded.max()
    return newest


def _multiplier(table: Table) -> Floats:
    """A regular contract is over 100 shares, and of others the file does not say."""
    if "contractSize" not in table:
        return np.full(len(table), np.nan)
    return np.where(read_texts(table, "contractSize") == "REGULAR", 100.0, np.nan)
