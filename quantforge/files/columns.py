"""Columns in CSV and Parquet files."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from quantforge.errors import printable
from quantforge.files.decoding import decode
from quantforge.files.replacing import replacing

SUFFIXES: Final = (".csv", ".parquet")
_WIDEST: Final = 16_384  # columns, as many as a sheet of Excel has

Column = Any
"""An array, or a list of texts as CSV has them."""


def check_suffix(path: Path) -> None:
    """Raise ValueError unless `path` ends in one of `SUFFIXES`."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path}: the name must end in {' or '.join(SUFFIXES)}")


def read_columns(path: Path) -> dict[str, Column]:
    """Read the columns of a ``.csv`` file with a header, as text, or of a ``.parquet`` file.

    Raises
    ------
    ValueError
        If the name ends otherwise, or the file is not what its name says.
    OSError
        If it cannot be read.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    check_suffix(path)
    return (_read_parquet if path.suffix.lower() == ".parquet" else _read_csv)(path)


def write_columns(table: Mapping[str, Column], path: Path) -> None:
    """Write columns of equal length to a ``.csv`` or ``.parquet`` file.

    NaN becomes an empty field in CSV and null in Parquet. The file appears whole or not at all.

    Raises
    ------
    ValueError
        If the name ends otherwise.
    OSError
        If it cannot be written.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    check_suffix(path)
    with replacing(path) as temporary:
        (_write_parquet if path.suffix.lower() == ".parquet" else _write_csv)(table, temporary)


def _read_csv(path: Path) -> dict[str, Column]:
    reader = csv.reader(io.StringIO(decode(path.read_bytes(), str(path), "a CSV file"), newline=""))
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_header(names, path)
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise ValueError(f"{path}: not a CSV file: {error}") from error
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(f"{path}: line {line}: {len(row)} fields under {len(names)} names")
    return {name: [row[place] for _, row in rows] for place, name in enumerate(names)}


def _check_header(names: list[str], path: Path) -> None:
    if not any(names):
        raise ValueError(f"{path}: no header with column names")
    if len(names) > _WIDEST:
        raise ValueError(f"{path}: {len(names):,} columns, more than {_WIDEST:,}")
    counts = Counter(names)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise ValueError(f"{path}: two columns called {twice!r}")


def _write_csv(table: Mapping[str, Column], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*map(_texts, table.values()), strict=True))


def _texts(column: Column) -> list[Any]:
    """Cells for CSV: the shortest exact numbers, nothing for NaN, true and false."""
    values: list[Any] = list_of(column)
    if not isinstance(column, np.ndarray):
        return values
    if column.dtype.kind == "f":
        return ["" if math.isnan(value) else repr(value) for value in values]
    if column.dtype.kind == "b":
        return ["true" if value else "false" for value in values]
    return values


def words_of(column: Column) -> list[str]:
    """A column as text, empty where a value is missing."""
    if not isinstance(column, np.ndarray):
        return list(column)
    return ["" if value is None else str(value) for value in column]


def list_of(column: Column) -> list[Any]:
    """A column as a list of plain Python values."""
    return list(column.tolist() if isinstance(column, np.ndarray) else column)


def _read_parquet(path: Path) -> dict[str, Column]:
    import pyarrow
    from pyarrow import parquet

    path.stat()  # of a missing file pyarrow says no more than its name
    try:
        table = parquet.read_table(path)
        names = table.column_names
        return {name: table.column(name).to_numpy(zero_copy_only=False) for name in names}
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system; pyarrow's own are about what is in the file
        what = " ".join(str(error).split())
        raise ValueError(printable(f"{path}: not a Parquet file: {what}")) from error


def _write_parquet(table: Mapping[str, Column], path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    arrays = {name: pyarrow.array(column, from_pandas=True) for name, column in table.items()}
    parquet.write_table(pyarrow.table(arrays), path)
