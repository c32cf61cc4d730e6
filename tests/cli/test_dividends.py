"""``--cash-dividend`` of ``quantforge price``, ``greeks`` and ``iv``."""

import json

import pytest

import quantforge

pytest.importorskip("rich")

REST = ("--strike", "105", "--time", "0.5,1.0", "--rate", "0.03")
PAID = ("--cash-dividend", "0.25:2", "--cash-dividend", "0.75:1.5")
DIVIDENDS = [(0.25, 2.0), (0.75, 1.5)]
OPTIONS = (100.0, 105.0, [0.5, 1.0], 0.03)


def columns(run, *words):
    ended = run(*words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["columns"]


def test_prices_greeks_and_volatilities_take_cash_dividends(run):
    words = ("--spot", "100", *REST, *PAID)
    price = quantforge.price(*OPTIONS, 0.2, dividends=DIVIDENDS)
    found = columns(run, "price", *words, "--sigma", "0.2")
    assert found["price"] == price.tolist()
    theta = quantforge.greeks(*OPTIONS, 0.2, dividends=DIVIDENDS).theta
    found = columns(run, "greeks", *words, "--sigma", "0.2", "--which", "theta")
    assert found["theta"] == theta.tolist()
    found = columns(run, "iv", *words, "--price", ",".join(map(repr, price.tolist())))
    assert found["iv"] == pytest.approx([0.2, 0.2], rel=1e-12)


def test_without_the_option_nothing_is_paid(run):
    found = columns(run, "price", "--spot", "100", *REST, "--sigma", "0.2")
    assert found["price"] == quantforge.price(*OPTIONS, 0.2).tolist()


def test_an_option_that_its_dividends_are_worth_more_than_has_no_price(run):
    found = columns(run, "price", "--spot", "100,1", *REST, *PAID, "--sigma", "0.2")
    assert found["price"][1] is None


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("0.25", "'0.25' is not TIME:AMOUNT"),
        ("x:2", "'x' is not a number"),
        ("1:2:3", "'2:3' is not a number"),
        ("0:2", "the time of '0:2' is 0.0; it must be > 0"),
        ("-1:2", "the time of '-1:2' is -1.0; it must be > 0"),
        ("0.2:-1", "the amount of '0.2:-1' is -1.0; it must be >= 0"),
        ("0.2:", "the amount of '0.2:' is nan; it must be finite"),
    ],
)
def test_a_bad_dividend_is_told_in_one_line(run, word, message):
    ended = run("price", "--spot", "100", *REST, "--sigma", "0.2", "--cash-dividend", word)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert message in ended.err


def test_a_model_of_a_forward_refuses_it_in_one_line(run):
    words = ("--forward", "100", *REST, "--sigma", "0.2", "--model", "black76")
    ended = run("price", *words, *PAID)
    assert ended.code == 2
    assert "takes a forward, which holds the dividends already" in ended.err
