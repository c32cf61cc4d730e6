"""Option chains as Cboe's delayed-quote page exported them until 2017, ``quotedata.dat``.

Calls are on the left and puts on the right. One cell has year, month, strike and symbol of a
contract, and there may be a row for each exchange beside the one for all of them::

    AAPL (APPLE INC),157.37,+0.96,
    Oct 26 2017 @ 13:15 ET,Bid,157.37,Ask,157.38,Size,2x1,Vol,8348574,
    Calls,Last Sale,Net,Bid,Ask,Vol,Open Int,Puts,Last Sale,Net,Bid,Ask,Vol,Open Int,
    17 Oct 150.00 (AAPL1727J150),7.41,+1.01,7.30,7.50,249,2751,17 Oct 150.00 (AAPL1727V150),...
    17 Oct 150.00 (AAPL1727J150-A),7.30,+0.95,7.30,7.50,4,2751,17 Oct 150.00 (AAPL1727V150-A),...

The symbol has root, year, day, a letter and the strike. A to L are calls of January to December, M
to X puts. An expiry on a Saturday settles on the Friday before. Some programs have saved these
files with commas for the spaces within cells, which makes no difference here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import zip_longest
from typing import Any, Final

import numpy as np

from quantforge.chain.calendar import grouped
from quantforge.chain.instants import read_written_instant
from quantforge.chain.quotes import ChainError, Dates, Floats, Integers, Quotes, Texts
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.table import LONGEST, PREAMBLE, Table, head_lines, read_lines
from quantforge.chain.sessions import last_trading_days
from quantforge.files.cells import CellError, read_numbers

_HEADER: Final = "{} Last Sale Net Bid Ask Vol Open Int"
_WIDTH: Final = 10  # words of a side: 17, Oct, 150.00, (AAPL1727J150), 7.41, +1.01, ...
_SIDE: Final = ("year", "month", "strike", "symbol", "Last Sale", "Net", "Bid", "Ask", "Vol",
                "Open Int")  # fmt: skip
_NAMES: Final = tuple(f"{name} of the {kind}" for kind in ("call", "put") for name in _SIDE)
_NUMBERS: Final = {"last": 4, "bid": 6, "ask": 7, "volume": 8, "open_interest": 9}
_SYMBOL: Final = re.compile(
    r"\((?P<contract>(?P<root>[A-Z0-9]{1,6}?)(?P<year>\d{2})(?P<day>\d{2})(?P<letter>[A-X])"
    r"(?P<strike>\d+(?:\.\d+)?))(?:-(?P<exchange>[A-Z0-9]+))?\)"
)
_TITLE: Final = re.compile(r"(?P<name>.*\)) (?P<spot>\d[\d.]*) ")


@dataclass(frozen=True, slots=True, eq=False)
class _Contracts:
    """What a column of symbols says; `exchange` is empty in the rows for all of them."""

    symbol: Texts
    root: Texts
    expiry: Dates
    strike: Floats
    exchange: Texts


class _CboeVintage:
    """The reader."""

    name = "cboe-vintage"
    seeks = "a header with Calls, Last Sale, ..., Open Int and the same for Puts, without Strike"
    takes_map = False
    dated_by_export = True

    def sniff(self, head: bytes, path: str) -> float:
        return 0.0 if _find_header(head_lines(head)) is None else 0.9

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read two options per strike of the file, in the order of their first rows."""
        lines = read_lines(raw, source)
        header = _find_header(lines)
        if header is None:
            raise ChainError(f"{source}: not an option chain: no header of the old Cboe layout")
        preamble = [" ".join(_words(line)) + " " for line in lines[:header]]
        title = next(filter(None, map(_TITLE.match, preamble)), None)
        rows, columns, notes = _consolidated(*_read_sides(_read_rows(lines, header, source)))
        columns = {name: values[rows] for name, values in columns.items()}
        return Quotes(
            name=title["name"] if title else "",
            source=source,
            notes=notes,
            quoted=options.asof or _quote_time(preamble, source),
            spot=float(title["spot"]) if title else np.nan,
            **columns,
        )


READER: Final[Reader] = _CboeVintage()


def _words(line: str) -> list[str]:
    """The cells of a line and the words in them, which some files separate by commas too."""
    line = line.replace('"', "").strip(" ")
    return re.split(r"[ ,;\t]", re.sub(r" *([ ,;\t]) *", r"\1", line))


def _find_header(lines: Sequence[str]) -> int | None:
    wanted = " ".join(map(_HEADER.format, ("Calls", "Puts"))).casefold()
    for number, line in enumerate(lines[:PREAMBLE]):
        if len(line) <= LONGEST and " ".join(_words(line)).casefold().strip() == wanted:
            return number
    return None


