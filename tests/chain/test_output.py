"""Every option is written, priced or not."""

import csv

import numpy as np
import pytest

from quantforge import Code
from quantforge.chain import SAMPLE, Reason, price, read, write_rows


@pytest.fixture(scope="module")
def priced():
    return price(read(SAMPLE))


def read_back(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_has_every_option_with_its_price_or_its_reason(priced, tmp_path):
    path = tmp_path / "rows.csv"
    write_rows(priced, path)
    rows = read_back(path)
    assert [row["symbol"] for row in rows] == priced.quotes.symbol.tolist()
    for row, worth, reason in zip(rows, priced.price, priced.reason, strict=True):
        assert row["reason"] == Reason(reason).words
        if reason == Reason.PRICED:
            assert float(row["price"]) == worth  # to the last bit
        else:
            assert row["price"] == ""
    assert {row["kind"] for row in rows} == {"call", "put"}
    assert {row["inside"] for row in rows} == {"true", "false"}
    assert rows[0]["expiry"] == "2031-10-07"
    assert rows[0]["quoted"] == "2031-10-07T20:31:00Z"
    assert {row["forward_source"] for row in rows} == {"", "parity"}


def test_csv_has_volatilities_and_greeks_of_every_option_or_the_status_that_says_why_not(
    priced, tmp_path
):
    path = tmp_path / "rows.csv"
    write_rows(priced, path)
    implied = priced.implied
    columns = {
        "iv_bid": implied.bid,
        "iv_mid": implied.mid,
        "iv_ask": implied.ask,
        **implied.greeks,
        "vendor_iv": priced.quotes.vendor_iv,
        "vendor_delta": priced.quotes.vendor_delta,
        "vendor_gamma": priced.quotes.vendor_gamma,
        "iv_difference": implied.difference["volatility"],
        "delta_difference": implied.difference["delta"],
        "gamma_difference": implied.difference["gamma"],
    }
    rows = read_back(path)
    for name, values in columns.items():
        got = np.array([float(row[name] or "nan") for row in rows])
        np.testing.assert_array_equal(got, values, err_msg=name)
    statuses = [row["iv_status"] for row in rows]
    assert {"OK", "BELOW_INTRINSIC", "NOT_FINITE"} <= set(statuses) <= set(Code.__members__)
    for row, status in zip(rows, statuses, strict=True):
        assert (row["iv_mid"] == "") == (status != "OK")
        assert (row["delta"] == "") == (status != "OK")


def test_parquet_has_the_same_rows_with_types(priced, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_rows(priced, tmp_path / "rows.parquet")
    write_rows(priced, tmp_path / "rows.csv")
    table = parquet.read_table(tmp_path / "rows.parquet")
    rows = read_back(tmp_path / "rows.csv")
    assert table.column_names == list(rows[0])
    assert table.num_rows == len(priced.quotes)
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert types["expiry"] == "date32[day]"
    assert types["price"] == "double"
    assert types["inside"] == "bool"
    assert types["symbol"] == "string"
    assert table["price"].null_count == int(np.isnan(priced.price).sum())
    assert types["iv_status"] == "string"
    assert table["iv_mid"].null_count == int(np.isnan(priced.implied.mid).sum())
    for name in ("symbol", "reason", "iv_status"):
        assert table[name].to_pylist() == [row[name] for row in rows]
    assert [str(day) for day in table["expiry"].to_pylist()] == [row["expiry"] for row in rows]


def test_another_ending_is_refused_before_anything_is_written(priced, tmp_path):
    with pytest.raises(ValueError, match=r"must end in .csv or .parquet"):
        write_rows(priced, tmp_path / "rows.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_an_error_that_names_it(priced, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        write_rows(priced, tmp_path / "nowhere" / "rows.csv")
