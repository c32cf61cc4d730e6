"""Trading days and closes, against the exchange's published calendars, written out by hand."""

from datetime import time

import numpy as np
import pytest

from quantforge.chain import AM_ROOTS, EUROPEAN_ROOTS, Quotes, expiries
from quantforge.chain.sessions import early_closes, is_open, last_close, trading_days

# NYSE, Holidays & Trading Hours
HOLIDAYS = {
    1999: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
    2011: "01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26",  # New Year's Day was a Saturday
    2012: "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25",
    2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
    2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
}
EARLY = {
    2021: "11-26",  # 24 December is a holiday, 3 July a Saturday
    2022: "11-25",
    2023: "07-03 11-24",
    2024: "07-03 11-29 12-24",
    2025: "07-03 11-28 12-24",
    2026: "11-27 12-24",  # 3 July is a holiday
}


def year(number):
    return np.arange(f"{number}-01-01", f"{number + 1}-01-01", dtype="datetime64[D]")


def dates(number, text):
    return [f"{number}-{each}" for each in text.split()]


@pytest.mark.parametrize("number", HOLIDAYS)
def test_the_exchange_is_closed_on_its_holidays_and_on_no_other_weekday(number):
    days = year(number)
    closed = days[np.is_busday(days) & ~trading_days(days)]
    assert closed.astype(str).tolist() == dates(number, HOLIDAYS[number])


@pytest.mark.parametrize("number", EARLY)
def test_the_exchange_closes_early_on_these_days_alone(number):
    days = year(number)
    assert days[early_closes(days)].astype(str).tolist() == dates(number, EARLY[number])


@pytest.mark.parametrize(
    ("instant", "close"),  # in UTC
    [
        ("2026-03-14T11:34", "2026-03-13T20:00"),  # a Saturday: Friday's, in summer time
        ("2026-01-09T21:00", "2026-01-09T21:00"),  # at the close itself
        ("2026-01-09T20:59:59", "2026-01-08T21:00"),
        ("2025-11-29T12:00", "2025-11-28T18:00"),  # the day after Thanksgiving ended at 13:00
        ("2026-01-20T03:00", "2026-01-16T21:00"),  # Monday evening, Martin Luther King's day
        ("2026-01-01T20:00", "2025-12-31T21:00"),
    ],
)
def test_the_last_close_is_found_over_nights_weekends_and_holidays(instant, close):
    assert last_close(np.datetime64(instant, "s")) == np.datetime64(close, "s")


@pytest.mark.parametrize(
    ("instant", "trading"),
    [
        ("2026-01-09T14:29:59", False),
        ("2026-01-09T14:30", True),
        ("2026-01-09T21:15", True),
        ("2026-01-09T21:15:01", False),
        ("2026-01-10T16:00", False),  # a Saturday
        ("2025-12-24T18:15", True),
        ("2025-12-24T18:16", False),
        ("2025-12-25T16:00", False),
    ],
)
def test_options_trade_from_the_open_to_a_quarter_of_an_hour_after_the_close(instant, trading):
    assert is_open(np.datetime64(instant, "s")) is trading


def settled(root, day, **settings):
    quotes = Quotes(
        strike=[100.0], kind="call", expiry=day, quoted=np.datetime64(day, "s"), root=root
    )
    return str(expiries(quotes, **settings).settled[0])


@pytest.mark.parametrize("root", ["SPX", "NDX", "RUT", "DJX", "VIX", "VIXW", "RUI", "RLG", "RLV"])
def test_indices_with_a_special_opening_quotation_settle_at_the_open(root):
    assert root in AM_ROOTS
    assert root in EUROPEAN_ROOTS
    assert settled(root, "2026-01-21") == "2026-01-21T14:30:00"


@pytest.mark.parametrize("root", ["SPXW", "XSP", "NDXP", "RUTW", "OEX", "MXEA", "AAPL", ""])
def test_all_others_settle_at_the_close_also_where_it_is_early(root):
    assert root not in AM_ROOTS
    assert settled(root, "2026-01-21") == "2026-01-21T21:00:00"
    assert settled(root, "2025-11-28") == "2025-11-28T18:00:00"
    assert settled(root, "2025-12-24") == "2025-12-24T18:00:00"
    assert settled(root, "2025-07-03") == "2025-07-03T17:00:00"


def test_an_expiry_on_a_closed_day_is_that_of_the_last_trading_day():
    assert settled("SPX", "2007-06-16") == "2007-06-15T13:30:00"  # Saturdays, until 2015
    assert settled("AAPL", "2007-06-16") == "2007-06-15T20:00:00"
    assert settled("AAPL", "2008-03-22") == "2008-03-20T20:00:00"  # after Good Friday


def test_the_caller_says_when_the_close_is():
    assert settled("AAPL", "2026-01-21", close=time(13, 0)) == "2026-01-21T18:00:00"
    assert settled("AAPL", "2025-11-28", close=time(16, 0)) == "2025-11-28T21:00:00"
    assert settled("VIX", "2026-01-21", close=time(13, 0)) == "2026-01-21T14:30:00"
