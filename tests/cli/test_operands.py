"""Inputs of a command: arguments, columns, and what is refused as neither number nor kind."""

import json
from datetime import datetime

import numpy as np
import pytest

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


def test_several_values_broadcast_against_single_ones(run):
    report = priced(run, *HULL, "--strike", "40,40", "--kind", "call, p")
    assert report["columns"]["price"] == pytest.approx([HULL_CALL, HULL_PUT], abs=0.005)
    assert report["columns"]["kind"] == ["call", "put"]
    assert report["columns"]["spot"] == [42, 42]
    assert (report["count"], report["missing"]) == (2, 0)


def test_negative_numbers_are_values_in_any_notation(run):
    for rate in ("-0.001", "-1e-3", "-.001"):
        report = priced(run, "--spot", 1, "--strike", 1, "--time", 1, "--sigma", 0, "--rate", rate,
                        "--kind", "put")  # fmt: skip
        # without volatility a put on the spot is worth its discounted gain on the forward
        assert report["columns"]["price"] == pytest.approx([np.expm1(0.001)], rel=1e-12)


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


def test_arguments_replace_columns_by_number_or_by_name(run, options):
    report = priced(run, options, "--time", "0.5", "--kind", "put")
    assert report["columns"]["price"] == pytest.approx([HULL_PUT] * 4, abs=0.005)
    renamed = write(options.with_name("renamed.csv"), options.read_text().replace("strike", "K"))
    assert "strike is missing: no such column" in failed(run, renamed)
    assert priced(run, renamed, "--strike", "K")["missing"] == 2


def test_kinds_may_be_words_or_signs_in_any_column(run, tmp_path):
    rows = "".join(f"{kind}\n" for kind in ("call", " C", "1", "+1.0", "put", "P ", "-1", "-1.0"))
    path = write(tmp_path / "kinds.csv", f"kind\n{rows}")
    report = priced(run, path, *HULL, "--strike", 40, "--column", "value")
    calls, puts = report["columns"]["value"][:4], report["columns"]["value"][4:]
    assert calls == pytest.approx([HULL_CALL] * 4, abs=0.005)
    assert puts == pytest.approx([HULL_PUT] * 4, abs=0.005)


@pytest.mark.parametrize("kinds", [[True, False], [1, -1], [1.0, -1.0], ["Call", "p"]])
def test_kinds_of_parquet_may_also_be_flags(run, tmp_path, kinds):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table({"kind": kinds}), tmp_path / "kinds.parquet")
    report = priced(run, tmp_path / "kinds.parquet", *HULL, "--strike", 40)
    assert report["columns"]["price"] == pytest.approx([HULL_CALL, HULL_PUT], abs=0.005)


def test_numbers_that_are_no_kinds_are_refused_with_their_place(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "kinds.parquet"
    parquet.write_table(pyarrow.table({"kind": [1.0, 2.0, 0.0, 0.0, 0.0]}), path)
    message = failed(run, path, *HULL, "--strike", 40)
    assert "unknown kind 2.0; valid: " in message
    assert "(row 2 of column 'kind')" in message


def test_an_instant_is_no_number(run, options, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "instants.parquet"
    parquet.write_table(pyarrow.table({"strike": [datetime(2024, 3, 15)]}), path)
    message = failed(run, path, *HULL)
    assert "strike: '2024-03-15" in message
    assert "is not a number (row 1 of column 'strike')" in message


def test_a_file_priced_with_single_values_only_has_a_price_in_every_row(run, options):
    report = priced(run, options, *HULL, "--strike", 40, "--kind", "call")
    assert report["columns"]["price"] == pytest.approx([HULL_CALL] * 4, abs=0.005)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("spot,spot\n1,2\n", "two columns called 'spot'"),
        ("spot,strike\n1\n", "line 2: 1 fields under 2 names"),
        ("spot,strike,time,rate,sigma\n", "the file has no rows"),
        (
            "spot,strike,time,rate,sigma\n1,1,1,x,1\n",
            "'x' is not a number (row 1 of column 'rate')",
        ),
        (
            "spot,strike,time,rate,sigma\n1,1,1,0,1\n1,1,1,9_0,1\n",
            "'9_0' is not a number (row 2 of column 'rate')",
        ),
        (
            'spot,strike,time,rate,sigma\n1,"1,000",1,0,1\n',
            "'1,000' is not a number (row 1 of column 'strike')",
        ),
        *(
            (
                f"spot,strike,time,rate,sigma,kind\n1,1,1,1,1,call\n1,1,1,1,1,{kind}\n",
                "(row 2 of column 'kind')",
            )
            for kind in ("z", "2", "", "true")
        ),
    ],
)
def test_bad_files_are_told_in_one_line_with_their_place(run, tmp_path, text, message):
    assert message in failed(run, write(tmp_path / "bad.csv", text))
