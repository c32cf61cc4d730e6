"""Tables with a row an option, whoever made them: columns go by the names that files give them.

Strike, expiry and kind are needed; everything else is read where it is there. ``--map`` names the
columns of a file that calls them otherwise: ``--map strike=K,bid=B``. Without bids and asks a mark,
or else the last price, stands for both. A date of the quotes stands for that day's close in New
York. Notes say both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import read_iso_instants
from quantforge.chain.quotes import NUMBERS, ChainError, Dates, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days
from quantforge.chain.readers.table import Table, bare, head_names, read_kinds, read_named
from quantforge.chain.sessions import closes
from quantforge.files.cells import CellError, Notation, find_notation, read_numbers

KNOWN: Final[Mapping[str, str]] = {
    "strike": "strike strikeprice strikepx exerciseprice",
    "kind": "kind optiontype type cpflag cp callput putcall right optionright",
    "expiry": "expiry expiration expirationdate expirydate exdate expiredate maturity vencimento",
    "quoted": "quoted quotedate quotetime quotedatetime datadate date tradedate timestamp data",
    "bid": "bid bidprice bestbid",
    "ask": "ask askprice bestask offer bestoffer",
    "mark": "mark mid midprice markprice",
    "last": "last lastprice lastsale ltp close closeprice preco",
    "vendor_iv": "iv impliedvolatility impliedvol implvolatility",
    "vendor_delta": "delta",
    "vendor_gamma": "gamma",
    "volume": "volume totalvolume vol",
    "open_interest": "openinterest openint oi",
    "spot": "spot spotprice underlyingprice underlyinglast stockprice",
    "forward": "forward forwardprice",
    "rate": "rate riskfreerate interestrate",
    "symbol": "contractid optionsymbol contractsymbol",
    "root": "root underlyingsymbol underlying symbol",
    "currency": "currency",
    "exercise": "exercise exercisestyle style",
}
_NEEDED: Final = ("strike", "kind", "expiry")
_TEXTS: Final = ("symbol", "root", "currency")
_STYLES: Final = {"": "", "e": "european", "european": "european"} | dict.fromkeys(
    ("a", "american"), "american"
)
_MIDNIGHT: Final = re.compile(r"[ T]00:00(:00(\.0+)?)?$")
_NUMBER: Final = re.compile(r"\d[\d.,]*")


class _Long:
    """The reader."""

    name = "long"
    seeks = "columns of strike, kind and expiry, a row an option"
    takes_map = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        names = head_names(head)
        found = [not names.isdisjoint(KNOWN[each].split()) for each in _NEEDED]
        return 0.4 if all(found) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        table = read_named(raw, source, (), options.map)
        columns = find_columns(table, options.map, _NEEDED)
        expiry, quoted, notes = read_times(table, columns, options)
        return quotes_of(table, columns, notes, expiry=expiry, quoted=quoted)


READER: Final[Reader] = _Long()


def quotes_of(
    table: Table, columns: Mapping[str, str], notes: Sequence[str], **known: Any
) -> Quotes:
    """The quotes of a table with a row an option, beside what is `known` of them."""
    numbers: dict[str, Any] = _all_numbers(
        table, {name: columns[name] for name in ("strike", "mark", *NUMBERS) if name in columns}
    )
    table.refuse_where(~np.isfinite(numbers["strike"]), "no strike")
    mark = numbers.pop("mark", None)
    if "bid" not in numbers and "ask" not in numbers:
        stand_in = "mark" if mark is not None else "last"
        values = mark if mark is not None else numbers.get("last")
        if values is not None:
            numbers |= {"bid": values, "ask": values}
            notes = [f"no bids and asks: column {columns[stand_in]} stands for both", *notes]
    texts: dict[str, Any] = {name: table.texts(columns[name]) for name in _TEXTS if name in columns}
    if "exercise" in columns:
        texts["exercise"] = table.column(columns["exercise"], _styles)
    return Quotes(
        name=", ".join(sorted(set(texts.get("root", [])))[:3]),
        source=table.source,
        notes=notes,
        kind=table.column(columns["kind"], read_kinds),
        **{**numbers, **texts, **known},
    )


def find_columns(table: Table, mapped: Mapping[str, str], needed: Sequence[str]) -> dict[str, str]:
    """The columns by what they hold.

    Raises
    ------
    ChainError
        If one that is needed is not there, or what is mapped is unknown.
    """
    columns = _columns(table, mapped)
    missing = [name for name in needed if name not in columns]
    if missing:
        found = ", ".join(table.names)[:200]
        raise ChainError(
            f"{table.source}: no column of the {missing[0]}; found {found}; "
            f"--map {missing[0]}=COLUMN names it"
        )
    return columns


def _columns(table: Table, mapped: Mapping[str, str]) -> dict[str, str]:
    """The columns by what they hold; what is mapped has that name already."""
    unknown = sorted(mapped.keys() - KNOWN.keys())
    if unknown:
        raise ChainError(f"{table.source}: --map {unknown[0]}: known are {', '.join(KNOWN)}")
    by_letters = {bare(name): name for name in reversed(table.names) if name not in mapped}
    if "underlying" in by_letters and _has_numbers(table, by_letters["underlying"]):
        by_letters.setdefault("spot", by_letters.pop("underlying"))
    found = {}
    for name, spellings in KNOWN.items():
        its = next((each for each in spellings.split() if each in by_letters), None)
        if name in mapped:
            found[name] = name
        elif its is not None:
            found[name] = by_letters[its]
    return found


def _has_numbers(table: Table, column: str) -> bool:
    """Whether a column begins with a number."""
    first = next((cell for cell in table.texts(column) if cell.strip()), "")
    return bool(_NUMBER.fullmatch(first.strip()))


def _all_numbers(table: Table, columns: Mapping[str, str]) -> dict[str, Any]:
    """Numbers in the one notation that all of the columns say."""
    cells = list(chain.from_iterable(table.texts(column) for column in columns.values()))
    notation = find_notation(cells) if any("," in cell for cell in cells) else Notation()
    if isinstance(notation, str):
        raise ChainError(
            f"{table.source}: {notation!r} may be two numbers, and no cell tells whether its comma "
            "separates thousands"
        )
    read = partial(read_numbers, decimal=notation.decimal, grouped=notation.grouped)
    return {name: table.column(column, read) for name, column in columns.items()}


def read_times(
    table: Table,
    columns: Mapping[str, str],
    options: Options,
    closing: Callable[[Dates], Dates] = closes,
    note: str = "quoted at the close of each day, 16:00 in New York as a rule",
) -> tuple[Any, Any, list[str]]:
    """Expiries, times of the quotes, and a note where these are days only, quoted at their close.

    Several times are read although `options.asof` says one, so that whoever said it is told.
    """
    names = [columns["expiry"]]
    stated = len(set(table.texts(columns["quoted"]))) if "quoted" in columns else 0
    if options.asof is None and not stated:
        raise ChainError(f"{table.source}: no time of the quotes; give it with --asof")
    if options.asof is None or stated > 1:
        names.append(columns["quoted"])
    for place in map(table.names.index, names):
        for row in table.rows:
            row[place] = _MIDNIGHT.sub("", row[place].strip())
    clocked = {name: any(":" in cell for cell in table.texts(name)) for name in names}
    days = [name for name in names if not clocked[name]]
    found = dict(zip(days, read_days(table, *days), strict=True)) if days else {}
    found |= {name: table.column(name, read_iso_instants) for name in names if clocked[name]}
    expiry, *quoted = (found[name] for name in names)
    if not quoted:
        return expiry, options.asof, []
    if clocked[names[1]]:
        return expiry, quoted[0], []
    return expiry, closing(quoted[0]), [note]


def _styles(cells: Sequence[str]) -> Any:
    found = [_STYLES.get(cell.strip().casefold()) for cell in cells]
    if None in found:
        index = found.index(None)
        raise CellError(cells[index], "an exercise", index)
    return np.array(found)
