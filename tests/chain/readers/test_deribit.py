"""Chains of Deribit."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, fit, invert, read
from quantforge.chain.implied import vendor_difference

HEADER = (
    "instrument_name,best_bid_price,best_ask_price,underlying_price,mark_iv,delta,gamma,timestamp"
)
ROWS = (
    "FRG-21MAR31-90000-C,0.0815,0.101,100500.5,63.29,0.78,4e-05,1925150398000",
    "FRG-21MAR31-90000-P,,0.0105,100500.5,63.29,-0.22,,1925150398500",
    "FRG_USDC-4APR31-0d625-P,0.012,0.013,0.71,55.0,-0.3,0.5,1925150399000",
)
SUMMARY = {
    "instrument_name": "FRG-21MAR31-90000-C", "bid_price": 0.0815, "ask_price": None,
    "underlying_price": 100500.5, "mark_price": 0.09, "creation_timestamp": 1925150398000,
    "volume": 2.5, "open_interest": 7.0,
}  # fmt: skip
FILES = Path(__file__).resolve().parents[4] / "shared" / "data" / "files"


def text(rows=ROWS, header=HEADER):
    return "\n".join((header, *rows, ""))


def test_a_name_says_what_the_option_is_and_it_expires_at_8_utc(write):
    quotes = read(write(text()))
    assert quotes.root.tolist() == ["FRG", "FRG", "FRG_USDC"]
    assert quotes.kind.tolist() == [1, -1, -1]
    assert quotes.strike.tolist() == [90000.0, 90000.0, 0.625]
    assert quotes.settled.astype(str).tolist() == ["2031-03-21T08:00:00"] * 2 + [
        "2031-04-04T08:00:00"
    ]
    assert quotes.price_unit.tolist() == ["underlying", "underlying", "currency"]
    np.testing.assert_array_equal(quotes.bid, [0.0815, np.nan, 0.012])
    np.testing.assert_array_equal(quotes.forward, [100500.5, 100500.5, 0.71])
    np.testing.assert_allclose(quotes.vendor_iv, [0.6329, 0.6329, 0.55])
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 19, 59, 59)}


def test_summaries_and_tickers_come_as_json_too(write):
    quotes = read(write(json.dumps({"jsonrpc": "2.0", "result": [SUMMARY]})))
    assert quotes.bid.tolist() == [0.0815]
    assert np.isnan(quotes.ask).all()
    assert quotes.volume.tolist() == [2.5]
    ticker = {
        **SUMMARY, "best_bid_price": 0.08, "timestamp": 1925150399000, "mark_iv": 50.0,
        "greeks": {"delta": 0.7, "gamma": 1e-5},
    }  # fmt: skip
    quotes = read(write(json.dumps({"result": ticker})))
    assert (quotes.bid.tolist(), quotes.vendor_delta.tolist()) == ([0.08], [0.7])


def test_instruments_made_at_different_times_do_not_say_when_they_were_quoted(write):
    rows = [ROWS[0], ROWS[1].replace("1925150398500", "1900000000000")]
    path = write(text(rows))
    with pytest.raises(ChainError, match="no time at which all of it was quoted; give it"):
        read(path)
    assert len(read(path, asof=datetime(2031, 1, 2, 20, tzinfo=UTC))) == 2


REFUSALS = {
    "no option": (("FRG-21MAR31-90000-P", "FRG-PERPETUAL"), "line 3: 'FRG-PERPETUAL' is not the"),
    "no date": (("FRG-21MAR31-90000-P", "FRG-31FEB31-90000-P"), "line 3: .* holds no date"),
    "word": ((",0.0105,", ",low,"), "line 3: best_ask_price 'low' is not a number"),
    "cut off": ((",55.0,-0.3,0.5,1925150399000", ""), "line 4: the file is cut off"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_its_line(case, write):
    change, message = REFUSALS[case]
    with pytest.raises(ChainError, match=message):
        read(write(text().replace(*change)))


@pytest.mark.skipif(not FILES.is_dir(), reason="the files are not here")
def test_volatilities_and_deltas_of_a_real_chain_are_the_exchanges():
    """Their time is not in the file; at this one they agree."""
    quotes = read(FILES / "deribit_tickers.csv", asof=datetime(2026, 3, 1, 15, 54, tzinfo=UTC))
    implied = invert(fit(quotes))
    assert implied.solved.all()
    median, _ = vendor_difference(implied.difference["volatility"], implied.liquid)
    assert median < 1.5e-3  # mids beside marks
    assert len(read(FILES / "deribit_eth_summary.csv")) == 684
