"""How a text table is written: encoding, delimiter, header, and whether it is plain.

A *plain* table is UTF-8 without bare carriage returns, and below its header every quote opens or
closes a cell of one line. Any reader splits it into the same cells, so that the fastest may read
it. All others are read by Python's own.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np

from quantforge.files.decoding import encoding_of

__all__ = ["Dialect", "find_dialect", "rows"]

DELIMITERS: Final = ",;\t|"
_WIDEST: Final = 16_384  # columns, as many as a sheet of Excel has
_HEAD: Final = 1 << 16  # characters in which the delimiter is looked for
_LOOKED_AT: Final = 100  # rows
_CHUNK: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    encoding, delimiter : str
    names : tuple of str
        The header.
    first : int
        The line after the header, counted from 0.
    plain, quoted : bool
        Whether any reader gets the same cells, and whether there are quotes below the header.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    first: int
    plain: bool
    quoted: bool


def find_dialect(file: BinaryIO, source: str) -> Dialect:
    """Find out how a text table is written; `source` is what errors call it.

    Raises
    ------
    ValueError
        If it is empty, no text, or has no usable header.
    """
    encoding, quotes, bare = _survey(file, source)
    file.seek(0)
    delimiter = _delimiter(_text(file, encoding).read(_HEAD))
    try:
        reader = _reader(file, encoding, delimiter)
        found: list[str] = next((row for row in reader if row and not _is_note(row)), [])
    except csv.Error as error:
        raise ValueError(f"{source}: not a CSV file: {error}") from error
    names = [name.strip() for name in found]
    _check_header(names, source)
    first = reader.line_num
    quoted = quotes > sum(line.count(b'"') for line in _lines(file, first))
    plain = encoding.startswith("utf-8") and not bare
    plain = plain and (not quoted or _quotes_are_neat(file, first, delimiter))
    return Dialect(encoding, delimiter, tuple(names), first, plain, quoted)


def rows(file: BinaryIO, dialect: Dialect, source: str) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line on which it ends, counted from 1.

    A row may have more or fewer cells than the header.
    """
    reader = _reader(file, dialect.encoding, dialect.delimiter)
    try:
        for row in reader:
            if reader.line_num > dialect.first and row:
                yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"{source}: not a CSV file: {error}") from error


def _survey(file: BinaryIO, source: str) -> tuple[str, int, bool]:
    """Read it once: the encoding, the number of quotes, whether there are bare returns."""
    file.seek(0)
    encoding = encoding_of(file.read(_HEAD), source)
    decoder = codecs.getincrementaldecoder(encoding)()
    quotes, bare, last, filled, place = 0, False, b"", False, 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        quotes += chunk.count(b'"')
        joined = last + chunk
        returns = joined.count(b"\r", 0, len(joined) - 1)
        bare |= returns != joined.count(b"\r\n")
        last = chunk[-1:] if chunk.endswith(b"\r") else b""
        if encoding != "latin-1":
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                if encoding != "utf-8":
                    raise ValueError(
                        f"{source}: damaged {error.encoding} text at byte {place + error.start}"
                    ) from error
                encoding = "latin-1"
        if encoding == "latin-1":
            text = chunk.decode(encoding)
        if "\0" in text:
            raise ValueError(f"{source}: not a CSV file, but a binary file")
        filled = filled or bool(text.strip(" \t\r\n\ufeff"))
        place += len(chunk)
    if not filled:
        raise ValueError(f"{source}: the file is empty")
    if encoding not in {"utf-8", "latin-1"}:
        with suppress(UnicodeDecodeError):
            decoder.decode(b"", True)
            return encoding, quotes, bare or bool(last)
        raise ValueError(f"{source}: damaged {encoding} text at its end")
    if encoding == "utf-8":
        with suppress(UnicodeDecodeError):
            decoder.decode(b"", True)
            return encoding, quotes, bare or bool(last)
        encoding = "latin-1"
    return encoding, quotes, bare or bool(last)


def _quotes_are_neat(file: BinaryIO, first: int, delimiter: str) -> bool:
    """Whether each quote from a line on opens or closes a cell, and cells end on their line."""
    before, after = np.zeros((2, 256), bool)
    before[[ord(delimiter), ord("\n")]] = True
    after[[ord(delimiter), ord("\n"), ord("\r")]] = True
    _lines(file, first)
    while chunk := file.read(_CHUNK):
        text = np.frombuffer(b"\n" + chunk + file.readline() + b"\n", np.uint8)
        at = np.flatnonzero(text == ord('"'))
        opens, closes = before[text[at - 1]], after[text[at + 1]]
        if len(at) % 2 or (opens == closes).any():
            return False
        if not opens[::2].all() or not closes[1::2].all():
            return False
        if (np.searchsorted(at, np.flatnonzero(text == ord("\n"))) % 2).any():
            return False
    return True


def _delimiter(head: str) -> str:
    """The delimiter that splits most rows alike into most cells."""

    def quality(delimiter: str) -> tuple[int, int]:
        widths: Counter[int] = Counter()
        with suppress(csv.Error):
            for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
                widths[len(row)] += bool(row)
                if widths.total() == _LOOKED_AT:
                    break
        widths.pop(1, None)
        width, count = max(widths.items(), key=lambda each: (each[1], each[0]), default=(1, 0))
        return count, width

    return max(DELIMITERS, key=quality)


def _is_note(row: list[str]) -> bool:
    """Whether it is the line that tells a spreadsheet the delimiter, ``sep=;``."""
    return row[0].casefold().startswith("sep=") and len(row) <= 2 and not any(row[1:])


def _check_header(names: list[str], source: str) -> None:
    if not any(names):
        raise ValueError(f"{source}: no header with column names")
    if len(names) > _WIDEST:
        raise ValueError(f"{source}: {len(names):,} columns, more than {_WIDEST:,}")
    counts = Counter(names)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise ValueError(f"{source}: two columns called {twice!r}")


def _lines(file: BinaryIO, count: int) -> list[bytes]:
    file.seek(0)
    return [file.readline() for _ in range(count)]


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The text of a file from where it stands; the file stays open when this is gone."""
    return _Borrowed(file, encoding=encoding, newline="")


class _Borrowed(io.TextIOWrapper):
    """A text over a file that belongs to somebody else."""

    def __del__(self) -> None:
        with suppress(ValueError):
            self.detach()


def _reader(file: BinaryIO, encoding: str, delimiter: str) -> Any:
    file.seek(0)
    return csv.reader(_text(file, encoding), delimiter=delimiter)
