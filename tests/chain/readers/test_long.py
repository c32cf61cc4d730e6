"""Tables with a row an option that nobody in particular has made."""

import math
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read
from quantforge.chain.implied import vendor_difference
from quantforge.chain.readers import table

HISTORY = (
    "UnderlyingSymbol,UnderlyingPrice,Exchange,OptionSymbol,Type,Expiration,DataDate,Strike,Last,"
    "Bid,Ask,Volume,OpenInterest\n"
    "FRG,101.5,*,FRG310321C00090000,call,03/21/2031,01/02/2031,90,12.5,12.4,12.7,3,40\n"
    "FRG,101.5,*,FRG310321P00090000,put,03/21/2031,01/02/2031,90,1.2,1.1,1.3,,\n"
)
COMMAS = (
    "ticker;vencimento;type;mod;strike;preco;data;iv;spot\n"
    "FRGU900;21/03/2031;PUT;E;90,50;1,25;02/01/2031;0,31;101,5\n"
    "FRGI900;21/03/2031;CALL;A;90,50;12,50;02/01/2031;0,30;101,5\n"
)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "alphavantage_aapl.csv"


def test_columns_go_by_the_names_that_files_give_them(write):
    quotes = read(write(HISTORY))
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0]
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 21)}  # 16:00 in New York
    np.testing.assert_array_equal(quotes.bid, [12.4, 1.1])
    np.testing.assert_array_equal(quotes.volume, [3.0, np.nan])
    assert quotes.spot.tolist() == [101.5, 101.5]
    assert quotes.symbol.tolist() == ["FRG310321C00090000", "FRG310321P00090000"]
    assert set(quotes.root.tolist()) == {"FRG"}
    assert quotes.notes == ("quoted at the close of each day, 16:00 in New York as a rule",)


def test_decimal_commas_and_a_price_without_quotes_are_read_and_said(write):
    quotes = read(write(COMMAS), map={"exercise": "mod", "root": "ticker"})
    assert quotes.strike.tolist() == [90.5, 90.5]
    assert quotes.bid.tolist() == quotes.ask.tolist() == [1.25, 12.5]
    assert quotes.exercise.tolist() == ["european", "american"]
    assert quotes.root.tolist() == ["FRGU900", "FRGI900"]
    assert "no bids and asks: column preco stands for both" in quotes.notes


def test_instants_are_kept_and_midnights_are_dates(write):
    timed = HISTORY.replace("01/02/2031", "2031-01-02T15:30-05:00")
    quotes = read(write(timed.replace("03/21/2031", "2031-03-21 00:00:00")))
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 20, 30)}
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    assert np.isnat(quotes.settled).all()
    assert quotes.notes == ()
    quotes = read(write(timed.replace("03/21/2031", "2031-03-21T08:00Z")))
    assert set(quotes.settled.tolist()) == {datetime(2031, 3, 21, 8)}


def test_other_names_are_mapped(write):
    other = HISTORY.replace("Strike", "X1").replace("Bid", "X2").replace("DataDate", "X3")
    with pytest.raises(ChainError, match="not an option chain of a known format"):
        read(write(other))
    with pytest.raises(ChainError, match=r"no column of the strike; .* --map strike=COLUMN names"):
        read(write(other), format="long")
    names = {"strike": "X1", "bid": "X2", "quoted": "X3"}
    assert read(write(other), format="long", map=names).bid.tolist() == [12.4, 1.1]
    with pytest.raises(ChainError, match="--map colour: known are strike, kind,"):
        read(write(HISTORY), map={"colour": "Type"})


