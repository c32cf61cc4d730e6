"""A file exported after the close has quotes of the close, or counts on: its volatilities tell.

The chains are made at a known time by the formulas of `quantforge.chain.sample`, and dated later.
"""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from quantforge import BackendError
from quantforge.chain import ChainError, price, read, sample, snapshot

HEADER = (
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
)
RATE, SIGMA, SPOT = 0.04, 0.2, 100.0
EVENING = "January 13, 2026 at 8:00 PM EST"
SUNDAY = "January 11, 2026 at 10:00 AM EST"


def chain(exported, of, *, root="XSP", last=SPOT):
    """A file exported at one time, whose volatilities give its quotes at another, in UTC."""
    lines = ["", f"Forge Index,Last: {last},Change: 0", f'"Date: {exported}",Bid: 1', HEADER]
    for day, label in ((15, "Thu Jan 15 2026"), (20, "Tue Jan 20 2026"), (30, "Fri Jan 30 2026")):
        end = datetime(2026, 1, day, 21, tzinfo=UTC)
        time = (end - datetime.fromisoformat(of)).total_seconds() / (365 * 86400)
        forward = SPOT * math.exp(RATE * time)
        for strike in range(94, 107):
            cells = [label]
            for side, sign in (("C", 1), ("P", -1)):
                worth = black(forward, strike, time, sign)
                cells += [
                    f"{root}2601{day}{side}{strike * 1000:08d}", "0", "0",
                    f"{max(worth - 0.01, 0):.4f}", f"{worth + 0.01:.4f}",
                    "0", str(SIGMA), "0", "0", "0",
                ]  # fmt: skip
                if sign > 0:
                    cells.append(f"{strike}.00")
            lines.append(",".join(cells))
    return "\n".join((*lines, ""))


def black(forward, strike, time, sign):
    deviation = SIGMA * math.sqrt(time)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    normal = sample._normal
    legs = forward * normal(sign * d1) - strike * normal(sign * (d1 - deviation))
    return math.exp(-RATE * time) * sign * legs


@pytest.mark.parametrize(
    ("exported", "of", "kept", "words"),
    [
        (EVENING, "2026-01-13T21:15Z", "2026-01-13T21:15", "--asof file takes"),
        (EVENING, "2026-01-14T01:00Z", "2026-01-14T01:00", "--asof close takes"),
        (SUNDAY, "2026-01-09T21:15Z", "2026-01-09T21:15", "--asof file takes"),
        (SUNDAY, "2026-01-11T15:00Z", "2026-01-11T15:00", "--asof close takes"),
    ],
)
def test_of_the_export_and_the_close_the_one_that_suits_the_vendor_is_kept_and_said(
    write, exported, of, kept, words
):
    quotes = read(write(chain(exported, of)))
    assert set(quotes.quoted) == {np.datetime64(kept, "s")}
    (note,) = quotes.notes
    assert note.startswith("exported at 2026-01-1")
    assert words in note
    assert price(quotes).inside_share == 1.0


def test_nothing_is_said_of_a_file_exported_while_options_trade(write):
    of = "2026-01-13T20:00Z"
    quotes = read(write(chain("January 13, 2026 at 3:00 PM EST", of)))
    assert set(quotes.quoted) == {np.datetime64("2026-01-13T20:00", "s")}
    assert quotes.notes == ()


def test_the_caller_takes_the_close_the_file_or_any_time(write):
    path = write(chain(EVENING, "2026-01-13T21:15Z"))
    other = datetime(2026, 1, 13, 18, tzinfo=UTC)
    for asof, kept in (
        ("file", "2026-01-14T01:00"),
        ("close", "2026-01-13T21:15"),
        (other, "2026-01-13T18:00"),
    ):
        quotes = read(path, asof=asof)
        assert set(quotes.quoted) == {np.datetime64(kept, "s")}
        assert quotes.notes == ()
    equity = read(write(chain(EVENING, "2026-01-13T21:00Z", root="ACME")), asof="close")
    assert set(equity.quoted) == {np.datetime64("2026-01-13T21:00", "s")}


def test_a_file_with_too_few_volatilities_keeps_its_time_and_says_so(write):
    text = chain(EVENING, "2026-01-13T21:15Z").replace(f",{SIGMA},", ",0,")
    quotes = read(write(text))
    assert set(quotes.quoted) == {np.datetime64("2026-01-14T01:00", "s")}
    assert "too few volatilities of the vendor" in quotes.notes[0]


def test_without_a_backend_that_could_tell_a_file_keeps_its_time_and_says_so(write, monkeypatch):
    def refuse(*_, **__):
        raise BackendError("no American options")

    monkeypatch.setattr(snapshot, "price", refuse)
    quotes = read(write(chain(EVENING, "2026-01-13T21:00Z", root="ACME")))
    assert set(quotes.quoted) == {np.datetime64("2026-01-14T01:00", "s")}
    assert "no backend with American options says" in quotes.notes[0]


def test_a_value_of_the_underlying_later_than_the_close_is_left_out(write):
    """Without it the spot of American options is that of their nearest expiry."""
    pytest.importorskip("quantforge_rust")
    path = write(chain(EVENING, "2026-01-13T21:00Z", root="ACME", last=101.5))
    quotes = read(path)
    assert set(quotes.quoted) == {np.datetime64("2026-01-13T21:00", "s")}
    assert np.isnan(quotes.spot).all()
    assert "without the file's value of the underlying" in quotes.notes[0]
    assert set(read(path, spot=101.5).spot) == {101.5}


def test_only_a_file_dated_by_its_export_has_a_close_before_it(write):
    path = write(
        "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,"
        "impliedVolatility\n"
        "ACME260130C00100000,2026-01-13 20:59:00+00:00,100,1,0.9,1.1,1,1,0.2\n"
    )
    with pytest.raises(ChainError, match="not dated by its export: give a time with --asof"):
        read(path, asof="close")
    with pytest.raises(ValueError, match="neither a time nor close or file"):
        read(path, asof="open")
