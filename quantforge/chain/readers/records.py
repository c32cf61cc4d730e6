"""Options as JSON has them, a record each, and errors that name the record and its field."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Floats
from quantforge.files.decoding import decode

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
                found[index] = float(value)
            except (TypeError, ValueError, OverflowError):
                raise self.refusal(index, f"{name} {value!r} is not a number") from None
        found[np.isin(found, list(missing))] = np.nan
        return found

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
        what = f"line {error.lineno}: no JSON: {error.msg}"
        raise ChainError(f"{source}: {what}") from error
    except RecursionError as error:
        raise ChainError(f"{source}: no JSON that can be read: nested too deeply") from error
    except ValueError as error:
        raise ChainError(str(error)) from error


def instants(milliseconds: Floats) -> Any:
    """Instants from milliseconds since 1970; NaT from NaN and from what is centuries away."""
    some = np.abs(milliseconds) < _FAR
    whole = np.where(some, milliseconds, 0.0).astype("datetime64[ms]").astype("datetime64[s]")
    return np.where(some, whole, np.datetime64("NaT"))
