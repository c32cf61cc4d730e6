"""Files of OptionMetrics."""

from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read
from quantforge.chain.implied import vendor_difference

HEADER = (
    "secid,date,exdate,cp_flag,strike_price,best_bid,best_offer,volume,impl_volatility,"
    "ticker,exercise_style"
)
ROWS = (
    "1,20070118,20070217,C,1425000,20.1,21.3,12,0.1021,FRG,E",
    "1,20070118,20070217,P,1400000,6.2,6.9,,,FRG,E",
    "2,20070118,20070316,P,50500,1.1,1.2,3,0.31,QRS,A",
)
SHARED = Path(__file__).resolve().parents[4] / "shared/data/files/optionmetrics_spx_2007.csv"


def text(rows=ROWS, header=HEADER):
    return "\n".join((header, *rows, ""))


def test_every_row_is_an_option_of_the_close_of_its_day(write):
    quotes = read(write(text()))
    assert quotes.root.tolist() == ["FRG", "FRG", "QRS"]
    assert quotes.kind.tolist() == [1, -1, -1]
    assert quotes.strike.tolist() == [1425.0, 1400.0, 50.5]
    assert quotes.expiry.astype(str).tolist() == ["2007-02-17", "2007-02-17", "2007-03-16"]
    assert set(quotes.quoted.astype(str).tolist()) == {"2007-01-18T21:00:00"}  # 16:00 in New York
    np.testing.assert_array_equal(quotes.bid, [20.1, 6.2, 1.1])
    np.testing.assert_array_equal(quotes.ask, [21.3, 6.9, 1.2])
    np.testing.assert_array_equal(quotes.vendor_iv, [0.1021, np.nan, 0.31])
    np.testing.assert_array_equal(quotes.volume, [12.0, np.nan, 3.0])
    assert quotes.exercise.tolist() == ["european", "european", "american"]


def test_merged_spot_rate_and_dividend_yield_give_the_forward_where_there_are_no_pairs(write):
    """1000 exp((0.05 - 0.02) 29 / 365), from 18 January to the Friday before 17 February."""
    rows = [f"{row},1000,0.05,0.02" for row in ROWS[:2]]
    quotes = read(write(text(rows, header=HEADER + ",S,r,q")))
    assert quotes.spot.tolist() == [1000.0, 1000.0]
    assert quotes.rate.tolist() == [0.05, 0.05]
    np.testing.assert_allclose(quotes.forward, 1002.386404585, rtol=1e-9)
    assert quotes.notes[1:] == (
        "rates are those of the column r",
        "forwards of expiries without pairs are those of the columns S, r, q",
    )
    percent = [row.replace(",0.05,0.02", ",5,2") for row in rows]
    again = read(write(text(percent, header=HEADER + ",S,r,q")))
    np.testing.assert_allclose(again.forward, quotes.forward, rtol=1e-12)
    np.testing.assert_allclose(again.rate, 0.05, rtol=1e-12)
    assert "rates are those of the column r, in per cent" in again.notes


def test_expiries_with_pairs_keep_their_parity(write):
    rows = [
        f"1,20070118,20070217,{kind},{strike},20.1,21.3,,,FRG,E,1000,0.05,0.02"
        for strike in (1425000, 1430000, 1435000)
        for kind in "CP"
    ]
    assert np.isnan(read(write(text(rows, header=HEADER + ",S,r,q"))).forward).all()
    fewer = read(write(text(rows[:4], header=HEADER + ",S,r,q")))
    assert np.isfinite(fewer.forward).all()


def test_flags_say_which_options_settle_at_the_open_and_what_is_missing(write):
    rows = [f"{row},{flag},-99.99" for row, flag in zip(ROWS, "10 ", strict=True)]
    quotes = read(write(text(rows, header=HEADER + ",am_settlement,delta")))
    assert quotes.settled[:2].astype(str).tolist() == ["2007-02-16T14:30:00", "2007-02-16T21:00:00"]
    assert np.isnat(quotes.settled[2])
    assert np.isnan(quotes.vendor_delta).all()


