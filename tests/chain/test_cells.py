"""Single cells: what is a number, and what it is worth."""

import numpy as np
import pytest

from quantforge.chain.cells import CellError, read_numbers


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
        ("", ".", np.nan),
        ("--", ".", np.nan),
        ("N/A", ",", np.nan),
    ],
)
def test_numbers_are_read_under_their_decimal_sign(cell, decimal, value):
    # a blank beside it keeps the column off the way of plain numbers
    np.testing.assert_array_equal(read_numbers([cell, ""], decimal), [value, np.nan])


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
        (".", "."),
        ("+", "."),
    ],
)
def test_what_is_no_number_under_a_sign_is_refused_with_its_place(cell, decimal):
    with pytest.raises(CellError, match="is not a number") as caught:
        read_numbers(["1", "2", cell, "3"], decimal)
    assert caught.value.index == 2
