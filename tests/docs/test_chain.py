"""The page about option chains names the columns that there are, and its programs run."""

import re
from pathlib import Path

import numpy as np
import pytest

from quantforge.chain import ChainError, Options, Quotes, readers
from quantforge.chain.quotes import NUMBERS, TEXTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "chain.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M)


def first_column(heading):
    """The words between backticks in the first column of a section's table."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = (line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_the_columns_are_all_there():
    named = first_column("The columns of quotes")
    assert sorted(named) == sorted(("strike", "kind", "expiry", "quoted", *NUMBERS, *TEXTS))


def test_the_formats_are_those_that_come_along():
    assert first_column("Formats") == list(readers())


def test_the_steps_run():
    pytest.importorskip("pandas")
    names = {}
    exec(PROGRAMS[0], names)
    assert len(names["priced"].to_frame()) == len(names["quotes"]) == 468


@pytest.fixture
def reader():
    """The reader of the page."""
    names = {}
    exec(PROGRAMS[1], names)
    return names["quantforge_reader"]()


FILE = b"""time,expiry,type,strike,bid,ask
2031-01-02T15:30Z,2031-03-21,C,90,12.4,12.7
2031-01-02T15:30Z,2031-03-21,Put,90,1.1,
"""


def test_the_reader_of_the_page_reads(reader):
    assert reader.sniff(FILE, "x.csv") == 0.9
    assert reader.sniff(FILE.replace(b"bid", b"bud"), "x.csv") == 0.0
    quotes = reader.read(FILE, "x.csv", Options())
    assert isinstance(quotes, Quotes)
    assert quotes.kind.tolist() == [1, -1]
    np.testing.assert_array_equal(quotes.ask, [12.7, np.nan])
    renamed = FILE.replace(b"bid", b"bud")
    assert reader.read(renamed, "x.csv", Options(map={"bid": "bud"})).bid.tolist() == [12.4, 1.1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"Put", b"Pot", "x.csv: line 3: 'Pot' is not a call or a put, column type"),
        (b"1.1", b"one", "x.csv: line 3: 'one' is not a number, column bid"),
        (b"2031-03-21,P", b"soon,P", "x.csv: line 3: 'soon' is not a date, column expiry"),
    ],
)
def test_its_errors_name_line_and_column(reader, old, new, message):
    with pytest.raises(ChainError, match=message):
        reader.read(FILE.replace(old, new), "x.csv", Options())
