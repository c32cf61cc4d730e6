"""Dates are read as browsers of many languages write them."""

from datetime import date

import pytest

from quantforge.files.dates import read_date


@pytest.mark.parametrize(
    "text",
    [
        "Thu Sep 14 2023",
        "2023-09-14",
        "09/14/2023",
        "9/14/2023",
        "14.9.2023",
        "14 Sep 2023",
        "14. September 2023",
        "14 septembre 2023",
        "14 de septiembre de 2023",
        "14 settembre 2023",
        "14 de setembro de 2023",
    ],
)
def test_a_date_is_read_in_any_of_the_ways_to_write_it(text):
    assert read_date(text) == date(2023, 9, 14)


@pytest.mark.parametrize("text", ["", "soon", "Smarch 7 2031", "14 09 2023"])
def test_a_text_without_a_date_is_refused(text):
    with pytest.raises(ValueError, match="holds no date"):
        read_date(text)


def test_a_day_that_the_calendar_lacks_is_refused():
    with pytest.raises(ValueError, match="day is out of range"):
        read_date("September 31, 2023")