REFUSALS = {
    "no time": (("DataDate", "Other"), "no time of the quotes; give it with --asof"),
    "no kind": ((",put,", ",sold,"), "line 3: 'sold' is not a call or a put, column Type"),
    "no number": ((",1.3,", ",high,"), "line 3: 'high' is not a number, column Ask"),
    "no expiry": ((",put,03/21/2031", ",put,soon"), "line 3: 'soon' is not a date"),
    "no zone": (
        ("01/02/2031", "2031-01-02T15:30"),
        "line 2: '2031-01-02T15:30' is not a time with its zone; --zone says it, as --zone "
        "Europe/Berlin, column DataDate",
    ),
    "no time of day": (
        ("01/02/2031,90,1.2", "2031-01-02T15:30Z,90,1.2"),
        "line 2: .* is not a time",
    ),
    "both orders": (
        ("01/02/2031,90,1.2", "13/01/2031,90,1.2"),
        "line 2: Expiration '03/21/2031' has the month first and '13/01/2031' the day",
    ),
    "a comma too many": ((",12.7,", ",12,7,"), "line 2: 14 fields where 13 are needed"),
    "cut off": ((",1.1,1.3,,\n", ",1.1"), "line 3: the file is cut off"),
}
REFUSALS |= {
    "another strike": ((",90,1.2", ",95,1.2"), "line [23]: strike and symbol differ"),
    "another kind": ((",put,", ",call,"), "line 3: kind and symbol differ"),
    "another expiry": (("put,03/21/2031", "put,03/28/2031"), "line 3: expiry and symbol differ"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    change, message = REFUSALS[case]
    with pytest.raises(ChainError, match=message):
        read(write(HISTORY.replace(*change)))


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_volatilities_of_a_real_chain_are_the_vendors():
    priced = price(read(SHARED))
    median, _ = vendor_difference(priced.implied.difference["volatility"], priced.implied.liquid)
    assert median < 2e-3


def test_thousands_are_told_from_decimals_by_all_numbers_of_the_table(write):
    thousands = HISTORY.replace(",90,12.5,", ',"1,090",12.5,').replace("C00090", "C01090")
    assert read(write(thousands)).strike.tolist() == [1090.0, 90.0]
    unclear = "type;expiry;date;strike;bid;ask\ncall;2031-03-21;2031-01-02;1,090;3;4\n"
    with pytest.raises(ChainError, match="'1,090' may be two numbers, and no cell tells"):
        read(write(unclear))


def test_one_time_does_not_stand_for_several_days(write):
    days = HISTORY.replace("01/02/2031,90,1.2", "01/13/2031,90,1.2")
    with pytest.raises(ChainError, match="quotes of 2 times, which --asof would make one"):
        read(write(days), asof=datetime.fromisoformat("2031-01-02T16:00-05:00"))


def test_an_underlying_with_numbers_is_the_spot(write):
    renamed = HISTORY.replace("UnderlyingSymbol", "Symbol").replace("UnderlyingPrice", "Underlying")
    quotes = read(write(renamed))
    assert (set(quotes.spot), set(quotes.root)) == ({101.5}, {"FRG"})


@pytest.mark.parametrize(
    "written",
    ["2031-01-02 15:30:00", "2031-01-02T15:30", "01/02/2031 3:30 PM", "02.01.2031 15:30",
     "2-Jan-2031 15:30:00.0", "20310102 153000"],
)  # fmt: skip
def test_times_without_a_zone_are_in_the_one_that_is_given(write, written):
    """15:30 in Berlin, and in New York, in winter."""
    path = write(HISTORY.replace("01/02/2031", written))
    assert set(read(path, zone="Europe/Berlin").quoted.tolist()) == {datetime(2031, 1, 2, 14, 30)}
    new_york = read(path, zone=ZoneInfo("America/New_York"))
    assert set(new_york.quoted.tolist()) == {datetime(2031, 1, 2, 20, 30)}
    assert "expiries are dates, settled as in New York" in new_york.notes[-1]


def test_expiries_with_a_time_of_day_are_in_the_zone_too_and_others_keep_their_own(write):
    timed = HISTORY.replace("01/02/2031", "2031-01-02 15:30Z").replace(
        "03/21/2031", "2031-03-21 17:30"
    )
    quotes = read(write(timed), zone="Europe/Berlin")
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 15, 30)}
    assert set(quotes.settled.tolist()) == {datetime(2031, 3, 21, 16, 30)}


def test_unix_times_are_read_by_their_digits(write):
    """1925134200 is 2031-01-02 15:30 in UTC."""
    for power in (0, 3, 6, 9):
        path = write(HISTORY.replace("01/02/2031", str(1925134200 * 10**power)))
        assert set(read(path).quoted.tolist()) == {datetime(2031, 1, 2, 15, 30)}
    midnight = str(np.datetime64("2031-03-21", "s").astype(int))
    quotes = read(write(HISTORY.replace("03/21/2031", midnight).replace("01/02", "01/13")))
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    assert np.isnat(quotes.settled).all()
    assert "expiries at 0:00 UTC are taken as dates" in quotes.notes


def test_a_time_of_day_in_a_column_of_its_own_belongs_to_the_date(write):
    timed = HISTORY.replace("OpenInterest", "OpenInterest,Time").replace(",40\n", ",40,10:45\n")
    path = write(timed.replace(",,\n", ",,,10:45\n"))
    with pytest.raises(ChainError, match="'01/02/2031 10:45' is not a time with its zone; --zone"):
        read(path)
    quotes = read(path, zone="America/New_York")
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 15, 45)}


