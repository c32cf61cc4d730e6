"""Chains that yfinance has fetched, saved as CSV."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

HEADER = (
    "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,change,percentChange,volume,"
    "openInterest,impliedVolatility,inTheMoney,contractSize,currency"
)
ROWS = (
    "FRG310321C00090000,2031-01-02 15:30:11+00:00,90.0,12.5,12.4,12.7,0.1,0.8,,1.0,0.31,True,"
    "REGULAR,USD",
    "FRG310321P00090000,2031-01-02 20:59:58+00:00,90.0,1.2,1.1,1.3,0.0,0.0,12.0,40.0,0.29,False,"
    "REGULAR,USD",
    "FRG1310321C00007500,,7.5,,0.0,0.0,,,,,1e-05,False,MINI,CAD",
)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "yfinance_aapl.csv"


def text(rows=ROWS, header=HEADER):
    return "\n".join((header, *rows, ""))


def test_every_row_is_an_option_as_its_symbol_says(write):
    quotes = read(write(text()))
    assert quotes.root.tolist() == ["FRG", "FRG", "FRG1"]
    assert quotes.kind.tolist() == [1, -1, 1]
    assert quotes.strike.tolist() == [90.0, 90.0, 7.5]
    assert set(quotes.expiry) == {np.datetime64("2031-03-21")}
    assert np.isnat(quotes.settled).all()
    np.testing.assert_array_equal(quotes.bid, [12.4, 1.1, 0.0])
    np.testing.assert_array_equal(quotes.ask, [12.7, 1.3, 0.0])
    np.testing.assert_array_equal(quotes.last, [12.5, 1.2, np.nan])
    np.testing.assert_array_equal(quotes.volume, [np.nan, 12.0, np.nan])
    np.testing.assert_array_equal(quotes.open_interest, [1.0, 40.0, np.nan])
    np.testing.assert_array_equal(quotes.vendor_iv, [0.31, 0.29, 1e-05])
    np.testing.assert_array_equal(quotes.multiplier, [100.0, 100.0, np.nan])
    assert quotes.currency.tolist() == ["USD", "USD", "CAD"]
    assert np.isnan(quotes.spot).all()
    assert quotes.name == "FRG, FRG1"


def test_the_time_is_that_of_the_newest_trade_and_a_note_says_so(write):
    quotes = read(write(text()))
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 20, 59, 58)}
    (note,) = quotes.notes
    assert "newest trade, 2031-01-02T20:59:58Z; --asof says another" in note
    assert price(quotes).remarks[0] == note


def test_asof_says_the_time_and_then_there_is_nothing_to_note(write):
    when = datetime.fromisoformat("2031-01-02T16:00-05:00")
    quotes = read(write(text()), asof=when)
    assert set(quotes.quoted.tolist()) == {datetime(2031, 1, 2, 21, 0)}
    assert quotes.local(quotes.quoted[0]).isoformat() == "2031-01-02T16:00:00-05:00"
    assert quotes.notes == ()
    with pytest.raises(ChainError, match="no time in lastTradeDate; give one with --asof"):
        read(write(text(rows=ROWS[2:])))
    assert len(read(write(text(rows=ROWS[2:])), asof=when)) == 1


def test_columns_may_come_in_another_order_with_others_between_and_be_renamed(write):
    plain = read(write(text()))
    rows = [line.split(",") for line in text().splitlines()]
    turned = "\n".join(",".join((str(place), *row[::-1])) for place, row in enumerate(rows))
    assert read(write(turned)).bid.tolist() == plain.bid.tolist()
    renamed = write(text().replace(",bid,", ",Best Bid,"))
    with pytest.raises(ChainError, match="line 1: no column bid; found contractSymbol, lastTrade"):
        read(renamed)
    assert read(renamed, map={"bid": "Best Bid"}).bid.tolist() == plain.bid.tolist()
    with pytest.raises(ChainError, match="line 1: no column Worst, as --map has it"):
        read(renamed, map={"bid": "Worst"})


def test_names_of_columns_may_be_in_capitals(write):
    quotes = read(write(text(header=HEADER.upper())))
    assert quotes.currency.tolist() == ["USD", "USD", "CAD"]
    np.testing.assert_array_equal(quotes.multiplier, [100.0, 100.0, np.nan])


REFUSALS = {
    "no symbol": (("FRG310321P00090000", "FRG"), "line 3: 'FRG' is not an OSI symbol"),
    "other strike": (("58+00:00,90.0", "58+00:00,95.0"), "line 3: strike and symbol differ"),
    "word": ((",1.1,", ",one,"), "line 3: 'one' is not a number, column bid"),
    "time without zone": (("58+00:00", "58"), "line 3: .*, column lastTradeDate"),
    "short row": ((",False,REGULAR,USD", ",False"), "line 3: 12 fields where 14 are needed"),
    "two bids": ((",ask,", ",bid,"), "line 1: two columns bid"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    change, message = REFUSALS[case]
    path = write(text().replace(*change))
    with pytest.raises(ChainError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_a_real_chain_is_read_and_its_spot_found():
    """Apple closed at 255.46 on 26 September 2025."""
    quotes = read(SHARED)
    assert len(quotes) == 2122
    priced = price(quotes, american_roots=())
    assert np.isfinite(priced.fit.forward).all()
    assert priced.fit.forward[0] == pytest.approx(255.46 * 1.0008, rel=5e-4)
