"""Columns come out of CSV and Parquet files as they went in."""

import csv
import random
import time

import numpy as np
import pytest

from quantforge.files.columns import read_columns, words_of, write_columns

TABLE = {
    "name": np.array(["a", "b"]),
    "price": np.array([0.1, np.nan]),
    "inside": np.array([True, False]),
    "expiry": np.array(["2024-03-15", "2024-03-16"], "datetime64[D]"),
    "note": ["first", ""],
}


def test_csv_has_the_shortest_exact_numbers_and_nothing_for_nan(tmp_path):
    path = tmp_path / "table.csv"
    write_columns(TABLE, path)
    assert path.read_text() == (
        "name,price,inside,expiry,note\na,0.1,true,2024-03-15,first\nb,,false,2024-03-16,\n"
    )
    assert read_columns(path) == {
        "name": ["a", "b"],
        "price": ["0.1", ""],
        "inside": ["true", "false"],
        "expiry": ["2024-03-15", "2024-03-16"],
        "note": ["first", ""],
    }


def test_parquet_has_types_and_null_for_nan(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "table.parquet"
    write_columns(TABLE, path)
    found = read_columns(path)
    assert list(found) == list(TABLE)
    np.testing.assert_array_equal(found["price"], TABLE["price"])
    assert found["inside"].tolist() == [True, False]
    assert found["note"].tolist() == ["first", ""]
    assert words_of(found["price"]) == ["0.1", "nan"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_is_read_in_the_encodings_and_line_ends_of_spreadsheets(tmp_path, encoding, end):
    path = tmp_path / "table.csv"
    path.write_bytes(f'name,note{end}Société,"1,5"{end}{end}b,2{end}'.encode(encoding))
    assert read_columns(path) == {"name": ["Société", "b"], "note": ["1,5", "2"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (",\n1,2\n", "no header with column names"),
        ("a,a\n1,2\n", "two columns called 'a'"),
        ("a,b\n1,2\n1\n", "line 3: 1 fields under 2 names"),
        (",".join(map(str, range(1_000_000))), "1,000,000 columns, more than 16,384"),
        ('a\n"' + "x" * (csv.field_size_limit() + 1), "not a CSV file: field larger"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as caught:
        read_columns(path)
    assert time.process_time() - start < 1.0
    assert str(caught.value).startswith(f"{path}: ")


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
            read_columns(path)
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 500
    for message in refused:
        assert message.startswith(f"{path}: not a Parquet file: ")
        assert len(message.splitlines()) == 1
    path.unlink()
    with pytest.raises(FileNotFoundError, match="No such file"):
        read_columns(path)


def test_another_ending_is_refused_before_anything_is_read_or_written(tmp_path):
    for deal in (read_columns, lambda path: write_columns(TABLE, path)):
        with pytest.raises(ValueError, match=r"must end in .csv or .parquet"):
            deal(tmp_path / "table.xlsx")
    assert not list(tmp_path.iterdir())