def test_a_zone_that_is_unknown_or_of_no_use_is_refused(write, chain_text):
    with pytest.raises(ValueError, match="the time zone 'Middle/Earth' is unknown: write it as"):
        read(write(HISTORY), zone="Middle/Earth")
    with pytest.raises(ValueError, match="the reader 'cboe' has no use for --zone"):
        read(write(chain_text()), zone="Europe/Berlin")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_large_tables_are_read_like_small_ones(write, delimiter, monkeypatch):
    """By Arrow, where it sees the same cells: the numbers have blanks, spaces and exponents."""
    pytest.importorskip("pyarrow")
    text = HISTORY.replace("12.5,12.4", " 12.5 ,1.24e1").replace("1.3,,", "1.3,N/A,")
    text = (text + ",,,,,,,,,,,,\n").replace(",", delimiter)
    small = read(write(text))
    monkeypatch.setattr(table, "_LARGE", 1)
    monkeypatch.setattr(table, "read_rows", None)
    large = read(write(text))
    for name, values in small.columns().items():
        np.testing.assert_array_equal(getattr(large, name), values)


@pytest.mark.parametrize(
    "change",
    [
        ("FRG,101.5", 'FRG,"101.5"'),
        (",,\n", ",,,\n"),
        ("\n", "\r"),
        ("12.4", "12,4"),
        ("put", "sold"),
    ],
)
def test_what_arrow_might_see_otherwise_is_left_to_python(write, change, monkeypatch):
    pytest.importorskip("pyarrow")

    def found():
        try:
            return {name: its.tolist() for name, its in read(path).columns().items()}
        except ChainError as error:
            return str(error)

    path = write(HISTORY.replace(*change, 1))
    small = found()
    monkeypatch.setattr(table, "_LARGE", 1)
    assert repr(found()) == repr(small)


def test_parquet_is_read_with_its_types(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "cp": pyarrow.array(["C", "P"]).dictionary_encode(),
        "strike": pyarrow.array([90, 90]),
        "expiry": pyarrow.array([date(2031, 3, 21)] * 2),
        "timestamp": pyarrow.array(
            [datetime(2031, 1, 2, 15, 30)] * 2, pyarrow.timestamp("ns", "UTC")
        ),
        "bid": [12.4, None],
        "root": ["FRG", None],
    }
    path = tmp_path / "chain.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    quotes = read(path)
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [90.0, 90.0]
    assert set(quotes.expiry.tolist()) == {date(2031, 3, 21)}
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 15, 30)}
    np.testing.assert_array_equal(quotes.bid, [12.4, np.nan])
    assert quotes.root.tolist() == ["FRG", ""]
    columns["cp"] = ["C", "X"]
    parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(ChainError, match=r"parquet: row 2: 'X' is not a call or a put, column cp"):
        read(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ChainError, match="a damaged Parquet file"):
        read(path)


def test_roots_are_those_of_symbols_and_saturdays_are_their_fridays(write):
    weekly = HISTORY.replace("FRG310321", "FRGW310321").replace("call,03/21", "call,03/22")
    assert set(read(write(weekly)).root.tolist()) == {"FRGW"}
    assert set(read(write(weekly.replace("FRGW31", "O:FRGW31"))).root.tolist()) == {"FRGW"}
    own = read(write(weekly.replace("FRGW310321C00090000", "FRG call 90")))
    assert set(own.root.tolist()) == {"FRG"}


def test_a_ticker_of_every_option_is_no_root(write):
    quotes = read(write(COMMAS))
    assert quotes.symbol.tolist() == ["FRGU900", "FRGI900"]
    assert set(quotes.root.tolist()) == {""}
    shared = read(write(COMMAS.replace("FRGU900", "FRG").replace("FRGI900", "FRG")))
    assert set(shared.root.tolist()) == {"FRG"}


def test_strikes_in_thousandths_are_noticed_by_the_symbols(write):
    with pytest.raises(
        ChainError, match=r"1000 times those in the symbols .* --strike-scale 0.001"
    ):
        read(write(HISTORY.replace(",90,", ",90000,").replace("UnderlyingPrice", "x")))


@pytest.mark.parametrize(("times", "scale"), [(1000, "0.001"), (0.001, "1000")])
def test_strikes_in_another_unit_are_noticed_by_the_slope_of_the_prices(write, times, scale):
    """Calls worth what they are at 100, without a spot or a symbol to compare with."""
    rows = "".join(
        f"C,2031-03-21,2031-01-02,{strike * times:g},{bid},{bid + 0.2}\n"
        for strike, bid in ((90, 11.0), (95, 7.1), (100, 4.1), (105, 2.1), (110, 0.9))
    )
    path = write("cp_flag,exdate,date,strike_price,bid,ask\n" + rows)
    with pytest.raises(ChainError, match=rf"what their prices say .* --strike-scale {scale};"):
        read(path)
    assert read(path, strike_scale=float(scale)).strike.tolist() == [90, 95, 100, 105, 110]


