"""Tables with a row an option, whoever made them: columns go by the names that files give them.

Strike, expiry and kind are needed; everything else is read where it is there. ``--map`` names the
columns of a file that calls them otherwise: ``--map strike=K,bid=B``. Without bids and asks a mark,
or else the last price, stands for both. A date of the quotes stands for that day's close in New
York. Notes say both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import chain
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import NUMBERS, ChainError, Dates, Floats, Quotes, Signs, Texts
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.days import read_instants, read_moments, told_order
from quantforge.chain.readers.others import rate_future_in
from quantforge.chain.readers.table import (
    Table,
    bare,
    head_names,
    notation_in,
    read_kinds,
    read_named,
    read_texts,
)
from quantforge.chain.sessions import closes, last_trading_days, trading_days
from quantforge.chain.symbols import read_symbols
from quantforge.files.cells import CellError, Notation, is_blank
from quantforge.files.dates import plain

KNOWN: Final[Mapping[str, str]] = {
    "strike": "strike strikeprice strikepx pricestrike exerciseprice",
    "kind": "kind optiontype contracttype putcall callput cpflag cp right optionright type",
    "expiry": "expiry expiration expirationdate expirydate exdate expiredate expirdate expdate exp "
    "maturity maturitydate "
    "lasttradedateorcontractmonth vencimento",
    "quoted": "quoted quotedat quotedatetime quotedate quotetime observedat snapshot snapshottime "
    "snapshotdate asof asofdate datadate date tradedate cdate timestamp datetime snapshotts time "
    "data",
    "bid": "bid bidprice bidpx bestbid",
    "ask": "ask askprice askpx bestask offer bestoffer",
    "mark": "mark mid midprice markprice meanprice",
    "last": "last lastprice lastsale lasttradeprice ltp close closeprice price preco",
    "vendor_iv": "iv impliedvolatility impliedvol implvolatility implvol impvol ivmean midiv ivmid "
    "smvvol",
    "vendor_delta": "delta",
    "vendor_gamma": "gamma",
    "volume": "volume totalvolume tradevolume dayvolume vol volu",
    "open_interest": "openinterest openint oi",
    "spot": "spot spotprice spotpx underlyingprice underlyinglast underlyingclose undprice "
    "stockprice stockpriceforiv stkpx underlyingassetprice adjustedstockcloseprice",
    "forward": "forward forwardprice",
    "rate": "rate riskfreerate interestrate",
    "symbol": "contractid optionsymbol contractsymbol localsymbol osi",
    "root": "optionroot root rootsymbol underlyingsymbol underlyingassetticker "
    "underlying underlyingticker actsymbol "
    "ticker symbol",
    "currency": "currency",
    "exercise": "exercise exercisestyle style optionstyle",
    "multiplier": "multiplier contractmultiplier sharespercontract contractsize",
}
"""The names that files give to columns, by what they hold; of several the first counts."""

_LOOKED_AT: Final = 200  # rows in which symbols tell the order of dates
_NEEDED: Final = ("strike", "kind", "expiry")
_TEXTS: Final = ("symbol", "root", "currency")
_STYLES: Final = {"": ""} | {
    word: style
    for style, words in (
        ("european", "e eu euro european europeia europeu europea europeo europeenne europaisch"),
        ("american", "a am amer american americana americano americaine amerikanisch"),
    )
    for word in words.split()
}
CLOCKS: Final = ("time", "quotetime", "timestamp", "quoted", "timeofday")
"""Names of columns that may hold times of day alone."""

_FRACTION: Final = re.compile(r"[.,]\d*[1-9]")
_WITHIN: Final = re.compile(r"(?:details|greeks|last_quote)[._]", re.IGNORECASE)
_CHANGED: Final = ("lastupdated", "biddate", "quotetimeinlong")  # times of single quotes
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
_ROUNDING: Final = 1e-6
_NUMBER: Final = re.compile(r"\d[\d.,]*")


class _Long:
    """The reader."""

    name = "long"
    seeks = "columns of strike, kind and expiry, a row an option"
    takes_map = True
    takes_zone = True
    dated_by_export = False

    def sniff(self, head: bytes, path: str) -> float:
        names = head_names(head)
        found = [not names.isdisjoint(KNOWN[each].split()) for each in _NEEDED]
        return 0.4 if all(found) else 0.0

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read one option per row of the file, in its order."""
        table = read_named(raw, source, (), options.map)
        columns = find_columns(table, options.map, _NEEDED)
        for name in ("root", "symbol"):
            if name in columns and (what := rate_future_in(table.distinct(columns[name])[0])):
                raise ChainError(f"{source}: {what}")
        expiry, quoted, notes = read_times(table, columns, options)
        return quotes_of(table, columns, notes, expiry=expiry, quoted=quoted)


