"""Option quotes of Cboe DataShop."""

from datetime import date, datetime

import numpy as np
import pytest

from quantforge.chain import ChainError, read

DAILY = (
    "underlying_symbol,quote_date,root,expiration,strike,option_type,open,close,trade_volume,"
    "bid_size_1545,bid_1545,ask_1545,underlying_bid_1545,underlying_ask_1545,"
    "active_underlying_price_1545,implied_volatility_1545,delta_1545,gamma_1545,bid_eod,ask_eod,"
    "underlying_bid_eod,underlying_ask_eod,open_interest\n"
    "^SPX,2031-01-02,SPXW,2031-03-21,90.000,C,12,12.5,3,11,12.4,12.6,101,102,101.25,0.31,0.8,0.01,"
    "12.3,12.7,100,101,40\n"
    "^SPX,2031-11-28,SPXW,2031-12-19,90.000,p,0,0,0,11,1.1,1.3,101,102,0,0.29,-0.2,0.02,1.0,1.4,"
    "100,101,7\n"
)
INTERVALS = (
    "underlying_symbol,quote_datetime,root,expiration,strike,option_type,open,close,trade_volume,"
    "bid_size,bid,ask_size,ask,underlying_bid,underlying_ask,implied_volatility,delta\n"
    "FRG,2031-01-02 09:45:00,FRG,2031-03-21,90.000,C,0,0,0,1,12.4,1,12.6,101,102,0.31,0.8\n"
)


def test_calculations_are_a_quarter_of_an_hour_before_the_close(write):
    """20:45 UTC in winter; on the day after Thanksgiving the close is at 13:00 in New York."""
    quotes = read(write(DAILY))
    assert quotes.quoted.tolist() == [datetime(2031, 1, 2, 20, 45), datetime(2031, 11, 28, 17, 45)]
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.bid.tolist() == [12.4, 1.1]
    assert quotes.ask.tolist() == [12.6, 1.3]
    assert quotes.spot.tolist() == [101.25, 101.5]  # where none was active, the middle
    assert quotes.vendor_iv.tolist() == [0.31, 0.29]
    assert quotes.vendor_delta.tolist() == [0.8, -0.2]
    assert quotes.root.tolist() == ["SPXW", "SPXW"]
    assert quotes.volume.tolist() == [3, 0]
    assert quotes.expiry.tolist() == [date(2031, 3, 21), date(2031, 12, 19)]
    assert "--map bid=bid_eod,ask=ask_eod takes those of the close" in quotes.notes[0]


def test_the_end_of_the_day_is_read_where_it_is_asked_for_or_alone(write):
    """16:15 for options on broad indices, 16:00 for others."""
    mapped = read(write(DAILY), map={"bid": "bid_eod", "ask": "ask_eod"})
    assert mapped.bid.tolist() == [12.3, 1.0]
    assert mapped.spot.tolist() == [100.5, 100.5]
    assert np.isnan(mapped.vendor_iv).all()  # they are of 15:45
    assert mapped.quoted.tolist()[0] == datetime(2031, 1, 2, 21, 15)
    alone = read(write(DAILY.replace("_1545", "_x").replace("SPXW", "FRG")))
    assert alone.bid.tolist() == [12.3, 1.0]
    assert alone.quoted.tolist()[0] == datetime(2031, 1, 2, 21, 0)


def test_intervals_have_times_of_new_york(write):
    quotes = read(write(INTERVALS))
    assert quotes.quoted.tolist() == [datetime(2031, 1, 2, 14, 45)]
    assert quotes.spot.tolist() == [101.5]
    assert quotes.bid.tolist() == [12.4]
    assert quotes.vendor_iv.tolist() == [0.31]


def test_what_is_missing_is_named(write):
    with pytest.raises(ChainError, match="no column bid_1545, bid_eod or bid"):
        read(write(INTERVALS.replace(",bid,", ",b,")))
    with pytest.raises(ChainError, match="line 2: 'x' is not a number, column ask"):
        read(write(INTERVALS.replace("12.6", "x")))
    with pytest.raises(ChainError, match="line 2: '9:45 or so' is not a time"):
        read(write(INTERVALS.replace("2031-01-02 09:45:00", "9:45 or so")))
