"""``quantforge explain``: which backend would run a batch."""

import json

import pytest

import quantforge


def test_explain_prints_the_decision(run):
    ended = run("explain", "price", "10_000")
    assert ended.code == 0
    assert ended.out == f"{quantforge.explain('price', 10_000)}\n"
    found = json.loads(run("explain", "price", "1e5", "--json", "--backend", "numpy").out)
    assert (found["n"], found["backend"], found["operation"]) == (100_000, "numpy", "price")
    found = json.loads(run("explain", "greeks", "10", "--json", "--model", "bachelier").out)
    assert found["operation"] == "bachelier_greeks"


def test_explain_takes_the_exercise(run, install, describe):
    install(one=describe("one", numerics={"american_price": 1}))
    for words in (["price", "10", "--exercise", "american"], ["american_price", "10"]):
        found = json.loads(run("explain", *words, "--json").out)
        assert (found["operation"], found["backend"]) == ("american_price", "one")
    assert json.loads(run("explain", "price", "10", "--json").out)["operation"] == "price"
    ended = run("explain", "price", "10", "--exercise", "american", "--model", "bachelier")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "exercise 'american' is available for price with" in ended.err


@pytest.mark.parametrize(
    "words", [["dance", "1"], ["price", "0"], ["price", "1.5"], ["price", "x"]]
)
def test_explain_refuses_what_it_does_not_know(run, words):
    ended = run("explain", *words)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
