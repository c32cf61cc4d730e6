"""Chains of Deribit."""

import json
from datetime import UTC, datetime
from math import exp, log, sqrt
from pathlib import Path
from statistics import NormalDist

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
QUOTED = datetime(2031, 1, 2, 15, 30, tzinfo=UTC)
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


def black(kind, forward, strike, years, sigma):
    """Black's price at a rate of zero, in units of the forward."""
    width, cdf = sigma * sqrt(years), NormalDist().cdf
    d1 = log(forward / strike) / width + 0.5 * width
    return kind * (cdf(kind * d1) - strike / forward * cdf(kind * (d1 - width)))


def joined(sigma_error=0.0):
    """Tickers joined with instruments, at marks that are Black's at the right volatilities."""
    names = "instrument_name,bid_price,ask_price,mark_price,mark_iv,underlying_price"
    rows = [f"{names},creation_timestamp,expiration_timestamp"]
    years = (datetime(2031, 3, 21, 8, tzinfo=UTC) - QUOTED).total_seconds() / (365 * 86400)
    for place, strike in enumerate(range(80_000, 130_000, 2_500)):
        sigma = 0.5 + 1e-11 * (strike - 1e5) ** 2
        mark = black(1, 101_000.0, strike, years, sigma)
        stated = 100.0 * sigma * (1.0 + sigma_error * (-1) ** place * (1 + place))
        rows.append(
            f"FRG-21MAR31-{strike}-C,,,{mark:.4f},{stated:.2f},101000,"
            f"{1900000000000 + 10_000 * place},1931846400000"
        )
    return "\n".join(rows)


def test_where_the_time_is_lost_marks_and_volatilities_say_it(write):
    quotes = read(write(joined()))
    (found,) = set(quotes.quoted.tolist())
    assert abs((found.replace(tzinfo=UTC) - QUOTED).total_seconds()) < 3600.0
    assert "its mark prices and volatilities agree with 2031-01-02T" in quotes.notes[0]
    assert read(write(joined()), asof=QUOTED).notes == ()


@pytest.mark.parametrize("lost", [joined(0.02), joined().replace("mark_price", "marked")])
def test_without_a_time_that_they_agree_with_it_has_to_be_said(lost, write):
    with pytest.raises(ChainError, match="no time at which all of it was quoted; give it"):
        read(write(lost))
    assert len(read(write(lost), asof=QUOTED)) == 20


def test_instruments_made_at_different_times_do_not_say_when_they_were_quoted(write):
    rows = [ROWS[0], ROWS[1].replace("1925150398500", "1900000000000")]
    path = write(text(rows, HEADER.replace("timestamp", "creation_timestamp")))
    with pytest.raises(ChainError, match="no time at which all of it was quoted; give it"):
        read(path)
    assert len(read(path, asof=QUOTED)) == 2


def test_snapshots_stay_apart_and_so_do_ticks_of_one_instrument(write):
    later = [row.replace("19251503", "19251504") for row in ROWS[:2]]
    assert len(set(read(write(text((*ROWS, *later)))).quoted)) == 2
    ticks = [ROWS[0].replace("398000", f"39{each}000") for each in range(5)]
    assert len(set(read(write(text(ticks))).quoted)) == 5
    spread = (ROWS[0], ROWS[1].replace("1925150398500", "1925150440500"))
    quotes = read(write(text(spread)))
    assert len(set(quotes.quoted)) == 1
    assert "one snapshot, up to 42 s long" in quotes.notes[0]


def test_options_priced_in_currency_have_a_rate_of_zero(write):
    """Their forward is given, and without a rate nothing could be made of it."""
    quotes = read(write(text()))
    np.testing.assert_array_equal(quotes.rate, [np.nan, np.nan, 0.0])
    assert fit(quotes).source == ("given", "given")


def test_what_is_no_option_is_left_out_and_counted(write):
    others = [ROWS[0].replace("-21MAR31-90000-C", each) for each in ("-PERPETUAL", "-21MAR31")]
    quotes = read(write(text((others[0], *ROWS, others[1]))))
    assert len(quotes) == 3
    assert quotes.notes == ("2 instruments that are no options are left out",)


def test_names_of_columns_may_be_in_capitals(write):
    quotes = read(write(text(header=HEADER.upper())))
    np.testing.assert_array_equal(quotes.bid, [0.0815, np.nan, 0.012])
    np.testing.assert_allclose(quotes.vendor_iv, [0.6329, 0.6329, 0.55])


