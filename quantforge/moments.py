"""Instants and dates as users give them: whole microseconds in UTC, and which have no time of day.

Texts and objects are read once for each that is distinct.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantforge.exercises import is_null
from quantforge.kinds import at, first

__all__ = [
    "DAY",
    "UNIT",
    "Instants",
    "Moments",
    "dates",
    "distinct",
    "has_zone",
    "in_utc",
    "microseconds",
    "moments",
    "refuse_dates",
]

Instants = NDArray[np.datetime64]
Flags = NDArray[np.bool]

UNIT: Final = np.dtype("datetime64[us]")
DAY: Final = 86_400_000_000
"""A day in microseconds."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MISSING: Final = int(np.datetime64("NaT", "us").view(np.int64))


class Moments(NamedTuple):
    """Instants; where one `is_date`, the midnight in UTC with which that date begins."""

    instant: Instants
    is_date: Flags

    def spread(self, shape: tuple[int, ...]) -> Moments:
        """The same, broadcast to a shape."""
        return Moments(np.broadcast_to(self.instant, shape), np.broadcast_to(self.is_date, shape))

    def where(self, mask: Flags) -> Moments:
        """Those that a mask names."""
        return Moments(self.instant[mask], self.is_date[mask])


def microseconds(instant: datetime) -> int:
    """From the first of January 1970 in UTC on."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def moments(name: str, given: Any, has_zone: bool = False) -> Moments:
    """Read instants and dates, and name the first element that is neither."""
    array = np.asarray(given)
    if array.dtype.kind in "US" and not hasattr(given, "dtype"):
        array = np.asarray(given, dtype=object)  # NumPy has made text of what is missing
    if array.dtype.kind == "M":
        return _of_numpy(name, array, has_zone)
    if array.dtype.kind == "f" and np.isnan(array).all():
        return Moments(np.full(array.shape, "NaT", UNIT), np.zeros(array.shape, bool))
    if array.dtype.kind not in "OSU":
        raise TypeError(f"{name} must be instants or dates, not {array.dtype.name}")
    elements, place = distinct(name, array)
    read = []
    for number, element in enumerate(elements):
        try:
            read.append(_read(element))
        except (TypeError, ValueError) as error:
            index = first(place == number)
            raise _wrong(index, f"{name}{_place(index)} is {element!r}: {error}", error) from None
    return Moments(
        np.array([instant for instant, _ in read], np.int64).view(UNIT)[place],
        np.array([is_date for _, is_date in read], bool)[place],
    )


def refuse_dates(start: Moments, given: Any) -> None:
    """Refuse quotes without time of day, as which midnight passes among others."""
    there = ~np.isnat(start.instant)
    by_clock = np.asarray(given).dtype.kind == "M" and not _is_of_days(np.asarray(given))
    if not start.is_date.any() or (by_clock and not start.is_date[there].all()):
        return
    index = first(start.is_date)
    day = np.datetime_as_string(start.instant[index], "D")
    raise _wrong(
        index,
        f"quoted{_place(index)} is {day}, without a time of day: give one with its zone, or count "
        "days with daycount='calendar-days' or 'bus252'",
    )


def _of_numpy(name: str, array: Any, has_zone: bool) -> Moments:
    """Of `datetime64`; midnight is no time of day, since pandas has no other dates."""
    if np.datetime_data(array.dtype)[0] in ("Y", "M"):
        raise TypeError(f"{name} must be instants or dates, not {array.dtype.name}")
    instant = array.astype(UNIT)
    is_date = ~np.isnat(instant)
    if not _is_of_days(array):
        is_date &= (instant.view(np.int64) % DAY == 0) & (not has_zone)
    return Moments(instant, np.asarray(is_date))


def _is_of_days(array: Any) -> bool:
    """Whether an array of `datetime64` holds dates by its type."""
    return np.datetime_data(array.dtype)[0] in ("W", "D")


def _read(element: Any) -> tuple[int, bool]:
    """Microseconds in UTC, and whether it is those of a date."""
    if isinstance(element, bytes):
        element = element.decode("ascii", "replace")
    if isinstance(element, str):
        element = _of_text(element.strip())
    if isinstance(element, np.datetime64):
        moments = _of_numpy("it", np.asarray(element), has_zone=False)
        return int(moments.instant.view(np.int64)), bool(moments.is_date)
    if is_null(element):
        return _MISSING, False
    if isinstance(element, datetime):
        if element.tzinfo is None:
            raise ValueError("it has no time zone")
        return microseconds(element), False
    if isinstance(element, date):
        midnight = datetime.combine(element, time(), tzinfo=UTC)
        return microseconds(midnight), True
    raise TypeError(f"it is neither an instant nor a date ({type(element).__name__})")


def _of_text(text: str) -> date | None:
    if text in ("", "NaT"):
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "it is not ISO 8601, such as 2024-03-15 or 2024-03-15T16:00-04:00"
        ) from None


def distinct(name: str, array: Any) -> tuple[list[Any], NDArray[np.intp]]:
    """The distinct elements of an array, and the place of each element among them."""
    places: dict[Any, int] = {}
    try:
        found = [places.setdefault(each, len(places)) for each in array.ravel().tolist()]
    except TypeError as error:
        raise TypeError(f"{name} holds what cannot be read: {error}") from None
    return list(places), np.array(found, np.intp).reshape(array.shape)


def dates(name: str, given: Any) -> NDArray[np.datetime64]:
    """Read dates, of which those that are missing count for nothing."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | np.ndarray):
        given = list(given)
    read = moments(name, given)
    there = ~np.isnat(read.instant)
    if (there & ~read.is_date).any():
        index = first(there & ~read.is_date)
        raise ValueError(f"{name}{_place(index)} is no date but an instant")
    return read.instant[there].astype("datetime64[D]")


def has_zone(column: Any) -> bool:
    """Whether a column of instants has a time zone, by the names that libraries give it."""
    dtype = getattr(column, "dtype", None) or getattr(column, "type", None)
    return bool(getattr(dtype, "tz", None) or getattr(dtype, "time_zone", None))


def in_utc(column: Any) -> Any:
    """A column of pandas with a time zone, which NumPy would see as objects, in UTC without one."""
    accessor = getattr(column, "dt", column)  # of a Series; an index has the method itself
    if has_zone(column) and hasattr(accessor, "tz_convert"):
        return accessor.tz_convert(None)
    return column


def _wrong(index: tuple[int, ...], said: str, error: Exception | None = None) -> Exception:
    """What is wrong with an element; a TypeError if `error` is one."""
    return TypeError(said) if isinstance(error, TypeError) else at(index, ValueError(said))


def _place(index: tuple[int, ...]) -> str:
    """An index as it is written behind a name, nothing for a scalar."""
    return f"[{', '.join(map(str, index))}]" if index else ""
