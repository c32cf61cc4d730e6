"""Option prices of OptionMetrics' IvyDB, as WRDS and its own export write them.

One row an option and day, of many days and underlyings in one file::

    secid,date,exdate,cp_flag,strike_price,best_bid,best_offer,volume,open_interest,
    impl_volatility,delta,gamma,vega,theta,optionid,...,ticker,...,exercise_style,am_settlement

Strikes are in thousandths of the currency; -99.99 stands for what is missing. Quotes are those of
the close, and since 5 March 2008 of a minute before it. Options with an `am_settlement` of 1, once
`am_set_flag`, settle at the open. Standard expiries before 2015 are on Saturdays; they settle on
the last trading day before, as every date does that is none. (OptionMetrics, IvyDB US Reference
Manual.)

Values of the underlying and rates are in other files. Many have merged them in, with the dividend
yield, as ``spindx`` or ``S``, ``r`` and ``q``. All three say the forward of an expiry, which is
used where fewer than three strikes have a call and a put. Such files often have options out of the
money alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from quantforge.chain.calendar import grouped
from quantforge.chain.instants import at, exchange_zone
from quantforge.chain.quotes import Dates, Flags, Floats, Integers, Quotes, Signs, Texts, two_sided
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days
from quantforge.chain.readers.table import (
    Table,
    bare,
    head_names,
    read_kinds,
    read_named,
    read_texts,
)
from quantforge.chain.sessions import OPEN, closes, last_trading_days
from quantforge.files.cells import CellError

_NUMBERS: Final = {
    "best_bid": "bid", "best_offer": "ask", "impl_volatility": "vendor_iv", "delta": "vendor_delta",
    "gamma": "vendor_gamma", "volume": "volume", "open_interest": "open_interest",
    "contract_size": "multiplier", "spot": "spot", "forward": "forward", "rate": "rate",
}  # fmt: skip
_MERGED: Final = {
    "spot": ("spot", "underlyingprice", "spotprice", "spindx", "s"),
    "rate": ("rate", "riskfreerate", "r"),
    "dividend": ("dividend", "dividendyield", "divyield", "q"),
}
_NEEDED: Final = ("date", "exdate", "cp_flag", "strike_price", "best_bid", "best_offer")
_ROOTS: Final = ("ticker", "root", "secid")
_TEXTS: Final = (*_ROOTS, "symbol", "exercise_style", "am_settlement", "am_set_flag")
_UNIT: Final = 1000.0  # of strikes
_MISSING: Final = -99.99
_EARLIER: Final = np.datetime64("2008-03-05")  # since then quotes are a minute earlier
_MINUTE: Final = np.timedelta64(60, "s")
_PER_CENT: Final = 0.01
_HIGHEST_RATE: Final = 0.5
_FEWEST_PAIRS: Final = 3  # that say a forward and a rate
_SYMBOL: Final = re.compile(r"([A-Z0-9]{1,6}) +\d{6}[CP]\d+")
_STYLES: Final = {"a": "american", "e": "european", "": "", "?": "", "x": ""}


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
        table, merged = _merged(table)
        day, exdate = read_days(table, "date", "exdate")
        expiry = last_trading_days(exdate)
        strike = table.strikes("strike_price") / _UNIT
        kind = table.each("cp_flag", read_kinds)
        root = _root(table)
        numbers: dict[str, Any] = {
            ours: _known(table, theirs) for theirs, ours in _NUMBERS.items() if theirs in table
        }
        notes = ["quoted at the close of each day", *_in_fractions(numbers, merged)]
        dividend = _known(table, "dividend") if "dividend" in table else None
        if dividend is not None and {"spot", "rate"} <= numbers.keys():
            if "rate" in merged and np.nanmedian(np.abs(_known(table, "rate"))) > _HIGHEST_RATE:
                dividend = dividend * _PER_CENT
            group, _ = grouped(day, expiry, root)
            alone = ~_paired(group, strike, kind, two_sided(numbers["bid"], numbers["ask"]))
            years = (expiry - day).astype(np.float64) / 365.0  # half a day's carry is nothing
            carried = numbers["spot"] * np.exp((numbers["rate"] - dividend) * years)
            given = numbers.get("forward", np.full(len(table), np.nan))
            numbers["forward"] = np.where(alone & ~np.isfinite(given), carried, given)
            if alone.any():
                of = ", ".join(merged.get(each, each) for each in _MERGED)
                notes.append(f"forwards of expiries without pairs are those of the columns {of}")
        return Quotes(
            name=", ".join(np.unique(root).tolist()),
            source=source,
            notes=notes,
            zone=exchange_zone(),
            quoted=closes(day) - np.where(day < _EARLIER, 0, 1) * _MINUTE,
            expiry=exdate,
            settled=_settled(table, expiry),
            kind=kind,
            strike=strike,
            symbol=read_texts(table, "symbol") if "symbol" in table else "",
            root=root,
            exercise=table.each("exercise_style", _styles) if "exercise_style" in table else "",
            **numbers,
        )


READER: Final[Reader] = _OptionMetrics()


def _merged(table: Table) -> tuple[Table, dict[str, str]]:
    """The table with the columns that were merged under our names, and theirs by ours."""
    names, found = list(table.names), {}
    by_letters = {bare(name): place for place, name in reversed(list(enumerate(names)))}
    for ours, spellings in _MERGED.items():
        its = next((by_letters[each] for each in spellings if each in by_letters), None)
        if ours not in names and its is not None:
            found[ours], names[its] = names[its], ours
    return table.named(names), found


def _in_fractions(numbers: dict[str, Any], merged: dict[str, str]) -> list[str]:
    """Make fractions of merged rates in per cent, as OptionMetrics' curves are, and say it."""
    if "rate" not in merged or not np.isfinite(numbers["rate"]).any():
        return []
    note = f"rates are those of the column {merged['rate']}"
    if np.nanmedian(np.abs(numbers["rate"])) <= _HIGHEST_RATE:
        return [note]
    numbers["rate"] = numbers["rate"] * _PER_CENT
    return [f"{note}, in per cent"]


