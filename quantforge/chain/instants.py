"""Instants as quote files and people write them, with their time zones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from quantforge import QuantForgeError
from quantforge.files.cells import CellError
from quantforge.files.dates import plain, read_date

EXCHANGE_ZONE: Final = "America/New_York"

# Hours from UTC of the zones' abbreviations. ET is the only one that follows summer time.
_ZONES: Final = {
    "utc": 0, "gmt": 0, "z": 0, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7,
    "pdt": -7, "pst": -8, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
}  # fmt: skip

_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?\s?m\b\.?)?"
    r"(?:\s*uhr\b)?\s*(?P<zone>[a-z]+)?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?"
)

SECONDS_PER_YEAR: Final = 365.0 * 86400.0
"""Years are ACT/365 fixed, by the second."""


def exchange_zone() -> tzinfo:
    """US Eastern time, in which the exchange opens and closes."""
    try:
        return ZoneInfo(EXCHANGE_ZONE)
    except ZoneInfoNotFoundError as error:
        raise QuantForgeError(
            f"no time zone data for {EXCHANGE_ZONE}: install the system's tzdata, "
            "or pip install tzdata"
        ) from error


def at(
    dates: NDArray[np.datetime64], clock: time, zone: tzinfo | None = None
) -> NDArray[np.datetime64]:
    """The instants, in seconds and UTC, at which it is `clock` on these dates in `zone`.

    Without a zone it is the exchange's. A missing date is a missing instant.
    """
    zone = exchange_zone() if zone is None else zone
    days, places = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    found = [
        "NaT"
        if day is None
        else datetime.combine(day, clock, zone).astimezone(UTC).isoformat()[:19]
        for day in days.tolist()
    ]
    return np.array(found, dtype="datetime64[s]")[places]


def read_written_instant(text: str) -> datetime:
    """Instant in a line such as ``Date: September 14, 2023 at 4:31 PM EDT``.

    Months may be in one of seven languages, the clock of 12 or 24 hours. Without a zone the
    time is the exchange's.

    Raises
    ------
    ValueError
        If date or time cannot be read, or the zone is unknown.
    """
    day = read_date(text)
    found = _CLOCK.search(plain(text))
    if found is None:
        raise ValueError(f"{text.strip()[:60]!r} holds no time of day")
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{found[0].strip()!r} is no time of day")
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    second = int(found["second"] or 0)
    zone = _zone(found["zone"], found["offset"])
    return datetime(day.year, day.month, day.day, hour, int(found["minute"]), second, tzinfo=zone)


def read_iso_instant(text: str) -> datetime:
    """Instant in ISO 8601 with a zone: ``2023-09-14T16:31-04:00`` or ``2023-09-14T20:31Z``.

    Raises
    ------
    ValueError
        If it is not, or has no zone.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text[:60]!r} is not an ISO 8601 time such as 2023-09-14T16:31-04:00"
        ) from None
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write 2023-09-14T16:31-04:00, or Z for UTC")
    return instant


def read_iso_instants(cells: Sequence[str]) -> NDArray[np.datetime64]:
    """Instants of a column in ISO 8601 with zones, in seconds and UTC; a blank cell is NaT.

    Raises
    ------
    CellError
        At the first cell that is none, or has no zone.
    """
    known: dict[str, str] = {}
    for index, cell in enumerate(cells):
        if cell in known:
            continue
        if not cell.strip():
            known[cell] = "NaT"
            continue
        try:
            known[cell] = read_iso_instant(cell).astimezone(UTC).isoformat()[:19]
        except (ValueError, OverflowError):
            raise CellError(cell, "an ISO 8601 time with its zone", index) from None
    return np.array([known[cell] for cell in cells], dtype="datetime64[s]")


def read_zone(text: str) -> tzinfo:
    """A zone as times have it, ``Z``, ``EST``, ``+05:30``, or as ``Europe/Berlin``.

    Raises
    ------
    ValueError
        If it is unknown.
    """
    found = re.fullmatch(r"([a-z]+)?([+-]\d{1,2}(?::?\d{2})?)?", text.strip(), re.IGNORECASE)
    if found and found[0] and (found[1] or "").casefold() in {"", "et", *_ZONES}:
        return _zone(found[1] and found[1].casefold(), found[2])
    try:
        return ZoneInfo(text.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"the time zone {text.strip()[:40]!r} is unknown: write it as Europe/Berlin or +01:00"
        ) from None


def _zone(name: str | None, offset: str | None) -> tzinfo:
    if name in {None, "et"} and not offset:
        return exchange_zone()
    hours = 0.0 if name is None else _ZONES.get(name)
    if hours is None:
        raise ValueError(f"the time zone {name!r} is unknown")
    if offset:
        digits = offset[1:].replace(":", "")
        whole, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
        hours = (int(whole) + int(minutes) / 60) * (-1 if offset[0] == "-" else 1)
    return timezone(timedelta(hours=hours))
