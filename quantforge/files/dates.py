"""Dates as files and people write them, in many languages."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

__all__ = ["plain", "read_date"]

# First letters of the months, without accents, in the languages a browser writes a date in:
# English, German, French, Spanish, Italian, Portuguese, Dutch. Longer beginnings come first.
_MONTHS: Final = {
    "juin": 6, "juil": 7,
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "mar": 3, "mae": 3, "maa": 3, "mrt": 3,
    "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mag": 5, "mei": 5, "jun": 6, "giu": 6,
    "jul": 7, "lug": 7, "aug": 8, "aou": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10,
    "ott": 10, "out": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
}  # fmt: skip

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


def read_date(text: str) -> date:
    """Find the date in ``text``.

    It may be written ``Thu Sep 14 2023``, ``2023-09-14``, ``09/14/2023`` or ``14.09.2023``.

    Raises
    ------
    ValueError
        If there is no such date in it.
    """
    bare = plain(text)
    for pattern in _DATES:
        for found in pattern.finditer(bare):
            month = _month(found["month"])
            if month:
                return date(int(found["year"]), month, int(found["day"]))
    raise ValueError(f"{text.strip()[:60]!r} holds no date")


def plain(text: str) -> str:
    """Text in lower case, without accents, with plain spaces and minus signs."""
    unaccented = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    return " ".join(unaccented.replace("\u2212", "-").casefold().split())


def _month(word: str) -> int:
    """Number of a month given by number or name, 0 if there is none of that name."""
    if word.isdigit():
        return int(word)
    return next((number for start, number in _MONTHS.items() if word.startswith(start)), 0)
