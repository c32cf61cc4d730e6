"""Whatever a file holds, reading it gives what was promised or one line that says what is wrong.

Some 20,000 damaged files and odd cells, drawn by Hypothesis. A warning counts as a failure, as
everywhere in these tests.
"""

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantforge.chain import SAMPLE, ChainError, Options, readers
from quantforge.chain.instants import read_iso_instant, read_written_instant
from quantforge.files.cells import CellError, Notation, read_dates, read_numbers
from quantforge.files.columns import open_table, write_columns
from quantforge.files.contents import numbers
from quantforge.files.decoding import decode
from quantforge.profile import store
from quantforge.profile.curves import Curve
from quantforge.profile.machine import Machine
from quantforge.profile.record import Curves, Profile, Record, Section, dump

PIECES = [
    *(bytes([byte]) for byte in b'\0\t\n\r\x1b "%,-.;|\x7f\x80\xff'),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", "\u2212\u202f\u0661".encode(), b"\xed\xa0\x80"),
    *(b"nan", b"-inf", b"1e999", b"5e-324", b"9" * 400, b"1" + b"0" * 400, b"0x10", b"1_000"),
    *(b"{", b"[" * 2_000, b"]", b"null", b"true", b'""', b"NaN", b"PAR1", b"Strike,"),
]  # fmt: skip
"""What readers stumble over."""


def damaged(original, edits):
    """Return the bytes after some edits, each of them four bytes: where, where, what, by which."""
    data = bytearray(original)
    for first, second, edit, by in zip(*[iter(edits)] * 4, strict=False):
        at = (256 * first + second) * (len(data) + 1) >> 16
        match edit % 6:
            case 0:
                data[at : at + 1] = bytes([by])
            case 1:
                data[at:at] = PIECES[by % len(PIECES)]
            case 2:
                data[at : at + 1 + by % 40] = PIECES[by % len(PIECES)]
            case 3:
                del data[at : at + 1 + by]
            case 4:
                data[at:at] = data[by : by + 200]
            case 5:
                del data[at:]
    return bytes(data)


EDITS = st.binary(min_size=4, max_size=24)
CELLS = st.lists(
    st.text(max_size=12) | st.text("0123456789.,-+eE '\u2212 xX/:", max_size=14), max_size=4
)


def drawn(count):
    """Settings for a test of so many examples, each of which overwrites the file of the last."""
    shared = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=count, suppress_health_check=shared)


def refusal(read, *kinds):
    """Return what `read` makes, or None where it refuses in one line."""
    try:
        return read()
    except kinds as error:
        said = str(error)
    assert len(said.splitlines()) == 1, said
    return None


def batches_of(path):
    with open_table(path) as table:
        return list(table.batches)


TABLE = {
    "name": np.array(["a, b", "Société"]),
    "strike": np.array([0.1, np.nan]),
    "call": np.array([True, False]),
    "expiry": np.array(["2024-03-15", "2024-03-16"], "datetime64[D]"),
}


@pytest.mark.parametrize(("suffix", "count"), [("csv", 4_500), ("parquet", 1_500)])
def test_a_damaged_table_is_refused_or_has_columns_of_one_length(tmp_path, suffix, count):
    path = tmp_path / f"table.{suffix}"
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    write_columns(TABLE, path)
    original = path.read_bytes()

    @drawn(count)
    @given(EDITS)
    def check(edits):
        path.write_bytes(damaged(original, edits))
        batches = refusal(lambda: batches_of(path), ValueError, OSError)
        for columns in batches or ():
            assert len(set(map(len, columns.values()))) <= 1

    check()


CHAIN = b"\n".join(SAMPLE.read_bytes().splitlines()[:6]) + b"\n"
YFINANCE = b"\n".join(
    (
        b"contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,"
        b"impliedVolatility",
        b"FRG310321C00090000,2031-01-02 15:30:11+00:00,90.0,12.5,12.4,12.7,,1.0,0.31",
        b"FRG310321P00090000,,90.0,1.2,1.1,1.3,12.0,40.0,0.29",
        b"",
    )
)


