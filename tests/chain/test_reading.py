"""A file is read from wherever it comes, compressed or not."""

import gzip
import io
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest

from quantforge.chain import SAMPLE, ChainError, read


def test_a_compressed_file_is_read_whatever_its_name(write):
    packed = gzip.compress(SAMPLE.read_bytes())
    plain = read(SAMPLE)
    for name in ("chain.csv.gz", "chain.csv"):
        assert read(write(packed, name)).bid.tolist() == plain.bid.tolist()


def test_a_damaged_compressed_file_is_refused(write):
    packed = gzip.compress(SAMPLE.read_bytes())
    for damaged in (packed[:-200], packed[:40] + b"xxxx" + packed[44:], packed[:2]):
        path = write(damaged, "chain.csv.gz")
        with pytest.raises(ChainError, match="damaged gzip file") as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_a_dash_is_standard_input(monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(gzip.compress(SAMPLE.read_bytes())))
    monkeypatch.setattr("sys.stdin", stdin)
    quotes = read("-")
    assert len(quotes) == 468
    assert quotes.source == "standard input"
    stdin.buffer = io.BytesIO(b"")
    with pytest.raises(ChainError, match="standard input: the file is empty"):
        read("-")


def test_what_the_caller_says_stands_in_the_place_of_what_the_file_says(chain_text, write):
    path = write(chain_text())
    quotes = read(path, spot=99.0, rate=0.05, forward=101.5)
    assert set(quotes.spot) == {99.0}
    assert set(quotes.rate) == {0.05}
    assert set(quotes.forward) == {101.5}
    assert set(read(path).spot) == {100.5}


@pytest.mark.parametrize(
    "given",
    [
        {"spot": 0.0},
        {"forward": -1.0},
        {"rate": float("nan")},
        {"spot": float("inf")},
        {"asof": datetime(2031, 10, 7, 16)},
    ],
)
def test_what_cannot_be_is_refused_before_the_file_is_read(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        read("nowhere.csv", **given)


def test_asof_does_not_make_one_time_of_several(write, monkeypatch):
    from quantforge.chain import reading

    quotes = read(SAMPLE)
    times = np.where(quotes.strike > 2000.0, quotes.quoted, quotes.quoted + np.timedelta64(1, "h"))
    two = type(quotes)(**{**quotes.columns(), "quoted": times})
    monkeypatch.setattr(reading, "read_with", lambda *_: two)
    assert len(read(SAMPLE)) == 468
    with pytest.raises(ChainError, match="quotes of 2 times, which --asof would make one"):
        read(SAMPLE, asof=datetime.fromisoformat("2031-10-07T16:00-04:00"))
