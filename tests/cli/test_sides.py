"""Bids and asks in place of prices: a volatility for each, and none that a quote does not give."""

import json
from math import erf, exp, log, sqrt

import pytest

pytest.importorskip("rich")

HEADER = "bid,ask,spot,strike,time,rate,kind"
OPTION = "42,40,0.5,0.1,call"


def call(sigma):
    """Black and Scholes (1973), of a call on 42 at 40, half a year, 10 %."""
    spread = sigma * sqrt(0.5)
    d1 = (log(42 / 40) + 0.05) / spread + spread / 2

    def normal(x):
        return 0.5 * (1 + erf(x / sqrt(2)))

    return 42 * normal(d1) - 40 * exp(-0.05) * normal(d1 - spread)


BID, ASK = call(0.19), call(0.21)


@pytest.fixture
def quotes(tmp_path):
    """A function writing a file of the option with some quotes."""

    def write(*pairs, header=HEADER):
        path = tmp_path / "quotes.csv"
        rows = [f"{bid},{ask},{OPTION}" for bid, ask in pairs]
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


def columns(run, *words):
    ended = run("iv", *words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["columns"], ended.err


def test_a_file_of_bids_and_asks_has_the_volatility_of_each_and_of_their_mid(run, quotes):
    found, said = columns(run, quotes((BID, ASK)))
    assert list(found)[-4:] == ["iv_bid", "iv_mid", "iv_ask", "iv_status"]
    assert found["iv_bid"] == pytest.approx([0.19], abs=1e-12)
    assert found["iv_ask"] == pytest.approx([0.21], abs=1e-12)
    assert call(found["iv_mid"][0]) == pytest.approx((BID + ASK) / 2, abs=1e-12)
    assert found["iv_status"] == ["OK"]
    assert said == "quantforge: columns taken by their meaning: bid is 'bid', ask is 'ask'\n"


@pytest.mark.parametrize(
    ("bid", "ask", "has"),
    [
        ("", ASK, "ask"),
        (-1, ASK, "ask"),
        (BID, "", "bid"),
        (BID, 0, "bid"),
        (BID, "inf", "bid"),
        (ASK, BID, ""),  # crossed
        ("", "", ""),
        (0, 0, ""),
        ("x", ASK, "ask"),
    ],
)
def test_a_side_that_is_missing_has_no_volatility_and_a_crossed_quote_none_at_all(
    run, quotes, bid, ask, has
):
    found, said = columns(run, quotes((BID, ASK), (bid, ask)))
    known = [side for side in ("bid", "mid", "ask") if found[f"iv_{side}"][1] is not None]
    assert known == has.split()
    assert found["iv_status"] == ["OK", "NOT_FINITE"]
    assert ("1 row with a bid or an ask alone, which have no mid" in said) == bool(has)
    assert ("1 row with a bid above the ask" in said) == (bid == ASK)


def test_a_bid_of_zero_is_none_and_half_the_ask_is_the_mid(run):
    words = ("--bid", 0, "--spot", 42, "--strike", 60, "--time", 0.5, "--rate", 0.1)
    found, _ = columns(run, *words, "--ask", 0.2)
    half, _ = columns(run, *words, "--ask", 0.1)
    assert found["iv_bid"] == [None]
    assert found["iv_mid"] == half["iv_ask"]
    assert found["iv_status"] == ["OK"]


def test_other_names_of_bids_and_asks_are_known_and_arguments_name_any(run, quotes):
    path = quotes((BID, ASK), header=HEADER.replace("bid,ask", "best_bid,best_offer"))
    found, said = columns(run, path)
    assert found["iv_bid"] == pytest.approx([0.19], abs=1e-12)
    assert "bid is 'best_bid', ask is 'best_offer'" in said
    path = quotes((BID, ASK), header=HEADER.replace("bid,ask", "b,a"))
    found, said = columns(run, path, "--bid", "b", "--ask", "a", "--column", "vol")
    assert found["vol_ask"] == pytest.approx([0.21], abs=1e-12)
    assert said == ""


def test_a_price_goes_before_bids_and_asks_unless_they_are_asked_for(run, quotes):
    path = quotes((BID, ASK))
    path.write_text(f"price,{HEADER}\n{call(0.2)},{BID},{ASK},{OPTION}\n")
    found, said = columns(run, path)
    assert found["iv"] == pytest.approx([0.2], abs=1e-12)
    assert "iv_bid" not in found
    assert said == ""
    found, said = columns(run, path, "--bid", "bid", "--ask", "ask")
    assert found["iv_bid"] == pytest.approx([0.19], abs=1e-12)
    assert "iv" not in found


def test_bids_and_asks_may_be_arguments_and_in_the_underlying(run):
    option = ("--spot", 42, "--strike", 40, "--time", 0.5, "--rate", 0.1)
    found, _ = columns(run, "--bid", BID, "--ask", f"{ASK},nan", *option)
    assert found["iv_bid"] == pytest.approx([0.19, 0.19], abs=1e-12)
    assert found["iv_ask"] == [pytest.approx(0.21, abs=1e-12), None]
    coins = ("--bid", BID / 42, "--ask", ASK / 42, "--price-unit", "underlying")
    found, _ = columns(run, *coins, *option)
    assert found["iv_ask"] == pytest.approx([0.21], abs=1e-9)
    assert found["bid"] == pytest.approx([BID / 42])


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--bid", 1), "--bid needs --ask"),
        (("--ask", 1), "--ask needs --bid"),
        (("--bid", 1, "--ask", 2, "--price", 1.5), "--price has no meaning beside --bid"),
    ],
)
def test_half_a_quote_and_a_quote_beside_a_price_are_refused(run, words, what):
    ended = run("iv", *words, "--spot", 42, "--strike", 40, "--time", 0.5, "--rate", 0.1)
    assert ended.code == 2
    assert ended.err == f"quantforge iv: {what}\n"


def test_rows_without_a_mid_are_counted_as_without_a_volatility(run, quotes, tmp_path):
    target = tmp_path / "implied.csv"
    ended = run("iv", quotes((BID, ASK), (BID, ""), (ASK, BID)), "--output", target)
    assert ended.code == 0
    assert "3 options on" in ended.out
    assert "2 without a volatility" in ended.out
    assert target.read_text().splitlines()[3].endswith(",,,,NOT_FINITE")
    ended = run("iv", quotes((ASK, BID)))
    assert ended.code == 1
    assert "no option has a volatility" in ended.err
