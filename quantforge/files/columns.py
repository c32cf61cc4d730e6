"""Tables in CSV and Parquet files, read and written batch by batch in constant memory.

Plain text (see `quantforge.files.dialects`) is read by pyarrow where it is installed, other text by
Python. Both give the same cells.

A row of a text that has fewer cells than the header is filled up with blanks, one that has more is
cut. Both keep their place, and their batch says that they are wrong.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from quantforge.errors import printable
from quantforge.files.contents import Column, has_arrow, is_arrow, text_of
from quantforge.files.dialects import Dialect, find_dialect, rows
from quantforge.files.sources import format_of, named, opened, target

__all__ = ["Batch", "Table", "Writer", "open_table", "write_columns", "writing"]

Columns = dict[str, Column]


class Batch(Columns):
    """Columns of equal length.

    Attributes
    ----------
    wrong : dict of int to str
        What is wrong with rows that have more or fewer cells than the header, by their places.
    """

    def __init__(self, columns: Mapping[str, Column], wrong: Mapping[int, str] | None = None):
        super().__init__(columns)
        self.wrong = dict(wrong or {})


BATCH: Final = 1 << 16
"""Rows of a batch, at most."""

_BLOCK: Final = 1 << 22  # bytes of plain text that become a batch


@dataclass(frozen=True)
class Table:
    """A table that is open for reading.

    Parameters
    ----------
    source : str
        What messages call it.
    names : tuple of str
        Its columns.
    batches : iterator of Batch
        Its rows, as columns of at most `BATCH` elements.
    place : callable
        From the number of a row, counted from 0, to the words that say where it stands.
    read : callable
        The share of the file that has been read.
    delimiter : str
        Between the cells of a text, empty for others.
    schema
        Arrow's description of a Parquet file.
    """

    source: str
    names: tuple[str, ...]
    batches: Iterator[Batch]
    place: Callable[[int], str]
    read: Callable[[], float]
    delimiter: str = ""
    schema: Any = None


@contextmanager
def open_table(
    path: Path, format: str | None = None, columns: Collection[str] | None = None
) -> Iterator[Table]:
    """Open a CSV or Parquet file, compressed or not; ``-`` is standard input.

    Parameters
    ----------
    path : Path
    format : {"csv", "parquet"}, optional
        What it is, where its name does not tell.
    columns : collection of str, optional
        Those that batches are to have; all by default.

    Raises
    ------
    ValueError
        If the format is unknown, or the file is not of it, which batches may find out.
    OSError
        If it cannot be read.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    known = format_of(path, format)
    with opened(path) as file:
        yield (_parquet if known == "parquet" else _text)(file, named(path), columns)


def _text(file: BinaryIO, source: str, columns: Collection[str] | None) -> Table:
    dialect = find_dialect(file, source)
    size = file.seek(0, 2)
    fast = dialect.plain and has_arrow()
    wanted = [name for name in dialect.names if columns is None or name in columns]

    def place(row: int) -> str:
        line, _ = next(islice(rows(file, dialect, source), row, None))
        return f"line {line}"

    return Table(
        source,
        dialect.names,
        (_plain_batches if fast else _careful_batches)(file, dialect, source, wanted),
        place,
        lambda: 1.0 if file.closed else file.tell() / max(size, 1),
        dialect.delimiter,
    )


def _plain_batches(
    file: BinaryIO, dialect: Dialect, source: str, wanted: list[str]
) -> Iterator[Batch]:
    import pyarrow
    from pyarrow import csv as fast

    file.seek(0)
    for _ in range(dialect.first):
        file.readline()
    odd = _OddRows(dialect, wanted)
    try:
        reader = fast.open_csv(
            _Kept(file),
            read_options=fast.ReadOptions(
                column_names=dialect.names,
                block_size=_BLOCK,
                use_threads=False,  # without them it is as fast, and rows have numbers
            ),
            parse_options=fast.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quoted else False,
                double_quote=False,
                invalid_row_handler=odd.found,
            ),
            convert_options=fast.ConvertOptions(
                column_types=dict.fromkeys(dialect.names, pyarrow.string()),
                include_columns=wanted,
                null_values=[],
                strings_can_be_null=False,
                check_utf8=False,  # it has been looked at
            ),
        )
        for batch in reader:
            yield from _parts(*odd.put_back(batch.columns, batch.num_rows), wanted)
    except pyarrow.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            for _ in rows(file, dialect, source):  # says what is wrong where
                pass
            raise ValueError(printable(f"{source}: not a CSV file: {_said(error)}")) from error
    nothing = [pyarrow.array([], "string")] * len(wanted)
    yield from _parts(*odd.put_back(nothing, 0, at_end=True), wanted)


