"""Quote files are read whatever browsers and spreadsheets did to them, or refused in one line."""

import re
import time
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from quantforge.chain import SAMPLE, ChainError, Options, read
from quantforge.chain.readers import cboe

EDT = timezone(timedelta(hours=-4))


def columns(chain):
    """Everything of a chain but its source, for comparison."""
    names = (name for name in chain.__slots__ if name != "source")
    return {name: np.asarray(getattr(chain, name)) for name in names}


def assert_same_chain(first, second):
    for name, values in columns(first).items():
        np.testing.assert_array_equal(values, columns(second)[name], err_msg=name)


@pytest.fixture
def plain(chain_text, write):
    return read(write(chain_text(), "plain.csv"))


def test_calls_and_puts_take_their_own_columns_though_these_share_names(plain):
    assert plain.name == "Forge Index"
    assert set(plain.spot) == {100.5}
    assert set(plain.quoted) == {np.datetime64("2023-09-14T20:31:00")}
    assert plain.local(plain.quoted[0]) == datetime(2023, 9, 14, 16, 31, tzinfo=EDT)
    assert plain.symbol.tolist()[2:4] == ["SPXW231020C00100000", "SPXW231020P00100000"]
    assert set(plain.root) == {"SPXW"}
    assert set(plain.expiry) == {np.datetime64("2023-10-20")}
    assert plain.kind.tolist() == [1, -1, 1, -1, 1, -1]
    assert plain.strike.tolist() == [90, 90, 100, 100, 110, 110]
    assert plain.bid.tolist() == [11.8, 0.91, 4.4, 3.41, 1.1, 10.01]
    assert plain.ask.tolist() == [12.0, 1.11, 4.6, 3.61, 1.3, 10.21]
    assert plain.last.tolist() == [10.9, 1, 4, 3.5, 1, 10]
    assert plain.vendor_iv.tolist() == [0.3, 0.31, 0.25, 0.26, 0.22, 0.23]
    assert plain.vendor_delta.tolist() == [0.9, -0.1, 0.5, -0.5, 0.1, -0.9]
    assert plain.vendor_gamma.tolist() == [0.01, 0.01, 0.03, 0.03, 0.02, 0.02]
    assert plain.volume.tolist() == [5, 6, 1250, 0, 0, 3]
    assert plain.open_interest.tolist() == [7, 8, 9, 10, 0, 2]


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_every_encoding_gives_the_same_chain(plain, chain_text, write, encoding):
    assert_same_chain(read(write(chain_text(), encoding=encoding)), plain)


def test_latin_1_names_are_read(chain_text, write):
    preamble = ("", "Société Générale,Last: 100.50", "Date: September 14, 2023 at 4:31 PM EDT")
    path = write(chain_text(preamble=preamble), encoding="latin-1")
    assert read(path).name == "Société Générale"


def test_line_ends_and_empty_lines_do_not_matter(plain, chain_text, write):
    text = "\n\n \n" + chain_text().replace("\n", "\r\n") + "\r\n \r\n"
    assert_same_chain(read(write(text)), plain)
    assert_same_chain(read(write(chain_text().replace("\n", "\r"))), plain)


def test_a_last_row_without_line_end_is_read(plain, chain_text, write):
    assert_same_chain(read(write(chain_text().rstrip("\n"))), plain)


def test_the_header_may_be_quoted_and_spelled_in_other_ways(plain, chain_text, write):
    text = chain_text()
    header = text.splitlines()[3]
    quoted = ",".join(f'"{name}"' for name in header.split(","))
    assert_same_chain(read(write(text.replace(header, quoted))), plain)
    loud = header.upper().replace("LAST SALE", " last_sale ").replace("IV", "Implied Volatility")
    assert_same_chain(read(write(text.replace(header, loud))), plain)
    numbered = re.sub(r"(Puts.*)", lambda m: m[1].replace(",", ".1,") + ".1", header)
    assert_same_chain(read(write(text.replace(header, numbered))), plain)


def test_columns_may_come_in_any_order(plain, chain_text, write):
    lines = [line.split(",") for line in chain_text().splitlines()[3:]]
    puts_first = [
        ",".join([row[11], *row[12:], *reversed(row[2:11]), row[1], row[0]]) for row in lines
    ]
    path = write(chain_text(header=puts_first[0], rows=puts_first[1:]))
    assert_same_chain(read(path), plain)


