"""Chains that Cboe's server sends as JSON."""

import copy
import json
from datetime import datetime

import numpy as np
import pytest

from quantforge.chain import ChainError, read

CHAIN = {
    "timestamp": "2030-06-14 19:46:02",
    "symbol": "_FRG",
    "data": {
        "symbol": "^FRG",
        "current_price": 101.25,
        "last_trade_time": "2030-06-14T15:31:00",
        "options": [
            {
                "option": "FRGW300621C00090000", "bid": 11.8, "ask": 12, "iv": 0.3, "delta": 0.9,
                "gamma": 0.01, "volume": 5.0, "open_interest": 7.0, "last_trade_price": 11.9,
                "theta": -0.1, "last_trade_time": None,
            },
            {
                "option": "FRGW300621P00092500", "bid": 0.5, "ask": 0.7, "iv": None,
                "delta": -0.1, "gamma": 0.02, "volume": 0, "open_interest": 1e3,
                "last_trade_price": 0,
            },
        ],
    },
}  # fmt: skip


def changed(**changes):
    """The chain with other values, by their path with __ between; DROP removes one."""
    chain = copy.deepcopy(CHAIN)
    for path, value in changes.items():
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("__"))
        inner = chain
        for step in steps:
            inner = inner[step]
        if value is DROP:
            del inner[last]
        else:
            inner[last] = value
    return json.dumps(chain)


DROP = object()


def test_every_object_is_an_option_as_its_symbol_says(write):
    quotes = read(write(json.dumps(CHAIN), "chain.json"))
    assert quotes.name == "^FRG"
    assert set(quotes.spot) == {101.25}
    assert quotes.symbol.tolist() == ["FRGW300621C00090000", "FRGW300621P00092500"]
    assert set(quotes.root) == {"FRGW"}
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [90.0, 92.5]
    assert set(quotes.expiry.tolist()) == {datetime(2030, 6, 21).date()}
    assert quotes.bid.tolist() == [11.8, 0.5]
    assert quotes.ask.tolist() == [12.0, 0.7]
    assert quotes.last.tolist() == [11.9, 0.0]
    np.testing.assert_array_equal(quotes.vendor_iv, [0.3, np.nan])
    assert quotes.vendor_delta.tolist() == [0.9, -0.1]
    assert quotes.vendor_gamma.tolist() == [0.01, 0.02]
    assert quotes.volume.tolist() == [5.0, 0.0]
    assert quotes.open_interest.tolist() == [7.0, 1000.0]


@pytest.mark.parametrize(
    ("stamp", "traded", "time"),
    [
        ("2030-06-14 19:46:02", "2030-06-14T15:31:00", "2030-06-14T15:46:02-04:00"),
        ("2030-06-14 15:46:02", "2030-06-14T15:31:00", "2030-06-14T15:46:02-04:00"),
        ("2030-12-13T20:46:02", None, "2030-12-13T15:46:02-05:00"),
        ("2030-06-14T15:46:02-04:00", "2030-06-14T15:31:00", "2030-06-14T15:46:02-04:00"),
    ],
)
def test_the_time_is_in_utc_unless_that_is_before_the_last_trade(stamp, traded, time, write):
    quotes = read(write(changed(timestamp=stamp, data__last_trade_time=traded)))
    assert quotes.local(quotes.quoted[0]).isoformat() == time


def test_asof_stands_for_a_time_that_is_missing(write):
    path = write(changed(timestamp=None))
    with pytest.raises(ChainError, match="timestamp is null; give it with --asof"):
        read(path)
    when = datetime.fromisoformat("2030-06-14T16:00-04:00")
    assert set(read(path, asof=when).quoted.tolist()) == {datetime(2030, 6, 14, 20)}


def test_columns_that_the_pricing_does_not_need_may_be_missing(write):
    text = json.dumps(CHAIN).replace('"iv"', '"vi"').replace('"current_price"', '"price"')
    quotes = read(write(text))
    assert np.isnan(quotes.vendor_iv).all()
    assert np.isnan(quotes.spot).all()


REFUSALS = {
    "cut off": (json.dumps(CHAIN)[:-40], "line 1, column .*: no JSON, or cut off"),
    "no options": (changed(data__options=[]), '"options" is empty'),
    "no bid": (changed(data__options__1__bid=DROP), "option 2, FRGW300621P00092500: no bid"),
    "word": (
        changed(data__options__1__ask="0_7"),
        "option 2, FRGW300621P00092500: ask '0_7' is not a number",
    ),
    "no symbol": (
        changed(data__options__0__option="FRG"),
        "option 1, FRG: 'FRG' is not an OSI symbol",
    ),
    "spot": (changed(data__current_price=[1]), "the underlying: current_price .1. is not a number"),
    "object": (changed(data__options__1=7), 'option 2: no text "option"'),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_its_place(case, write):
    content, message = REFUSALS[case]
    path = write(content)
    with pytest.raises(ChainError, match=message) as caught:
        read(path, format="cboe-json")
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("text", ["[1, 2]", '{"data": 3}', '{"data": {"options": {}}}'])
def test_other_json_is_none_of_its_files(text, write):
    with pytest.raises(ChainError, match="not an option chain of a known format"):
        read(write(text))
    with pytest.raises(ChainError, match='no list "options" in "data"'):
        read(write(text), format="cboe-json")