def _parts(columns: list[Column], wrong: dict[int, str], wanted: list[str]) -> Iterator[Batch]:
    """Batches of the rows that were read at once."""
    for start in range(0, len(columns[0]) if columns else 0, BATCH):
        parts = [column[start : start + BATCH] for column in columns]
        here = {row - start: what for row, what in wrong.items() if 0 <= row - start < BATCH}
        yield Batch(dict(zip(wanted, parts, strict=True)), here)


class _OddRows:
    """Rows that pyarrow leaves out, since they have not as many cells as the header."""

    def __init__(self, dialect: Dialect, wanted: list[str]) -> None:
        self._dialect = dialect
        self._wanted = [dialect.names.index(name) for name in wanted]
        self._left: list[tuple[int, list[str]]] = []
        self._done = 0

    def found(self, row: Any) -> str:
        """Keep a row and its number, which counts from 1."""
        [cells] = csv.reader([row.text], delimiter=self._dialect.delimiter)
        self._left.append((row.number - 1, cells))
        return "skip"

    def put_back(
        self, columns: list[Column], count: int, *, at_end: bool = False
    ) -> tuple[list[Column], dict[int, str]]:
        """Columns with the rows that belong among them, and what is wrong in which row."""
        import pyarrow

        here: list[tuple[int, list[str]]] = []
        while self._left and (at_end or self._left[0][0] < self._done + count + len(here)):
            here.append(self._left.pop(0))
        wrong, filled = {}, []
        order = np.zeros(count + len(here), np.intp)
        for number, cells in here:
            place = number - self._done
            order[place] = 1
            padded, what = _padded(cells, self._dialect)
            wrong[place] = what
            filled.append(padded)
        self._done += len(order)
        if not here:
            return columns, wrong
        order = np.where(order == 1, count + np.cumsum(order) - 1, np.cumsum(1 - order) - 1)
        texts = [pyarrow.array([row[place] for row in filled], "string") for place in self._wanted]
        both = zip(columns, texts, strict=True)
        return [pyarrow.concat_arrays(pair).take(order) for pair in both], wrong


def _padded(cells: list[str], dialect: Dialect) -> tuple[list[str], str]:
    """A row with as many cells as the header, and what was wrong with it."""
    width = len(dialect.names)
    what = f"{len(cells)} field{'s' * (len(cells) != 1)} under {width} names"
    return (cells + [""] * width)[:width], what


class _Kept:
    """A file that pyarrow reads and does not close."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Leave the file open."""


def _careful_batches(
    file: BinaryIO, dialect: Dialect, source: str, wanted: list[str]
) -> Iterator[Batch]:
    from_list: Callable[[Any], Any] = list
    if has_arrow():
        import pyarrow

        def from_list(cells: Any) -> Any:
            return pyarrow.array(cells, "string")

    width = len(dialect.names)
    found = (row for _, row in rows(file, dialect, source))
    while batch := list(islice(found, BATCH)):
        wrong = {}
        for place, row in enumerate(batch):
            if len(row) != width:
                batch[place], wrong[place] = _padded(row, dialect)
        columns = dict(zip(dialect.names, zip(*batch, strict=True), strict=True))
        yield Batch({name: from_list(columns[name]) for name in wanted}, wrong)


def _parquet(file: BinaryIO, source: str, columns: Collection[str] | None) -> Table:
    from pyarrow import parquet

    with _arrow_errors(source):
        opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        names = opened.schema_arrow.names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(printable(f"{source}: two columns called {twice!r}"))
    wanted = [name for name in names if columns is None or name in columns]
    total, done = opened.metadata.num_rows, [0]

    def batches() -> Iterator[Batch]:
        with _arrow_errors(source):
            for batch in opened.iter_batches(batch_size=BATCH, columns=wanted):
                done[0] += batch.num_rows
                batch.validate(full=True)  # also that its texts are UTF-8
                yield Batch(dict(zip(wanted, batch.columns, strict=True)))

    return Table(
        source,
        tuple(names),
        batches(),
        lambda row: f"row {row + 1}",
        lambda: done[0] / max(total, 1),
        schema=opened.schema_arrow,
    )


@contextmanager
def _arrow_errors(source: str) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system; pyarrow's own are about what is in the file
        raise ValueError(printable(f"{source}: not a Parquet file: {_said(error)}")) from error


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())


