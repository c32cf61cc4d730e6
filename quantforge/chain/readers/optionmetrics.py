"""Option prices of OptionMetrics' IvyDB, as CSV.

One row an option and day, with the strike in thousandths::

    secid,date,symbol,symbol_flag,exdate,last_date,cp_flag,strike_price,best_bid,best_offer,volume,
    open_interest,impl_volatility,delta,gamma,...,ticker,...,exercise_style,am_set_flag

The quotes are those of the close, and since 5 March 2008 of 15:59 in New York. An option with an
`am_set_flag` settles at the open. (OptionMetrics, IvyDB US Reference Manual.)

The file has no value of the underlying. Many who hold one have merged it in, with the rate and the
dividend yield, as ``spindx`` or ``S``, ``r`` and ``q``. Where there are all three they say the
forward, since such files often have options out of the money only, without a pair to fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import Any, Final

import numpy as np

from quantforge.chain.calendar import CLOSE, OPEN
from quantforge.chain.instants import at, exchange_zone
from quantforge.chain.quotes import ChainError, Dates, Floats, Quotes, Texts
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days, settlement_days
from quantforge.chain.readers.table import Table, head_names, read_kinds, read_named, spelled
from quantforge.files.cells import CellError, read_numbers

_NEEDED: Final = ("date", "exdate", "cp_flag", "strike_price", "best_bid", "best_offer")
_NUMBERS: Final = {
    "impl_volatility": "vendor_iv", "delta": "vendor_delta", "gamma": "vendor_gamma",
    "volume": "volume", "open_interest": "open_interest", "contract_size": "multiplier",
    "spot": "spot", "rate": "rate",
}  # fmt: skip
_SPELLINGS: Final = {
    **{name: (name.replace("_", ""),) for name in _NUMBERS},
    "symbol": ("symbol",), "ticker": ("ticker",), "issuer": ("issuer",),
    "am_set_flag": ("amsetflag", "amsettlement"), "exercise_style": ("exercisestyle",),
    "spot": ("spot", "underlyingprice", "spindx", "s"), "rate": ("rate", "r"),
    "dividend": ("dividend", "q"),
}  # fmt: skip
_EARLIER: Final = np.datetime64("2008-03-05")  # from this day on quotes are a minute earlier
_MISSING: Final = -99.99
_SYMBOL: Final = re.compile(r"([A-Z0-9]{1,6}) +\d{6}[CP]\d+")
_STYLES: Final = {"e": "european", "a": "american", "": "", "?": "", "x": ""}


class _OptionMetrics:
    """The reader."""

    name = "optionmetrics"
    seeks = "columns exdate, cp_flag, strike_price and best_offer"
    takes_map = True

    def sniff(self, head: bytes, path: str) -> float:
        sought = {"exdate", "cpflag", "strikeprice", "bestoffer"}
        return 0.9 if sought <= head_names(head) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        renamed = spelled(raw, _SPELLINGS) | dict(options.map)
        table = read_named(raw, source, _NEEDED, renamed)
        dates, exdates, notes = read_days(table, "date", "exdate")
        days = settlement_days(exdates)
        kind = table.column("cp_flag", read_kinds)
        strike = table.column("strike_price", read_numbers) / 1000.0
        bid = table.column("best_bid", _read_known)
        if np.mean((kind < 0) & (bid > strike)) > 0.01:
            raise ChainError(
                f"{source}: bids of puts are above their strikes: strike_price is not in "
                "thousandths; multiply it by 1000"
            )
        numbers: dict[str, Any] = {
            ours: table.column(theirs, _read_known)
            for theirs, ours in _NUMBERS.items()
            if theirs in table
        }
        quoted = _quoted(dates)
        if "spot" in table and "rate" in table and "dividend" in table:
            # Dates are enough: the carry of half a day is far less than a spread.
            years = (days - dates).astype(np.float64) / 365.0
            carry = numbers["rate"] - table.column("dividend", _read_known)
            numbers["forward"] = numbers["spot"] * np.exp(carry * years)
            of = ", ".join(renamed[name] for name in ("spot", "rate", "dividend"))
            notes = (*notes, f"forwards and rates are those of the columns {of}")
        names = sorted(set(table.texts("issuer"))) if "issuer" in table else []
        return Quotes(
            name=", ".join(filter(None, map(str.strip, names)))[:200],
            source=source,
            notes=notes,
            zone=exchange_zone(),
            quoted=quoted,
            expiry=days,
            settled=_settled(table, days),
            kind=kind,
            strike=strike,
            bid=bid,
            ask=table.column("best_offer", _read_known),
            symbol=_stripped(table, "symbol"),
            root=_roots(table),
            exercise=table.column("exercise_style", _read_styles)
            if "exercise_style" in table
            else "",
            **numbers,
        )


READER: Final[Reader] = _OptionMetrics()


def _read_known(cells: Sequence[str]) -> Floats:
    """Numbers; -99.99 is a missing one."""
    numbers = read_numbers(cells)
    return np.where(numbers == _MISSING, np.nan, numbers)


def _read_styles(cells: Sequence[str]) -> Texts:
    words = [cell.strip().casefold() for cell in cells]
    for index, word in enumerate(words):
        if word not in _STYLES:
            raise CellError(cells[index], "an exercise style, A or E", index)
    return np.array([_STYLES[word] for word in words])


def _quoted(dates: Dates) -> Dates:
    return np.where(dates < _EARLIER, at(dates, CLOSE), at(dates, time(15, 59)))


def _settled(table: Table, days: Dates) -> Dates | None:
    """The instants of the expiries, where the file says whether they are at the open."""
    if "am_set_flag" not in table:
        return None
    flags = table.column("am_set_flag", read_numbers)
    opens, closes = at(days, OPEN), at(days, CLOSE)
    return np.select([flags == 1, flags == 0], [opens, closes], np.datetime64("NaT", "s"))


def _stripped(table: Table, name: str) -> Any:
    return np.array([cell.strip() for cell in table.texts(name)]) if name in table else ""


def _roots(table: Table) -> Any:
    """The root in a symbol of today's form, and elsewhere the ticker of the underlying.

    Old symbols are ``SPQ.NJ``. One class had several such roots for its strikes.
    """
    tickers = _stripped(table, "ticker")
    if "symbol" not in table:
        return tickers
    found = map(_SYMBOL.fullmatch, table.texts("symbol"))
    given = np.array([match[1] if match else "" for match in found])
    return np.where(given == "", tickers, given)