def test_a_column_without_any_value_is_none(write):
    text = HISTORY.replace("Expiration", "Expiry_Date").replace("OpenInterest", "Expiry")
    quotes = read(write(text.replace(",40\n", ",\n")))
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}


@pytest.mark.parametrize(
    ("european", "american"), [("E", "A"), ("Europeia", "Americana"), ("european", "AMERICAN")]
)
def test_a_column_of_nothing_but_both_exercises_says_them(write, european, american):
    text = COMMAS.replace(";E;", f";{european};").replace(";A;", f";{american};")
    quotes = read(write(text))
    assert quotes.exercise.tolist() == ["european", "american"]
    assert "column mod says which options are American" in quotes.notes
    other = read(write(text.replace(f";{american};", ";X;")))
    assert other.exercise.tolist() == ["", ""]
    one = read(write(text.replace(f";{american};", f";{european};")))
    assert one.exercise.tolist() == ["", ""]  # which might say anything


SYMBOLS = """OptionSymbol,Type,Expiration,DataDate,Strike,Bid,Ask,UnderlyingPrice
ACME310507C00060000,call,{expiry},{day},60,3.0,3.2,61.3
ACME310507P00060000,put,{expiry},{day},60,1.7,1.9,61.3
"""


@pytest.mark.parametrize(
    ("expiry", "day"), [("05/07/2031", "04/01/2031"), ("07/05/2031", "01/04/2031")]
)
def test_symbols_tell_whether_days_or_months_come_first(tmp_path, expiry, day):
    file = tmp_path / "quotes.csv"
    file.write_text(SYMBOLS.format(expiry=expiry, day=day))
    quotes = read(file)
    assert set(quotes.expiry.astype(str)) == {"2031-05-07"}
    assert quotes.quoted[0] == np.datetime64("2031-04-01T20:00")  # the close in New York


def test_the_symbols_of_another_date_do_not_tell_it(tmp_path):
    file = tmp_path / "quotes.csv"
    file.write_text(SYMBOLS.format(expiry="06/08/2031", day="04/01/2031"))
    with pytest.raises(ChainError, match="may be a day or a month first"):
        read(file)


@pytest.mark.parametrize("name", ["observedAt", "quoted_at", "snapshot_time", "as_of"])
def test_the_time_of_the_quotes_has_many_names(tmp_path, name):
    file = tmp_path / "quotes.csv"
    file.write_text(
        f"{name},expiry,optionType,strike,bid,ask\n2031-03-20T15:30:00Z,2031-06-19,PUT,65,1,2\n"
    )
    assert read(file).quoted[0] == np.datetime64("2031-03-20T15:30")


def test_a_per_cent_sign_says_that_volatilities_are_in_per_cent(tmp_path):
    file = tmp_path / "quotes.csv"
    file.write_text(
        "date;symbol;exp;c/p;strike;bid;offer;impl_vol\n"
        "13.01.2031;SPY;17.01.2031;C;100,0;2,4;2,6;25,5%\n"
        "13.01.2031;SPY;17.01.2031;P;100,0;1,0;1,2; \n"
    )
    quotes = read(file)
    assert quotes.vendor_iv.tolist() == pytest.approx([0.255, math.nan], nan_ok=True)
    assert quotes.ask.tolist() == [2.6, 1.2]


def test_a_sign_in_some_cells_alone_is_refused(tmp_path):
    file = tmp_path / "quotes.csv"
    file.write_text(
        "date,symbol,exp,c/p,strike,bid,offer,iv\n"
        "2031-01-13,SPY,2031-01-17,C,100,2.4,2.6,25.5%\n"
        "2031-01-13,SPY,2031-01-17,P,100,1.0,1.2,0.25\n"
    )
    with pytest.raises(ChainError, match=r"line 2: '25.5%' is not a number, column iv"):
        read(file)


def test_nulls_in_columns_of_text_are_blank(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = pyarrow.table(
        {
            "date": ["2031-01-03"] * 2,
            "expiry": ["01/17/2031"] * 2,
            "option_symbol": [None, "ACME310117P00100000"],
            "type": ["C", "P"],
            "strike": [100.0, 100.0],
            "bid": [2.4, None],
            "ask": [2.6, 1.2],
            "iv": [None, "25%"],
        }
    )
    parquet.write_table(rows, tmp_path / "quotes.parquet")
    quotes = read(tmp_path / "quotes.parquet")
    assert quotes.vendor_iv.tolist() == pytest.approx([math.nan, 0.25], nan_ok=True)
    assert quotes.bid.tolist() == pytest.approx([2.4, math.nan], nan_ok=True)
    assert quotes.symbol.tolist() == ["", "ACME310117P00100000"]