def test_quotes_since_march_2008_are_a_minute_before_the_close(write):
    later = [row.replace("2007", "2009") for row in ROWS]
    assert set(read(write(text(later))).quoted.astype(str).tolist()) == {"2009-01-18T20:59:00"}


def test_the_root_is_that_of_a_symbol_of_today(write):
    rows = [
        f"{row},{symbol}"
        for row, symbol in zip(ROWS, ("FRQ.NJ", "FRGW 070217P1400000", ""), strict=True)
    ]
    assert read(write(text(rows, header=HEADER + ",symbol"))).root.tolist() == [
        "FRG",
        "FRGW",
        "QRS",
    ]


@pytest.mark.parametrize(
    ("day", "expiry"),
    [("2007-01-18", "2007-02-17"), ("18JAN2007", "17FEB2007"), ("18/1/07", "17/2/07"),
     ("1/18/2007", "2/17/2007"), ("18-Jan-2007", "17-Feb-2007")],
)  # fmt: skip
def test_dates_are_read_however_they_are_written(write, day, expiry):
    rows = [row.replace("20070118", day).replace("20070217", expiry) for row in ROWS[:2]]
    quotes = read(write(text(rows)))
    assert set(quotes.quoted.astype(str).tolist()) == {"2007-01-18T21:00:00"}
    assert set(quotes.expiry.astype(str).tolist()) == {"2007-02-17"}


def test_names_of_columns_may_be_in_capitals(write):
    quotes = read(write(text(header=HEADER.upper())))
    np.testing.assert_array_equal(quotes.vendor_iv, [0.1021, np.nan, 0.31])
    np.testing.assert_array_equal(quotes.volume, [12.0, np.nan, 3.0])
    assert quotes.root.tolist() == ["FRG", "FRG", "QRS"]
    assert quotes.exercise.tolist() == ["european", "european", "american"]


def test_a_saturday_is_settled_on_the_friday_before(write):
    """30 days after the close of Thursday, less one, where options settle at the close."""
    rows = [row.replace(",FRG,E", ",XSP,E") for row in ROWS[:2]]
    found = price(read(write(text(rows)), spot=1420.0, rate=0.05))
    assert found.fit.expiries.time == pytest.approx([29 / 365], rel=1e-12)


REFUSALS = {
    "day or month": (
        ("20070118", "1/2/07", "20070217", "3/4/07", "20070316", "5/6/07"),
        "line 2: date '.*' may be a day or a month first",
    ),
    "day or month between dashes": (
        ("20070118", "1-2-07", "20070217", "3-4-07", "20070316", "5-6-07"),
        "line 2: date '1-2-07' may be a day or a month first",
    ),
    "day or month at midnight": (
        ("20070217", "3/4/2007 0:00", "20070316", "5/6/2007 0:00"),
        "line 2: exdate '3/4/2007 0:00' may be a day or a month first",
    ),
    "no date": (("20070217", "soon"), "line 2: 'soon' is not a date, column exdate"),
    "no such day": (("20070217", "20070230"), "line 2: '20070230' is not a date, column exdate"),
    "no kind": ((",C,", ",X,"), "line 2: 'X' is not a call or a put, column cp_flag"),
    "word": ((",1425000,", ",many,"), "line 2: 'many' is not a number, column strike_price"),
    "cut off": ((",0.31,QRS,A", ""), "line 4: the file is cut off: 8 fields where 11 are needed"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    changes, message = REFUSALS[case]
    changed = text()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        changed = changed.replace(old, new)
    with pytest.raises(ChainError, match=message):
        read(write(changed))


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_volatilities_of_real_options_out_of_the_money_are_the_vendors():
    quotes = read(SHARED, map={"spot": "spindx", "rate": "r"})
    priced = price(quotes)
    assert priced.inside_share > 0.85
    liquid = priced.implied.liquid
    median, _ = vendor_difference(priced.implied.difference["volatility"], liquid)
    assert median < 0.0053
