"""Numbers in another unit are noticed, refused in every row, and read right when it is said."""

from datetime import UTC, datetime

import numpy as np
import pytest

from quantforge.chain import ChainError, Quotes, read
from quantforge.chain.units import Units, converted

STRIKES = [60.0, 80.0, 90.0, 100.0, 110.0, 120.0, 150.0]


def made(**columns):
    """Calls then puts on an underlying at 100, worth what is in the money and 1 more."""
    strike = np.array(STRIKES * 2)
    kind = np.repeat([1, -1], len(STRIKES))
    worth = np.maximum(kind * (100.0 - strike), 0.0) + 1.0
    return Quotes(
        **{
            "strike": strike, "kind": kind, "expiry": "2026-03-20", "root": "XSP", "spot": 100.0,
            "quoted": datetime(2026, 1, 13, 18, tzinfo=UTC), "bid": worth - 0.1,
            "ask": worth + 0.1, "vendor_iv": 0.2, "rate": 0.04, "source": "made", **columns,
        }
    )  # fmt: skip


PLAIN = made()
CASES = {
    "strike_scale": ("strike", PLAIN.strike * 1000.0, 0.001, 1.0),
    "vol_unit": ("vendor_iv", PLAIN.vendor_iv * 100.0, "percent", "fraction"),
    "rate_unit": ("rate", PLAIN.rate * 100.0, "percent", "fraction"),
}


@pytest.mark.parametrize("unit", CASES)
def test_another_unit_in_every_row_is_refused_and_right_when_it_is_said(unit):
    column, values, likely, usual = CASES[unit]
    quotes = made(**{column: values})
    option = f"--{unit.replace('_', '-')}"
    with pytest.raises(ChainError, match=f"made: .* in 14 of 14 rows: likely {option} {likely}"):
        converted(quotes, Units())
    right = converted(quotes, Units(**{unit: likely}))
    np.testing.assert_allclose(getattr(right, column), getattr(PLAIN, column), rtol=1e-15)
    assert right.notes == ()
    kept = converted(quotes, Units(**{unit: usual}))
    np.testing.assert_array_equal(getattr(kept, column), values)


@pytest.mark.parametrize("unit", CASES)
def test_another_unit_in_most_rows_is_a_note_and_in_half_of_them_is_none(unit):
    column, values, likely, _ = CASES[unit]
    for rows, noted in ((8, True), (7, False)):
        mixed = np.where(np.arange(14) < rows, values, getattr(PLAIN, column))
        notes = converted(made(**{column: mixed}), Units()).notes
        assert len(notes) == noted
        if noted:
            option = f"--{unit.replace('_', '-')}"
            assert f"in 8 of 14 rows: likely {option} {likely}" in notes[0]


def test_strikes_a_thousandth_of_the_underlying_are_noticed_too():
    with pytest.raises(ChainError, match="likely --strike-scale 1000"):
        converted(made(spot=100_000.0), Units())


def test_prices_in_coins_are_noticed_and_converted_when_it_is_said():
    coins = made(bid=PLAIN.bid / 100.0, ask=PLAIN.ask / 100.0)
    with pytest.raises(ChainError, match="likely --price-unit underlying"):
        converted(coins, Units())
    right = converted(coins, Units(price_unit="underlying")).in_currency
    np.testing.assert_allclose(right.bid, PLAIN.bid, rtol=1e-14)
    np.testing.assert_array_equal(converted(coins, Units(price_unit="currency")).bid, coins.bid)


@pytest.mark.parametrize(
    "columns", [{}, {"spot": np.nan}, {"rate": np.nan}, {"vendor_iv": np.nan}, {"vendor_iv": 0.0}]
)
def test_nothing_is_said_of_ordinary_or_missing_numbers(columns):
    assert converted(made(**columns), Units()).notes == ()


def test_units_are_those_of_any_file_and_of_what_is_given(chain_text, write):
    path = write(chain_text())
    assert set(read(path, rate=4.0, rate_unit="percent").rate) == {0.04}
    with pytest.raises(ChainError, match=r"chain\.csv: rates above 0\.5, .*--rate-unit percent"):
        read(path, rate=4.0)
    assert set(read(path, strike_scale=0.5).strike) == {45.0, 50.0, 55.0}


@pytest.mark.parametrize(
    "units", [{"vol_unit": "bp"}, {"price_unit": "percent"}, {"strike_scale": 0.0}]
)
def test_a_unit_that_is_none_is_refused_before_the_file_is_read(units):
    with pytest.raises(ValueError, match=next(iter(units))):
        read("nowhere.csv", **units)
