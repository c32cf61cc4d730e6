"""Tables with a row an option, whoever made them: columns go by the names that files give them.

Strike, expiry and kind are needed; everything else is read where it is there. ``--map`` names the
columns of a file that calls them otherwise: ``--map strike=K,bid=B``. Without bids and asks a mark,
or else the last price, stands for both. A date of the quotes stands for that day's close in New
York. Notes say both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from quantforge.chain.instants import read_iso_instants
from quantforge.chain.quotes import NUMBERS, ChainError, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_days
from quantforge.chain.readers.table import Table, bare, head_names, read_kinds, read_named
from quantforge.chain.sessions import closes
from quantforge.files.cells import CellError, read_numbers

_KNOWN: Final[Mapping[str, str]] = {
    "strike": "strike strikeprice strikepx exerciseprice",
    "kind": "kind optiontype type cpflag cp callput putcall right optionright",
    "expiry": "expiry expiration expirationdate expirydate exdate expiredate maturity vencimento",
    "quoted": "quoted quotedate quotetime quotedatetime datadate date tradedate timestamp data",
    "bid": "bid bidprice bestbid",
    "ask": "ask askprice bestask offer bestoffer",
    "mark": "mark mid midprice markprice",
    "last": "last lastprice lastsale close closeprice preco",
    "vendor_iv": "iv impliedvolatility impliedvol implvolatility",
    "vendor_delta": "delta",
    "vendor_gamma": "gamma",
    "volume": "volume totalvolume",
    "open_interest": "openinterest openint",
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
_COMMA: Final = re.compile(r"[-+]?\d*,\d+")


class _Long:
    """The reader."""

    name = "long"
    seeks = "columns of strike, kind and expiry, a row an option"
    takes_map = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        names = head_names(head)
        found = [not names.isdisjoint(_KNOWN[each].split()) for each in _NEEDED]
        return 0.4 if all(found) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        table = read_named(raw, source, (), options.map)
        columns = _columns(table, options.map)
        missing = [name for name in _NEEDED if name not in columns]
        if missing:
            found = ", ".join(table.names)[:200]
            raise ChainError(
                f"{source}: no column of the {missing[0]}; found {found}; "
                f"--map {missing[0]}=COLUMN names it"
            )
        numbers: dict[str, Any] = {
            name: _numbers(table, columns[name])
            for name in ("strike", "mark", *NUMBERS)
            if name in columns
        }
        notes = []
        mark = numbers.pop("mark", None)
        if "bid" not in numbers and "ask" not in numbers:
            stand_in = "mark" if mark is not None else "last"
            values = mark if mark is not None else numbers.get("last")
            if values is not None:
                numbers |= {"bid": values, "ask": values}
                notes.append(f"no bids and asks: column {columns[stand_in]} stands for both")
        expiry, quoted, dated = _times(table, columns, options)
        notes += ["quoted at the close of each day, 16:00 in New York as a rule"] * dated
        texts: dict[str, Any] = {
            name: table.texts(columns[name]) for name in _TEXTS if name in columns
        }
        return Quotes(
            name=", ".join(sorted(set(texts.get("root", [])))[:3]),
            source=source,
            notes=notes,
            quoted=quoted,
            expiry=expiry,
            kind=table.column(columns["kind"], read_kinds),
            exercise=table.column(columns["exercise"], _styles) if "exercise" in columns else "",
            **numbers,
            **texts,
        )


READER: Final[Reader] = _Long()


def _columns(table: Table, mapped: Mapping[str, str]) -> dict[str, str]:
    """The columns by what they hold; what is mapped has that name already."""
    unknown = sorted(mapped.keys() - _KNOWN.keys())
    if unknown:
        raise ChainError(f"{table.source}: --map {unknown[0]}: known are {', '.join(_KNOWN)}")
    by_letters = {bare(name): name for name in reversed(table.names) if name not in mapped}
    found = {}
    for name, spellings in _KNOWN.items():
        its = next((each for each in spellings.split() if each in by_letters), None)
        if name in mapped:
            found[name] = name
        elif its is not None:
            found[name] = by_letters[its]
    return found


def _numbers(table: Table, column: str) -> Any:
    """Numbers with whichever decimal sign the column has."""
    cells = table.texts(column)
    comma = any(_COMMA.fullmatch(cell.strip()) for cell in cells)
    return table.column(column, partial(read_numbers, decimal="," if comma else "."))


def _times(table: Table, columns: Mapping[str, str], options: Options) -> tuple[Any, Any, bool]:
    """Expiries and times of the quotes, and whether these are days only."""
    names = [columns["expiry"]]
    if options.asof is None:
        if "quoted" not in columns:
            raise ChainError(f"{table.source}: no time of the quotes; give it with --asof")
        names.append(columns["quoted"])
    for row in table.rows:
        for name in names:
            place = table.names.index(name)
            row[place] = _MIDNIGHT.sub("", row[place].strip())
    clocked = {name: any(":" in cell for cell in table.texts(name)) for name in names}
    days = [name for name in names if not clocked[name]]
    found = dict(zip(days, read_days(table, *days), strict=True)) if days else {}
    found |= {name: table.column(name, read_iso_instants) for name in names if clocked[name]}
    expiry, *quoted = (found[name] for name in names)
    if not quoted:
        return expiry, options.asof, False
    return expiry, quoted[0] if clocked[names[1]] else closes(quoted[0]), not clocked[names[1]]


def _styles(cells: Sequence[str]) -> Any:
    found = [_STYLES.get(cell.strip().casefold()) for cell in cells]
    if None in found:
        index = found.index(None)
        raise CellError(cells[index], "an exercise", index)
    return np.array(found)
