"""``quantforge price`` of American options: the words for them, and columns of words.

The kernel returns spot + 1000 style, so that a result tells the style.
"""

import json

import numpy as np
import pytest

pytest.importorskip("rich")

REST = ("--spot", "42", "--strike", "40", "--time", "0.5", "--rate", "0.1", "--sigma", "0.2")


@pytest.fixture(autouse=True)
def styled(install, describe):
    """A backend with American options, beside the fallback with European ones."""

    def kernel(spot, strike, time, rate, dividend, sigma, sign, style, out=None):
        return np.add(spot, np.multiply(1000.0, style), out=out)

    american = {"american_price": 1}
    install(one=describe("one", numerics=american, load=lambda: {"american_price": kernel}))


@pytest.fixture
def priced(run):
    """A function running ``quantforge price``; returns its report."""

    def report(*words):
        ended = run("price", *words, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    return report


@pytest.fixture
def table(tmp_path):
    """A function writing a file of options with such cells as their exercise."""

    def write(*cells, heading="exercise"):
        path = tmp_path / "options.csv"
        rows = "".join(f"42,40,0.5,0.1,0.2,C,{cell}\n" for cell in cells)
        path.write_text(f"spot,strike,time,rate,sigma,kind,{heading}\n{rows}")
        return path

    return write


@pytest.mark.parametrize(
    ("words", "price"),
    [
        (["--exercise", "american"], 2042.0),
        (["--exercise", "American", "--accuracy", "fast"], 1042.0),
        (["--exercise", "american", "--accuracy", "high"], 3042.0),
    ],
)
def test_an_american_option_is_priced_at_the_accuracy_that_is_said(priced, words, price):
    report = priced(*REST, *words)
    assert report["columns"]["price"] == [price]
    assert (report["operation"], report["backend"]) == ("price", "one")


def test_a_european_option_is_what_it_was(priced):
    plain = priced(*REST)
    assert plain["backend"] == "numpy"
    assert plain["columns"]["price"] == pytest.approx([4.76], abs=0.005)  # Hull
    said = priced(*REST, "--exercise", "european", "--accuracy", "high")
    assert said["columns"]["price"] == plain["columns"]["price"]


def test_exercises_may_be_several_with_commas_between_them(priced):
    report = priced(*REST, "--exercise", "american,european,american")
    assert report["columns"]["price"] == [2042.0, 42.0, 2042.0]
    assert report["columns"]["exercise"] == ["american", "european", "american"]


def test_a_column_says_it_for_each_row(priced, table):
    assert priced(table("american", " European"))["columns"]["price"] == [2042.0, 42.0]
    assert priced(table("AMERICAN", "american"))["columns"]["price"] == [2042.0, 2042.0]
    renamed = table("american", "european", heading="style")
    assert priced(renamed, "--exercise", "style")["columns"]["price"] == [2042.0, 42.0]
    assert priced(renamed)["columns"]["price"] == [2042.0, 42.0]
    other = table("american", "european", heading="mod")
    assert priced(other, "--exercise", "european")["columns"]["price"] == (
        pytest.approx([4.76] * 2, abs=0.005)
    )
    european = priced(table("european", "american"), "--exercise", "european")
    assert european["columns"]["price"] == pytest.approx([4.76] * 2, abs=0.005)


def test_a_column_of_european_options_needs_no_american_ones(priced, table):
    report = priced(table("european", "European"))
    assert report["backend"] == "numpy"
    assert report["columns"]["price"] == pytest.approx([4.76] * 2, abs=0.005)


@pytest.mark.parametrize("cell", ["bermudan", "1"])
def test_a_cell_that_is_no_exercise_costs_its_row_and_is_named_with_its_line(run, table, cell):
    ended = run("price", table("american", cell), "--json")
    assert ended.code == 0
    report = json.loads(ended.out)
    assert report["columns"]["price"] == [2042.0, None]
    assert (report["missing"], report["unreadable"]) == (1, 1)
    where = "line 3, column 'exercise', exercise: "
    assert f"{where}unknown exercise {cell!r}; valid: 'european', 'american'" in ended.err


def test_an_option_without_an_exercise_has_no_price(priced, table):
    report = priced(table("american", "", "European"))
    assert report["columns"]["price"] == [2042.0, None, 42.0]
    assert (report["missing"], report["unreadable"]) == (1, 0)


def test_a_column_that_looks_like_the_exercise_is_not_passed_over(run, table):
    for heading, cell in (("mod", "A"), ("is_american", "yes"), ("note", "American")):
        ended = run("price", table(cell, cell, heading=heading))
        assert ended.code == 2
        assert f"exercise is missing: the column {heading!r} looks like it" in ended.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--exercise", "bermudan"], "exercise: no such column, and unknown exercise 'bermudan'"),
        (["--exercise", "american", "--accuracy", "best"], "invalid choice: 'best'"),
        (
            ["--exercise", "american", "--model", "bachelier", "--forward", "42"],
            "is available for price with",
        ),
    ],
)
def test_bad_usage_is_told_in_one_line(run, words, message):
    ended = run("price", *(REST[2:] if "--forward" in words else REST), *words)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert message in ended.err


def test_a_backend_without_american_options_is_named(run):
    ended = run("price", *REST, "--exercise", "american", "--backend", "numpy")
    assert ended.code == 1
    assert ended.err.endswith("backend 'numpy' does not implement 'american_price'\n")


def test_greeks_and_volatilities_have_the_option_too(run):
    """They reach the operation, which this backend lacks."""
    ended = run("greeks", *REST, "--exercise", "american")
    assert (ended.code, "american_greeks" in ended.err) == (1, True)
    ended = run("iv", "--price", "2", *REST[:-2], "--exercise", "american")
    assert (ended.code, "american_implied_volatility" in ended.err) == (1, True)
