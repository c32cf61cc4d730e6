"""Cells: what is a number or a date, and which."""

import numpy as np
import pytest

from quantforge.files.cells import CellError, read_dates, read_numbers


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("3300.1", ".", 3300.1),
        ("3,300.1", ".", 3300.1),
        ("1,234,567", ".", 1234567.0),
        ("3300,1", ",", 3300.1),
        ("3.300,1", ",", 3300.1),
        ("3 300,1", ",", 3300.1),
        (" -0.5 ", ".", -0.5),
        ("−0,5", ",", -0.5),
        (",5", ",", 0.5),
        ("1e-3", ".", 1e-3),
        ("1'250", ".", 1250.0),
        ("1\xa0250", ".", 1250.0),
        ("-inf", ".", -np.inf),
        ("Infinity", ",", np.inf),
        ("NaN", ".", np.nan),
        ("", ".", np.nan),
        ("--", ".", np.nan),
        ("N/A", ",", np.nan),
        ("#N/A", ".", np.nan),
        ("\u2014", ".", np.nan),
        (".", ",", np.nan),
    ],
)
def test_numbers_are_read_under_their_decimal_sign(cell, decimal, value):
    # a blank beside it keeps NumPy from reading the column as a whole
    np.testing.assert_array_equal(read_numbers([cell, ""], decimal, grouped=True), [value, np.nan])
    np.testing.assert_array_equal(read_numbers([cell], decimal, grouped=True), [value])


@pytest.mark.parametrize(
    ("cell", "decimal"),
    [
        ("3300,1", "."),
        ("33,00", "."),
        ("0,125", "."),
        ("1,2345", "."),
        ("4500.00", ","),
        ("1.5,5.5", ","),
        ("12a", "."),
        ("+", "."),
        ("9_0", "."),
        ("9_000", ","),
        ("1 2", "."),
        ("12 50", "."),
        ("1,000 000", "."),
    ],
)
def test_what_is_no_number_under_a_sign_is_refused_with_its_place(cell, decimal):
    with pytest.raises(CellError, match="is not a number") as caught:
        read_numbers(["1", "2", cell, "3"], decimal, grouped=True)
    assert caught.value.index == 2


@pytest.mark.parametrize("cell", ["1,250", "1'250", "1 250", "9_0", "1,5"])
@pytest.mark.parametrize("beside", ["", "7"])
def test_where_thousands_are_not_separated_nothing_within_a_number_is_passed_over(cell, beside):
    with pytest.raises(CellError, match="is not a number") as caught:
        read_numbers([beside, cell])
    assert caught.value.index == 1


def test_dates_are_read_and_what_is_none_is_refused_with_its_place():
    days = read_dates(["Thu Sep 14 2023", "2023-09-15", "Thu Sep 14 2023"])
    assert days.astype(str).tolist() == ["2023-09-14", "2023-09-15", "2023-09-14"]
    with pytest.raises(CellError, match="'soon' is not a date") as caught:
        read_dates(["2023-09-15", "soon"])
    assert caught.value.index == 1