def _quote_time(preamble: Sequence[str], source: str) -> Any:
    for number, line in enumerate(preamble, start=1):
        if "@" in line:
            try:
                return read_written_instant(line)
            except ValueError as error:
                cause = f"line {number}: {error}"
                break
    else:
        cause = "no date and time above the header"
    raise ChainError(f"{source}: time of the quotes unknown: {cause}; give it with --asof")


def _read_rows(lines: Sequence[str], header: int, source: str) -> Table:
    filled = [
        (number, _words(line))
        for number, line in enumerate(lines[header + 1 :], start=header + 2)
        if line.strip(" ,;\t")
    ]
    if not filled:
        raise ChainError(f"{source}: a header on line {header + 1}, but no options below it")
    places, rows = zip(*filled, strict=True)
    columns = list(zip_longest(*rows, fillvalue=""))[: len(_NAMES)]
    table = Table(source, _NAMES, columns, np.array(places))
    for index, row in enumerate(rows):
        if len(row) < 2 * _WIDTH or any(row[2 * _WIDTH :]):
            cut = "the file is cut off: " if index == len(table) - 1 else ""
            found = f"{len(row)} words where {2 * _WIDTH} are needed"
            raise table.refusal(index, f"{cut}{found}, ten of the call and ten of the put")
    return table


def _read_sides(table: Table) -> tuple[dict[str, Any], Texts]:
    """The options of every row, calls before puts, and the exchange of each."""
    sides: list[dict[str, Any]] = []
    for offset, letters, kind in ((0, "ABCDEFGHIJKL", 1), (_WIDTH, "MNOPQRSTUVWX", -1)):
        said = table.column(offset + 3, partial(_read_contracts, letters=letters))
        strike = table.column(offset + 2, read_numbers)
        table.refuse_where(strike != said.strike, "strike and symbol differ")
        months = list(map(" ".join, zip(table.texts(offset), table.texts(offset + 1), strict=True)))
        wanted = [f"{day:%y %b}".casefold() for day in said.expiry.tolist()]
        differ = [month.casefold() != want for month, want in zip(months, wanted, strict=True)]
        table.refuse_where(np.array(differ), "month and symbol differ")
        sides.append(
            {
                "symbol": said.symbol, "root": said.root, "strike": strike,
                "expiry": last_trading_days(said.expiry), "exchange": said.exchange,
                "kind": np.full(len(table), kind, dtype=np.int8),
                **{name: table.column(offset + place, read_numbers)
                   for name, place in _NUMBERS.items()},
            }
        )  # fmt: skip
    both = {name: np.stack([side[name] for side in sides], axis=1).ravel() for name in sides[0]}
    return both, both.pop("exchange")


def _read_contracts(cells: Sequence[str], letters: str) -> _Contracts:
    what = f"a symbol such as (AAPL1727{letters[9]}150) of a {'call' if 'A' in letters else 'put'}"
    parts = []
    for index, cell in enumerate(cells):
        found = _SYMBOL.fullmatch(cell)
        if found is None or found["letter"] not in letters:
            raise CellError(cell, what, index)
        try:
            month = letters.index(found["letter"]) + 1
            expiry = date(2000 + int(found["year"]), month, int(found["day"]))
        except ValueError:
            raise CellError(cell, what, index) from None
        parts.append((found["contract"], found["root"], expiry, found["strike"], found["exchange"]))
    contracts, roots, expiries, strikes, exchanges = zip(*parts, strict=True)
    return _Contracts(
        np.array(contracts),
        np.array(roots),
        np.array(expiries, dtype="datetime64[D]"),
        np.array(strikes, dtype=np.float64),
        np.array([exchange or "" for exchange in exchanges]),
    )


def _consolidated(
    columns: dict[str, Any], exchange: Texts
) -> tuple[Integers, dict[str, Any], tuple[str, ...]]:
    """One row a contract: that of all exchanges, or else the best quotes of the single ones.

    Rows of the exchange TEST are not quotes.
    """
    contract, _ = grouped(columns["symbol"])
    whole = exchange == ""
    alone = ~whole & (exchange != "TEST") & ~np.isin(contract, contract[whole])
    rows = np.flatnonzero(whole | alone)
    _, first = np.unique(contract[rows], return_index=True)
    rows_of_one = rows[np.sort(first)]
    if alone.any():
        kept = contract[rows]
        for name, best, worst in (("bid", np.fmax, -np.inf), ("ask", np.fmin, np.inf)):
            values = np.full(contract.max() + 1, worst)
            given = columns[name][rows]
            # An ask of zero is none.
            best.at(values, kept, np.where((given > 0) | (name == "bid"), given, np.nan))
            columns[name] = np.where(np.isfinite(values), values, np.nan)[contract]
    notes = []
    if np.any(~whole & ~alone):
        count = int(np.count_nonzero(~whole & ~alone))
        notes.append(f"{count:,} quotes of single exchanges stand beside the best: left out")
    if alone.any():
        notes.append("contracts without a quote of all exchanges have the best of single ones")
    return rows_of_one, columns, tuple(notes)