READER: Final[Reader] = _Long()


def quotes_of(
    table: Table, columns: Mapping[str, str], notes: Sequence[str], **known: Any
) -> Quotes:
    """The quotes of a table with a row an option, beside what is `known` of them."""
    numbers: dict[str, Any] = read_all_numbers(
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
    texts: dict[str, Any] = {
        name: read_texts(table, columns[name]) for name in _TEXTS if name in columns
    }
    kind = table.each(columns["kind"], read_kinds)
    symbol = columns.get("symbol")
    if "root" in columns and _of_options(table, columns["root"], numbers["strike"], kind):
        texts.setdefault("symbol", texts.pop("root"))
        symbol = symbol or columns["root"]
    texts |= _said_by_symbols(table, symbol, kind=kind, strike=numbers["strike"], **known)
    styled = columns.get("exercise") or _styled(table, columns)
    if styled is not None:
        texts["exercise"] = table.each(styled, _styles)
        if "exercise" not in columns:
            notes = [*notes, f"column {styled} says which options are American"]
    return Quotes(
        name=", ".join(np.unique(texts.get("root", [""])).tolist()[:3]),
        source=table.source,
        notes=notes,
        kind=kind,
        **{**numbers, **texts, **known},
    )


def _of_options(table: Table, column: str, strike: Floats, kind: Signs) -> bool:
    """Whether a column that may have the underlying has another text for every option."""
    if bare(column) not in {"ticker", "symbol"}:
        return False
    cells, places = table.distinct(column)
    options = np.unique(np.stack((places, strike.view(np.int64), kind)), axis=1)
    return bool(1 < len(cells) == options.shape[1])


def _said_by_symbols(
    table: Table,
    symbol: str | None,
    *,
    kind: Signs,
    strike: Floats,
    expiry: Dates,
    **_: Any,
) -> dict[str, Texts]:
    """The roots in OSI symbols, nothing where symbols are the vendor's own.

    A symbol may say the strike in another unit than the column: see `quantforge.chain.units`.
    """
    if symbol is None:
        return {}
    cells, places = table.distinct(symbol)
    try:
        said = read_symbols([cell.strip().removeprefix("O:") for cell in cells])
    except CellError:
        return {}
    table.refuse_where(kind != said.kind[places], "kind and symbol differ")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = strike / said.strike[places]
    differ = np.abs(ratio / np.median(ratio) - 1.0) > _ROUNDING
    table.refuse_where(differ | ~np.isfinite(ratio), "strike and symbol differ")
    days = last_trading_days(said.expiry[places])
    same = last_trading_days(expiry.astype("datetime64[D]")) == days
    table.refuse_where(~same, "expiry and symbol differ")
    return {"root": said.root[places]}


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
    by_letters = {
        bare(_WITHIN.sub("", name)): name
        for name in reversed(table.names)
        if name not in mapped and not _is_blank(table, name)
    }
    if "underlying" in by_letters and _has_numbers(table, by_letters["underlying"]):
        by_letters.setdefault("spot", by_letters.pop("underlying"))
    found = {}
    for name, spellings in KNOWN.items():
        its = next((each for each in spellings.split() if each in by_letters), None)
        if name in mapped:
            found[name] = name
        elif its is not None:
            found[name] = by_letters[its]
    vol = by_letters.get("vol")
    if (
        vol is not None
        and "vendor_iv" not in found
        and _FRACTION.search("".join(table.head(vol, 100)))
    ):
        found["vendor_iv"] = vol  # no number of contracts
        del found["volume"]
    others = (by_letters[each] for each in ("symbol", "ticker") if each in by_letters)
    symbol = next((each for each in others if each != found.get("root")), None)
    if symbol is not None:
        found.setdefault("symbol", symbol)
    return found


def _is_blank(table: Table, column: str) -> bool:
    """Whether a column has no value at all."""
    return not table.head(column, 1)[0].strip() and not any(
        map(str.strip, table.distinct(column)[0])
    )


def _has_numbers(table: Table, column: str) -> bool:
    """Whether a column begins with a number."""
    first = next((cell for cell in table.distinct(column)[0] if cell.strip()), "")
    return bool(_NUMBER.fullmatch(first.strip()))


def read_all_numbers(table: Table, columns: Mapping[str, str]) -> dict[str, Any]:
    """Numbers in the one notation that all of the columns say.

    Raises
    ------
    ChainError
        If a cell is no number, or may be two.
    """
    table, per_cent = _without_per_cent(table, columns)
    notation = Notation()
    if any(map(table.has_commas, columns.values())):
        every = chain.from_iterable(table.distinct(column)[0] for column in columns.values())
        notation = notation_in(every, table.source)
    numbers = {name: table.numbers(column, notation) for name, column in columns.items()}
    return {name: 0.01 * x if name in per_cent else x for name, x in numbers.items()}


def _without_per_cent(table: Table, columns: Mapping[str, str]) -> tuple[Table, set[str]]:
    """The table without per cent signs, and which columns have one in every cell."""
    found = set()
    cells = list(table.columns)
    for name, column in columns.items():
        if not any("%" in cell for cell in table.head(column, _LOOKED_AT)):
            continue
        texts = [cell.strip() for cell in table.texts(column)]
        if all(cell.endswith("%") or is_blank(cell) for cell in texts):
            found.add(name)
            cells[list(table.names).index(column)] = [cell.removesuffix("%") for cell in texts]
    return replace(table, columns=cells) if found else table, found


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
    day_first = _told_by_symbols(table, columns)
    dated = bare(columns.get("quoted", "")) not in {"", "tradedate"}  # of the last trade, maybe
    changed = None if dated or options.asof is not None else _changed(table)
    if changed is not None:
        found = read_moments(table, names, options.zone, day_first)
        expiry, notes = _days_at_midnight(found[names[0]])
        note = f"quoted when the newest quote changed, {np.datetime_as_string(changed)}Z"
        return expiry, changed, [f"{note}; --asof says another time", *notes]
    stated = len(table.distinct(columns["quoted"])[0]) if "quoted" in columns else 0
    if options.asof is None and not stated:
        raise ChainError(f"{table.source}: no time of the quotes; give it with --asof")
    if options.asof is None or stated > 1:
        names.append(columns["quoted"])
    if len(names) > 1:
        table = _with_clock(table, names[1])
    found = read_moments(table, names, options.zone, day_first)
    expiry, notes = _days_at_midnight(found[names[0]])
    for name, moments in found.items():
        table.refuse_where(np.isnat(moments), f"no {'expiry' if name == names[0] else 'time'}")
    dates = expiry.dtype == np.dtype("datetime64[D]")
    if len(names) == 1:
        return expiry, options.asof, notes
    quoted = found[names[1]]
    if quoted.dtype == np.dtype("datetime64[D]"):
        if closing is closes and not trading_days(quoted).all():
            notes = ["quotes dated on days without trading are those of the day before", *notes]
            quoted = last_trading_days(quoted)
        quoted, notes = closing(quoted), [note, *notes]
    elif dates and options.zone is not None:
        notes.append("expiries are dates, settled as in New York; one with a time of day is kept")
    return expiry, quoted, notes


def _told_by_symbols(table: Table, columns: Mapping[str, str]) -> bool | None:
    """Whether days come before months in expiries, as OSI symbols beside them tell."""
    for name in ("symbol", "root"):
        if name not in columns:
            continue
        symbols = table.head(columns[name], _LOOKED_AT)
        try:
            said = read_symbols([symbol.strip().removeprefix("O:") for symbol in symbols])
        except CellError:
            continue
        return told_order(table.head(columns["expiry"], _LOOKED_AT), said.expiry.tolist())
    return None


def _changed(table: Table) -> np.datetime64 | None:
    """When the newest quote changed, None where the file does not say."""
    name = next((n for n in table.names if bare(_WITHIN.sub("", n)) in _CHANGED), None)
    if name is None:
        return None
    times = table.each(name, _read_changes)
    return None if np.isnat(times).all() else np.max(times[~np.isnat(times)])


def _read_changes(cells: Sequence[str]) -> Dates:
    return read_instants(["" if cell.strip() == "0" else cell for cell in cells], UTC)


def _with_clock(table: Table, quoted: str) -> Table:
    """The table with the times of day of a column of their own behind dates of quotes."""
    names = (name for name in table.names if bare(name) in CLOCKS and name != quoted)
    clock = next((name for name in names if is_clock(table.distinct(name)[0][0])), None)
    theta = next((name for name in table.names if bare(name) == "msofday"), None)
    if any(":" in cell for cell in table.distinct(quoted)[0]) or not (clock or theta):
        return table
    clocks = table.texts(clock) if clock else _of_new_york(table.numbers(theta or ""))
    pairs = zip(table.texts(quoted), clocks, strict=True)
    columns = list(table.columns)
    columns[table.names.index(quoted)] = [" ".join(map(str.strip, pair)) for pair in pairs]
    return replace(table, columns=columns)


def _of_new_york(milliseconds: Floats) -> list[str]:
    """Times of day of Theta Data, in milliseconds after midnight in New York."""
    known = np.where(milliseconds >= 0.0, milliseconds, np.nan)
    values, places = np.unique(known, return_inverse=True)
    clocks = [
        f"{int(each) // 3_600_000:02}:{int(each) // 60_000 % 60:02}:{int(each) // 1000 % 60:02} ET"
        if np.isfinite(each)
        else ""
        for each in values.tolist()
    ]
    return [clocks[place] for place in places.tolist()]


def is_clock(cell: str) -> bool:
    """Whether a cell is a time of day."""
    return bool(_CLOCK.fullmatch(cell.strip()))


def _days_at_midnight(expiry: Dates) -> tuple[Dates, list[str]]:
    """Dates for instants that are all at midnight UTC, when nothing is settled."""
    days = expiry.astype("datetime64[D]")
    if expiry.dtype == days.dtype or (days.astype(expiry.dtype) != expiry).any():
        return expiry, []
    return days, ["expiries at 0:00 UTC are taken as dates"]


def _styled(table: Table, columns: Mapping[str, str]) -> str | None:
    """A column of an unknown name that holds nothing but words for both exercises."""
    for name in table.names:
        if name in columns.values() or plain(table.head(name, 1)[0]) not in _STYLES:
            continue
        words = {plain(cell) for cell in table.distinct(name)[0]}
        if {"american", "european"} <= {_STYLES.get(word) for word in words} <= {*_STYLES.values()}:
            return name
    return None


def _styles(cells: Sequence[str]) -> Any:
    found = [_STYLES.get(plain(cell)) for cell in cells]
    if None in found:
        index = found.index(None)
        raise CellError(cells[index], "an exercise", index)
    return np.array(found)