def _known(table: Table, name: str) -> Floats:
    values = table.numbers(name)
    return np.where(values == _MISSING, np.nan, values)


def _paired(group: Integers, strike: Floats, kind: Signs, quoted: Flags) -> Flags:
    """Whether an option is in a group with so many strikes of a call and a put that they fit."""
    rows = np.flatnonzero(quoted)
    pair, first = grouped(group[rows].astype(np.float64), strike[rows])
    both = np.ones(len(first), dtype=bool)
    for sign in (1, -1):
        both &= np.bincount(pair[kind[rows] == sign], minlength=len(first)) > 0
    strikes = np.bincount(group[rows[first[both]]], minlength=int(group.max()) + 1)
    return np.asarray(strikes >= _FEWEST_PAIRS)[group]


def _settled(table: Table, days: Dates) -> Dates | None:
    """The instants of the expiries, where the file says whether they are at the open."""
    name = next((each for each in ("am_settlement", "am_set_flag") if each in table), None)
    if name is None:
        return None
    flags = table.numbers(name)
    return np.select(
        [flags == 1, flags == 0], [at(days, OPEN), closes(days)], np.datetime64("NaT", "s")
    )


def _root(table: Table) -> Texts:
    """That in a symbol of today's form, or else the ticker or the number of the security.

    Symbols before 2010 are ``SPQ.NJ``; a class had several such roots for its strikes.
    """
    named = next((name for name in _ROOTS if name in table), None)
    tickers = read_texts(table, named) if named else np.full(len(table), "")
    if "symbol" not in table:
        return tickers
    said = table.each("symbol", _symbol_roots)
    return np.where(said == "", tickers, said)


def _symbol_roots(cells: Sequence[str]) -> Texts:
    return np.array([found[1] if (found := _SYMBOL.fullmatch(cell)) else "" for cell in cells])


def _styles(cells: Sequence[str]) -> Texts:
    words = [cell.strip().casefold() for cell in cells]
    wrong = next((index for index, word in enumerate(words) if word not in _STYLES), None)
    if wrong is not None:
        raise CellError(cells[wrong], "an exercise style, A or E", wrong)
    return np.array([_STYLES[word] for word in words])
