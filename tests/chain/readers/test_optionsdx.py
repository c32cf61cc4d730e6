"""Option chains of optionsdx."""

from datetime import date, datetime

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

HEADER = (
    "[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [UNDERLYING_LAST], [EXPIRE_DATE], "
    "[EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], "
    "[C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_IV], "
    "[P_VOLUME]"
)


def row(strike, call, put, unix="1893963600", quoted="2030-01-06 16:00"):
    """Quoted on 6 January 2030 at 21:00 in UTC, and settled on 15 March at 20:00."""
    return (
        f"{unix}, {quoted}, 2030-01-06, 100.50, 2030-03-15, 1899835200, 67.96, 0.6, 0.03, 0.25, "
        f"12.0, 4.1, 0 x 1, {call - 0.1:.2f}, {call + 0.1:.2f}, {strike}, {put - 0.1:.2f}, "
        f"{put + 0.1:.2f}, 7 x 9, , -0.4, 0.04, , "
    )


# Calls less puts are 0.99 (101 - K): a forward of 101.
ROWS = (row(90.0, 12.0, 1.11), row(100.0, 5.0, 4.01), row(110.0, 1.5, 10.41))


def text(*rows, header=HEADER):
    return "\n".join((header, *(rows or ROWS), ""))


def test_every_row_is_a_call_and_a_put(write):
    quotes = read(write(text(ROWS[0]), "frg_eod_203001.txt"))
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0]
    assert quotes.bid.tolist() == [11.9, 1.01]
    assert quotes.ask.tolist() == [12.1, 1.21]
    np.testing.assert_array_equal(quotes.last, [4.1, np.nan])
    np.testing.assert_array_equal(quotes.vendor_iv, [0.25, np.nan])
    assert quotes.vendor_delta.tolist() == [0.6, -0.4]
    assert quotes.vendor_gamma.tolist() == [0.03, 0.04]
    np.testing.assert_array_equal(quotes.volume, [12.0, np.nan])
    assert set(quotes.spot) == {100.5}
    assert set(quotes.quoted.tolist()) == {datetime(2030, 1, 6, 21)}
    assert set(quotes.expiry.tolist()) == {date(2030, 3, 15)}
    assert set(quotes.settled.tolist()) == {datetime(2030, 3, 15, 20)}
    assert quotes.local(quotes.quoted[0]).isoformat() == "2030-01-06T16:00:00-05:00"


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("spx_eod_202301.txt", "SPX"), ("spy_15x_202301.csv.gz", "SPY"), ("frg_5min.txt", "FRG"),
        ("chain.csv", ""), ("my_file.csv", ""),
    ],
)  # fmt: skip
def test_the_name_of_the_file_says_the_root(name, root, tmp_path):
    import gzip

    path = tmp_path / name
    raw = text().encode()
    path.write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    quotes = read(path)
    assert set(quotes.root.tolist()) == {root}
    assert bool(quotes.notes) == (not root)


def test_an_index_settles_when_the_file_says_though_its_root_settles_at_the_open(write):
    quotes = read(write(text(header=HEADER.replace("EXPIRE_UNIX", "OTHER")), "spx_eod_1.txt"))
    assert set(quotes.settled.tolist()) == {datetime(2030, 3, 15, 20)}


def test_the_time_to_read_stands_for_a_missing_unix_time(write):
    path = write(text(header=HEADER.replace("QUOTE_UNIXTIME", "OTHER")))
    assert set(read(path).quoted.tolist()) == {datetime(2030, 1, 6, 21)}


def test_rows_of_many_times_are_fitted_apart(write):
    later = [line.replace("1893963600", "1894050000") for line in ROWS]
    priced = price(read(write(text(*ROWS, *later), "frg_eod_1.txt")), american_roots=())
    assert len(priced.expiries) == 2
    np.testing.assert_allclose(priced.fit.forward, [101.0, 101.0], rtol=1e-6)


REFUSALS = {
    "no rows": (HEADER + "\n", "line 1, but no options below it"),
    "no strike": (text().replace("[STRIKE]", "[K]"), "line 1: no column STRIKE; found"),
    "word": (text().replace("1.21,", "x,"), "line 2: 'x' is not a number, column P_ASK"),
    "date": (
        text().replace("2030-03-15", "2030-13-15"),
        "line 2: .* not a date, column EXPIRE_DATE",
    ),
    "milliseconds": (
        text().replace("1893963600,", "1893963600000,"),
        "line 2: '1893963600000' is not a Unix time in seconds, column QUOTE_UNIXTIME",
    ),
    "no time": (text().replace("1893963600,", ","), "line 2: the time of the quotes is missing"),
    "other day": (text().replace("2030-03-15", "2030-03-22"), "line 2: EXPIRE_DATE and EXPIRE_UN"),
    "date for a time": (
        text().replace("[QUOTE_UNIXTIME]", "[X]").replace("2030-01-06 16:00", "2030-01-06"),
        "line 2: '2030-01-06' is not a time such as 2030-06-14 15:45, column QUOTE_READTIME",
    ),
    "cut off": (text()[:-20], "line 4: the file is cut off"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    content, message = REFUSALS[case]
    path = write(content)
    with pytest.raises(ChainError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_without_any_time_it_is_asked_for(write):
    content = text().replace("QUOTE_UNIXTIME", "X").replace("QUOTE_READTIME", "Y")
    path = write(content)
    with pytest.raises(ChainError, match=r"or QUOTE_READTIME; .* --asof"):
        read(path, format="optionsdx")
    when = datetime.fromisoformat("2030-01-06T16:00-05:00")
    assert len(read(path, format="optionsdx", asof=when)) == 6