def test_columns_that_the_pricing_does_not_need_may_be_missing(plain, chain_text, write):
    keep = [0, 1, 4, 5, 7, 11, 12, 15, 16, 18]
    lines = [line.split(",") for line in chain_text().splitlines()[3:]]
    short = [",".join(row[place] for place in keep) for row in lines]
    chain = read(write(chain_text(header=short[0], rows=short[1:])))
    np.testing.assert_array_equal(chain.bid, plain.bid)
    np.testing.assert_array_equal(chain.vendor_iv, plain.vendor_iv)
    assert np.isnan(chain.vendor_delta).all()
    assert np.isnan(chain.open_interest).all()


def german(text):
    """The file as a German spreadsheet saves it."""
    preamble, rows = text.splitlines()[:3], text.splitlines()[3:]
    rows = [row.replace(",", ";").replace(".", ",").replace(";1250;", ";1.250;") for row in rows]
    first = "Forge Index;Last: 100,50;Change:  0,25"
    return "\n".join((preamble[0], first, preamble[2].replace(",Bid", ";Bid"), *rows, ""))


def test_semicolons_and_decimal_commas_are_read(plain, chain_text, write):
    assert_same_chain(read(write(german(chain_text()))), plain)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_whole_strikes_leave_no_doubt_about_decimal_commas(plain, chain_text, write, delimiter):
    text = german(chain_text())
    for strike in ("90", "100", "110"):
        text = text.replace(f";{strike},00;", f";{strike};")
    assert_same_chain(read(write(text.replace(";", delimiter))), plain)


def test_three_digits_after_a_comma_are_thousands_between_commas_and_decimals_between_semicolons(
    chain_text, write
):
    rows = [re.sub(r"(\d)\.\d+", r"\1", row) for row in chain_text().splitlines()[4:]]
    american = chain_text(rows=rows).replace(",1250,", ',"1,250",')
    assert read(write(american)).volume[2] == 1250.0
    continental = chain_text(rows=rows).replace(",", ";").replace("1250", "1,250")
    preamble = {1: "Forge Index;Last: 100", 2: "Date: September 14 2023 at 4:31 PM EDT"}
    lines = [preamble.get(place, line) for place, line in enumerate(continental.split("\n"))]
    assert read(write("\n".join(lines))).volume[2] == 1.25


def test_semicolons_with_decimal_points_and_tabs_are_read(plain, chain_text, write):
    head = chain_text().splitlines()[:3]
    for delimiter in (";", "\t", "|"):
        rows = [row.replace(",", delimiter) for row in chain_text().splitlines()[3:]]
        assert_same_chain(read(write("\n".join((*head, *rows, "")))), plain)


def test_thousands_separators_are_read(plain, chain_text, write):
    for grouped in ('"1,250"', "1'250", "1\xa0250"):
        text = chain_text().replace(",1250,", f",{grouped},")
        assert_same_chain(read(write(text)), plain)


def test_blank_cells_are_missing_values(chain_text, write):
    rows = chain_text().splitlines()[4:]
    rows[1] = rows[1].replace("4.4,4.6", ",--").replace("3.5,0", "N/A,0")
    chain = read(write(chain_text(rows=rows)))
    assert np.isnan(chain.bid[2])
    assert np.isnan(chain.ask[2])
    assert np.isnan(chain.last[3])
    assert chain.bid[3] == 3.41


def test_a_name_with_commas_is_kept_whole(chain_text, write):
    for line in ('"Forge, Inc., Class A",Last: 100.50', "Forge, Inc., Class A,Last: 100.50"):
        preamble = ("", line, "Date: September 14, 2023 at 4:31 PM EDT")
        assert read(write(chain_text(preamble=preamble))).name == "Forge, Inc., Class A"


def test_asof_replaces_the_time_of_the_file(chain_text, write):
    when = datetime(2023, 9, 15, 9, 0, tzinfo=EDT)
    path = write(chain_text(preamble=("Forge Index,Last: 100.50", "no time at all")))
    assert set(read(path, asof=when).quoted) == {np.datetime64("2023-09-15T13:00:00")}
    with pytest.raises(ChainError, match=r"time of the quotes unknown.*--asof"):
        read(path)


