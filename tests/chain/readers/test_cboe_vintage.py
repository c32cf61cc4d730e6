"""Cboe's files of former years, and what spreadsheets make of their dates."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, price, read

FILES = Path(__file__).resolve().parents[4] / "shared" / "data" / "files"

TITLE = (
    "FRG (FORGE, INC),101.25,-0.50,",
    "Jun 03 2013 @ 14:31 ET,Bid,101.2,Ask,101.3,Size,2x1,Vol,8,",
)
HEADER = "Calls,Last Sale,Net,Bid,Ask,Vol,Open Int,Puts,Last Sale,Net,Bid,Ask,Vol,Open Int,"
WHOLE = (
    "13 Jun 100.00 (FRG1321F100),2.5,+1.0,2.4,2.6,5,7,"
    "13 Jun 100.00 (FRG1321R100),1.0,-0.1,1.1,1.3,6,8,"
)
SINGLE = (
    "13 Jun 100.00 (FRG1321F100-A),2.5,0.0,2.3,2.7,1,7,"
    "13 Jun 100.00 (FRG1321R100-A),1.0,0.0,1.0,1.5,2,8,"
)
# Two exchanges, none for all: the best are 4.1 and 4.4, and a put without a bid.
ALONE = (
    "14 Jan 97.50 (FRG71418A97.5-B),4.2,0.0,4.1,4.6,1,9,"
    "14 Jan 97.50 (FRG71418M97.5-B),0.2,0.0,0,0.3,2,4,",
    "14 Jan 97.50 (FRG71418A97.5-E),4.2,0.0,3.9,4.4,1,9,"
    "14 Jan 97.50 (FRG71418M97.5-E),0.2,0.0,0,0.25,2,4,",
    "14 Jan 97.50 (FRG71418A97.5-TEST),4.2,0.0,9,0.1,1,9,"
    "14 Jan 97.50 (FRG71418M97.5-TEST),0.2,0.0,9,0.1,2,4,",
)


def text(*rows, title=TITLE, header=HEADER):
    return "\n".join((*title, header, *rows, ""))


def test_a_contract_is_what_its_short_symbol_says(write):
    quotes = read(write(text(WHOLE)))
    assert quotes.name == "FRG (FORGE INC)"
    assert set(quotes.spot) == {101.25}
    assert quotes.local(quotes.quoted[0]).isoformat() == "2013-06-03T14:31:00-04:00"
    assert quotes.symbol.tolist() == ["FRG1321F100", "FRG1321R100"]
    assert quotes.root.tolist() == ["FRG", "FRG"]
    assert set(quotes.expiry.tolist()) == {datetime(2013, 6, 21).date()}
    assert quotes.kind.tolist() == [1, -1]
    assert quotes.strike.tolist() == [100, 100]
    assert quotes.last.tolist() == [2.5, 1.0]
    assert quotes.bid.tolist() == [2.4, 1.1]
    assert quotes.ask.tolist() == [2.6, 1.3]
    assert quotes.volume.tolist() == [5, 6]
    assert quotes.open_interest.tolist() == [7, 8]
    assert np.isnan(quotes.vendor_iv).all()
    assert quotes.notes == ()


def test_an_expiry_on_a_saturday_settles_on_the_friday_before(write):
    quotes = read(write(text(WHOLE.replace("1321", "1322"))))
    assert set(quotes.expiry.tolist()) == {datetime(2013, 6, 21).date()}


def test_quotes_of_single_exchanges_are_left_out_beside_that_of_all(write):
    quotes = read(write(text(SINGLE, WHOLE, SINGLE.replace("-A)", "-TEST)"))))
    assert quotes.bid.tolist() == [2.4, 1.1]
    assert quotes.notes == ("4 quotes of single exchanges stand beside the best: left out",)


def test_without_a_quote_of_all_exchanges_it_is_the_best_of_the_single_ones(write):
    quotes = read(write(text(WHOLE, *ALONE)))
    assert quotes.root.tolist() == ["FRG", "FRG", "FRG7", "FRG7"]
    assert quotes.strike.tolist() == [100, 100, 97.5, 97.5]
    assert quotes.bid.tolist() == [2.4, 1.1, 4.1, 0.0]
    assert quotes.ask.tolist() == [2.6, 1.3, 4.4, 0.25]
    assert "have the best of single ones" in quotes.notes[-1]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_in_the_place_of_the_spaces_make_no_difference(separator, write):
    plain = read(write(text(WHOLE, *ALONE)))
    mangled = text(WHOLE, *ALONE).replace(" ", ",").replace(",,", ",").replace(",", separator)
    again = read(write(mangled))
    assert again.name == plain.name
    for name, values in plain.columns().items():
        np.testing.assert_array_equal(again.columns()[name], values, err_msg=name)


REFUSALS = {
    "no rows": (lambda text: text[: text.index("13 Jun")], "line 3, but no options below it"),
    "word": (
        lambda text: text.replace(",1.3,", ",one,"),
        "line 4: 'one' is not a number, column Ask of the put",
    ),
    "cut off": (lambda text: text[:-20], "line 4: the file is cut off: 1[0-9] words where 20"),
    "put on the left": (
        lambda text: text.replace("F100", "R100"),
        r"line 4: '\(FRG1321R100\)' is not a symbol .* of a call, column symbol of the call",
    ),
    "no such day": (lambda text: text.replace("1321F", "1331F"), "line 4: .* is not a symbol"),
    "other strike": (lambda text: text.replace("F100", "F105"), "line 4: strike and symbol differ"),
    "other month": (lambda text: text.replace("F100", "E100"), "line 4: month and symbol differ"),
    "no time": (lambda text: text.replace("Jun 03 2013", "now"), "line 2: .*; give it with --asof"),
    "no title": (lambda text: text[text.index("Calls") :], "time of the quotes unknown.*--asof"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_is_refused_with_line_and_column(case, write):
    damage, message = REFUSALS[case]
    path = write(damage(text(WHOLE)))
    with pytest.raises(ChainError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


TITLES = {
    "^FRG (Forge Index),1101.25,-0.5": "^FRG (Forge Index)",
    '"FRG (Forge, Inc.)","1,101.25",-0.5': "FRG (Forge, Inc.)",
    "FRG (Forge (The) Inc.);1.101,25;-0,5": "FRG (Forge (The) Inc.)",
}


@pytest.mark.parametrize("title", TITLES)
def test_name_and_spot_are_read_from_the_title_of_2018_to_2020(title, chain_text, write):
    content = chain_text(preamble=(title, "Sep 14 2023 @ 16:31 ET,Bid,1,Ask,2,Size,2x1,Vol,3"))
    if ";" in title:
        head, rows = content.split("Expiration")
        content = head + ("Expiration" + rows).replace(",", ";").replace(".", ",")
    quotes = read(write(content))
    assert quotes.name == TITLES[title]
    assert set(quotes.spot) == {1101.25}
    assert quotes.local(quotes.quoted[0]).isoformat() == "2023-09-14T16:31:00-04:00"


@pytest.mark.parametrize(
    "written",
    ["03/11/2023", "11/03/2023", "3/11/23", "3-Nov-23", "03-Nov-2023", "3.11.2023", "20231103"],
)
def test_expiries_that_a_spreadsheet_has_saved_are_read_as_their_symbols_are(
    written, chain_text, write
):
    renamed = chain_text().replace("231020", "231103").replace("Fri Oct 20 2023", written)
    assert set(read(write(renamed)).expiry.tolist()) == {datetime(2023, 11, 3).date()}
    with pytest.raises(ChainError, match="line 5: expiration date and symbol differ"):
        read(write(renamed.replace("W231103", "W231110")))


@pytest.mark.skipif(not FILES.is_dir(), reason="the files are not here")
def test_real_files_of_2017_and_2019_are_read():
    old = price(read(FILES / "cboe_aapl_2017_vintage.dat"))
    assert old.quotes.spot[0] == 157.37
    assert len(old.quotes) == 42
    assert np.isfinite(old.fit.forward).all()
    newer = price(read(FILES / "cboe_aapl_2019.dat"))
    assert newer.quotes.name == "AAPL (Apple Inc.)"
    assert newer.quotes.spot[0] == 202.63
    assert newer.inside_share > 0.95
