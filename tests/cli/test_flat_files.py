"""Files of options as people hold them: read right, or refused with the reason.

Prices are Hull's, of a call and a put on 42 at 40, half a year, 10 %, 20 %.
"""

import gzip
import io
import json
import sys
from datetime import datetime, timedelta, timezone

import pytest

pytest.importorskip("rich")

CALL, PUT = 4.76, 0.81
HEADER = "spot,strike,time,rate,sigma"
REST = ("--spot", 42, "--strike", 40, "--time", 0.5, "--rate", 0.1, "--sigma", 0.2)
ROW = "42,40,0.5,0.1,0.2"


def prices(run, *words, **settings):
    ended = run("price", *words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["columns"]["price"]


def near(*values):
    return pytest.approx(list(values), abs=0.005)


def failed(run, *words, code=2):
    ended = run(*words)
    assert ended.code == code, ended.out
    assert ended.err.count("\n") == 1
    return ended.err


@pytest.fixture
def table(tmp_path):
    """A function writing a text file of two options with more columns beside the usual."""

    def write(more, *cells, header=HEADER, row=ROW, name="options.csv"):
        path = tmp_path / name
        path.write_text(
            "\n".join([f"{header},{more}", *(f"{row},{cell}" for cell in cells)]) + "\n"
        )
        return path

    return write


KINDS = ["option_type", "type", "cp_flag", "put_call", "putCall", "right", "Option Type", "callPut"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("words", [("C", "P"), ("call", "PUT"), ("CE", "PE"), ("Calls", "puts")])
def test_columns_of_calls_and_puts_by_other_names_are_understood_and_said(run, table, name, words):
    ended = run("price", table(name, *words), "--json")
    assert json.loads(ended.out)["columns"]["price"] == near(CALL, PUT)
    assert f"quantforge: columns taken by their meaning: kind is {name!r}\n" in ended.err


@pytest.mark.parametrize("name", ["flavour", "x", "side", "flag", "my_call_put_column"])
def test_a_column_that_looks_like_calls_and_puts_is_not_passed_over(run, table, name):
    path = table(name, "C", "P")
    message = failed(run, "price", path)
    assert f"kind is missing: the column {name!r} looks like it; give --kind {name}, or " in message
    assert prices(run, path, "--kind", name) == near(CALL, PUT)
    assert prices(run, path, "--kind", "put") == near(PUT, PUT)


def test_a_column_with_other_words_among_its_calls_and_puts_is_asked_about(run, table):
    path = table("option_type", "C", "P", "X")
    assert "the column 'option_type' looks like it" in failed(run, "price", path)
    ended = run("price", path, "--kind", "option_type", "--json")
    *found, odd = json.loads(ended.out)["columns"]["price"]
    assert (found, odd) == (near(CALL, PUT), None)
    assert "line 4, column 'option_type', kind: unknown kind 'X'" in ended.err


def test_a_file_that_does_not_say_which_options_are_calls_is_refused(run, table):
    for command, more in (("price", "note"), ("greeks", "type")):
        message = failed(run, command, table(more, "a", "b"))
        assert (
            "kind is missing: no column says which options are calls and which are puts" in message
        )


def test_flags_of_calls_are_asked_about(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "options.parquet"
    parquet.write_table(pyarrow.table({"is_call": [True, False, None]}), path)
    assert "the column 'is_call' looks like it" in failed(run, "price", path, *REST)
    found = prices(run, path, *REST, "--kind", "is_call")
    assert found[:2] == near(CALL, PUT)
    assert found[2] is None


@pytest.mark.parametrize("coded", [True, False])
def test_a_null_stays_null_in_every_column_and_a_null_kind_has_no_price(run, tmp_path, coded):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    kinds = pyarrow.array(["put", None, "call", "put"])
    notes = pyarrow.array(["a", "b", None, "a"])
    if coded:
        kinds, notes = kinds.dictionary_encode(), notes.dictionary_encode()
    source = pyarrow.table({
        "kind": kinds, "note": notes,
        "strike": pyarrow.array([40, 40, 40, None], "int32"),
        "big": pyarrow.array([2**60 + 1, None, 3, 4]),
        "flag": pyarrow.array([True, None, False, None]),
    })  # fmt: skip
    path, target = tmp_path / "options.parquet", tmp_path / "priced.parquet"
    parquet.write_table(source, path)
    words = (*REST[:2], *REST[4:])
    assert run("price", path, *words, "--output", target).code == 0
    found = parquet.read_table(target)
    assert found.select(source.column_names).equals(source)
    put, no_kind, call, no_strike = found["price"].to_pylist()
    assert [put, call] == near(PUT, CALL)
    assert (no_kind, no_strike) == (None, None)


def test_parquet_columns_pass_through_with_type_zone_value_and_notes(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    zone = timezone(timedelta(hours=-5))
    source = pyarrow.table({
        "kind": ["call", "put"],
        "quoted": pyarrow.array([datetime(2024, 3, 15, 16, tzinfo=zone), None],
                                pyarrow.timestamp("us", "America/New_York")),
        "naive": pyarrow.array([datetime(2024, 3, 15), None], pyarrow.timestamp("ns")),
        "big": pyarrow.array([2**60 + 1, None], "int64"),
        "small": pyarrow.array([1, 2], "uint8"),
        "inside": pyarrow.array([True, None]),
        "root": pyarrow.array(["SPX", None]).dictionary_encode(),
        "decimal": pyarrow.array(["1.10", None]).cast(pyarrow.decimal128(9, 2)),
        "single": pyarrow.array([0.1, None], "float32"),
        "legs": pyarrow.array([[1, 2], None]),
    }).replace_schema_metadata({"vendor": "somebody"})  # fmt: skip
    path, target = tmp_path / "options.parquet", tmp_path / "priced.parquet"
    parquet.write_table(source, path)
    assert run("price", path, *REST, "--output", target).code == 0
    found = parquet.read_table(target)
    assert found.select(source.column_names).equals(source)
    assert found.schema.metadata[b"vendor"] == b"somebody"
    for name in source.column_names:
        assert found.schema.field(name).equals(source.schema.field(name))
    assert found["price"].to_pylist() == near(CALL, PUT)
    assert run("price", path, *REST, "--output", target.with_suffix(".csv")).code == 0
    text = target.with_suffix(".csv").read_text()
    assert "call,2024-03-15 17:00:00.000000-0400," in text  # summer time has begun by then
    assert f",{2**60 + 1},1,true,SPX,1.10," in text


def test_text_passes_through_as_it_stands(run, table):
    path = table("id,note,kind", "007,1e5 ,call", "008,=1+1,put")
    target = path.with_name("priced.csv")
    assert run("price", path, "--output", target).code == 0
    lines = target.read_text().splitlines()
    assert lines[0] == f"{HEADER},id,note,kind,price"
    assert lines[1].startswith(f"{ROW},007,1e5 ,call,4.759")
    assert lines[2].startswith(f"{ROW},008,=1+1,put,0.808")


def test_the_output_holds_the_inputs_that_were_used(run, table):
    path = table("kind,bid", "put,1", "call,2", row="99,40,0.5,0.1,0.2")
    target = path.with_name("priced.csv")
    words = ("--kind", "call", "--spot", 42, "--strike", 40, "--dividend", 0)
    assert run("price", path, *words, "--output", target).code == 0
    header, *rows = (line.split(",") for line in target.read_text().splitlines())
    assert header == [*HEADER.split(","), "kind", "bid", "dividend", "price"]
    for row, bid in zip(rows, "12", strict=True):
        found = dict(zip(header, row, strict=True))
        assert (float(found["spot"]), found["kind"], found["bid"]) == (42.0, "call", bid)
        assert float(found["dividend"]) == 0.0
        assert float(found["price"]) == pytest.approx(CALL, abs=0.005)
    # and priced again from its own columns, it says the same
    again = run("price", target, "--column", "again", "--json")
    columns = json.loads(again.out)["columns"]
    assert columns["again"] == [float(each) for each in columns["price"]]


def test_a_column_named_by_an_argument_takes_the_place_of_the_one_it_replaces(run, table):
    path = table("kind,mid", "call,42", row="99,40,0.5,0.1,0.2")
    target = path.with_name("priced.csv")
    assert run("price", path, "--spot", "mid", "--output", target).code == 0
    assert target.read_text().splitlines()[1].startswith("42,40,0.5,0.1,0.2,call,42,4.759")


@pytest.mark.parametrize("model", ["black76", "bachelier"])
def test_a_spot_is_no_forward(run, table, model):
    path = table("kind", "call", "put")
    message = failed(run, "price", path, "--model", model)
    assert "forward is missing: no such column, and a spot is no forward" in message
    assert "takes a forward, which is no spot" in failed(run, "price", "--model", model, *REST)


def test_known_names_of_every_input_are_understood(run, tmp_path):
    path = tmp_path / "options.csv"
    path.write_text(
        "Underlying Price,strike_price,DTE,risk_free_rate,implied_volatility,dividend_yield,right\n"
        "42,40,182.5,0.1,0.2,0,C\n42,40,182.5,0.1,0.2,0.1,P\n"
    )
    ended = run("price", path, "--json")
    # With a dividend of 10 % the forward is the spot; the put is then 2 less the call, discounted.
    found = json.loads(ended.out)["columns"]["price"]
    assert found[0] == pytest.approx(CALL, abs=0.005)
    words = (*REST, "--dividend", 0.1, "--kind", "put", "--json")
    assert found[1] == pytest.approx(json.loads(run("price", *words).out)["columns"]["price"][0])
    assert "time is 'DTE' in days" in ended.err
    assert "dividend is 'dividend_yield'" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("name", ["q", "div", "cash_dividends", "foreign_rate"])
def test_a_column_that_looks_like_the_dividend_is_not_passed_over(run, table, name):
    path = table(f"kind,{name}", "call,0.02", "put,0.02")
    message = failed(run, "price", path)
    assert (
        f"dividend is missing: the column {name!r} looks like it; give --dividend {name}" in message
    )
    assert prices(run, path, "--dividend", "0") == near(CALL, PUT)
    without = table(f"kind,{name}", "call,0", "put,")
    assert prices(run, without) == near(CALL, PUT)  # there is nothing in it


def test_two_columns_that_may_be_an_input_are_asked_about(run, tmp_path):
    path = tmp_path / "quotes.csv"
    path.write_text("spot,strike,time,rate,kind,mid,mark\n42,40,0.5,0.1,call,4.76,4.8\n")
    message = failed(run, "iv", path)
    assert "price may be any of the columns 'mid', 'mark': give --price COLUMN" in message


def test_names_are_read_in_any_case_and_the_nearest_is_named(run, table):
    path = table("KIND", "call", "put", header="Spot, STRIKE ,Time,Rate,Sigma")
    assert prices(run, path) == near(CALL, PUT)
    message = failed(run, "price", table("kind", "call", header="spot,strke,time,rate,sigma"))
    assert "strike is missing: no such column" in message
    assert "'spot', 'strke', 'time', 'rate', 'sigma', 'kind'; did you mean 'strke'?" in message
    message = failed(run, "price", table("kind", "call"), "--strike", "stryke")
    assert "did you mean 'strike'?" in message
    message = failed(run, "price", table("kind", "call", header="spot,K,time,rate,sigma"))
    assert "did you mean 'K'?" in message


SPELLINGS = {
    "comma": ",".join,
    "semicolon": ";".join,
    "tab": "\t".join,
    "bar": "|".join,
    "quoted": lambda cells: ",".join(f'"{cell}"' for cell in cells),
    "decimal commas": lambda cells: ";".join(cell.replace(".", ",") for cell in cells),
    "quoted decimal commas": lambda cells: ",".join(
        f'"{cell.replace(".", ",")}"' for cell in cells
    ),
}
OPTIONS = [
    ["spot", "strike", "time", "rate", "sigma", "kind"],
    ["42", "40", "0.5", "0.1", "0.2", "call"],
    ["42.0", "40.00", "0.5", "0.1", "0.20", "P"],
]


@pytest.mark.parametrize("pyarrow", [True, False])
@pytest.mark.parametrize("name", ["options.csv", "options.txt", "options.tsv", "options.csv.gz"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_any_delimiter_and_decimal_sign_is_read(run, tmp_path, without, spelling, name, pyarrow):
    if not pyarrow:
        without("pyarrow")
    path = tmp_path / name
    text = "".join(f"{SPELLINGS[spelling](row)}\r\n" for row in OPTIONS).encode()
    path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert prices(run, path) == near(CALL, PUT)


@pytest.mark.parametrize("pyarrow", [True, False])
def test_thousands_and_blanks_are_read(run, tmp_path, without, pyarrow):
    if not pyarrow:
        without("pyarrow")
    path = tmp_path / "options.csv"
    blanks = ["-", "\u2014", "N/A", "#N/A", ".", "null", "", "nan", "None"]
    path.write_text(
        "spot,strike,time,rate,sigma,kind\n"
        '"4,200.0","4,000",0.5,0.1,0.2,call\n'
        + "".join(f'"4,200.0","4,000",0.5,0.1,{blank},call\n' for blank in blanks)
    )
    ended = run("price", path, "--json")
    found = json.loads(ended.out)["columns"]["price"]
    assert found[0] == pytest.approx(100 * CALL, abs=0.5)
    assert found[1:] == [None] * len(blanks)
    assert ended.err == ""
    path.write_text("spot;strike;time;rate;sigma;kind\n4.200,0;4.000;0,5;0,1;0,2;call\n")
    target = tmp_path / "priced.csv"
    assert run("price", path, "--output", target).code == 0
    row = target.read_text().splitlines()[1]
    assert row.startswith("4.200,0;4.000;0,5;0,1;0,2;call;475,9")
    again = json.loads(run("price", target, "--column", "again", "--json").out)["columns"]["again"]
    assert again[0] == pytest.approx(100 * CALL, abs=0.5)


def test_a_sign_that_may_be_decimal_or_not_is_asked_about(run, tmp_path):
    path = tmp_path / "options.csv"
    path.write_text('spot,strike,time,rate,sigma,kind\n42,"1,250",1,0,0,put\n')
    message = failed(run, "price", path)
    assert "'1,250' may have a decimal sign or thousands apart: give --decimal point or " in message
    assert prices(run, path, "--decimal", "point") == [1208.0]
    path.write_text("spot;strike;time;rate;sigma;kind\n42;1.250;1;0;0;put\n")
    assert "'1.250' may have a decimal sign" in failed(run, "price", path)
    assert prices(run, path, "--decimal", "comma") == [1208.0]


def test_standard_input_and_output_take_the_format(run, monkeypatch):
    text = "".join(f"{','.join(row)}\n" for row in OPTIONS)
    assert "standard input: the name must end in" in failed(run, "price", "-")
    for raw in (text.encode(), gzip.compress(text.encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        ended = run("price", "-", "--format", "csv", "--output", "-")
        assert ended.code == 0
        assert ended.out.splitlines()[0] == "spot,strike,time,rate,sigma,kind,price"
        assert ended.out.splitlines()[1].startswith("42,40,0.5,0.1,0.2,call,4.759")
        assert "2 options on " in ended.err


def test_parquet_comes_and_goes_by_standard_streams(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import subprocess

    import pyarrow

    path = tmp_path / "options.parquet"
    parquet.write_table(pyarrow.table({"kind": ["call", "put"]}), path)
    words = ["price", "-", "--format", "parquet", "--output", "-", *map(str, REST)]
    done = subprocess.run(
        [sys.executable, "-m", "quantforge", *words],
        input=path.read_bytes(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    found = parquet.read_table(io.BytesIO(done.stdout))
    assert found["price"].to_pylist() == near(CALL, PUT)
    assert found["spot"].to_pylist() == [42.0, 42.0]


@pytest.mark.parametrize("which", ["csv", "quoted", "parquet"])
def test_a_file_in_many_batches_has_the_bits_of_one_call(run, tmp_path, monkeypatch, which):
    parquet = pytest.importorskip("pyarrow.parquet")
    import numpy as np
    import pyarrow

    import quantforge
    from quantforge.files import columns

    draw = np.random.default_rng(7)
    count = 1000
    spot, strike = draw.uniform(50, 150, (2, count))
    sign = np.where(draw.random(count) < 0.5, 1, -1)
    table = pyarrow.table(
        {"spot": spot, "strike": strike, "kind": np.where(sign > 0, "call", "put")}
    )
    path = tmp_path / f"options.{'parquet' if which == 'parquet' else 'csv'}"
    if which == "parquet":
        parquet.write_table(table, path, row_group_size=333)
    else:
        quote = '"' if which == "quoted" else ""
        rows = zip(*table.to_pydict().values(), strict=True)
        text = "".join(f"{s!r},{k!r},{quote}{kind}{quote}\n" for s, k, kind in rows)
        path.write_text(f"spot,strike,kind\n{text}")
    monkeypatch.setattr(columns, "BATCH", 64)
    monkeypatch.setattr(columns, "_BLOCK", 4096)
    target = tmp_path / "priced.parquet"
    words = ("--time", 0.5, "--rate", 0.03, "--sigma", 0.2)
    assert run("price", path, *words, "--output", target).code == 0
    expected = quantforge.price(spot, strike, 0.5, 0.03, 0.2, kind=sign)
    np.testing.assert_array_equal(parquet.read_table(target)["price"].to_numpy(), expected)
    assert len(prices(run, path, *words)) == count


def test_json_of_many_batches_is_written_as_json_is_and_not_held_in_memory(
    run, tmp_path, monkeypatch
):
    pytest.importorskip("pyarrow")
    from quantforge.cli import terminal
    from quantforge.files import columns

    monkeypatch.setattr(columns, "BATCH", 3)
    monkeypatch.setattr(columns, "_BLOCK", 64)
    monkeypatch.setattr(terminal, "_IN_MEMORY", 100)  # bytes, more wait in a file
    path, target = tmp_path / "options.csv", tmp_path / "priced.csv"
    notes = ["", "\x1b[31m", "é", '"', "x"] * 4
    cells = [note.replace('"', '""') for note in notes]
    rows = [f'{ROW},{"cp"[place % 2]},"{cell}"\n' for place, cell in enumerate(cells)]
    path.write_text(f"{HEADER},kind,note\n{''.join(rows)}")
    ended = run("price", path, "--json", "--output", target)
    found = json.loads(ended.out)
    assert found["columns"]["note"] == notes
    assert found["columns"]["price"] == near(*[CALL, PUT] * 10)
    assert found["count"] == 20
    assert list(found)[-1] == "columns"
    text = json.dumps(found, indent=2, ensure_ascii=False)
    assert ended.out == f"{text}\n"


@pytest.mark.parametrize("pyarrow", [True, False])
@pytest.mark.parametrize("quote", ['"', ""])
def test_a_row_that_is_too_short_or_too_long_costs_its_row(run, tmp_path, without, quote, pyarrow):
    if not pyarrow:
        without("pyarrow")
    path, target = tmp_path / "options.csv", tmp_path / "priced.csv"
    good = f"{ROW},{quote}call{quote}\n"
    path.write_text(f"{HEADER},kind\n{good}{good}{ROW},put,1\n{good}42,40\n{good}")
    ended = run("price", path, "--output", target)
    assert ended.code == 0
    assert "2 unreadable rows, the first: line 4, 7 fields under 6 names" in ended.err
    assert "6 options on" in ended.out
    assert "2 without a price" in ended.out
    lines = target.read_text().splitlines()
    assert lines[3] == f"{ROW},put,"  # it keeps its place, without a price
    assert lines[5] == "42,40,,,,,"
    assert [line.split(",")[6][:5] for line in (lines[1], lines[2], lines[4], lines[6])] == [
        "4.759"
    ] * 4
    target.unlink()
    message = failed(run, "price", path, "--output", target, "--strict")
    assert f"{path}: line 4, 7 fields under 6 names" in message
    assert [each.name for each in tmp_path.iterdir()] == ["options.csv"]


def test_a_file_whose_every_row_is_too_long_has_no_price(run, tmp_path):
    path = tmp_path / "options.csv"
    path.write_text(f"{HEADER},kind\n" + f"{ROW},call,1\n" * 3)
    message = failed(run, "price", path, code=1)
    assert "no option has a price: 3 unreadable rows, the first: line 2, 7 fields under" in message


def test_a_time_that_is_named_for_its_days_is_in_days_and_said(run, table):
    path = table("kind,dte", "call,182.5", header="spot,strike,t,rate,sigma", row="42,40,1,0.1,0.2")
    for words in ((), ("--time", "dte")):
        ended = run("price", path, *words, "--json")
        assert json.loads(ended.out)["columns"]["price"] == near(CALL)
        assert "time is 'dte' in days" in ended.err
    ended = run("price", path, "--time-unit", "years", "--json")
    assert "in days" not in ended.err
    assert json.loads(ended.out)["columns"]["price"] == pytest.approx([42.0], abs=0.01)
