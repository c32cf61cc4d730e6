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
    message = failed(run, path, *HULL, "--strike", 40, "--strict")
    assert "row 2, column 'kind', kind: unknown kind 2.0; valid: " in message


def test_an_instant_is_no_number(run, options, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "instants.parquet"
    parquet.write_table(pyarrow.table({"strike": [datetime(2024, 3, 15)]}), path)
    message = failed(run, path, *HULL, "--kind", "call")
    assert "strike: column 'strike' holds timestamp[us], not numbers" in message


def test_a_file_priced_with_single_values_only_has_a_price_in_every_row(run, options):
    report = priced(run, options, *HULL, "--strike", 40, "--kind", "call")
    assert report["columns"]["price"] == pytest.approx([HULL_CALL] * 4, abs=0.005)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("spot,spot\n1,2\n", "two columns called 'spot'"),
        ("spot,strike,time,rate,sigma,kind\n", "the file has no rows"),
    ],
)
def test_files_that_are_no_tables_are_told_in_one_line(run, tmp_path, text, message):
    assert message in failed(run, write(tmp_path / "bad.csv", text))


GOOD = "42,40,0.5,0.1,0.2,call"
BAD = {
    "42,40,0.5,x,0.2,call": "column 'rate', rate: 'x' is not a number",
    "42,4_0,0.5,0.1,0.2,call": "column 'strike', strike: '4_0' is not a number",
    '42,"4,0",0.5,0.1,0.2,call': "column 'strike', strike: '4,0' is not a number",
    "42,40,0.5,0.1,0.2,z": "column 'kind', kind: unknown kind 'z'; valid: ",
    "42,40,0.5,0.1,0.2,2": "column 'kind', kind: unknown kind 2.0; valid: ",
    "42,40,0.5,0.1,0.2,true": "column 'kind', kind: unknown kind 'true'; valid: ",
}


@pytest.mark.parametrize("pyarrow", [True, False])
@pytest.mark.parametrize(("row", "message"), BAD.items())
def test_a_bad_cell_costs_its_row_and_no_other(run, tmp_path, without, row, message, pyarrow):
    if not pyarrow:
        without("pyarrow")
    text = "\n".join(["spot,strike,time,rate,sigma,kind", GOOD, "", row, GOOD, row, GOOD])
    path, target = write(tmp_path / "options.csv", f"{text}\n"), tmp_path / "priced.csv"
    ended = run("price", path, "--json", "--output", target)
    assert ended.code == 0
    report = json.loads(ended.out)
    expected = [HULL_CALL, None, HULL_CALL, None, HULL_CALL]
    assert report["columns"]["price"] == pytest.approx(expected, abs=0.005, nan_ok=True)
    assert (report["count"], report["missing"], report["unreadable"]) == (5, 2, 2)
    assert "warning: 2 unreadable rows, the first: line 4, " in ended.err
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert f"options.csv: line 4, {message}" in failed(run, path, "--strict")
    lines = target.read_text().splitlines()
    assert len(lines) == 6
    assert [line for line in lines if line.endswith(",")] == [f"{row},"] * 2


def test_where_every_row_has_a_bad_cell_the_first_is_why_there_is_no_result(run, tmp_path):
    text = f"spot,strike,time,rate,sigma,kind\n{GOOD.replace('40', 'forty')}\n"
    message = failed(run, write(tmp_path / "options.csv", text), code=1)
    why = "1 unreadable row, the first: line 2, column 'strike', strike: 'forty' is"
    assert f"no option has a price: {why}" in message


def test_a_missing_kind_is_a_row_without_a_result_in_every_type(run, tmp_path):
    text = "spot,strike,time,rate,sigma,kind\n"
    rows = "".join(f"42,40,0.5,0.1,0.2,{kind}\n" for kind in ("call", "", "p", "N/A"))
    report = priced(run, write(tmp_path / "options.csv", text + rows))
    assert report["columns"]["price"] == [
        pytest.approx(HULL_CALL, abs=0.005), None, pytest.approx(HULL_PUT, abs=0.005), None,
    ]  # fmt: skip
    assert (report["missing"], report["unreadable"]) == (2, 0)


@pytest.mark.parametrize("given", ["1,000", "12,500", "1,000,000", "-1,250"])
def test_an_argument_that_may_have_thousands_apart_is_refused(run, given):
    message = failed(run, "--spot", given, *HULL[2:], "--strike", 40)
    assert f"spot: {given!r} may be one number or several: write " in message
    apart = given.replace(",", ", ")
    ended = run("price", "--spot", apart, *HULL[2:], "--strike", 40, "--json", "--strike-scale", 1)
    assert json.loads(ended.out)["count"] == given.count(",") + 1
