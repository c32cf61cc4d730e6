"""Dates and times as quote files and people write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quantforge import QuantForgeError

EXCHANGE_ZONE: Final = "America/New_York"

# First letters of the months, without accents, in the languages a browser writes a date in:
# English, German, French, Spanish, Italian, Portuguese, Dutch. Longer beginnings come first.
_MONTHS: Final = {
    "juin": 6, "juil": 7,
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "mar": 3, "mae": 3, "maa": 3, "mrt": 3,
    "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mag": 5, "mei": 5, "jun": 6, "giu": 6,
    "jul": 7, "lug": 7, "aug": 8, "aou": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10,
    "ott": 10, "out": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
}  # fmt: skip

# Hours from UTC of the zones' abbreviations. ET is the only one that follows summer time.
_ZONES: Final = {
    "utc": 0, "gmt": 0, "z": 0, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7,
    "pdt": -7, "pst": -8, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
}  # fmt: skip

_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?\s?m\b\.?)?"
    r"(?:\s*uhr\b)?\s*(?P<zone>[a-z]+)?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?"
)
_ISO_DATE: Final = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_SLASHED_DATE: Final = re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})\b")
_DOTTED_DATE: Final = re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b")
_MONTH_FIRST: Final = re.compile(
    r"(?P<month>[a-z]{3,})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
)
_DAY_FIRST: Final = re.compile(
    r"\b(?P<day>\d{1,2})\.?\s+(?:de\s+)?(?P<month>[a-z]{3,})\.?,?\s+(?:de\s+)?(?P<year>\d{4})"
)
_DATES: Final = (_ISO_DATE, _SLASHED_DATE, _DOTTED_DATE, _MONTH_FIRST, _DAY_FIRST)


def exchange_zone() -> tzinfo:
    """US Eastern time, in which the exchange opens and closes."""
    try:
        return ZoneInfo(EXCHANGE_ZONE)
    except ZoneInfoNotFoundError as error:
        raise QuantForgeError(
            f"no time zone data for {EXCHANGE_ZONE}: install the system's tzdata, "
            "or pip install tzdata"
        ) from error


def read_date(text: str) -> date:
    """Date in ``text``: ``Thu Sep 14 2023``, ``2023-09-14``, ``09/14/2023`` or ``14.09.2023``.

    Raises
    ------
    ValueError
        If there is no such date in it.
    """
    plain = _plain(text)
    for pattern in _DATES:
        for found in pattern.finditer(plain):
            month = _month(found["month"])
            if month:
                return date(int(found["year"]), month, int(found["day"]))
    raise ValueError(f"{text.strip()[:60]!r} holds no date")


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
    found = _CLOCK.search(_plain(text))
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


def _plain(text: str) -> str:
    """``text`` in lower case without accents, every kind of space (and of minus) a plain one."""
    unaccented = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    return " ".join(unaccented.replace("\u2212", "-").casefold().split())


def _month(word: str) -> int:
    """Number of a month given by number or name, 0 if it is none."""
    if word.isdigit():
        return int(word)
    return next((number for start, number in _MONTHS.items() if word.startswith(start)), 0)


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
