"""Option chains of the National Stock Exchange of India, and of pages laid out like its own."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "nse_tcs.csv"
NAME = "option-chain-ED-NIFTY-27-Mar-2031 (1).csv"
QUOTED = datetime.fromisoformat("2031-03-21T11:00+05:30")
SETTLED = datetime(2031, 3, 27, 10)  # 15:30 in India, in UTC
LINES = (
    "CALLS,,PUTS",
    ",OI,CHNG IN OI,VOLUME,IV,LTP,CHNG,BID QTY,BID,ASK,ASK QTY,STRIKE,"
    "BID QTY,BID,ASK,ASK QTY,CHNG,LTP,IV,VOLUME,CHNG IN OI,OI,",
    ',434,13,-,10.69,"1,011.00",68.30,65,"1,012.00","1,016.25",65,"1,23,000.00",'
    '"1,950",6.55,6.60,"1,430",-3.15,6.55,13.31,"12,17,406","7,431","19,368",',
    ',-,-,-,-,-,-,65,-,-,65,"1,24,000.00","1,950",40.25,41.00,65,-,-,14.5,-,-,-,',
)
PAGE = (
    "# Symbol: FRG",
    "# Downloaded: 22/3/2031, 12:45:04 pm",
    "",
    "Calls,,,,,Puts,,,",
    "Delta,Ask IV %,Bid %,Ask,Bid,Strike,IV,Bid,Ask",
    "March 27 5 DTE,,,,,,,,",
    '0.91,—,5.85%,169.20,167.50,"2,400",31.46%,5.80,5.95',
    '"FRG 2,581.50 INR +4.60 +0.18%",,,,,,,,',
    '0.10,—,0.85%,2.75,2.65,"2,780",25.72%,202.50,236.70',
    "April 3 12 DTE,,,,,,,,",
    '0.80,—,6.20%,—,−,"2,420",30.29%,7.00,7.15',
)


def text(lines=LINES):
    return "\r\n".join((*lines, ""))


def side(strike, **changes):
    return {
        "strikePrice": strike,
        "expiryDate": "27-Mar-2031",
        "underlying": "NIFTY",
        "identifier": f"OPTIDXNIFTY27-03-2031{strike}",
        "openInterest": 41673,
        "totalTradedVolume": 12,
        "impliedVolatility": 19.5,
        "lastPrice": 76.65,
        "bidQty": 675,
        "bidprice": 75.8,
        "askPrice": 76.8,
        "underlyingValue": 24010.5,
        **changes,
    }


def answer(*pairs, **changes):
    data = [{"strikePrice": 24000, "expiryDate": "27-Mar-2031", **pair} for pair in pairs]
    records = {"data": data, "timestamp": "21-Mar-2031 11:00:00", "underlyingValue": 24010.5}
    return json.dumps({"records": records | changes, "filtered": {"data": data}})


def test_csv_has_a_call_and_a_put_on_every_line(write):
    quotes = read(write(text(), NAME), asof=QUOTED)
    assert quotes.kind.tolist() == [1, 1, -1, -1]
    assert quotes.strike.tolist() == [123000.0, 124000.0] * 2
    np.testing.assert_array_equal(quotes.bid, [1012.0, np.nan, 6.55, 40.25])
    np.testing.assert_array_equal(quotes.ask, [1016.25, np.nan, 6.6, 41.0])
    np.testing.assert_array_equal(quotes.last, [1011.0, np.nan, 6.55, np.nan])
    np.testing.assert_allclose(quotes.vendor_iv, [0.1069, np.nan, 0.1331, 0.145], rtol=1e-14)
    np.testing.assert_array_equal(quotes.volume, [np.nan, np.nan, 1217406.0, np.nan])
    np.testing.assert_array_equal(quotes.open_interest, [434.0, np.nan, 19368.0, np.nan])
    assert set(quotes.settled.tolist()) == {SETTLED}
    assert (set(quotes.root), set(quotes.currency)) == ({"NIFTY"}, {"INR"})
    assert set(quotes.exercise) == {"european"}


def test_puts_may_be_on_the_left(write):
    turned = text(("PUTS,,CALLS", *LINES[1:]))
    assert read(write(turned, NAME), asof=QUOTED).kind.tolist() == [1, 1, -1, -1]
    assert read(write(turned, NAME), asof=QUOTED).bid[0] == 6.55


def test_csv_says_neither_its_time_nor_beside_its_name_its_expiry(write):
    with pytest.raises(ChainError, match="no time of the quotes; give it with --asof"):
        read(write(text(), NAME))
    with pytest.raises(ChainError, match="into the name of the file alone, as in option-chain"):
        read(write(text(), "chain.csv"), asof=QUOTED)


def test_a_page_says_expiry_and_underlying_between_its_rows(write):
    """Saved on a Saturday, so that its quotes are of Friday's close."""
    quotes = read(write(text(PAGE)))
    assert quotes.kind.tolist() == [1, 1, 1, -1, -1, -1]
    assert quotes.strike.tolist() == [2400.0, 2780.0, 2420.0] * 2
    days = ["2031-03-27", "2031-03-27", "2031-04-03"] * 2
    assert quotes.expiry.astype(str).tolist() == days
    np.testing.assert_array_equal(quotes.bid, [167.5, 2.65, np.nan, 5.8, 202.5, 7.0])
    np.testing.assert_array_equal(quotes.ask, [169.2, 2.75, np.nan, 5.95, 236.7, 7.15])
    volatilities = [0.3146, 0.2572, 0.3029] * 2  # the one beside the strike is that of both
    np.testing.assert_allclose(quotes.vendor_iv, volatilities, rtol=1e-14)
    assert (set(quotes.spot), quotes.name) == ({2581.5}, "FRG")
    assert quotes.local(quotes.quoted[0]).isoformat() == "2031-03-21T15:30:00+05:30"
    assert quotes.notes == (
        "downloaded 2031-03-22 12:45, taken to be quoted 2031-03-21 15:30 in India; "
        "--asof says another",
    )


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("21/3/2031, 12:45:04 pm", "2031-03-21T12:45:04"),
        ("3/21/2031, 12:45:04 PM", "2031-03-21T12:45:04"),
        ("21/3/2031, 18:00:00", "2031-03-21T15:30:00"),
        ("24/3/2031, 8:00:00 am", "2031-03-21T15:30:00"),
    ],
)
def test_days_to_expiry_say_whether_day_or_month_came_first(written, quoted, write):
    days = 6 if written.startswith(("21", "3/21")) else 3
    page = text((*PAGE[:6], *PAGE[6:9])).replace("22/3/2031, 12:45:04 pm", written)
    quotes = read(write(page.replace("27 5 DTE", f"27 {days} DTE")))
    assert quotes.local(quotes.quoted[0]).isoformat() == f"{quoted}+05:30"


