"""Chains of Schwab's and TD Ameritrade's interfaces."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

CALL = {
    "symbol": "FRG_032131C90", "bid": 12.4, "ask": 12.7, "last": 12.5, "totalVolume": 0,
    "openInterest": 7, "volatility": 31.5, "delta": 0.8, "gamma": 0.01, "strikePrice": 90.0,
    "multiplier": 100.0, "quoteTimeInLong": 1925150398000,
}  # fmt: skip
PUT = {**CALL, "symbol": "FRG_032131P90", "bid": 1.1, "ask": 1.3, "quoteTimeInLong": 1925150399123}
LOST = {**PUT, "strikePrice": 95.0, "volatility": -999.0, "delta": "NaN", "last": None}
CHAIN = {
    "symbol": "FRG", "status": "SUCCESS", "underlyingPrice": 101.5, "interestRate": 0.1,
    "callExpDateMap": {"2031-03-21:78": {"90.0": [CALL]}},
    "putExpDateMap": {"2031-03-21:78": {"90.0": [PUT], "95.0": [LOST]}},
}  # fmt: skip
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "tda_msft.json"


def written(write, **changes):
    return write(json.dumps({**CHAIN, **changes}))


def test_every_option_of_both_maps_is_a_row(write):
    quotes = read(written(write))
    assert quotes.symbol.tolist() == ["FRG_032131C90", "FRG_032131P90", "FRG_032131P90"]
    assert quotes.kind.tolist() == [1, -1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0, 95.0]
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    np.testing.assert_array_equal(quotes.bid, [12.4, 1.1, 1.1])
    np.testing.assert_array_equal(quotes.last, [12.5, 12.5, np.nan])
    np.testing.assert_allclose(quotes.vendor_iv, [0.315, 0.315, np.nan])
    np.testing.assert_array_equal(quotes.vendor_delta, [0.8, 0.8, np.nan])
    np.testing.assert_allclose(quotes.rate, 0.001)
    assert set(quotes.spot.tolist()) == {101.5}
    assert set(quotes.root.tolist()) == {"FRG"}


def test_the_time_is_that_of_the_newest_quote_and_a_note_says_so(write):
    quotes = read(written(write))
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 19, 59, 59)}
    assert "2031-01-02T19:59:59Z; --asof" in quotes.notes[0]
    timeless = {"2031-03-21:78": {"90.0": [{**CALL, "quoteTimeInLong": 0}]}}
    path = written(write, callExpDateMap=timeless, putExpDateMap={})
    with pytest.raises(ChainError, match="give one with --asof"):
        read(path)
    assert len(read(path, asof=datetime.fromisoformat("2031-01-02T16:00-05:00"))) == 1


REFUSALS = {
    "no options": ({"callExpDateMap": {}, "putExpDateMap": None}, "no options in callExpDateMap"),
    "no expiry": ({"callExpDateMap": {"soon": {}}}, "callExpDateMap: 'soon' is no expiry"),
    "word": (
        {"callExpDateMap": {"2031-03-21:78": {"90.0": [{**CALL, "bid": "much"}]}}},
        "callExpDateMap 2031-03-21 90.0: bid 'much' is not a number",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_its_place(case, write):
    changes, message = REFUSALS[case]
    with pytest.raises(ChainError, match=message):
        read(written(write, **changes))


def test_a_file_that_is_cut_off_is_refused(write):
    with pytest.raises(ChainError, match=r"line 1, column .*: no JSON, or cut off"):
        read(write(json.dumps(CHAIN)[:-40]))


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_puts_alone_are_inverted_by_the_files_own_spot_and_rate():
    priced = price(read(SHARED))
    assert set(priced.fit.source) == {"spot and rate"}
    assert np.count_nonzero(priced.implied.solved) > 370


@pytest.mark.parametrize("strike", [None, -999.0, float("inf"), 10**400])
def test_an_option_without_a_strike_is_refused_with_its_place(strike, write):
    lost = {**PUT, "strikePrice": strike}
    whole = {"symbol": "FRG", "putExpDateMap": {"2031-03-21:78": {"90.0": [PUT], "?": [lost]}}}
    with pytest.raises(ChainError, match=r"putExpDateMap 2031-03-21 \?: .*strikePrice"):
        read(write(json.dumps(whole), "frg.json"), asof=datetime(2031, 1, 2, 15, tzinfo=UTC))
