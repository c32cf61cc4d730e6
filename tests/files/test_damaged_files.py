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
from quantforge.chain.readers.registry import best
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
VINTAGE = b"""FRG (FORGE, INC),101.25,-0.50,
Jun 03 2013 @ 14:31 ET,Bid,101.2,Ask,101.3,Size,2x1,Vol,8,
Calls,Last Sale,Net,Bid,Ask,Vol,Open Int,Puts,Last Sale,Net,Bid,Ask,Vol,Open Int,
13 Jun 97.5 (FRG1321F97.5),2.5,1,2.4,2.6,5,7,13 Jun 97.5 (FRG1321R97.5),1.0,0,1.1,1.3,6,8,
13 Jun 97.5 (FRG1321F97.5-A),2.5,1,2.4,2.6,5,7,13 Jun 97.5 (FRG1321R97.5-A),1.0,0,1.1,1.3,6,8,
"""
CBOE_JSON = b"""{"timestamp": "2030-06-14 19:46:02", "data": {"symbol": "^FRG",
"current_price": 101.25, "last_trade_time": "2030-06-14T15:31:00", "options": [
{"option": "FRGW300621C00090000", "bid": 11.8, "ask": 12, "iv": 0.3, "volume": 5.0},
{"option": "FRGW300621P00092500", "bid": 0.5, "ask": 0.7, "iv": null, "volume": 0}]}}
"""
OPTION_METRICS = b"""date,symbol,exdate,cp_flag,strike_price,best_bid,best_offer,delta,S,r,q,\
ticker,exercise_style,am_set_flag
18/1/07,FRQ.NJ,17/2/07,P,1050000,0.5,0.75,-0.25,1000,0.05,0.02,FRG,E,1
18/1/07,FRG 070217C92500,17/2/07,C,92500,9,9.5,-99.99,1000,0.05,0.02,FRG,A,0
"""
OPTIONSDX = b"""[QUOTE_UNIXTIME], [UNDERLYING_LAST], [EXPIRE_DATE], [EXPIRE_UNIX], [C_IV], \
[C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK]
1893963600, 100.50, 2030-03-15, 1899835200, 0.25, 11.9, 12.1, 90.0, 1.01, 1.21
1893967200, 100.50, 2030-03-15, , , 4.9, 5.1, 100.0, 3.91, 4.11
"""
DATASHOP = b"""underlying_symbol,quote_date,root,expiration,strike,option_type,trade_volume,\
bid_1545,ask_1545,underlying_bid_1545,underlying_ask_1545,implied_volatility_1545,bid_eod,ask_eod
^FRG,2031-01-02,FRG,2031-03-21,90.000,C,3,12.4,12.6,101,102,0.31,12.3,12.7
^FRG,2031-01-02,FRG,2031-03-21,90.000,P,0,1.1,1.3,101,102,,1.0,1.4
"""
TRADES = b"""timestamp,price,iv,instrument_name,index_price,direction,amount
1925150398000,0.14,63.29,FRG-21MAR31-90000-C,100000,buy,1.5
2031-01-02T19:59,0.01,60.5,FRG-21MAR31-80000-P,100010,sell,3
"""
LONG_JSON = b"""{"results": [{"details": {"contract_type": "call", "expiration_date": "2031-03-21",
"strike_price": 90, "ticker": "O:FRG310321C00090000"}, "last_quote": {"bid": 12.4, "ask": 12.6,
"last_updated": 1925134200000000000}, "greeks": {"delta": 0.8}, "implied_volatility": 0.31}]}
"""
CHAINS = {
    "cboe-vintage": ("cboe-vintage", VINTAGE),
    "cboe-json": ("cboe-json", CBOE_JSON),
    "optionmetrics": ("optionmetrics", OPTION_METRICS),
    "optionsdx": ("optionsdx", OPTIONSDX),
    "cboe-datashop": ("cboe-datashop", DATASHOP),
    "deribit, trades": ("deribit", TRADES),
    "long, json": ("long", LONG_JSON),
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

    @drawn(2_000)
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


def test_a_damaged_chain_in_parquet_is_refused_or_has_a_number_in_every_place(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "chain.parquet"
    columns = {"type": ["C", "P"], "expiry": ["2031-03-21"] * 2, "date": ["2031-01-02"] * 2}
    numbers = {"strike": [90.0, 90.0], "bid": [12.4, None], "ask": [12.6, 1.3]}
    parquet.write_table(pyarrow.table({**columns, **numbers}), path)
    original = path.read_bytes()
    assert len(readers()["long"].read(original, "chain.parquet", Options())) == 2

    @drawn(500)
    @given(EDITS)
    def check(edits):
        raw = damaged(original, edits)
        if raw.startswith(b"PAR1"):
            refusal(lambda: best(raw, "chain.parquet"), ChainError)
            refusal(lambda: readers()["long"].read(raw, "chain.parquet", Options()), ChainError)

    check()
