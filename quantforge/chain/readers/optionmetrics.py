"""Option prices of OptionMetrics' IvyDB, as WRDS and its own export write them.

One row an option and day, of many days and underlyings in one file::

    secid,date,exdate,cp_flag,strike_price,best_bid,best_offer,volume,open_interest,
    impl_volatility,delta,gamma,vega,theta,optionid,...,ticker,...,exercise_style

Strikes are in thousandths of the currency. The best bid and offer are those of the close, which is
taken to be at 16:00 in New York. Standard expiries before 2015 are on Saturdays; they settle on the
last trading day before, as every date does that is none. Values of the underlying, forwards and
rates are in other files: parity gives the forwards, or ``--map spot=...,rate=...`` names columns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import Quotes, Texts
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days
from quantforge.chain.readers.table import Table, head_names, read_kinds, read_named
from quantforge.chain.sessions import closes
from quantforge.files.cells import read_numbers

_NUMBERS: Final = {
    "best_bid": "bid", "best_offer": "ask", "impl_volatility": "vendor_iv", "delta": "vendor_delta",
    "gamma": "vendor_gamma", "volume": "volume", "open_interest": "open_interest",
    "spot": "spot", "forward": "forward", "rate": "rate",  # by --map, where somebody joined them
}  # fmt: skip
_NEEDED: Final = ("date", "exdate", "cp_flag", "strike_price", "best_bid", "best_offer")
_ROOTS: Final = ("ticker", "root", "secid")
_TEXTS: Final = (*_ROOTS, "symbol", "exercise_style")
_UNIT: Final = 1000.0  # of strikes
_STYLES: Final = {"A": "american", "E": "european"}


class _OptionMetrics:
    """The reader."""

    name = "optionmetrics"
    seeks = "columns exdate, cp_flag, strike_price and best_offer"
    takes_map = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        needed = {"exdate", "cpflag", "strikeprice", "bestoffer"}
        return 0.9 if needed <= head_names(head) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        table = read_named(raw, source, _NEEDED, options.map, (*_NUMBERS, *_TEXTS))
        day, expiry = read_days(table, "date", "exdate")
        root = _root(table)
        numbers: dict[str, Any] = {
            ours: table.column(theirs, read_numbers)
            for theirs, ours in _NUMBERS.items()
            if theirs in table
        }
        return Quotes(
            name=", ".join(sorted(set(root.tolist()))),
            source=source,
            notes=("quoted at the close of each day",),
            quoted=closes(day),
            expiry=expiry,
            kind=table.column("cp_flag", read_kinds),
            strike=table.column("strike_price", read_numbers) / _UNIT,
            symbol=table.texts("symbol") if "symbol" in table else "",
            root=root,
            exercise=_exercise(table),
            **numbers,
        )


READER: Final[Reader] = _OptionMetrics()


def _root(table: Table) -> Texts:
    """The ticker, or else the number of the security."""
    named = next((name for name in _ROOTS if name in table), None)
    cells = table.texts(named) if named else [""] * len(table)
    return np.array([cell.strip() for cell in cells])


def _exercise(table: Table) -> Texts:
    cells = table.texts("exercise_style") if "exercise_style" in table else [""] * len(table)
    return np.array([_STYLES.get(cell.strip(), "") for cell in cells])
