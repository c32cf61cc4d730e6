"""Tables of cash dividends are read as people hold them, or refused with the line."""

import gzip

import numpy as np
import pytest

from quantforge.chain import ChainError, Dividends, read_dividends

PLAIN = "ex_date,amount,symbol\n2026-02-09,0.26,acme\n2026-05-11,0.27,ACME\n"
SHAPES = {
    "plain": PLAIN,
    "semicolons and commas": "Ex-Date;Amount;Ticker\n09.02.2026;0,26;ACME\n11.05.2026;0,27;ACME\n",
    "pay dates beside ex-dates": (
        "Symbol,Payment Date,Ex-Dividend Date,Cash Amount\n"
        "ACME,2026-02-12,02/09/2026,$0.26\nACME,2026-05-14,05/31/2026,$0.27\n"
    ),
    "yfinance": (
        "Date,Dividends\n2026-02-09 00:00:00-05:00,0.26\n2026-05-11 00:00:00-04:00,0.27\n"
    ),
    "tabs": "date\tdividend\n2026-02-09\t0.26\n2026-05-11\t0.27\n",
}


@pytest.fixture
def write(tmp_path):
    def write(text, name="dividends.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("shape", SHAPES)
def test_tables_are_read_whatever_their_columns_are_called(write, shape):
    found = read_dividends(write(SHAPES[shape]))
    days = {"pay dates beside ex-dates": "2026-05-31"}
    assert found.date.astype(str).tolist() == ["2026-02-09", days.get(shape, "2026-05-11")]
    assert found.amount.tolist() == [0.26, 0.27]
    if shape in ("yfinance", "tabs"):
        assert found.root is None
    else:
        assert found.root.tolist() == ["ACME", "ACME"]


def test_a_table_may_be_compressed(write):
    found = read_dividends(write(gzip.compress(PLAIN.encode()), "dividends.csv.gz"))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("ex_date,amount\n", "no options below it"),
        ("when,amount\n2026-02-09,0.26\n", "no column of the date of dividends, such as exdate"),
        ("ex_date,what\n2026-02-09,0.26\n", "no column of the amount of dividends"),
        ("date,amount\n2026-02-09,0.26\nsoon,0.27\n", "line 3: 'soon' is not a date, column date"),
        ("date,amount\n2026-02-09,a\n", "line 2: 'a' is not an amount, column amount"),
        ("date,amount\n2026-02-09,-1\n", "line 2: no amount of 0 or more, column amount"),
        ("date,amount\n2026-02-09,\n", "line 2: no amount of 0 or more, column amount"),
        ("date,amount\n03/04/2026,1\n", "line 2: date '03/04/2026' may be a day or a month first"),
        ("date,amount\n,1\n", "line 2: "),
        (b"\x00\x01\x02\xff" * 20, "not a table of dividends, but a binary file"),
        ("date;amount\n2026-02-09;1,000\n", "'1,000' may be two numbers"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(write, text, message):
    with pytest.raises(ChainError) as refused:
        read_dividends(write(text))
    assert message in str(refused.value)
    assert "dividends.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("date", "amount", "root"),
    [
        (["2026-02-09"], [1.0, 2.0], None),
        (["2026-02-09"], [np.nan], None),
        (["NaT"], [1.0], None),
        (["2026-02-09"], [-1.0], None),
        (["2026-02-09"], [1.0], ["A", "B"]),
        ([["2026-02-09"]], [[1.0]], None),
    ],
)
def test_dividends_made_by_hand_are_checked(date, amount, root):
    with pytest.raises(ChainError, match="by hand"):
        Dividends(
            source="by hand",
            date=np.array(date, dtype="datetime64[D]"),
            amount=np.array(amount),
            root=None if root is None else np.array(root),
        )


def test_a_dividend_is_paid_before_trading_begins_on_its_ex_date():
    found = Dividends(
        source="by hand",
        date=np.array(["2026-05-11", "2026-02-09", "2026-02-10"], dtype="datetime64[D]"),
        amount=np.array([0.27, 0.26, 0.0]),
    )
    open_on_the_day = np.datetime64("2026-02-09T14:30:00")  # 9:30 in New York
    the_evening_before = np.datetime64("2026-02-08T21:00:00")
    [only] = found.schedule("ACME", open_on_the_day)
    assert only == (pytest.approx((91 * 24 - 1) / 24 / 365), 0.27)  # an hour less: it is summer
    first, second = found.schedule("ACME", the_evening_before)
    assert first == (pytest.approx(17.5 / 24 / 365), 0.26)
    assert second[0] > first[0]