BOOK = {
    "jsonrpc": "2.0",
    "result": {
        "instrument_name": "FRG-21MAR31-90000-C", "timestamp": 1925150398000, "mark_price": 0.09,
        "best_bid_price": 0.0815, "best_ask_price": 0.101, "underlying_price": 100500.5,
        "index_price": 100000.0, "mark_iv": 63.29, "interest_rate": 0.0, "stats": {"volume": 2.5},
        "greeks": {"delta": 0.7, "gamma": 1e-5}, "bids": [[0.0815, 3.0], [0.08, 9.0]],
        "asks": [[0.101, 3.0]], "open_interest": 7.0, "last_price": None,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "document", [BOOK, BOOK["result"], [BOOK], {"FRG-21MAR31-90000-C": BOOK["result"]}]
)
def test_order_books_are_read_one_or_many(write, document):
    quotes = read(write(json.dumps(document)))
    assert (quotes.bid.tolist(), quotes.ask.tolist()) == ([0.0815], [0.101])
    assert quotes.volume.tolist() == [2.5]
    assert quotes.vendor_delta.tolist() == [0.7]
    assert quotes.spot.tolist() == [100000.0]
    assert quotes.quoted.tolist() == [datetime(2031, 1, 2, 19, 59, 58)]


def test_the_best_of_an_order_book_is_found_in_its_lists(write):
    result = {name: each for name, each in BOOK["result"].items() if not name.startswith("best")}
    result["asks"] = [["new", 0.102, 1.0], ["new", 0.1, 3.0]]
    quotes = read(write(json.dumps({"result": result})))
    assert (quotes.bid.tolist(), quotes.ask.tolist()) == ([0.0815], [0.1])


TRADES = (
    "trade_seq,trade_id,timestamp,tick_direction,price,mark_price,iv,instrument_name,index_price,"
    "direction,amount\n"
    "1,FRG-1,1925150398000,2,0.14,0.139,63.29,FRG-21MAR31-90000-C,100000,buy,1.5\n"
    "2,FRG-2,1925150458123,0,0.01,0.011,60.5,FRG-21MAR31-80000-P,100010,sell,3\n"
)


def test_trades_have_prices_and_times_of_their_own(write):
    """A price stands for bid and ask, in coins; the forward needs what futures yield."""
    records = [
        dict(zip(TRADES.split("\n")[0].split(","), line.split(","), strict=True))
        for line in TRADES.split("\n")[1:3]
    ]
    documents = (TRADES, json.dumps({"result": {"trades": records, "has_more": False}}))
    for document in (*documents, TRADES.replace("1925150398000", "2031-01-02 19:59:58")):
        quotes = read(write(document))
        assert quotes.bid.tolist() == quotes.ask.tolist() == quotes.last.tolist() == [0.14, 0.01]
        assert quotes.price_unit.tolist() == ["underlying", "underlying"]
        np.testing.assert_allclose(quotes.vendor_iv, [0.6329, 0.605], rtol=1e-12)
        assert quotes.spot.tolist() == [100000.0, 100010.0]
        assert quotes.volume.tolist() == [1.5, 3.0]
        assert quotes.quoted.tolist() == [
            datetime(2031, 1, 2, 19, 59, 58), datetime(2031, 1, 2, 20, 0, 58),
        ]  # fmt: skip
        assert quotes.notes[0].startswith("trades: the price of each stands for bid and ask")


def test_trades_are_inverted_at_the_yield_that_is_given(write):
    """Black's price at 63 % and a forward of 100000 exp(0.05 t), in units of it."""
    years = (datetime(2031, 3, 21, 8) - datetime(2031, 1, 2, 19, 59, 58)).total_seconds() / 31536000
    price = black(1, 100000.0 * exp(0.05 * years), 90000.0, years, 0.63)
    line = TRADES.replace(",0.14,", f",{price!r},").split("\n")[:2]
    implied = invert(fit(read(write("\n".join(line)), rate=0.05)))
    np.testing.assert_allclose(implied.columns()["iv_mid"], [0.63], rtol=1e-9)


REFUSALS = {
    "no option": (
        ("FRG-21MAR31-90000-P", "FRG-21MAR-90000-P"),
        "line 3: 'FRG-21MAR-90000-P' is not the",
    ),
    "no date": (("FRG-21MAR31-90000-P", "FRG-31FEB31-90000-P"), "line 3: .* it holds no date"),
    "word": ((",0.0105,", ",low,"), "line 3: 'low' is not a number, column best_ask_price"),
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
