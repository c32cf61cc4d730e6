"""``quantforge greeks`` and ``iv``: what `price` does, with other columns added."""

import csv
import json

import pytest

import quantforge

pytest.importorskip("rich")

# Hull, Options, Futures, and Other Derivatives, on the greek letters: a call on 49 at 50, twenty
# weeks, 5 %, 20 %. Theta is given per year, vega and rho per 1.0.
HULL = ("--spot", 49, "--strike", 50, "--time", 0.3846, "--rate", 0.05)
HULL_GREEKS = {
    "delta": (0.522, 0.0005),
    "gamma": (0.066, 0.0005),
    "theta": (-4.31, 0.005),
    "vega": (12.1, 0.05),
    "rho": (8.91, 0.005),
}
HULL_SIGMA, HULL_PRICE = 0.2, 2.4005


def computed(run, command, *words):
    ended = run(command, *words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def failed(run, command, *words, code=2):
    ended = run(command, *words)
    assert ended.code == code
    assert ended.err.startswith(f"quantforge {command}: ")
    assert ended.err.count("\n") == 1
    return ended.err


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_first_order_greeks_are_computed_where_nothing_else_is_asked_for(run):
    report = computed(run, "greeks", *HULL, "--sigma", HULL_SIGMA)
    assert list(report["columns"])[-7:] == list(quantforge.FIRST_ORDER)
    assert report["operation"] == "greeks"
    for name, (value, rounding) in HULL_GREEKS.items():
        assert report["columns"][name] == pytest.approx([value], abs=rounding), name
    assert report["columns"]["price"] == pytest.approx([HULL_PRICE], abs=0.005)


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("second", quantforge.SECOND_ORDER),
        ("third", quantforge.THIRD_ORDER),
        ("all", quantforge.ALL),
        ("vanna, delta", ("delta", "vanna")),
        ("third,delta,delta", ("delta", *quantforge.THIRD_ORDER)),
    ],
)
def test_which_takes_groups_and_names_and_puts_them_in_the_catalogue_s_order(run, which, names):
    report = computed(run, "greeks", *HULL, "--sigma", HULL_SIGMA, "--which", which)
    assert list(report["columns"])[5:] == list(names)


@pytest.mark.parametrize("which", ["gama", "delta,,gamma", ""])
def test_an_unknown_greek_is_refused_with_the_valid_ones(run, which):
    message = failed(run, "greeks", *HULL, "--sigma", HULL_SIGMA, "--which", which)
    assert "unknown greek" in message
    assert "valid: first, second, third, all, american, price, delta, gamma" in message


def test_the_volatility_of_a_price_is_found_with_its_status(run):
    report = computed(run, "iv", *HULL, "--price", "2.4005,-1,60,nan")
    assert report["columns"]["iv"][0] == pytest.approx(HULL_SIGMA, abs=1e-5)
    assert report["columns"]["iv"][1:] == [None, None, None]
    assert report["columns"]["iv_status"] == [
        "OK", "BELOW_INTRINSIC", "ABOVE_MAXIMUM", "NOT_FINITE",
    ]  # fmt: skip
    assert (report["operation"], report["count"], report["missing"]) == ("implied_volatility", 4, 3)


@pytest.fixture
def options(tmp_path):
    path = tmp_path / "options.csv"
    path.write_text(
        "id,price,spot,strike,time,rate,sigma,kind\n"
        "007,2.4005,49,50,0.3846,0.05,0.2,call\n"
        "008,2.4481,49,50,0.3846,0.05,0.2,put\n"
        "009,0.03,49,50,0.3846,0.05,,put\n"
        "010,,49,50,0.3846,0.05,0.2,put\n"
    )
    return path


def test_columns_of_a_file_are_inverted_and_every_row_is_kept_with_its_status(
    run, options, tmp_path
):
    target = tmp_path / "solved.csv"
    ended = run("iv", options, "--output", target, "--column", "vol")
    assert ended.code == 0
    assert "4 options on" in ended.out
    assert "2 without a volatility" in ended.out
    rows = rows_of(target)
    assert [row["id"] for row in rows] == ["007", "008", "009", "010"]
    assert [float(row["vol"]) for row in rows[:2]] == pytest.approx([0.2, 0.2], abs=1e-4)
    assert [row["vol"] for row in rows[2:]] == ["", ""]
    assert [row["vol_status"] for row in rows] == ["OK", "OK", "BELOW_INTRINSIC", "NOT_FINITE"]


def test_columns_of_a_file_get_their_greeks_and_every_row_is_kept(run, options, tmp_path):
    target = tmp_path / "derived.csv"
    assert run("greeks", options, "--output", target, "--which", "delta,rho").code == 0
    rows = rows_of(target)
    assert [row["id"] for row in rows] == ["007", "008", "009", "010"]
    assert float(rows[0]["delta"]) == pytest.approx(0.522, abs=0.0005)
    # without dividends the deltas of call and put differ by one
    assert float(rows[0]["delta"]) - float(rows[1]["delta"]) == pytest.approx(1.0, rel=1e-12)
    assert (rows[2]["delta"], rows[2]["rho"]) == ("", "")


