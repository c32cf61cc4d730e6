"""Tables with a call and a put in every row that nobody in particular has made."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, read

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "nifty_wide.csv"
HEADER = "quote_date,root,expiry,underlying,strike,c_bid,c_ask,c_iv,p_bid,p_ask,p_iv,p_volume"
ROWS = (
    "2031-01-02,FRG,2031-03-21,101.5,90,12.4,12.7,0.31,1.1,1.3,0.32,7",
    "2031-01-02,FRG,2031-03-21,101.5,95,8.1,8.4,,2.2,2.4,0.30,",
)
INDIA = (
    "Time,Symbol,Expiry,Underlying,Strike,CE_LTP,CE_OI,CE_OI_Chg,CE_Vol,PE_LTP,PE_OI,PE_Vol\n"
    "09:18,NIFTY,27-Mar-2031,24456.60,24000,452.25,55998,-287,2842,1.4,261782,265218\n"
    "15:30,NIFTY,27-Mar-2031,24398.70,24000,398.90,55998,-287,2842,0.05,261782,265218\n"
)
NAMES = ("c_bid", "c_ask", "c_iv", "p_bid", "p_ask", "p_iv", "p_volume")


def text(header=HEADER, rows=ROWS):
    return "\n".join((header, *rows, ""))


def spelled(spell):
    """The table with the names of its sided columns spelled otherwise."""
    header = HEADER
    for name in NAMES:
        header = header.replace(name, spell(*name.split("_")))
    return text(header)


def full(side):
    return {"c": "call", "p": "put"}[side]


SPELLINGS = {
    "c_bid": lambda side, what: f"{side}_{what}",
    "[C_BID]": lambda side, what: f" [{side}_{what}]".upper(),
    "call_bid": lambda side, what: f"{full(side)}_{what}",
    "Call Bid": lambda side, what: f"{full(side)} {what}".title(),
    "bid_call": lambda side, what: f"{what}_{full(side)}",
    "bid.c": lambda side, what: f"{what}.{side}",
    "callBid": lambda side, what: full(side) + what.title(),
    "calls_bid": lambda side, what: f"{full(side)}s_{what}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_sides_may_stand_before_or_after_what_a_column_holds(spelling, write):
    quotes = read(write(spelled(SPELLINGS[spelling])))
    assert quotes.kind.tolist() == [1, -1, 1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0, 95.0, 95.0]
    assert quotes.bid.tolist() == [12.4, 1.1, 8.1, 2.2]
    assert quotes.ask.tolist() == [12.7, 1.3, 8.4, 2.4]
    np.testing.assert_array_equal(quotes.vendor_iv, [0.31, 0.32, np.nan, 0.3])
    np.testing.assert_array_equal(quotes.volume, [np.nan, 7.0, np.nan, np.nan])
    assert (set(quotes.spot), set(quotes.root)) == ({101.5}, {"FRG"})
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 21)}  # 16:00 in New York


def test_columns_of_other_names_are_mapped_for_each_side(write):
    other = text(HEADER.replace("c_bid", "BC").replace("p_bid", "BP").replace("strike", "K"))
    named = {"call_bid": "BC", "put_bid": "BP", "strike": "K"}
    quotes = read(write(other), format="wide", map=named)
    assert quotes.bid.tolist() == [12.4, 1.1, 8.1, 2.2]
    with pytest.raises(
        ChainError, match=r"no column of the strike; .* --map strike=COLUMN names it"
    ):
        read(write(other), format="wide")


def test_in_india_times_and_expiries_are_of_its_own_zone(write):
    quotes = read(write(INDIA, "nifty_2031-03-26.csv"))
    assert quotes.kind.tolist() == [1, -1, 1, -1]
    assert set(quotes.settled.tolist()) == {datetime(2031, 3, 27, 10)}
    assert quotes.quoted.tolist()[::2] == [datetime(2031, 3, 26, 3, 48), datetime(2031, 3, 26, 10)]
    assert quotes.bid.tolist() == quotes.ask.tolist() == [452.25, 1.4, 398.9, 0.05]
    assert quotes.spot.tolist() == [24456.6, 24456.6, 24398.7, 24398.7]
    assert quotes.open_interest.tolist() == [55998.0, 261782.0] * 2
    assert quotes.volume.tolist() == [2842.0, 265218.0] * 2
    assert (set(quotes.exercise), set(quotes.currency)) == ({"european"}, {"INR"})
    assert quotes.notes == (
        "no bids and asks: column last stands for both",
        "times of day are those of 2031-03-26, which is in the name of the file",
    )


def test_times_of_day_without_a_date_are_of_the_only_expiry_or_refused(write):
    quotes = read(write(INDIA, "nifty.csv"))
    assert quotes.quoted.tolist()[0] == datetime(2031, 3, 27, 3, 48)
    assert "taken to be on the day of the expiry, 2031-03-27; a date in the name" in quotes.notes[1]
    both = INDIA.replace("27-Mar-2031", "03-Apr-2031", 1)
    with pytest.raises(ChainError, match="times of day without a date: write it into the name"):
        read(write(both, "nifty.csv"))


def test_one_time_does_not_stand_for_several(write):
    when = datetime(2031, 3, 26, 9, tzinfo=UTC)
    with pytest.raises(ChainError, match="quotes of 2 times, which --asof would make one"):
        read(write(INDIA, "nifty.csv"), asof=when)
    days = text(rows=(ROWS[0], ROWS[1].replace("2031-01-02", "2031-01-03")))
    with pytest.raises(ChainError, match="quotes of 2 times, which --asof would make one"):
        read(write(days), asof=when)
    assert len(read(write(text()), asof=when)) == 4


def test_dates_in_india_are_its_close(write):
    daily = INDIA.replace("Time,", "Date,").replace("09:18", "25-Mar-2031")
    quotes = read(write(daily.replace("15:30", "26-Mar-2031")))
    assert quotes.quoted.tolist()[::2] == [datetime(2031, 3, 25, 10), datetime(2031, 3, 26, 10)]
    assert "quoted at the close of each day, 15:30 in India" in quotes.notes


REFUSALS = {
    "a word": ((",8.1,", ",eight,"), "line 3: 'eight' is not a number, column bid"),
    "no strike": ((",strike,", ",level,"), "no column of the strike; found"),
    "no expiry": (("expiry", "ends"), "no column of the expiry; found"),
    "no date": (("quote_date", "when"), "no time of the quotes; give it with --asof"),
    "two bids": (("c_ask", "call_bid"), "two columns with the bid of calls: c_bid and call_bid"),
    "cut off": ((",2.4,0.30,", ""), "line 3: the file is cut off: 9 fields where 12 are needed"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    change, message = REFUSALS[case]
    path = write(text().replace(*change))
    with pytest.raises(ChainError, match=message) as caught:
        read(path, format="wide")
    assert str(caught.value).startswith(f"{path}: ")


def test_a_table_without_prices_of_both_sides_is_not_taken_for_one(write):
    only = "\n".join(line.rsplit(",", 4)[0] for line in text().splitlines())
    with pytest.raises(ChainError, match="wide looks for columns of strike and expiry, and prices"):
        read(write(only))


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_a_real_day_of_captures_is_read():
    quotes = read(SHARED)
    assert len(quotes) == 2 * 924
    assert len(set(quotes.quoted)) == 44
    assert set(quotes.root) == {"NIFTY"}