class Writer:
    """Writes batches of columns; NaN becomes an empty field in CSV and null in Parquet.

    Parameters
    ----------
    path : Path
    format : {"csv", "parquet"}
    schema
        Arrow's description of the file that columns come from, whose types and notes they keep.
    decimal : {".", ","}
        The decimal sign of numbers in CSV. With a comma, semicolons stand between the cells.
    """

    def __init__(self, path: Path, format: str, schema: Any = None, decimal: str = ".") -> None:
        self._path, self._format, self._schema, self._decimal = path, format, schema, decimal
        self._parquet: Any = None
        self._headed = False
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None
        self._file = path.open("wb") if format == "csv" else None

    def write(self, columns: Mapping[str, Column]) -> None:
        """Write a batch, with the same names as the one before, while the next is computed."""
        self._wait()
        write = self._write_parquet if self._format == "parquet" else self._write_text
        self._pending = self._pool.submit(write, columns)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Finish the file."""
        try:
            self._wait()
        finally:
            self._pool.shutdown()
            self._end()

    def _end(self) -> None:
        for each in (self._file, self._parquet):
            if each is not None:
                each.close()

    def _write_parquet(self, columns: Mapping[str, Column]) -> None:
        import pyarrow
        from pyarrow import parquet

        arrays = {
            name: column if is_arrow(column) else pyarrow.array(column, from_pandas=True)
            for name, column in columns.items()
        }
        if self._parquet is None:
            fields = [self._field(name, array) for name, array in arrays.items()]
            notes = None if self._schema is None else self._schema.metadata
            # A dictionary of numbers that were computed would hold nearly all of them.
            coded = [name for name in arrays if is_arrow(columns[name])]
            self._parquet = parquet.ParquetWriter(
                self._path, pyarrow.schema(fields, notes), use_dictionary=coded
            )
        batch = pyarrow.RecordBatch.from_arrays(list(arrays.values()), schema=self._parquet.schema)
        self._parquet.write_batch(batch)

    def _field(self, name: str, array: Any) -> Any:
        """Description of a column; that of the file it comes from, if it has kept its type."""
        import pyarrow

        place = -1 if self._schema is None else self._schema.get_field_index(name)
        if place >= 0 and self._schema.field(place).type == array.type:
            return self._schema.field(place)
        return pyarrow.field(name, array.type)

    def _write_text(self, columns: Mapping[str, Column]) -> None:
        assert self._file is not None
        delimiter = "," if self._decimal == "." else ";"
        texts = [text_of(column, self._decimal) for column in columns.values()]
        if not self._headed:
            self._file.write(_lines([[name] for name in columns], delimiter))
            self._headed = True
        self._file.write((_joined if has_arrow() else _lines)(texts, delimiter))


def _lines(texts: list[Any], delimiter: str) -> bytes:
    """Rows of CSV."""
    special = re.compile(f'["\r\n{delimiter}]' if len(texts) > 1 else f'["\r\n{delimiter}]|^$')

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if special.search(text) else text

    rows = zip(*texts, strict=True)
    lines = "".join(f"{delimiter.join(map(cell, row))}\n" for row in rows)
    return lines.encode("utf-8", "surrogatepass")


def _joined(texts: list[Any], delimiter: str) -> bytes:
    """The same rows, by Arrow."""
    import pyarrow
    import pyarrow.compute as pc

    cells = []
    for text in texts:
        column = text if is_arrow(text) else pyarrow.array(text, "string")
        if len(texts) == 1 or any(mark in _bytes(column) for mark in _marks(delimiter)):
            special = pc.match_substring_regex(column, f'["\r\n{delimiter}]')
            if len(texts) == 1:  # an empty line would be no row
                special = pc.or_(special, pc.equal(column, ""))
            doubled = pc.replace_substring(column, '"', '""')
            quoted = pc.binary_join_element_wise(_scalar('"'), doubled, _scalar('"'), _scalar(""))
            column = pc.if_else(special, quoted, column)
        cells.append(column)
    cells[-1] = pc.binary_join_element_wise(cells[-1], _scalar("\n"), _scalar(""))
    return _bytes(pc.binary_join_element_wise(*cells, _scalar(delimiter)))


def _marks(delimiter: str) -> tuple[bytes, ...]:
    """What a cell without quotes must not hold."""
    return b'"', b"\r", b"\n", delimiter.encode()


def _bytes(column: Any) -> bytes:
    """The texts of a column, one after the other."""
    _, offsets, data = column.buffers()
    if data is None:
        return b""
    ends = np.frombuffer(offsets, np.int32)
    start, end = int(ends[column.offset]), int(ends[column.offset + len(column)])
    return bytes(memoryview(data)[start:end])


def _scalar(text: str) -> Any:
    import pyarrow

    return pyarrow.scalar(text, "string")


@contextmanager
def writing(
    path: Path, format: str | None = None, schema: Any = None, decimal: str = "."
) -> Iterator[Writer]:
    """Write a table to a file, which appears whole or not at all; ``-`` is standard output.

    Raises
    ------
    ValueError
        If the format is unknown.
    OSError
        If it cannot be written.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    known = format_of(path, format, written=True)
    with target(path) as temporary:
        writer = Writer(temporary, known, schema, decimal)
        try:
            yield writer
        finally:
            writer.close()


def write_columns(table: Mapping[str, Column], path: Path) -> None:
    """Write columns of equal length to a ``.csv`` or ``.parquet`` file (see `writing`)."""
    with writing(path) as writer:
        writer.write(table)
