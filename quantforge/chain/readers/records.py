"""Options as JSON has them, a record each, and errors that name the record and its field."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Floats
from quantforge.files.cells import read_numbers
from quantforge.files.decoding import decode

_JSON: Final = re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\{\[\]])')  # [STRIKE] may begin a CSV
_KEY: Final = re.compile(r'"([^"\\]{1,60})"\s*:')
_DEEPEST: Final = 6  # how far down in a document its records may be
_FAR: Final = 1e13  # milliseconds: the year 2286


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a file, and where in it each of them stands."""

    source: str
    fields: Sequence[dict[str, Any]]
    places: Sequence[str]

    def __len__(self) -> int:
        return len(self.fields)

    def texts(self, name: str) -> list[str]:
        """A field as text; what is missing is empty."""
        return ["" if each.get(name) is None else str(each[name]) for each in self.fields]

    def numbers(self, name: str, missing: Collection[float] = ()) -> Floats:
        """A field as numbers, NaN where there is none or one that stands for that.

        Raises
        ------
        ChainError
            If one is no number.
        """
        found = np.full(len(self), np.nan)
        for index, each in enumerate(self.fields):
            value = each.get(name)
            if value is None or value == "":
                continue
            try:
                if isinstance(value, bool):
                    raise TypeError
                found[index] = read_numbers([value])[0] if isinstance(value, str) else value
            except (TypeError, ValueError, OverflowError):
                raise self.refusal(index, f"{name} {value!r} is not a number") from None
        found[np.isin(found, list(missing))] = np.nan
        return found

    def present(self, name: str) -> Floats:
        """A field as numbers, which every record has to have, if only as null.

        Raises
        ------
        ChainError
            If one is missing, or no number.
        """
        lacking = next((index for index, each in enumerate(self.fields) if name not in each), None)
        if lacking is not None:
            raise self.refusal(lacking, f"no {name}")
        return self.numbers(name)

    def needed(self, name: str, missing: Collection[float] = ()) -> Floats:
        """A field as numbers, which every record has to have.

        Raises
        ------
        ChainError
            If one is missing, infinite, or no number.
        """
        found = self.numbers(name, missing)
        if not np.isfinite(found).all():
            raise self.refusal(int(np.argmin(np.isfinite(found))), f"no {name}")
        return found

    def refusal(self, index: int, what: object) -> ChainError:
        """The error to raise about a record."""
        return ChainError(f"{self.source}: {self.places[index]}: {what}")


def read_json(raw: bytes, source: str) -> Any:
    """What a JSON file holds.

    Raises
    ------
    ChainError
        If it is empty, or no JSON.
    """
    try:
        return json.loads(decode(raw, source, "JSON"))
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}, column {error.colno}: no JSON, or cut off: {error.msg}"
        raise ChainError(f"{source}: {what}") from error
    except RecursionError as error:
        raise ChainError(f"{source}: no JSON that can be read: nested too deeply") from error
    except ValueError as error:
        raise ChainError(str(error)) from error


def is_json(head: bytes) -> bool:
    """Whether these are the first bytes of a JSON object or list."""
    return bool(_JSON.match(head.removeprefix(codecs.BOM_UTF8)))


def keys_in(head: bytes) -> list[str]:
    """The names of all fields in the head of a JSON file."""
    return list(dict.fromkeys(_KEY.findall(head.decode("utf-8", "replace"))))


def listed(raw: bytes, source: str) -> tuple[list[str], list[list[str]]]:
    """The records of a JSON file as columns of texts, by the names of their fields.

    They are those of the longest list of objects, wherever it is, and of others whose objects have
    mostly the same fields. A field of an object within a record is ``details.strike_price``.

    Raises
    ------
    ChainError
        If there is no list of objects.
    """
    lists = [each for each in _lists(read_json(raw, source), 0) if each]
    if not lists:
        raise ChainError(f"{source}: no list of records in it")
    longest = max(lists, key=len)
    wanted = longest[0].keys()
    return tabulated(
        record
        for each in lists
        if 2 * len(wanted & each[0].keys()) > len(wanted)
        for record in each
    )


def tabulated(records: Iterable[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Records as columns of texts, by the names of their fields."""
    rows = [dict(_flat(record, "")) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return names, [[row.get(name, "") for row in rows] for name in names]


def _lists(found: Any, depth: int) -> Iterator[list[dict[str, Any]]]:
    """The lists of objects in a document."""
    if depth > _DEEPEST or not isinstance(found, dict | list):
        return
    if isinstance(found, list):
        records = [each for each in found if isinstance(each, dict)]
        told = any(not isinstance(each, dict | list) for each in (*records, {})[0].values())
        if told and len(records) == len(found):
            yield records
            return
    for each in found.values() if isinstance(found, dict) else found:
        yield from _lists(each, depth + 1)


def _flat(record: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        elif not isinstance(value, list):
            yield path + name, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def instants(milliseconds: Floats) -> Any:
    """Instants from milliseconds since 1970; NaT from NaN and from what is centuries away."""
    some = np.abs(milliseconds) < _FAR
    whole = np.where(some, milliseconds, 0.0).astype("datetime64[ms]").astype("datetime64[s]")
    return np.where(some, whole, np.datetime64("NaT"))
