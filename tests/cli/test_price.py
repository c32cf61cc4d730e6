"""``quantforge price``: options from arguments and from columns."""

import csv
import json
from datetime import date
from math import exp, log, sqrt
from statistics import NormalDist

import pytest

pytest.importorskip("rich")

# Hull, Options, Futures, and Other Derivatives: call and put on 42 at 40, half a year, 10 %, 20 %.
HULL = ("--spot", "42", "--time", "0.5", "--rate", "0.1", "--sigma", "0.2")
HULL_CALL, HULL_PUT = 4.76, 0.81


def priced(run, *words):
    ended = run("price", *words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def failed(run, *words, code=2):
    ended = run("price", *words)
    assert ended.code == code
    assert ended.err.startswith("quantforge price: ")
    assert ended.err.count("\n") == 1
    return ended.err


def write(path, text):
    path.write_text(text)
    return path


def test_one_option_from_the_command_line(run):
    report = priced(run, *HULL, "--strike", "40")
    assert report["columns"]["price"] == pytest.approx([HULL_CALL], abs=0.005)
    assert priced(run, *HULL, "--strike", "40", "--kind", "put")["columns"]["price"] == (
        pytest.approx([HULL_PUT], abs=0.005)
    )


def test_the_table_shows_the_prices(run):
    ended = run("price", *HULL, "--strike", "40,60")
    assert ended.code == 0
    assert "4.759422" in ended.out
    assert "2 options on " in ended.out


def test_black76_takes_the_forward(run):
    words = ("--strike", 20, "--time", 0.3333333, "--rate", 0.09, "--sigma", 0.25)
    report = priced(run, "--model", "black76", "--forward", 20, "--kind", "put", *words)
    assert report["columns"]["price"] == pytest.approx([1.12], abs=0.005)  # Hull, futures options
    assert "--forward needs --model black76" in failed(run, "--forward", 20, *words)


@pytest.fixture
def options(tmp_path):
    return write(
        tmp_path / "options.csv",
        "id,spot,strike,time,rate,sigma,kind\n"
        "007,42,40,0.5,0.1,0.2,call\n"
        "008,42,40,0.5,0.1,0.2,P\n"
        "009,42,40,,0.1,0.2,put\n"
        "010,42,40,-1,0.1,0.2,put\n",
    )


def test_columns_of_a_file_are_priced_and_every_row_is_kept(run, options, tmp_path):
    target = tmp_path / "priced.csv"
    ended = run("price", options, "--output", target)
    assert ended.code == 0
    assert "4 options on" in ended.out
    assert "2 without a price" in ended.out
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["007", "008", "009", "010"]
    assert [float(row["price"]) for row in rows[:2]] == pytest.approx([4.76, 0.81], abs=0.005)
    assert [row["price"] for row in rows[2:]] == ["", ""]
    assert rows[2]["time"] == ""


def test_parquet_columns_are_priced_and_written(run, options, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    table = pyarrow.table(
        {
            "name": ["a", "b", None],
            "forward": [20.0, 20.0, None],
            "strike": pyarrow.array([20, 20, 20], pyarrow.int32()),
            "dividend": [0.1, 0.1, 0.1],
            "kind": ["put", "call", "put"],
            "expiry": [date(2024, 3, 15)] * 3,
        }
    )
    source, target = tmp_path / "options.parquet", tmp_path / "priced.parquet"
    parquet.write_table(table, source)
    words = ("--model", "black76", "--time", 1 / 3, "--rate", 0.09, "--sigma", 0.25)
    assert run("price", source, *words, "--output", target).code == 0
    got = parquet.read_table(target).to_pydict()
    assert got["name"] == ["a", "b", None]
    assert got["price"][:2] == pytest.approx([1.12, 1.12], abs=0.005)
    assert got["price"][2] is None
    assert priced(run, source, *words)["columns"]["expiry"] == ["2024-03-15"] * 3


def test_a_table_in_the_other_format_keeps_its_columns(run, options, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "priced.parquet"
    assert run("price", options, "--output", target).code == 0
    got = parquet.read_table(target).to_pydict()
    assert got["id"] == ["007", "008", "009", "010"]
    assert got["price"][0] == pytest.approx(HULL_CALL, abs=0.005)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "spot is missing: give it with --spot"),
        ([*HULL, "--strike", "forty"], "strike: 'forty' is not a number, nor a column"),
        (
            [*HULL, "--strike", "40", "--kind", "straddle"],
            "kind: no such column, and unknown kind 'straddle'; valid: ",
        ),
        ([*HULL, "--strike", "4_0"], "strike: '4_0' is not a number, nor a column"),
        ([*HULL, "--strike", "1,2,3", "--dividend", "0,0"], "the numbers of values differ"),
        ([*HULL, "--strike", "40", "--model", "black77"], "invalid choice: 'black77'"),
        ([*HULL, "--strike", "40", "--model", "black76", "--dividend", "0"], "takes a forward"),
        ([*HULL, "--strike", "40", "--backend", "abacus"], "unknown backend"),
        ([*HULL, "--strike", "40", "--output", "x.txt"], "must end in .csv or .parquet"),
        ([*HULL, "--strike", "40", "--column", "spot"], "there is a column 'spot' already"),
        (["/nowhere.csv"], "/nowhere.csv: No such file or directory"),
    ],
)
def test_bad_usage_is_told_in_one_line(run, words, message):
    assert message in failed(run, *words)


@pytest.mark.parametrize("name", ["bad.csv", "bad.parquet"])
def test_binary_files_are_refused(run, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(bytes(range(256)) * 4)
    assert f"{path}: not a " in failed(run, path)


def test_a_missing_extra_is_named_before_any_work(run, options, without, tmp_path):
    without("pyarrow")
    target = tmp_path / "priced.parquet"
    assert "a Parquet file needs pyarrow" in failed(run, options, "--output", target, code=1)
    assert [each.name for each in tmp_path.iterdir()] == ["options.csv"]


def test_nothing_priced_is_exit_code_1(run):
    assert "no option has a price" in failed(run, *HULL, "--strike", "nan", code=1)


def test_no_number_is_cut_short_on_a_narrow_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    out = run("price", *HULL, "--strike", "40.123456").out
    assert "40.123456" in out
    forward, strike, spread = 42 * exp(0.05), 40.123456, 0.2 * sqrt(0.5)
    near = [log(forward / strike) / spread + sign * spread / 2 for sign in (1, -1)]
    first, second = map(NormalDist().cdf, near)
    assert f"{exp(-0.05) * (forward * first - strike * second):.9f}" in out
    assert "\u2026" not in out


def test_no_more_rows_are_shown_than_fit_and_all_are_in_the_json(run):
    strikes = ",".join(str(strike) for strike in range(1, 101))
    assert "the first 20 rows" in run("price", *HULL, "--strike", strikes).out
    assert len(priced(run, *HULL, "--strike", strikes)["columns"]["price"]) == 100
