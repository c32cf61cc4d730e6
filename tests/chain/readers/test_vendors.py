"""The layouts of vendors that `long` and `wide` read, in small rows of their own making."""

import json
from datetime import date, datetime

import numpy as np
import pytest

from quantforge.chain import ChainError, read

QUOTED = 1925134200000000000  # 2031-01-02 15:30 in UTC
POLYGON = {
    "results": [
        {
            "details": {
                "contract_type": kind, "exercise_style": "american", "shares_per_contract": 100,
                "expiration_date": "2031-03-21", "strike_price": 90,
                "ticker": f"O:FRG310321{kind[0].upper()}00090000",
            },
            "greeks": {"delta": delta, "gamma": 0.01},
            "implied_volatility": 0.31,
            "last_quote": {"bid": bid, "ask": bid + 0.5, "last_updated": QUOTED + late},
            "last_trade": {"price": 99.0, "sip_timestamp": 1},
            "day": {"close": 98.0, "volume": 5, "last_updated": 1},
            "open_interest": 40,
            "underlying_asset": {"price": 101.5, "ticker": "FRG", "last_updated": 2},
        }
        for kind, bid, delta, late in (("call", 12.0, 0.8, 0), ("put", 1.0, -0.2, -(10**10)))
    ],
    "status": "OK",
}  # fmt: skip
TRADIER = {
    "options": {
        "option": [
            {
                "symbol": f"FRG310321{kind[0].upper()}00090000", "type": "option",
                "last": None, "bid": bid, "ask": bid + 0.5, "underlying": "FRG", "strike": 90.0,
                "volume": 5, "open_interest": 40, "contract_size": 100, "root_symbol": "FRG",
                "expiration_date": "2031-03-21", "option_type": kind, "bid_date": 1925134200000,
                "trade_date": 0, "greeks": {"delta": delta, "gamma": 0.01, "mid_iv": 0.31},
            }
            for kind, bid, delta in (("call", 12.0, 0.8), ("put", 1.0, -0.2))
        ]
    }
}  # fmt: skip
ALPHA_VANTAGE = {
    "endpoint": "Historical Options",
    "data": [
        {
            "contractID": f"FRG310321{kind[0].upper()}00090000", "symbol": "FRG",
            "expiration": "2031-03-21", "strike": "90.00", "type": kind, "last": "9", "mark": "12",
            "bid": str(bid), "ask": str(bid + 0.5), "volume": "5", "open_interest": "40",
            "date": "2031-01-02", "implied_volatility": "0.31", "delta": str(delta),
            "gamma": "0.01",
        }
        for kind, bid, delta in (("call", 12.0, 0.8), ("put", 1.0, -0.2))
    ],
}  # fmt: skip
IVOLATILITY = (
    "symbol,exchange,date,adjusted stock close price,option symbol,expiration,strike,call/put,"
    "style,ask,bid,mean price,iv,volume,open interest,stock price for iv,delta,gamma\n"
    "FRG,NYSE,01/02/2031,99,FRG   310321C00090000,03/21/2031,90,C,A,12.5,12,12.25,0.31,5,40,101.5,"
    "0.8,0.01\n"
    "FRG,NYSE,01/02/2031,99,FRG   310321P00090000,03/21/2031,90,P,A,1.5,1,1.25,0.31,5,40,101.5,"
    "-0.2,0.01\n"
)
BROKERS = (
    "localSymbol,lastTradeDateOrContractMonth,strike,right,multiplier,bid,ask,impliedVol,delta,"
    "gamma,undPrice,time,volume\n"
    "FRG   310321C00090000,20310321,90,C,100,12,12.5,0.31,0.8,0.01,101.5,"
    "2031-01-02 15:30:00+00:00,5\n"
    "FRG   310321P00090000,20310321,90,P,100,1,1.5,0.31,-0.2,0.01,101.5,"
    "2031-01-02 15:30:00+00:00,5\n"
)
ORATS = (
    "ticker,tradeDate,expirDate,dte,strike,stockPrice,callVolume,putVolume,callBidPrice,"
    "callAskPrice,putBidPrice,putAskPrice,callBidIv,callMidIv,putMidIv,smvVol,delta,gamma,"
    "spotPrice,quoteDate\n"
    "FRG,2031-01-02,2031-03-21,79,90,99,5,5,12,12.5,1,1.5,0.2,0.31,0.31,0.4,0.8,0.01,101.5,"
    "2031-01-02T15:30:00Z\n"
)
ORATS_HISTORY = (
    "ticker,stkPx,expirDate,yte,strike,cVolu,cOi,pVolu,pOi,cBidPx,cValue,cAskPx,pBidPx,pAskPx,"
    "cMidIv,pMidIv,delta,gamma,trade_date\n"
    "FRG,101.5,3/21/2031,0.2,90,5,40,5,40,12,12.1,12.5,1,1.5,0.31,0.31,0.8,0.01,1/2/2031\n"
)
TIMED = datetime(2031, 1, 2, 15, 30)
CLOSE = datetime(2031, 1, 2, 21, 0)
LAYOUTS = {
    "polygon": (json.dumps(POLYGON), "FRG", TIMED, 101.5, True),
    "tradier": (json.dumps(TRADIER), "FRG", TIMED, np.nan, True),
    "alpha vantage": (json.dumps(ALPHA_VANTAGE), "FRG", CLOSE, np.nan, True),
    "ivolatility": (IVOLATILITY, "FRG", CLOSE, 101.5, True),
    "interactive brokers": (BROKERS, "FRG", TIMED, 101.5, True),
    "orats": (ORATS, "FRG", TIMED, 101.5, False),
    "orats, history": (ORATS_HISTORY, "FRG", CLOSE, 101.5, False),
}