def test_json_has_calls_and_puts_of_every_strike(write):
    pairs = (
        {"CE": side(24000), "PE": side(24000, impliedVolatility=0, bidprice=0)},
        {"PE": side(24100, expiryDate="03-04-2031")},
    )
    quotes = read(write(answer(*pairs), "nifty.json"))
    assert quotes.kind.tolist() == [1, -1, -1]
    assert quotes.strike.tolist() == [24000.0, 24000.0, 24100.0]
    assert quotes.expiry.astype(str).tolist() == ["2031-03-27", "2031-03-27", "2031-04-03"]
    assert quotes.settled.tolist()[0] == SETTLED
    assert quotes.local(quotes.quoted[0]) == QUOTED
    assert quotes.bid.tolist() == [75.8, 0.0, 75.8]
    np.testing.assert_allclose(quotes.vendor_iv, [0.195, 0.0, 0.195], rtol=1e-14)
    assert set(quotes.spot) == {24010.5}
    renamed = answer(*pairs).replace("bidprice", "buyPrice1").replace("askPrice", "sellPrice1")
    assert read(write(renamed, "nifty.json")).bid.tolist() == [75.8, 0.0, 75.8]


REFUSALS = {
    "a word": (
        text(LINES).replace("6.55,6.60", "six,6.60"),
        "line 3: 'six' is not a number, .*BID",
    ),
    "odd commas": (text(LINES).replace("1,012.00", "1,01,2.00"), "line 3: '1,01,2.00' is not"),
    "no strike": (text(LINES).replace('"1,24,000.00"', "-"), "line 4: no strike"),
    "no asks": (text(LINES).replace("BID,ASK,ASK", "BID,ASKED,ASK", 1), "line 2: no column ask of"),
    "cut off": (text(LINES)[:-60], "line 4: the file is cut off: 9 fields where"),
    "no rows": (text(LINES[:2]), "a header on line 2, but no options below it"),
    "a remark": (text((*LINES, ",,,,,,,,,,,Total" + 11 * ",")), "line 5: 'Total' is no option"),
    "no sides": (
        "CALLS,,PUTS\nBID,ASK\n1,2\n",
        "no line with Calls and Puts above one with Strike",
    ),
    "wrong days": (
        text(PAGE).replace("27 5 DTE", "27 9 DTE"),
        "line 6: days to expiry that are not",
    ),
    "elsewhere": (
        text(PAGE).replace(" INR ", " USD "),
        "line 8: FRG is in USD, not listed in India",
    ),
    "no pairs": (answer(), "no CE and no PE in records.data"),
    "no data": ('{"records": {"strikePrice": 1}, "CE": 2}', "no list of options in records.data"),
    "bad number": (
        answer({"PE": side(24000, bidprice="x")}),
        "records.data 1, PE: bidprice 'x' is",
    ),
    "bad date": (
        answer({"PE": side(1, expiryDate="soon")}),
        "records.data 1, PE: expiryDate 'soon'",
    ),
    "no strikes": (answer({"PE": side(None)}), "records.data 1, PE: no strikePrice"),
    "no time": (answer({"PE": side(1)}, timestamp=""), "records.timestamp; give it with --asof"),
    "cut JSON": (answer({"PE": side(1)})[:-40], "line 1, column .*: no JSON, or cut off"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_its_place(case, write):
    content, message = REFUSALS[case]
    path = write(content, "option-chain-ED-NIFTY-27-Mar-2031.csv")
    asof = QUOTED if content.startswith("CALLS") else None
    with pytest.raises(ChainError, match=message) as caught:
        read(path, format="nse", asof=asof)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.skipif(not SHARED.is_file(), reason="the file is not here")
def test_a_real_page_is_read_and_inverted():
    """Its volatilities are those of puts and calls out of the money at the spot."""
    quotes = read(SHARED)
    assert len(quotes) == 40
    priced = price(read(SHARED, forward=2581.5, rate=0.0))
    money = np.where(quotes.kind > 0, quotes.strike >= 2581.5, quotes.strike < 2581.5)
    assert np.nanmedian(np.abs(priced.implied.difference["volatility"][money])) < 0.005
