"""The bytes of a file: compressed by gzip or not, or of standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from pathlib import Path

__all__ = ["read_bytes"]


def read_bytes(path: str | Path) -> tuple[bytes, str]:
    """Read a whole file, and its name as errors write it.

    What gzip has compressed is decompressed, whatever its name. ``-`` is standard input.

    Raises
    ------
    ValueError
        If it is compressed and damaged.
    OSError
        If it cannot be read.
    """
    if str(path) == "-":
        raw, source = sys.stdin.buffer.read(), "standard input"
    else:
        raw, source = Path(path).read_bytes(), str(path)
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{source}: damaged gzip file: {error}") from error
    return raw, source
