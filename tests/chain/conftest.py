"""Small quote files, made here so that the tests know what is in them."""

import os
from pathlib import Path

import pytest

PREAMBLE = (
    "",
    "Forge Index,Last: 100.50,Change:  0.25",
    '"Date: September 14, 2023 at 4:31 PM EDT",Bid: 100.25,Ask: 100.75,Size: 1*1,Volume: 0',
)
HEADER = (
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
)
# Calls less puts are 0.99 (101 - K) at every strike: a forward of 101, a discount of 0.99.
ROWS = (
    "Fri Oct 20 2023,SPXW231020C00090000,10.9,0,11.8,12.0,5,0.3,0.9,0.01,7,90.00,"
    "SPXW231020P00090000,1,0,0.91,1.11,6,0.31,-0.1,0.01,8",
    "Fri Oct 20 2023,SPXW231020C00100000,4,0,4.4,4.6,1250,0.25,0.5,0.03,9,100.00,"
    "SPXW231020P00100000,3.5,0,3.41,3.61,0,0.26,-0.5,0.03,10",
    "Fri Oct 20 2023,SPXW231020C00110000,1,0,1.1,1.3,0,0.22,0.1,0.02,0,110.00,"
    "SPXW231020P00110000,10,0,10.01,10.21,3,0.23,-0.9,0.02,2",
)
REAL_CHAIN = "spx_quotedata_2023-09-14.csv"


@pytest.fixture
def chain_text():
    """A function giving the text of a small chain, parts of it replaced."""

    def text(preamble=PREAMBLE, header=HEADER, rows=ROWS):
        return "\n".join((*preamble, header, *rows, ""))

    return text


@pytest.fixture
def write(tmp_path):
    """A function writing text or bytes to a file and giving its path."""

    def to_file(content, name="chain.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return to_file


@pytest.fixture(scope="session")
def real_chain():
    """The S&P 500 chain of 14 September 2023, which is not part of the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("QUANTFORGE_SHARED_DATA", beside)) / REAL_CHAIN
    if not path.is_file():
        pytest.skip(f"{REAL_CHAIN} is not here (QUANTFORGE_SHARED_DATA names its folder)")
    return path