def test_the_sample_is_read():
    chain = read(SAMPLE)
    assert chain.name == "QuantForge Sample Index, invented"
    assert set(chain.root) == {"SPX", "SPXW"}


REFUSALS = {
    "empty": (lambda text: "", "the file is empty"),
    "blank": (lambda text: "\n \n\t\n", "the file is empty"),
    "no chain": (lambda text: "name,price\nfoo,1\n", "not an option chain"),
    "no rows": (lambda text: text[: text.index("Fri Oct")], "line 4, but no options"),
    "cut in a row": (
        lambda text: text[:-60],
        "line 7: the file is cut off: 1[0-9] fields where 22",
    ),
    "cut before the last field": (lambda text: text[:-2], "line 7: the file is cut off"),
    "short row": (lambda text: text.replace(",0.03,9,", ",9,"), "line 6: 21 fields where 22"),
    "word for a number": (
        lambda text: text.replace("4.6", "four"),
        "line 6: 'four' is not a number, column Ask",
    ),
    "call as put": (
        lambda text: text.replace("SPXW231020P00100000", "SPXW231020C00100000"),
        "line 6: 'SPXW231020C00100000' is not the symbol of a put",
    ),
    "other strike in the symbol": (
        lambda text: text.replace(",100.00,", ",105.00,"),
        "line 6: strike and symbol differ",
    ),
    "no pair": (
        lambda text: text.replace("SPXW231020P00100000", "SPXW231020P00105000"),
        "line 6: call and put differ",
    ),
    "no date": (lambda text: text.replace("Fri Oct 20", "Frx Oxt 20", 1), "line 5: .* not a date"),
    "impossible date in the symbols": (
        lambda text: text.replace("231020", "231320"),
        "line 5: 'SPXW231320C00090000' is not the symbol of a call",
    ),
    "other date in the symbol": (
        lambda text: text.replace("Fri Oct 20", "Fri Oct 27", 1),
        "line 5: expiration date and symbol differ",
    ),
    "no bid": (lambda text: text.replace("Bid,", "Bud,"), "line 4: 0 columns bid"),
    "three bids": (lambda text: text.replace("Net,Bid", "Bid,Bid", 1), "line 4: 3 columns bid"),
    "no expiry": (lambda text: text.replace("Expiration", "Expedition"), "line 4: no column"),
    "two strikes": (lambda text: text.replace("Net", "Strike", 1), "line 4: two columns strike"),
    "unreadable time": (
        lambda text: text.replace("September", "Brumaire"),
        "time of the quotes unknown: line 3: .* holds no date; give it with --asof",
    ),
    "unknown zone": (lambda text: text.replace("EDT", "XYZ"), "line 3: the time zone 'xyz'"),
    "open quotation mark": (
        lambda text: text.replace("SPXW231020P00090000", '"SPXW') + "x" * 200_000,
        "line 8: field larger",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_chain_is_refused_in_one_line_with_file_and_place(case, chain_text, write):
    damage, message = REFUSALS[case]
    path = write(damage(chain_text()), "broken.csv")
    with pytest.raises(ChainError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [bytes(range(256)) * 20, b"PAR1\0\0\x15\x04" * 50, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 40],
    ids=["all bytes", "parquet", "png"],
)
def test_a_binary_file_is_refused(raw, write):
    with pytest.raises(ChainError, match="not an option chain"):
        read(write(raw))


def test_utf_16_cut_within_a_letter_is_refused(chain_text, write):
    with pytest.raises(ChainError, match="damaged utf-16"):
        read(write(chain_text().encode("utf-16")[:-1]))


def test_the_error_does_not_depend_on_the_size_of_a_wrong_cell(chain_text, write):
    path = write(chain_text().replace("4.6", "x" * 5000))
    with pytest.raises(ChainError) as caught:
        read(path)
    assert len(str(caught.value)) < len(str(path)) + 90


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_lines_of_a_million_columns_are_no_header_and_take_no_time(delimiter):
    line = "strike,calls,puts".replace(",", delimiter) + delimiter * 1_000_000
    start = time.process_time()
    with pytest.raises(ChainError, match="not an option chain"):
        cboe.READER.read((f"{line}\n" * 20).encode(), "wide.csv", Options())
    assert time.process_time() - start < 1.0