def test_parquet_columns_are_inverted_too_and_the_status_is_text(run, options, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "solved.parquet"
    assert run("iv", options, "--output", target).code == 0
    got = parquet.read_table(target).to_pydict()
    assert got["iv"][:2] == pytest.approx([0.2, 0.2], abs=1e-4)
    assert got["iv"][2] is None
    assert got["iv_status"] == ["OK", "OK", "BELOW_INTRINSIC", "NOT_FINITE"]
    again = computed(run, "greeks", target, "--sigma", "iv", "--which", "vega")
    assert again["columns"]["vega"][0] == pytest.approx(12.1, abs=0.05)
    assert again["missing"] == 2


def test_a_column_that_is_there_already_is_not_overwritten(run, options):
    assert "there is a column 'price' already" in failed(run, "greeks", options)
    report = computed(run, "greeks", options, "--column", "model_")
    assert report["columns"]["model_price"][0] == pytest.approx(HULL_PRICE, abs=0.005)
    assert "there is a column 'sigma' already" in failed(run, "iv", options, "--column", "sigma")


def test_the_normal_model_takes_a_forward_of_any_sign_and_an_absolute_volatility(run):
    words = ("--model", "bachelier", "--time", 1, "--rate", 0, "--strike", 0, "--forward", 0)
    # at the money the price is sigma sqrt(T / 2 pi)
    at_the_money = 0.398942280401432678
    report = computed(run, "price", *words, "--sigma", 2)
    assert report["columns"]["price"] == pytest.approx([2 * at_the_money], rel=1e-14)
    report = computed(run, "iv", *words, "--price", at_the_money)
    assert report["columns"]["iv"] == pytest.approx([1.0], rel=1e-14)
    below = ("--model", "bachelier", "--time", 1, "--rate", 0, "--strike", -3, "--forward", -5)
    report = computed(
        run, "greeks", *below, "--sigma", 0, "--kind", "put", "--which", "price,delta"
    )
    assert (report["columns"]["price"], report["columns"]["delta"]) == ([2.0], [-1.0])


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("iv", HULL, "price is missing: give it with --price"),
        ("greeks", HULL, "sigma is missing: give it with --sigma"),
        ("iv", (*HULL, "--price", 1, "--forward", 2), "--forward needs --model black76 or bach"),
        (
            "greeks",
            ("--model", "bachelier", *HULL, "--sigma", 1, "--dividend", 0.01),
            "takes a forward",
        ),
        ("iv", (*HULL, "--price", 1, "--output", "x.txt"), "must end in .csv or .parquet"),
    ],
)
def test_bad_usage_is_told_in_one_line(run, command, words, message):
    assert message in failed(run, command, *words)


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("greeks", ("--sigma", "nan"), "no option has a value"),
        ("iv", ("--price", "nan"), "no option has a volatility"),
    ],
)
def test_nothing_computed_is_exit_code_1(run, command, words, message):
    assert message in failed(run, command, *HULL, *words, code=1)


@pytest.mark.parametrize("model", ["black_scholes", "bachelier"])
def test_market_units_are_per_one_per_cent_and_per_day_and_said_above_the_table(run, model):
    # Hull gives 4.31 a year, 12.1 and 8.91 for 1.0: 0.0118 a day, 0.121 and 0.0891 for 1 %
    words = (*HULL, "--sigma", HULL_SIGMA, "--which", "delta,vega,theta,rho,volga,veta")
    words = (*words, "--units", "market", "--model", model)
    if model == "bachelier":
        words = tuple("--forward" if word == "--spot" else word for word in words)
    report = computed(run, "greeks", *words)
    assert report["units"] == "market"
    heading = run("greeks", *words).out.splitlines()[1].split("  ")
    told = [each.strip() for each in heading if each.strip()][5:]
    if model == "black_scholes":
        assert report["columns"]["theta"] == pytest.approx([-0.0118], abs=0.00005)
        assert report["columns"]["vega"] == pytest.approx([0.121], abs=0.0005)
        assert report["columns"]["rho"] == pytest.approx([0.0891], abs=0.00005)
        assert told[:4] == ["delta", "vega per 1 %", "theta per day", "rho per 1 %"]
        assert told[4:] == ["volga per (1 %)²", "veta per 1 % and day"]
    else:
        assert told == ["delta", "vega", "theta per day", "rho per 1 %", "volga", "veta per day"]


def test_only_added_columns_are_said_to_have_units(run, tmp_path):
    path = tmp_path / "book.csv"
    path.write_text("rho,spot,strike,time,rate,sigma\n1,49,50,0.3846,0.05,0.2\n")
    words = (path, "--kind", "call", "--which", "rho,delta", "--units", "market", "--column", "my_")
    assert "  my_rho per 1 %" in run("greeks", *words).out
    assert " rho  " in run("greeks", *words).out
    assert "rho per" not in run("greeks", *words[:3], "--which", "delta", "--units", "market").out


def test_units_are_raw_where_nothing_is_said(run):
    report = computed(run, "greeks", *HULL, "--sigma", HULL_SIGMA)
    assert report["units"] == "raw"
    assert " per " not in run("greeks", *HULL, "--sigma", HULL_SIGMA).out
