"""What files call the inputs of options, and columns that look like one.

A name is compared by its letters and digits alone: ``Option Type`` is ``option_type``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from quantforge.cli.failures import Failure
from quantforge.files.cells import Notation
from quantforge.files.contents import Column, numbers, type_of, words

__all__ = [
    "DAYS",
    "column_called",
    "find_column",
    "known_column",
    "looks_like",
    "one_of",
    "reads_as",
    "spelling",
]

KIND_WORDS: Final = {
    "call": 1.0, "calls": 1.0, "c": 1.0, "ce": 1.0, "put": -1.0, "puts": -1.0, "p": -1.0,
    "pe": -1.0,
}  # fmt: skip
EXERCISE_WORDS: Final = {"european": 0.0, "e": 0.0, "american": 1.0, "a": 1.0}

# By the letters of their names. What they hold decides too, see `reads_as`.
_KNOWN: Final[Mapping[str, str]] = {
    "spot": "spotprice underlying underlyingprice underlyinglast underlyingspot stockprice undprice"
    " underlyinglastprice spotclose",
    "forward": "forwardprice fwd futureprice futuresprice futurepx forwardpx future",
    "strike": "strikeprice strikepx exerciseprice optstrikepx",
    "time": "timetoexpiry timetoexpiration timetomaturity tte ttm yearstoexpiry yearstoexpiration"
    " yearstomaturity yearfraction tyears dte daystoexpiry daystoexpiration daystomaturity tdays",
    "rate": "riskfreerate riskfree interestrate rf rfr",
    "dividend": "dividendyield divyield dividendrate",
    "sigma": "volatility impliedvolatility impliedvol iv implvolatility impvol",
    "price": "optionprice premium mid midprice mark markprice",
    "bid": "bidprice bidpx bestbid bestbidprice",
    "ask": "askprice askpx bestask bestaskprice bestoffer offer offerprice",
    "kind": "optiontype type cpflag cp callput putcall callorput putorcall right optionright"
    " optionkind calputflag callputflag",
    "exercise": "exercisestyle exercisetype optionstyle style",
}
DAYS: Final = frozenset({"dte", "daystoexpiry", "daystoexpiration", "daystomaturity", "tdays"})
"""Names of times that are in days."""

# Short or doubtful names of what would silently be its default.
_DOUBTFUL: Final[Mapping[str, str]] = {
    "dividend": r"q|div|divs|dy|yield|qrate|carry|foreignrate|rf?foreign|.*dividend.*|.*divyield.*",
    "kind": r"iscall|isput|side|flag|call|put|.*(callput|putcall|cpflag|optiontype|optionkind).*",
    "exercise": r".*exercise.*|.*american.*|mod|optstyle",
}
_LETTERS: Final = {"spot": "s", "strike": "k", "time": "t", "rate": "r", "forward": "f"}
"""What formulas call an input."""

_SHOWN: Final = 12  # columns in a message


def spelling(name: str) -> str:
    """Letters and digits of a name."""
    return re.sub(r"[\W_]+", "", name.casefold())


def column_called(name: str, names: Iterable[str]) -> str | None:
    """The column of this very name, or else the one of the same letters.

    Raises
    ------
    Failure
        If several have the same letters.
    """
    names = list(names)
    if name in names:
        return name
    alike = [each for each in names if spelling(each) == spelling(name) and spelling(name)]
    if len(alike) > 1:
        raise Failure(f"{name} may be any of the columns {_listed(alike)}: give --{name} COLUMN")
    return alike[0] if alike else None


def known_column(name: str, columns: Mapping[str, Column], model: str) -> str | None:
    """The column that holds an input under another known name.

    Raises
    ------
    Failure
        If several may hold it.
    """
    known = _KNOWN.get(name, "").split()
    if name == "dividend" and model == "garman_kohlhagen":
        known.append("foreignrate")
    found = [each for each in columns if spelling(each) in known and reads_as(name, columns[each])]
    if len(found) > 1:
        raise Failure(f"{name} may be any of the columns {_listed(found)}: give --{name} COLUMN")
    return found[0] if found else None


def find_column(name: str, columns: Mapping[str, Column], model: str) -> str | None:
    """The column of an input, under its own name or another one that is known."""
    own = column_called(name, columns)
    return known_column(name, columns, model) if own is None else own


def looks_like(name: str, columns: Mapping[str, Column]) -> str | None:
    """A column that may hold an input which would otherwise have its default."""
    doubtful = _KNOWN.get(name, "").split()
    pattern = re.compile(_DOUBTFUL.get(name, "(?!)"))
    for each, column in columns.items():
        letters = spelling(each)
        if (letters in doubtful or pattern.fullmatch(letters)) and _may_be(name, column):
            return each
    if name not in _WORDS:
        return None
    sure = (each for each, column in columns.items() if _in_words(column, _LONG[name]))
    return next(sure, None)


_WORDS: Final = {"kind": KIND_WORDS, "exercise": EXERCISE_WORDS}
_LONG: Final = {"kind": KIND_WORDS, "exercise": {"european": 0.0, "american": 1.0}}


def reads_as(name: str, column: Column) -> bool:
    """Whether what a column holds may be that input."""
    if name in _WORDS:
        signs = name == "kind" and _in_words(column, {"1": 1.0, "-1": 1.0, "+1": 1.0})
        return signs or _in_words(column, _WORDS[name])
    return type_of(column) in {"text", "number", "nothing"} and _has_number(column)


def _may_be(name: str, column: Column) -> bool:
    """Whether a column of a doubtful name holds what may be the input, and says anything."""
    if name == "kind":
        some = type_of(column) == "text" and any(
            str(word).strip().casefold() in KIND_WORDS for word in words(column)
        )
        return some or type_of(column) == "flag" or reads_as(name, column)
    if name == "exercise":
        return type_of(column) == "text" and bool(words(column))
    if type_of(column) not in {"text", "number"}:
        return False
    return any(bool(np.any(numbers(column, Notation(d))[0] > 0.0)) for d in ".,")


def _in_words(column: Column, known: Mapping[str, float]) -> bool:
    """Whether a column holds such words alone, and any."""
    if type_of(column) == "number" and "-1" in known:
        values, _ = numbers(column, Notation())
        return bool(np.isin(values[~np.isnan(values)], (-1.0, 1.0)).all() and len(values))
    if type_of(column) != "text":
        return False
    found = words(column)
    return bool(found) and all(str(word).strip().casefold() in known for word in found)


def _has_number(column: Column) -> bool:
    return any(not np.isnan(numbers(column, Notation(d))[0]).all() for d in ".,")


def one_of(name: str, names: Iterable[str]) -> str:
    """Words about the columns there are, and which of them is nearest to a name."""
    from difflib import get_close_matches  # only whoever is wrong pays for it

    by_letters = {spelling(each): each for each in names}
    others = {known for each, words in _KNOWN.items() if each != name for known in words.split()}
    open_to = [letters for letters in by_letters if letters not in others]
    wanted = [spelling(name), *_KNOWN.get(name, "").split()]
    near = [_LETTERS[name]] if _LETTERS.get(name) in by_letters else []
    near += [letters for letters in open_to if len(letters) > 2 and wanted[0] in letters]
    for each in wanted:
        near += get_close_matches(each, open_to, n=1, cutoff=0.75)
    hint = f"; did you mean {by_letters[near[0]]!r}?" if near else ""
    return f"the columns are {_listed(by_letters.values())}{hint}"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
