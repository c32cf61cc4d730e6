"""Where a table comes from and where it goes: files, compressed ones, pipes, standard streams."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from quantforge.files.replacing import replacing

__all__ = ["FORMATS", "STANDARD", "check_suffix", "format_of", "named", "opened", "target"]

STANDARD: Final = "-"
"""The name of standard input and of standard output."""

FORMATS: Final = ("csv", "parquet")
_READ: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet"}
_WRITTEN: Final = {".csv": "csv", ".parquet": "parquet"}
_GZIP: Final = b"\x1f\x8b"


def named(path: Path) -> str:
    """What messages call it."""
    return "standard input" if str(path) == STANDARD else str(path)


def format_of(path: Path, said: str | None = None, *, written: bool = False) -> str:
    """Find the format of a file by its name; `said` holds where the name does not tell.

    Raises
    ------
    ValueError
        If neither tells.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"] and not written:
        suffixes.pop()
    known = _WRITTEN if written else _READ
    found = known.get(suffixes[-1] if suffixes else "", said)
    if found is None:
        *others, last = known
        raise ValueError(
            f"{named(path) if not written else path}: the name must end in "
            f"{', '.join(others)} or {last}, or --format must say what it is"
        )
    return found


def check_suffix(path: Path) -> None:
    """Raise ValueError unless the name of `path` says in which format to write it."""
    format_of(path, written=True)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file in which one can go back; what is compressed is unpacked, a pipe is copied.

    Raises
    ------
    ValueError
        If it is compressed and damaged.
    OSError
        If it cannot be opened.
    """
    with tempfile.TemporaryFile() as copy:
        if str(path) == STANDARD:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            file = path.open("rb")
            if file.seekable() and file.read(2) != _GZIP:
                file.seek(0)
                with file:
                    yield file
                return
            with file:
                if file.seekable():
                    file.seek(0)
                shutil.copyfileobj(file, copy)
        copy.seek(0)
        if copy.read(2) != _GZIP:
            copy.seek(0)
            yield copy
            return
        copy.seek(0)
        with tempfile.TemporaryFile() as unpacked:
            try:
                with gzip.open(copy) as packed:
                    shutil.copyfileobj(packed, unpacked)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"{named(path)}: damaged gzip file: {error}") from error
            unpacked.seek(0)
            yield unpacked


@contextmanager
def target(path: Path) -> Iterator[Path]:
    """Give a temporary file to write, which goes to `path` at the end (see `replacing`)."""
    if str(path) != STANDARD:
        with replacing(path) as temporary:
            yield temporary
        return
    with tempfile.NamedTemporaryFile() as kept:
        yield Path(kept.name)
        with open(kept.name, "rb") as source:
            sys.stdout.flush()
            shutil.copyfileobj(source, sys.stdout.buffer)
        sys.stdout.buffer.flush()