@pytest.mark.parametrize("vendor", LAYOUTS)
def test_layouts_of_vendors_are_read(vendor, write):
    content, root, quoted, spot, deltas = LAYOUTS[vendor]
    quotes = read(write(content))
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0]
    assert set(quotes.expiry.tolist()) == {date(2031, 3, 21)}
    assert np.isnat(quotes.settled).all()
    assert set(quotes.quoted.tolist()) == {quoted}
    assert quotes.bid.tolist() == [12.0, 1.0]
    assert quotes.ask.tolist() == [12.5, 1.5]
    assert quotes.vendor_iv.tolist() == [0.31, 0.31]
    assert set(quotes.root.tolist()) == {root}
    np.testing.assert_array_equal(quotes.spot, spot)
    assert quotes.volume.tolist() == [5, 5]
    # The one delta of a row with both sides is that of the call.
    np.testing.assert_array_equal(quotes.vendor_delta, [0.8, -0.2] if deltas else np.nan)
    if "last_updated" in content or "bid_date" in content:
        assert quotes.notes[0].startswith("quoted when the newest quote changed, 2031-01-02T15:30")


def test_both_lists_of_calls_and_of_puts_are_read(write):
    """As in Yahoo's own JSON, whose times are Unix times."""
    sides = {
        f"{kind}s": [
            {
                "contractSymbol": f"FRG310321{kind[0].upper()}000{strike}000", "strike": strike,
                "currency": "USD", "lastPrice": 5, "volume": 5, "openInterest": 7, "bid": 4,
                "ask": 6, "contractSize": "REGULAR", "lastTradeDate": 1925134200,
                "impliedVolatility": 0.3,
            }
            for strike in range(90, 90 + count)
        ]
        for kind, count in (("call", 2), ("put", 3))
    }  # fmt: skip
    document = {"optionChain": {"result": [{"quote": {"symbol": "FRG"}, "options": [sides]}]}}
    quotes = read(write(json.dumps(document)))
    assert quotes.kind.tolist() == [1, 1, -1, -1, -1]
    assert set(quotes.quoted.tolist()) == {TIMED}
    assert quotes.expiry.tolist() == [date(2031, 3, 21)] * 5


def test_a_bad_record_is_named(write):
    bad = json.dumps(TRADIER).replace('"ask": 1.5', '"ask": "x"')
    with pytest.raises(ChainError, match=r"record 2: 'x' is not a number, column ask"):
        read(write(bad))
    with pytest.raises(ChainError, match="no list of records in it"):
        read(write('{"strike": 90, "type": "call", "expiry": "2031-03-21"}'))


def test_a_vol_with_fractions_is_a_volatility_and_weekends_are_fridays(write):
    """As in DoltHub's options; 2019-02-09 is a Saturday."""
    text = (
        "date,act_symbol,expiration,strike,call_put,bid,ask,vol,delta\n"
        "2019-02-09,FRG,2019-02-15,65.00,Call,10.4,10.9,0.4123,0.9\n"
    )
    quotes = read(write(text))
    assert quotes.vendor_iv.tolist() == [0.4123]
    assert quotes.quoted.tolist() == [datetime(2019, 2, 8, 21)]
    assert "quotes dated on days without trading are those of the day before" in quotes.notes
    assert read(write(text.replace("0.4123", "12"))).volume.tolist() == [12]


def test_milliseconds_of_the_day_are_of_new_york(write):
    """As in Theta Data's quotes; 34,260,000 ms are 9:31."""
    text = (
        "root,expiration,strike,right,ms_of_day,bid,ask,date\n"
        "FRG,20240119,190000,C,34260000,5.1,5.3,20240102\n"
    )
    assert read(write(text)).quoted.tolist() == [datetime(2024, 1, 2, 14, 31)]
