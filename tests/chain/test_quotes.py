"""A table of quotes has what its columns promise, or the error says which does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from quantforge.chain import ChainError, Quotes, expiries, fit

QUOTED = datetime(2031, 1, 2, 10, 30, tzinfo=timezone(timedelta(hours=-5)))


def made(**columns):
    """Three options, some of their columns replaced."""
    needed = {"strike": [90.0, 100.0, 110.0], "kind": "put", "expiry": "2031-03-21"}
    return Quotes(**{**needed, "quoted": QUOTED, **columns})


def test_four_columns_are_enough_and_all_others_say_that_they_are_unknown():
    quotes = made()
    assert len(quotes) == 3
    assert quotes.quoted.tolist() == [datetime(2031, 1, 2, 15, 30)] * 3
    assert quotes.local(quotes.quoted[0]) == QUOTED
    assert quotes.local(quotes.quoted[0]).utcoffset() == timedelta(hours=-5)
    assert np.isnat(quotes.settled).all()
    for name in ("bid", "ask", "vendor_iv", "open_interest", "spot", "forward", "rate"):
        assert np.isnan(getattr(quotes, name)).all()
    assert set(quotes.symbol) == set(quotes.exercise) == {""}
    assert set(quotes.price_unit) == {"currency"}
    assert {len(column) for column in quotes.columns().values()} == {3}


def test_kinds_are_signs_or_words_in_any_case():
    assert made(kind=[1, -1, 1]).kind.tolist() == [1, -1, 1]
    assert made(kind=["Call", "PE", "c"]).kind.tolist() == [1, -1, 1]
    assert made(kind=np.array(["P", "CE", "put"], dtype=object)).kind.tolist() == [-1, 1, -1]


@pytest.mark.parametrize(
    "expiry",
    [
        "2031-03-21",
        date(2031, 3, 21),
        np.datetime64("2031-03-21"),
        ["2031-03-21"] * 3,
        np.array([date(2031, 3, 21)] * 3),
        np.full(3, np.datetime64("2031-03-21")),
    ],
)
def test_an_expiry_may_be_a_date_that_the_root_settles(expiry):
    quotes = made(expiry=expiry)
    assert set(quotes.expiry.tolist()) == {date(2031, 3, 21)}
    assert np.isnat(quotes.settled).all()
    # 16:00 in New York, in summer time from 9 March 2031 on
    assert fit(quotes).expiries.settled.tolist() == [datetime(2031, 3, 21, 20)]


@pytest.mark.parametrize(
    "expiry",
    [
        datetime(2031, 3, 21, 8, tzinfo=UTC),
        datetime(2031, 3, 21, 13, 30, tzinfo=timezone(timedelta(hours=5.5))),
        np.datetime64("2031-03-21T08:00"),
        np.full(3, np.datetime64("2031-03-21T08:00:00.000")),
        np.array([datetime(2031, 3, 21, 8, tzinfo=UTC)] * 3),
    ],
)
def test_an_expiry_that_is_given_as_an_instant_is_kept_as_one(expiry):
    quotes = made(expiry=expiry)
    assert set(quotes.settled.tolist()) == {datetime(2031, 3, 21, 8)}
    assert set(quotes.expiry.tolist()) == {date(2031, 3, 21)}
    hours = 78 * 24 - 7.5
    assert fit(quotes).expiries.time == pytest.approx([hours / (365 * 24)], rel=1e-12)


REFUSALS = {
    "unknown column": ({"volatility": 0.2}, TypeError, "no column volatility; .*vendor_iv"),
    "other length": ({"bid": [1.0, 2.0]}, ValueError, r"bid has shape \(2,\) .* 3 rows"),
    "text for numbers": ({"bid": ["1", "2", "3"]}, TypeError, "bid holds <U1"),
    "numbers for text": ({"root": [1, 2, 3]}, TypeError, "root holds int64"),
    "missing strike": ({"strike": [90.0, np.nan, 1.0]}, ValueError, "strike of row 1 is missing"),
    "one strike": ({"strike": 90.0}, ValueError, "strike has 0 dimensions"),
    "no rows": ({"strike": []}, ValueError, "there are no options"),
    "kind": ({"kind": ["C", "X", "P"]}, ValueError, "kind 'x' is no call and no put"),
    "kind of zero": ({"kind": [1, 0, -1]}, ValueError, "kind '0'"),
    "quoted on a date": ({"quoted": "2031-01-02"}, ValueError, "quoted is a date"),
    "quoted nowhere": ({"quoted": datetime(2031, 1, 2)}, ValueError, "has no time zone"),
    "quoted never": ({"quoted": np.datetime64("NaT", "s")}, ValueError, "quoted of row 0"),
    "expiry never": (
        {"expiry": np.array(["2031-03-21", "NaT", "NaT"], "datetime64[D]")},
        ValueError,
        "expiry of row 1 is missing",
    ),
    "expiry as a number": ({"expiry": 20310321}, TypeError, "expiry holds int64"),
    "expiry as a time in words": ({"expiry": "2031-03-21T16:00"}, ValueError, "ISO dates"),
    "exercise": ({"exercise": "bermudan"}, ValueError, "exercise 'bermudan' is unknown; valid"),
    "price unit": ({"price_unit": "coins"}, ValueError, "price_unit 'coins' is unknown"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_a_column_does_not_hold_is_refused_with_its_name(case):
    columns, error, message = REFUSALS[case]
    with pytest.raises(error, match=message):
        made(**columns)


def test_a_copy_with_other_columns_is_checked_too():
    quotes = made(bid=[1.0, 2.0, 3.0])
    assert replace(quotes, bid=0.5).bid.tolist() == [0.5] * 3
    with pytest.raises(ValueError, match="bid has shape"):
        replace(quotes, bid=[0.5])


def test_prices_in_coins_are_worth_the_forward_else_the_spot():
    coins = {"price_unit": "underlying", "bid": [0.1, 0.2, 0.3], "ask": [0.2, 0.3, 0.4]}
    by_forward = made(**coins, forward=2000.0, spot=1990.0).in_currency
    assert by_forward.bid == pytest.approx([200.0, 400.0, 600.0])
    assert by_forward.ask == pytest.approx([400.0, 600.0, 800.0])
    assert set(by_forward.rate) == {0.0}  # paid at the expiry
    by_spot = made(**coins, spot=1990.0, rate=0.03).in_currency
    assert by_spot.bid == pytest.approx([199.0, 398.0, 597.0])
    assert set(by_spot.rate) == {0.03}
    assert set(by_spot.price_unit) == {"currency"}
    assert by_spot.in_currency is by_spot
    with pytest.raises(ChainError, match="whose value is unknown; give it with --spot"):
        fit(made(**coins))


def test_a_frame_has_the_columns_with_instants_in_their_zone():
    pytest.importorskip("pandas")
    quotes = made(bid=[1.0, 2.0, 3.0])
    frame = quotes.to_frame()
    assert list(frame) == list(quotes.columns())
    assert frame["bid"].tolist() == [1.0, 2.0, 3.0]
    assert frame["quoted"][0].isoformat() == "2031-01-02T15:30:00+00:00"
    priced = fit(quotes).to_frame()
    assert priced["reason"].tolist() == ["0 strikes with usable call and put, 3 are needed"]


@pytest.mark.parametrize("said", ["SPX", "spx", " spx ", "^SPX", "$SPX", "$SPX.X", ".SPX"])
def test_a_root_is_the_exchange_s_however_a_vendor_writes_it(said):
    quotes = made(root=said)
    assert quotes.root.tolist() == ["SPX"] * 3
    assert not expiries(quotes).american.any()


def test_other_roots_keep_their_letters():
    roots = ["XYZ.X", "$XAX.X", "BRK.B"]
    assert made(root=roots).root.tolist() == ["XYZ.X", "XAX", "BRK.B"]
    assert made().root.tolist() == [""] * 3
