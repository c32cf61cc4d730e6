"""Columns come out of CSV and Parquet files as they went in, batch by batch."""

import csv
import gzip
import random
import time

import numpy as np
import pytest

from quantforge.files import columns as files
from quantforge.files import contents, dialects
from quantforge.files.columns import open_table, write_columns, writing
from quantforge.files.contents import list_of

TABLE = {
    "name": np.array(["a", "b"]),
    "price": np.array([0.1, np.nan]),
    "inside": np.array([True, False]),
    "expiry": np.array(["2024-03-15", "2024-03-16"], "datetime64[D]"),
    "note": ["first", ""],
}


@pytest.fixture(params=[True, False], ids=["pyarrow", "python"])
def either(request, monkeypatch):
    """With pyarrow, and as if it were not installed."""
    if request.param:
        pytest.importorskip("pyarrow")
    else:
        for module in (files, contents):
            monkeypatch.setattr(module, "has_arrow", lambda: False)


def read(path):
    """The whole of a table, as lists."""
    whole = {}
    with open_table(path) as table:
        for batch in table.batches:
            for name, column in batch.items():
                whole.setdefault(name, []).extend(list_of(column))
    return whole


@pytest.mark.usefixtures("either")
def test_csv_has_the_shortest_exact_numbers_and_nothing_for_nan(tmp_path):
    path = tmp_path / "table.csv"
    write_columns(TABLE, path)
    assert path.read_text() == (
        "name,price,inside,expiry,note\na,0.1,true,2024-03-15,first\nb,,false,2024-03-16,\n"
    )
    assert read(path) == {
        "name": ["a", "b"],
        "price": ["0.1", ""],
        "inside": ["true", "false"],
        "expiry": ["2024-03-15", "2024-03-16"],
        "note": ["first", ""],
    }


@pytest.mark.usefixtures("either")
def test_csv_quotes_what_it_has_to(tmp_path):
    path = tmp_path / "table.csv"
    cells = ["a,b", 'say "so"', "two\nlines", "c\rd", " e;f ", "", "\ufeffg"]
    write_columns({"note, all": cells, "n": np.arange(7)}, path)
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["note, all", "n"],
            *([cell, str(place)] for place, cell in enumerate(cells)),
        ]
    assert read(path)["note, all"] == cells
    write_columns({"alone": np.array([np.nan, 1.0])}, path)
    assert read(path) == {"alone": ["", "1.0"]}


@pytest.mark.usefixtures("either")
def test_decimal_commas_come_with_semicolons(tmp_path):
    path = tmp_path / "table.csv"
    with writing(path, decimal=",") as writer:
        writer.write({"price": np.array([0.5, 1e-7, np.nan]), "note": ["a;b", "1.5", ""]})
    assert path.read_text() == 'price;note\n0,5;"a;b"\n1e-07;1.5\n;\n'


@pytest.mark.usefixtures("either")
def test_every_number_is_written_as_python_does(tmp_path):
    draw = np.random.default_rng(3)
    bits = draw.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    near = draw.normal(size=20_000) * 10.0 ** draw.integers(-6, 18, 20_000)
    round_ones = np.array([0.0, -0.0, 1.0, 1e-4, 9.999e-5, 1e10, 1e15, 1e16, 1e22, np.inf, -np.inf])
    numbers = np.concatenate([bits[~np.isnan(bits)], near, np.trunc(near), round_ones])
    path = tmp_path / "table.csv"
    write_columns({"number": numbers}, path)
    assert path.read_text().split() == ["number", *map(repr, numbers.tolist())]