NSE = b"\n".join(
    (
        b"# Downloaded: 22/3/2031, 12:45:04 pm",
        b"Calls,,,Puts,,",
        b"Delta,Ask,Bid,Strike,IV,Bid,Ask",
        b"March 27 5 DTE,,,,,,",
        b'0.91,169.20,167.50,"2,400",31.46%,5.80,5.95',
        b'"FRG 2,581.50 INR +4.60",,,,,,',
        b'0.10,2.75,2.65,"2,780",25.72%,202.50,236.70',
        b"",
    )
)
NSE_JSON = (
    b'{"records": {"timestamp": "21-Mar-2031 11:00:00", "data": [{"strikePrice": 24000, "CE": '
    b'{"strikePrice": 24000, "expiryDate": "27-Mar-2031", "bidprice": 75.8, "askPrice": 76.8, '
    b'"impliedVolatility": 19.5, "underlyingValue": 24010.5, "underlying": "NIFTY"}}]}}'
)
DERIBIT = b"\n".join(
    (
        b"instrument_name,bid_price,ask_price,mark_price,mark_iv,underlying_price,timestamp",
        b"BTC-28MAR31-90000-C,0.14,0.15,0.1443,61.5,101000,1925134200000",
        b"BTC-28MAR31-95000-P,0.06,0.07,0.065,60.1,101000,1925134201000",
        b"",
    )
)
DERIBIT_JSON = (
    b'{"result": [{"instrument_name": "ETH-28MAR31-3500-C", "best_bid_price": 0.14, '
    b'"best_ask_price": 0.15, "timestamp": 1925134200000, "greeks": {"delta": 0.7}}]}'
)
SCHWAB = (
    b'{"symbol": "FRG", "underlyingPrice": 100.5, "interestRate": 4.5, "putExpDateMap": '
    b'{"2031-03-21:78": {"90.0": [{"putCall": "PUT", "symbol": "FRG_032131P90", "bid": 1.1, '
    b'"ask": 1.3, "volatility": 31.5, "strikePrice": 90.0, "quoteTimeInLong": 1925134200000}]}}}'
)
LONG = (
    b"type;expiry;date;strike;bid;ask;iv\ncall;21/03/2031;2/1/2031;90,5;12,4;12,7;0,3\n"
    b"put;21/03/2031;2/1/2031;1.090,5;1,1;1,3;\n"
)
WIDE = (
    b"Time,Symbol,Expiry,Underlying,Strike,CE_LTP,CE_OI,PE_LTP\n"
    b"09:18,NIFTY,27-Mar-2031,24456.60,24000,452.25,55998,1.4\n"
    b'15:30,NIFTY,27-Mar-2031,24398.70,"24,000",398.90,,0.05\n'
)
CHAINS = {
    "cboe": ("cboe", CHAIN),
    "yfinance": ("yfinance", YFINANCE),
    "deribit": ("deribit", DERIBIT),
    "deribit, json": ("deribit", DERIBIT_JSON),
    "schwab": ("schwab", SCHWAB),
    "nse": ("nse", NSE),
    "long": ("long", LONG),
    "wide": ("wide", WIDE),
    "nse, json": ("nse", NSE_JSON),
}


@pytest.mark.parametrize(("name", "original"), CHAINS.values(), ids=CHAINS)
def test_a_damaged_chain_is_refused_or_has_a_number_in_every_place(name, original):
    reader = readers()[name]

    @drawn(4_000)
    @given(EDITS)
    def check(edits):
        raw = damaged(original, edits)
        assert 0.0 <= reader.sniff(raw, "chain.csv") <= 1.0
        quotes = refusal(lambda: reader.read(raw, "chain.csv", Options()), ChainError)
        if quotes is not None:
            assert {len(column) for column in quotes.columns().values()} == {len(quotes)}
            assert np.isfinite(quotes.strike).all()

    check()


@pytest.fixture
def profile():
    """A profile as JSON."""
    curve = Curve(1, (1, 100, 10_000), (1e-6, 2e-6, 1e-4))
    record = Record(
        version="1",
        build="b",
        measured="2026-01-01T00:00:00+00:00",
        rigor="quick",
        operations={"price": Curves(2, (curve,))},
    )
    return json.dumps(dump(Profile((Section(Machine("cpu", "isa", 2), {"c": record}),)))).encode()


@drawn(3_000)
@given(edits=EDITS)
def test_a_damaged_profile_is_refused_or_is_a_profile(tmp_path, profile, edits):
    path = tmp_path / "profile.json"
    path.write_bytes(damaged(profile, edits))
    read = refusal(lambda: store.load(path), ValueError, OSError)
    assert read is None or isinstance(read, Profile)


@drawn(2_000)
@given(st.binary(max_size=60) | EDITS.map(lambda edits: damaged(CHAIN[:80], edits)))
def test_bytes_become_text_without_zeros_or_are_refused(raw):
    text = refusal(lambda: decode(raw, "file"), ValueError)
    assert text is None or "\0" not in text


def read_or_bad(read, cells):
    """Return what `read` makes of the cells, and the place of the one that it refuses or None."""
    try:
        return read(cells), None
    except CellError as error:
        bad = error.index
    return read(cells[:bad]), bad


@drawn(3_000)
@given(CELLS, st.sampled_from(".,"), st.booleans())
def test_cells_become_as_many_numbers_up_to_the_first_bad_one(cells, decimal, grouped):
    read = partial(read_numbers, decimal=decimal, grouped=grouped)
    numbers, bad = read_or_bad(read, cells)
    assert (numbers.dtype, numbers.shape) == (np.float64, (len(cells[:bad]),))


@drawn(2_000)
@given(CELLS, st.sampled_from(".,"), st.booleans())
def test_arrow_and_python_read_the_same_numbers_and_refuse_the_same_cells(cells, decimal, grouped):
    pyarrow = pytest.importorskip("pyarrow")
    notation = Notation(decimal, grouped)
    slow, wrong = numbers(cells, notation)
    fast, refused = numbers(pyarrow.array(cells, "string"), notation)
    np.testing.assert_array_equal(slow, fast)
    assert refused == wrong


@drawn(1_000)
@given(CELLS)
def test_cells_become_as_many_dates_up_to_the_first_bad_one(cells):
    dates, bad = read_or_bad(read_dates, cells)
    assert dates.shape == (len(cells[:bad]),)
    assert not np.isnat(dates).any()


INSTANTS = [b"Date: September 14, 2023 at 4:31 PM EDT", b"2023-09-14T16:31:00-04:00"]


@drawn(1_000)
@given(st.sampled_from(INSTANTS), EDITS)
def test_a_damaged_instant_is_refused_or_has_a_time_zone(original, edits):
    text = damaged(original, edits).decode("latin-1")
    for read in (read_written_instant, read_iso_instant):
        instant = refusal(lambda read=read: read(text), ValueError)
        assert instant is None or instant.tzinfo is not None
