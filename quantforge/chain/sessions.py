"""When US exchanges trade: their holidays, early closes and hours, by rule.

Holidays are those of NYSE rule 7.2, which the option exchanges follow, and the closings of whole
days that were announced. On the day after Thanksgiving, on 24 December and on 3 July, where these
are trading days, the close is at 13:00. Options on broad indices trade for another fifteen minutes
on every day, but those that expire are settled at the close.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final

import numpy as np

from quantforge.chain.instants import at, exchange_zone
from quantforge.chain.quotes import Dates, Flags, Integers

OPEN: Final = time(9, 30)
CLOSE: Final = time(16, 0)
EARLY_CLOSE: Final = time(13, 0)
_AFTER: Final = np.timedelta64(15, "m")  # how long options on broad indices trade after the close

_ANNOUNCED: Final = np.array(
    ["2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02",
     "2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09"],
    dtype="datetime64[D]",
)  # fmt: skip
_JUNETEENTH_SINCE: Final = 2022
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_DAY: Final = np.timedelta64(1, "D")


def trading_days(dates: Dates) -> Flags:
    """Which dates are trading days."""
    days = dates.astype("datetime64[D]")
    return np.is_busday(days, holidays=_holidays(days))


def last_trading_days(dates: Dates) -> Dates:
    """Each date, or the last trading day before it."""
    days = dates.astype("datetime64[D]")
    found: Dates = np.busday_offset(days, 0, roll="backward", holidays=_holidays(days))
    return found


def early_closes(dates: Dates) -> Flags:
    """Which dates are trading days that end at 13:00."""
    days = dates.astype("datetime64[D]")
    years = np.unique(days.astype("datetime64[Y]"))
    early = [_on(years, 11, 24), _on(years, 6, 3), _nth(years, 10, _THURSDAY, 4) + _DAY]
    return np.isin(days, np.concatenate(early)) & trading_days(days)


def closes(dates: Dates) -> Dates:
    """The instants, in UTC, at which trading days close."""
    days, places = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    return np.where(early_closes(days), at(days, EARLY_CLOSE), at(days, CLOSE))[places]


def is_open(instant: np.datetime64) -> bool:
    """Whether options trade at an instant in UTC, 9:30 to 16:15 or 13:15 on a trading day."""
    day = _local_date(instant)
    if not trading_days(day)[0]:
        return False
    return bool(at(day, OPEN)[0] <= instant <= closes(day)[0] + _AFTER)


def last_close(instant: np.datetime64, late: bool = False) -> np.datetime64:
    """The latest close at or before an instant, both in UTC; `late` for what trades after it."""
    after = _AFTER if late else np.timedelta64(0, "m")
    day = last_trading_days(_local_date(instant))
    if closes(day)[0] + after > instant:
        day = last_trading_days(day - _DAY)
    close: np.datetime64 = closes(day)[0] + after
    return close


def _local_date(instant: np.datetime64) -> Dates:
    moment: datetime = instant.astype("datetime64[s]").item()
    local = moment.replace(tzinfo=UTC).astimezone(exchange_zone())
    return np.array([local.date()], dtype="datetime64[D]")


def _holidays(days: Dates) -> Dates:
    """Holidays of the years of `days` and of the years before, where a last trading day may be."""
    own = days.astype("datetime64[Y]")
    own = own[~np.isnat(own)]
    years = np.unique(np.concatenate((own, own - 1)))
    new_year = _on(years, 0, 1)
    juneteenth = years[years.astype(np.int64) + 1970 >= _JUNETEENTH_SINCE]
    return np.concatenate(
        (
            # A New Year's Day on a Saturday is not observed: the Friday ends the year.
            np.where(_weekday(new_year) == _SUNDAY, new_year + _DAY, new_year),
            _nth(years, 0, _MONDAY, 3),
            _nth(years, 1, _MONDAY, 3),
            _easter(years) - 2 * _DAY,
            _nth(years, 5, _MONDAY, 1) - 7 * _DAY,  # the last of May
            _observed(_on(juneteenth, 5, 19)),
            _observed(_on(years, 6, 4)),
            _nth(years, 8, _MONDAY, 1),
            _nth(years, 10, _THURSDAY, 4),
            _observed(_on(years, 11, 25)),
            _ANNOUNCED,
        )
    )


def _on(years: Dates, month: int, day: int) -> Dates:
    """A day of a month, counted from zero and one, in each year."""
    found: Dates = (years.astype("datetime64[M]") + month).astype("datetime64[D]") + (day - 1)
    return found


def _nth(years: Dates, month: int, weekday: int, count: int) -> Dates:
    """The first, second, ... of a weekday in a month of each year."""
    first = _on(years, month, 1)
    found: Dates = first + (weekday - _weekday(first)) % 7 + 7 * (count - 1)
    return found


def _observed(days: Dates) -> Dates:
    """Holidays, on Friday for a Saturday and on Monday for a Sunday."""
    weekday = _weekday(days)
    found: Dates = days + (weekday == _SUNDAY) - (weekday == _SATURDAY).astype(np.int64)
    return found


def _weekday(days: Dates) -> Integers:
    return (days.astype(np.int64) + _THURSDAY) % 7  # 1 January 1970 was a Thursday


def _easter(years: Dates) -> Dates:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    year = years.astype(np.int64) + 1970
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    ahead = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * ahead) // 451
    found: Dates = _on(years, 2, 22) + h + ahead - 7 * m
    return found
