"""Years from the instant of a quote to that of an expiry, by the market's ways to count days.

Instants are whole microseconds in UTC and are subtracted as such, so that summer time cannot
matter. Zones and texts are read once for each distinct date, offset or text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, tzinfo
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantforge import kinds, labels
from quantforge.errors import did_you_mean
from quantforge.labels import is_labelled
from quantforge.moments import (
    DAY,
    UNIT,
    Instants,
    Moments,
    dates,
    distinct,
    has_zone,
    in_utc,
    microseconds,
    moments,
    refuse_dates,
)
from quantforge.shapes import broadcast_shapes

__all__ = ["years_between"]

Floats = NDArray[np.float64]

_QUARTER: Final = 900_000_000  # microseconds: zones change their offset at quarters of an hour


Count = Callable[[Moments, Moments, tzinfo, np.busdaycalendar], Floats]
"""From quotes and expiries to years."""


class _Settlement(NamedTuple):
    """The time of day, in a zone, at which expiries without one settle."""

    at: time
    zone: tzinfo


def years_between(
    quoted: Any,
    expiry: Any,
    *,
    daycount: str = "act365",
    settle: Any = "16:00@America/New_York",
    holidays: Any = (),
) -> Any:
    """Count the years from quotes to expiries.

    Every argument but the last broadcasts against the others as in NumPy; scalars give a scalar.

    Parameters
    ----------
    quoted : array_like
        Instants of the quotes: `datetime64` in UTC, `datetime` with a time zone, or texts in
        ISO 8601 with an offset, such as ``"2024-03-08T15:30-05:00"`` or ``"2024-03-08T20:30Z"``.
        Where whole days count (see `daycount`), also dates.
    expiry : array_like
        The same, or dates: `datetime64` of days, `date`, or ``"2024-03-15"``. A date settles at
        `settle`. A `datetime64` that is midnight, and a column of pandas that has such dates, are
        dates too: an instant at midnight is written with its zone.
    daycount : {"act365", "act365.25", "bus252", "calendar-days"}
        - ``"act365"``, ``"act365.25"``: seconds over those of 365, or 365.25, days
        - ``"bus252"``: business days over 252. A day from Monday to Friday that is no holiday
          passes evenly from midnight to midnight in the zone of `settle`, other days do not count.
          Quotes that are dates have whole business days: the first counts, that of expiry does not
        - ``"calendar-days"``: whole days between the dates in the zone of `settle`, over 365
    settle : str or array_like of str, default "16:00@America/New_York"
        Time of day and zone (of the IANA's data base) at which an expiry settles that is a date.
    holidays : array_like
        Dates that are no business days, as those of `expiry`. With ``"bus252"`` alone.

    Returns
    -------
    ndarray of float64 or float
        Years; negative where an option has expired. NaN where `quoted` or `expiry` is missing: NaT,
        None, NaN or an empty text.

    Raises
    ------
    ValueError
        A text that is not ISO 8601; a `datetime` or a text with a time of day and without a zone;
        quotes that are dates, where seconds count; an unknown daycount or zone; holidays with
        another daycount than ``"bus252"``; shapes that do not broadcast.
    TypeError
        An element that is no instant or date, such as a number.

    Examples
    --------
    >>> import quantforge
    >>> years = quantforge.years_between("2024-03-08T21:00Z", "2024-03-15")  # an hour less than 7 d
    >>> round(float(years) * 365 * 24, 6)
    167.0
    >>> years = quantforge.years_between("2024-03-08", "2024-03-15", daycount="bus252")
    >>> float(years) * 252
    5.0
    """
    try:
        count = _DAYCOUNTS[daycount]
    except (KeyError, TypeError):
        valid, hint = ", ".join(map(repr, _DAYCOUNTS)), did_you_mean(daycount, _DAYCOUNTS)
        raise ValueError(f"unknown daycount {daycount!r}; valid: {valid}{hint}") from None
    days = dates("holidays", holidays)
    if daycount != "bus252" and days.size:
        raise ValueError(f"holidays are for daycount 'bus252', not for {daycount!r}")
    calendar = np.busdaycalendar(holidays=days)
    given = {"quoted": in_utc(quoted), "expiry": in_utc(expiry), "settle": settle}
    start_has_zone, end_has_zone = has_zone(quoted), has_zone(expiry)

    def run(plain: Mapping[str, Any]) -> tuple[Any, ...]:
        start = moments("quoted", plain["quoted"], start_has_zone)
        end = moments("expiry", plain["expiry"], end_has_zone)
        if daycount not in _WHOLE:
            refuse_dates(start, plain["quoted"])
        return (_years(start, end, plain["settle"], count, calendar),)

    if any(map(is_labelled, given.values())):
        [found] = labels.call(run, {"kind": kinds.CALL, **given}, ("years",))
    else:
        [found] = run(given)
    return found


# --- what is counted ---------------------------------------------------------------------------


def _years(
    start: Moments, end: Moments, settle: Any, count: Count, calendar: np.busdaycalendar
) -> Any:
    """Years, of each settlement in turn."""
    words, place = distinct("settle", np.asarray(settle, dtype=object))
    shape = _shape(quoted=start.instant, expiry=end.instant, settle=place)
    start, end = start.spread(shape), end.spread(shape)
    place = np.broadcast_to(place, shape)
    known = ~(np.isnat(start.instant) | np.isnat(end.instant))
    years = np.full(shape, np.nan)
    for number, word in enumerate(words):
        settlement = _settlement(word)
        mine = known & (place == number)
        if mine.any():
            ends = _settled(end.where(mine), settlement)
            years[mine] = count(start.where(mine), ends, settlement.zone, calendar)
    return years[()]


def _by_seconds(days: float) -> Count:
    def count(start: Moments, end: Moments, zone: tzinfo, calendar: np.busdaycalendar) -> Floats:
        elapsed = (end.instant - start.instant).astype(np.int64)
        return np.asarray(elapsed / (days * DAY))

    return count


def _calendar_days(
    start: Moments, end: Moments, zone: tzinfo, calendar: np.busdaycalendar
) -> Floats:
    begins, ends = (_local(each, zone).astype("datetime64[D]") for each in (start, end))
    return np.asarray((ends - begins).astype(np.int64) / 365.0)


def _business_days(
    start: Moments, end: Moments, zone: tzinfo, calendar: np.busdaycalendar
) -> Floats:
    begins, ends = _local(start, zone), _local(end, zone)
    first_day, last_day = begins.astype("datetime64[D]"), ends.astype("datetime64[D]")
    ends = np.where(start.is_date, last_day.astype(ends.dtype), ends)
    # Backwards NumPy counts the last day instead of the first.
    days = np.where(
        first_day <= last_day,
        np.busday_count(first_day, last_day, busdaycal=calendar),
        -np.busday_count(last_day, first_day, busdaycal=calendar),
    )
    passed, left = (
        np.where(
            np.is_busday(day, busdaycal=calendar),
            (clock - day).astype(np.int64) / DAY,
            0.0,
        )
        for clock, day in ((begins, first_day), (ends, last_day))
    )
    return np.asarray((days + (left - passed)) / 252.0)


_DAYCOUNTS: Final[Mapping[str, Count]] = MappingProxyType(
    {
        "act365": _by_seconds(365.0),
        "act365.25": _by_seconds(365.25),
        "bus252": _business_days,
        "calendar-days": _calendar_days,
    }
)
_WHOLE: Final = ("bus252", "calendar-days")
"""Those that have whole days for quotes that are dates."""


def _shape(**arrays: Any) -> tuple[int, ...]:
    try:
        return broadcast_shapes(*(each.shape for each in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {each.shape}" for name, each in arrays.items() if each.ndim)
        raise ValueError(f"shapes do not broadcast: {shapes}") from None


# --- zones -------------------------------------------------------------------------------------


@cache
def _settlement(text: Any) -> _Settlement:
    """Read ``16:00@America/New_York``."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    clock, mark, zone = text.partition("@") if isinstance(text, str) else ("", "", "")
    try:
        of_day = time.fromisoformat(clock.strip())
    except ValueError:
        mark = ""
    if not mark or of_day.tzinfo is not None:
        raise ValueError(
            f"settle is {text!r}; it must be a time and a zone, such as '16:00@America/New_York'"
        )
    try:
        return _Settlement(of_day, ZoneInfo(zone.strip()))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"settle is {text!r}, and there are no data of the zone {zone.strip()!r}: if it is "
            "spelt right, install the system's tzdata, or pip install tzdata"
        ) from None


def _settled(given: Moments, settlement: _Settlement) -> Moments:
    """Instants alone: those of dates at the time of day at which these settle."""
    if not given.is_date.any():
        return given
    days, place = np.unique(given.instant[given.is_date], return_inverse=True)
    settled = [
        microseconds(datetime.combine(day.date(), settlement.at, tzinfo=settlement.zone))
        for day in days.tolist()
    ]
    instants = given.instant.copy()
    instants[given.is_date] = np.array(settled, np.int64).view(UNIT)[place]
    return Moments(instants, np.zeros_like(given.is_date))


def _local(given: Moments, zone: tzinfo) -> Instants:
    """What a clock in the zone shows; of dates their midnight."""
    quarters, place = np.unique(given.instant.view(np.int64) // _QUARTER, return_inverse=True)
    offsets = [
        microseconds(at_.replace(tzinfo=UTC)) - quarter * _QUARTER
        for quarter in quarters.tolist()
        for at_ in [datetime.fromtimestamp(quarter * _QUARTER // 1_000_000, zone)]
    ]
    shift = np.array(offsets, np.int64)[place]
    shift[given.is_date] = 0
    return np.asarray(given.instant.view(np.int64) + shift).view(UNIT)
