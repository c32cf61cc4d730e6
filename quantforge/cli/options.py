"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from quantforge.cli.failures import require
from quantforge.conventions import MODELS
from quantforge.exercises import AMERICAN, EUROPEAN


def check_tables(
    *written: Path | None, read: Path | None = None, format: str | None = None
) -> None:
    """Refuse tables that could not be read or written, before any work is done."""
    from quantforge.files.sources import format_of

    formats = [format_of(path, format, written=True) for path in written if path is not None]
    if read is not None:
        formats.append(format_of(read, format))
    if "parquet" in formats:
        require("pyarrow", "a Parquet file")


def add_backend_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--backend`` and ``--threads``, as `quantforge.price` takes them."""
    parser.add_argument(
        "--backend", default="auto", metavar="NAME", help="use this backend (default: auto)"
    )
    parser.add_argument(
        "--threads", type=_threads, metavar="N", help="threads to use (default: as tuned)"
    )


def add_model_option(
    parser: argparse.ArgumentParser,
    models: Iterable[str] = MODELS,
    default: str = "black_scholes",
) -> None:
    """Add ``--model``, as `quantforge.price` takes it."""
    parser.add_argument(
        "--model", default=default, choices=tuple(models), help=f"default: {default}"
    )


def add_exercise_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--exercise``, as `quantforge.explain` takes it."""
    parser.add_argument(
        "--exercise",
        default=EUROPEAN,
        choices=(EUROPEAN, AMERICAN),
        help=f"at expiry alone, or at any time until then (default: {EUROPEAN})",
    )


def _threads(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not 1 or more")
    return number