def test_parquet_has_types_and_null_for_nan(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "table.parquet"
    write_columns(TABLE, path)
    found = read(path)
    assert list(found) == list(TABLE)
    assert found["price"] == [0.1, None]
    assert found["inside"] == [True, False]
    assert found["expiry"] == ["2024-03-15", "2024-03-16"]
    assert found["note"] == ["first", ""]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_csv_is_read_in_the_encodings_and_line_ends_of_spreadsheets(tmp_path, encoding, end, quote):
    path = tmp_path / "table.csv"
    text = f"name,note{end}Société,{quote}1;5{quote}{end}{end}b,2{end}"
    for raw in (text.encode(encoding), gzip.compress(text.encode(encoding))):
        path.write_bytes(raw)
        assert read(path) == {"name": ["Société", "b"], "note": ["1;5", "2"]}


@pytest.mark.usefixtures("either")
def test_the_line_for_spreadsheets_is_no_header(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("sep=;\na;b\n1;2\n")
    assert read(path) == {"a": ["1"], "b": ["2"]}


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("quote", ['"', ""])
def test_batches_are_of_one_size_and_rows_know_their_lines(tmp_path, monkeypatch, quote):
    monkeypatch.setattr(files, "BATCH", 4)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n\n" + f"{quote}3{quote},4\n" * 9)
    with open_table(path) as table:
        assert table.names == ("a", "b")
        assert [len(batch["a"]) for batch in table.batches] == [4, 4, 2]
        assert [table.place(row) for row in (0, 1, 9)] == ["line 2", "line 4", "line 12"]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        (",\n1,2\n", "no header with column names"),
        ("a,a\n1,2\n", "two columns called 'a'"),
        (",".join(map(str, range(1_000_000))), "1,000,000 columns, more than 16,384"),
        ('a\n"' + "x" * (csv.field_size_limit() + 1), "not a CSV file: field larger"),
        ("a,b\n1,\0\n", "not a CSV file, but a binary file"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as caught:
        read(path)
    assert time.process_time() - start < 2.0
    assert str(caught.value).startswith(f"{path}: ")


def told(path):
    """The cells of a table, and what is said of which of its rows."""
    whole, said, count = {}, {}, 0
    with open_table(path) as table:
        for batch in table.batches:
            lists = {name: list_of(column) for name, column in batch.items()}
            for name, cells in lists.items():
                whole.setdefault(name, []).extend(cells)
            said |= {table.place(count + row): what for row, what in batch.wrong.items()}
            count += len(next(iter(lists.values())))
    return whole, said


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("batch", [2, 1000])
def test_a_row_that_is_too_short_or_too_long_keeps_its_place(tmp_path, monkeypatch, quote, batch):
    monkeypatch.setattr(files, "BATCH", batch)
    path = tmp_path / "table.csv"
    path.write_text(f"a,b\n1,2\n3\n\n4,5,6\n{quote}7{quote},8\n9\n,\n10,11,\n")
    whole, said = told(path)
    assert whole == {
        "a": ["1", "3", "4", "7", "9", "", "10"],
        "b": ["2", "", "5", "8", "", "", "11"],
    }
    assert said == {
        "line 3": "1 field under 2 names",
        "line 5": "3 fields under 2 names",
        "line 7": "1 field under 2 names",
        "line 9": "3 fields under 2 names",
    }


def test_both_ways_to_read_a_text_give_the_same_cells(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    draw = random.Random(11)
    path = tmp_path / "table.csv"
    pieces = ['"', '"', ",", ",", ",", "\n", "\n", "\r\n", "a", "1", " ", "é", '"x"', '"y,z"', '""']
    seen = set()
    for _ in range(3000):
        body = "".join(draw.choices(pieces, k=draw.randrange(30)))
        if draw.random() < 0.5:  # quotes as programs write them
            cells = ["1", '"1"', '"a,b"', '""', "", '"é"', '"x, y "']
            widths = draw.choices([2, 2, 2, 1, 3], k=draw.randrange(1, 8))
            body = "".join(f"{','.join(draw.choices(cells, k=width))}\n" for width in widths)
        path.write_text(f"a,b\n{body}", newline="")
        found = []
        for fast in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(files, "BATCH", 3)
                patch.setattr(files, "_BLOCK", 64)
                patch.setattr(dialects, "_CHUNK", 16)
                if not fast:
                    patch.setattr(files, "has_arrow", lambda: False)
                    patch.setattr(contents, "has_arrow", lambda: False)
                with path.open("rb") as file:
                    seen.add((files.find_dialect(file, "table").plain, '"' in body))
                found.append(told(path))
        assert found[0] == found[1], body
    assert seen == {(True, True), (True, False), (False, True)}


def test_quotes_as_programs_write_them_are_read_the_fast_way(tmp_path):
    path = tmp_path / "table.csv"
    for body, neat in {
        '"1","2"\n"3","4"\n': True,
        '"a,b",2\r\n"",\r\n': True,
        '1,"2"': True,
        '"1""",2\n': False,  # a quote in a cell
        '"1\n",2\n': False,  # a line break in a cell
        ' "1",2\n': False,
        '1",2\n': False,
        '"x,",2\n': False,  # which may be two cells
        '"1,2\n': False,
        '1,"\n",2\n': False,
    }.items():
        path.write_text(f'"a","b"\n{body}', newline="")
        with path.open("rb") as file:
            assert files.find_dialect(file, "table").plain == neat, body


def test_a_compressed_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 1000)[:-20])
    with pytest.raises(ValueError, match="damaged gzip file"):
        read(path)


def test_what_is_wrong_with_a_broken_parquet_file_is_one_line(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "table.parquet"
    write_columns(TABLE, path)
    whole, draw, refused = path.read_bytes(), random.Random(1), []
    for _ in range(1000):
        broken = bytearray(whole[: draw.randrange(4, len(whole))] if draw.random() < 0.3 else whole)
        for _ in range(draw.choice((1, 2, 5))):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path.write_bytes(broken)
        try:
            read(path)
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 500
    for message in refused:
        assert message.startswith(f"{path}: ")
        assert "not a Parquet file: " in message or "two columns called" in message
        assert len(message.splitlines()) == 1
    path.unlink()
    with pytest.raises(FileNotFoundError, match="No such file"):
        read(path)


def test_another_ending_is_refused_before_anything_is_read_or_written(tmp_path):
    with pytest.raises(ValueError, match=r"must end in .csv or .parquet"):
        write_columns(TABLE, tmp_path / "table.xlsx")
    with pytest.raises(ValueError, match=r"must end in .csv, .tsv, .txt or .parquet"):
        read(tmp_path / "table.xlsx")
    assert not list(tmp_path.iterdir())
