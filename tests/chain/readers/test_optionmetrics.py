"""Option prices of OptionMetrics."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

FILES = Path(__file__).resolve().parents[4] / "shared" / "data" / "files"

HEADER = (
    "secid,date,symbol,exdate,cp_flag,strike_price,best_bid,best_offer,volume,open_interest,"
    "impl_volatility,delta,gamma,ticker,issuer,exercise_style,am_set_flag"
)
ROWS = (
    "1,20070118,FRQ.NJ,20070217,P,1050000,0.5,0.75,3,11246,0.406233,-0.0025,0.00005,FRG,"
    "FORGE INC,E,1",
    "1,20070118,FRG.XX,20070217,C,92500,9,9.5,0,0,-99.99,-99.99,-99.99,FRG,FORGE INC,A,0",
    "1,20150318,FRGW 150320C100000,20150320,C,100000,1,1.5,0,0,0.2,0.5,0.1,FRG,FORGE INC,?,",
)


def text(*rows, header=HEADER):
    return "\n".join((header, *(rows or ROWS), ""))


def test_every_row_is_an_option_with_its_strike_in_thousandths(write):
    quotes = read(write(text()))
    assert quotes.name == "FORGE INC"
    assert quotes.kind.tolist() == [-1, 1, 1]
    assert quotes.strike.tolist() == [1050.0, 92.5, 100.0]
    assert quotes.bid.tolist() == [0.5, 9.0, 1.0]
    assert quotes.ask.tolist() == [0.75, 9.5, 1.5]
    np.testing.assert_array_equal(quotes.vendor_iv, [0.406233, np.nan, 0.2])
    np.testing.assert_array_equal(quotes.vendor_delta, [-0.0025, np.nan, 0.5])
    np.testing.assert_array_equal(quotes.vendor_gamma, [0.00005, np.nan, 0.1])
    assert quotes.volume.tolist() == [3, 0, 0]
    assert quotes.open_interest.tolist() == [11246, 0, 0]
    assert quotes.root.tolist() == ["FRG", "FRG", "FRGW"]
    assert quotes.exercise.tolist() == ["european", "american", ""]
    assert np.isnan(quotes.spot).all()


def test_a_saturday_settles_on_the_friday_before_at_the_open_or_the_close(write):
    quotes = read(write(text()))
    assert quotes.expiry.tolist() == [date(2007, 2, 16), date(2007, 2, 16), date(2015, 3, 20)]
    # New York was at -05:00 in February.
    assert quotes.settled.tolist() == [
        datetime(2007, 2, 16, 14, 30), datetime(2007, 2, 16, 21, 0), None,
    ]  # fmt: skip


def test_before_a_good_friday_it_is_the_thursday(write):
    quotes = read(write(text(ROWS[0].replace("20070217", "20080322"))))
    assert quotes.expiry.tolist() == [date(2008, 3, 20)]


def test_quotes_are_those_of_the_close_and_later_of_a_minute_before(write):
    quotes = read(write(text()))
    assert quotes.quoted.tolist() == [
        datetime(2007, 1, 18, 21, 0), datetime(2007, 1, 18, 21, 0), datetime(2015, 3, 18, 19, 59),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quoted", "expiry"),
    [
        ("18/1/07", "17/2/07"),
        ("1/18/2007", "2/17/2007"),
        ("2007-01-18", "2007-02-17"),
        ("18JAN2007", "17FEB2007"),
        ("18-Jan-07", "17-Feb-07"),
    ],
)
def test_dates_are_read_in_the_order_they_are_written_in(quoted, expiry, write):
    content = text(ROWS[0]).replace("20070118", quoted).replace("20070217", expiry)
    quotes = read(write(content))
    assert quotes.expiry.tolist() == [date(2007, 2, 16)]
    assert quotes.quoted.tolist() == [datetime(2007, 1, 18, 21, 0)]
    said = ("dates are read as day/month/year",) if quoted == "18/1/07" else ()
    assert quotes.notes == said


def test_where_both_orders_give_dates_expiries_are_on_fridays_and_saturdays(write):
    """The 5th of January 2007 was a Friday, the 1st of May a Tuesday."""
    content = text(ROWS[0]).replace("20070118", "3/1/07").replace("20070217", "5/1/07")
    quotes = read(write(content))
    assert quotes.expiry.tolist() == [date(2007, 1, 5)]
    assert quotes.notes == ("dates are read as day/month/year",)


def test_an_order_in_doubt_is_refused(write):
    """The 6th of May 2007 was a Sunday, the 5th of June a Tuesday."""
    content = text(ROWS[0]).replace("20070118", "2/5/07").replace("20070217", "5/6/07")
    with pytest.raises(ChainError, match="'5/6/07' in column exdate may be month/day/year or day"):
        read(write(content))


def test_merged_spot_rate_and_dividend_yield_give_the_forward(write):
    """30 - 1 days at 5 % less 2 %: 1000 exp(0.03 * 29 / 365) = 1002.3864..."""
    header = HEADER + ",spindx,r,q"
    quotes = read(write(text(ROWS[0] + ",1000,0.05,0.02", header=header)))
    assert quotes.spot.tolist() == [1000.0]
    assert quotes.rate.tolist() == [0.05]
    np.testing.assert_allclose(quotes.forward, [1002.386404], rtol=1e-9)
    assert quotes.notes[-1] == "forwards and rates are those of the columns spindx, r, q"
    mapped = read(write(text(ROWS[0] + ",1000", header=HEADER + ",level")), map={"spot": "level"})
    assert mapped.spot.tolist() == [1000.0]
    assert np.isnan(mapped.forward).all()


REFUSALS = {
    "no rows": (HEADER + "\n", "line 1, but no options below it"),
    "no bid": (text().replace("best_bid", "bid"), "line 1: no column best_bid; found secid, date"),
    "word": (text().replace(",0.75,", ",x,"), "line 2: 'x' is not a number, column best_offer"),
    "kind": (text().replace(",C,92500", ",X,92500"), "line 3: 'X' is not a call or a put"),
    "date": (
        text().replace("20070217,C", "20071317,C"),
        "line 3: '20071317' is not a date, column exdate",
    ),
    "style": (text().replace("INC,A", "INC,B"), "line 3: 'B' is not an exercise style"),
    "cut off": (text()[:-30], "line 4: the file is cut off: 1[0-9] fields where 17"),
    "strikes in dollars": (
        text(ROWS[0].replace("1050000", "450").replace("0.5,0.75", "3,4")),
        "strike_price is not in thousandths",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    content, message = REFUSALS[case]
    path = write(content)
    with pytest.raises(ChainError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.skipif(not FILES.is_dir(), reason="the files are not here")
def test_a_real_file_agrees_with_the_volatilities_of_its_vendor():
    priced = price(read(FILES / "optionmetrics_spx_2007.csv"))
    assert len(priced.quotes) == 3999
    assert np.nanmedian(np.abs(priced.implied.difference["volatility"])) < 0.0055
