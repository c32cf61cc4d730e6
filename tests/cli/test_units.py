"""Numbers that look as if they were in other units are said, or refused where all do."""

import json

import pytest

pytest.importorskip("rich")

# Hull: a call on 42 at 40, half a year, 10 %, 20 %.
NATURAL = {"spot": 42, "strike": 40, "time": 0.5, "rate": 0.1, "sigma": 0.2, "dividend": 0}
CALL = 4.759422392871532  # mpmath

UNITS = {
    "rate": (10, "--rate-unit", "percent", "fraction"),
    "time": (182.5, "--time-unit", "days", "years"),
    "sigma": (20, "--vol-unit", "percent", "fraction"),
    "strike": (40_000, "--strike-scale", "0.001", "1"),
}


def command(*words):
    return ("price", *words, "--json")


def arguments(**changed):
    return [word for name, value in (NATURAL | changed).items() for word in (f"--{name}", value)]


@pytest.fixture
def table(tmp_path):
    """A function writing a file of calls, one row for each mapping of changes."""

    def write(*rows):
        path = tmp_path / "options.csv"
        lines = [",".join([*NATURAL, "kind"])]
        lines += [",".join([*map(str, (NATURAL | row).values()), "call"]) for row in rows]
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@pytest.mark.parametrize("name", UNITS)
def test_every_row_in_other_units_is_refused_and_the_option_mends_it(run, table, name):
    value, option, unit, _ = UNITS[name]
    for words in ([table({name: value}, {name: value})], arguments(**{name: value})):
        ended = run(*command(*words))
        assert ended.code == 2
        assert ended.err.count("\n") == 1
        assert f"{option} {unit}" in ended.err
        assert "in every row" in ended.err
        ended = run(*command(*words, option, unit))
        assert (ended.code, ended.err) == (0, "")
        for price in json.loads(ended.out)["columns"]["price"]:
            assert price == pytest.approx(CALL, rel=1e-13)


@pytest.mark.parametrize("name", UNITS)
def test_most_rows_in_other_units_are_said_and_priced(run, table, name):
    value, option, unit, default = UNITS[name]
    path = table({}, {name: value}, {name: value})
    ended = run(*command(path))
    assert ended.code == 0
    assert ended.err.startswith("quantforge: warning: ")
    assert f"{option} {unit}" in ended.err
    assert "in 67 % of the rows" in ended.err
    assert ended.err.count("\n") == 1
    assert run(*command(path, option, default)).err == ""
    assert run(*command(table({}, {}, {name: value}))).err == ""


def test_what_is_said_to_be_right_is_priced(run, table):
    for name, (value, option, _, default) in UNITS.items():
        ended = run(*command(table({name: value}), option, default))
        assert (ended.code, ended.err) == (0, ""), name


def test_dividends_in_percent_have_a_unit_of_their_own(run, table):
    # with a dividend of 10 % as well, the forward is 42: its call less that put is 2, discounted
    ended = run(*command(table({"dividend": 10})))
    assert "--dividend-unit percent" in ended.err
    ended = run(*command(table({"dividend": 10}), "--dividend-unit", "percent"))
    plain = run(*command(table({"dividend": 0.1})))
    assert json.loads(ended.out)["columns"]["price"] == pytest.approx(
        json.loads(plain.out)["columns"]["price"], rel=1e-14
    )


def test_absolute_volatilities_and_strikes_of_any_size_are_no_matter_under_bachelier(run):
    words = ("--model", "bachelier", "--forward", 0.5, "--strike", 500, "--time", 1, "--rate", 0)
    assert run("price", *words, "--sigma", 80).err == ""


QUOTES = "spot,strike,time,rate,kind,price\n"


def test_prices_in_coins_are_noticed_and_multiplied_by_the_underlying(run, tmp_path):
    path = tmp_path / "coins.csv"
    deep = "".join(f"42,{k},0.5,0.1,call,{(42 - 0.95 * k) / 42!r}\n" for k in (30, 20, 10))
    path.write_text(f"{QUOTES}42,40,0.5,0.1,call,{CALL / 42!r}\n{deep}")
    ended = run("iv", path, "--json")
    assert ended.code == 2
    assert "outside the bounds of no arbitrage in every row" in ended.err
    assert "--price-unit underlying" in ended.err
    ended = run("iv", path, "--price-unit", "underlying", "--json")
    assert json.loads(ended.out)["columns"]["iv"][0] == pytest.approx(0.2, rel=1e-9)
    ended = run("iv", path, "--price-unit", "currency", "--json")
    assert (ended.code, "no option has a volatility" in ended.err) == (1, True)


def test_many_prices_outside_the_bounds_are_said(run, tmp_path):
    path = tmp_path / "quotes.csv"
    path.write_text(QUOTES + "42,40,0.5,0.1,call,4.76\n" * 6 + "42,40,0.5,0.1,call,1\n" * 4)
    ended = run("iv", path, "--json")
    assert ended.code == 0
    assert "prices lie outside the bounds of no arbitrage in 40 % of the rows" in ended.err
    path.write_text(QUOTES + "42,40,0.5,0.1,call,4.76\n" * 8 + "42,40,0.5,0.1,call,1\n" * 2)
    assert run("iv", path, "--json").err == ""
