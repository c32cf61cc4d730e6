"""The columns of a table, and errors that name the line and the column of a cell.

A table of text is read by Python's own reader of CSV, which takes whatever there is. A large one
that any reader splits into the same cells is read by Arrow, where it is installed.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from quantforge.chain.quotes import KINDS, ChainError, Flags, Floats, Integers, Signs, Texts
from quantforge.chain.readers.records import is_json, keys_in, listed
from quantforge.files.cells import CellError, Notation, find_notation, read_numbers
from quantforge.files.contents import (
    Column,
    distinct,
    has_arrow,
    is_arrow,
    numbers,
    text_of,
    type_of,
)
from quantforge.files.decoding import decode

DELIMITERS: Final = ",;\t|"
PREAMBLE: Final = 60  # lines within which a header must come that is not the first
LONGEST: Final = 20_000  # characters of a header that are looked at
_LARGE: Final = 1 << 20  # bytes from which on Arrow is worth its import
_CHUNK: Final = 10_000  # rows that are turned into columns at once
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?")
_TRAILING: Final = 8  # bytes at the end of a file in which there may be blank lines
_PARQUET: Final = b"PAR1"

Read = TypeVar("Read")
Values = TypeVar("Values", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Table:
    """The columns below a header, their names, and where each of the rows is in the file.

    `unit` is what places are counted in: lines of a text file, rows of another.
    """

    source: str
    names: Sequence[str]
    columns: Sequence[Column]
    lines: Integers
    unit: str = "line"

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def cells(self, column: int | str) -> Column:
        """A column as it was read, by its place or its name."""
        return self.columns[self._place(column)]

    def texts(self, column: int | str) -> list[str]:
        """The cells of a column."""
        cells, places = self.distinct(column)
        return [cells[place] for place in places.tolist()]

    def head(self, column: int | str, count: int) -> list[str]:
        """The first cells of a column; a null is blank."""
        return [cell or "" for cell in _listed(self.cells(column)[:count])]

    def distinct(self, column: int | str) -> tuple[list[str], Integers]:
        """The distinct cells of a column, and the place among them of the cell of each row."""
        cells, places = distinct(_texts_of(self.cells(column)))
        if places.size and places.min() < 0:  # nulls
            places = np.where(places < 0, len(cells), places)
            cells = [*cells, ""]
        return cells, places

    def column(self, column: int | str, read: Callable[[Sequence[str]], Read]) -> Read:
        """What `read` makes of a column; the error that a cell raises gets its line and column."""
        try:
            return read(self.texts(column))
        except CellError as error:
            raise self._wrong(column, error.index, error) from None

    def each(
        self, column: int | str, read: Callable[[Sequence[str]], NDArray[Values]]
    ) -> NDArray[Values]:
        """What `read` makes of the distinct cells of a column, for every row."""
        cells, places = self.distinct(column)
        try:
            return read(cells)[places]
        except CellError as error:
            first = int(np.argmax(places == error.index))
            raise self._wrong(column, first, error) from None

    def numbers(self, column: int | str, notation: Notation = Notation()) -> Floats:  # noqa: B008
        """The numbers of a column; a blank cell is NaN."""
        cells = self.cells(column)
        kind = type_of(cells)
        if kind not in {"text", "number", "nothing"}:
            raise ChainError(f"{self.source}: column {self._name(column)} holds {kind}, no numbers")
        values, wrong = numbers(cells, notation)
        if wrong:
            raise self._wrong(column, min(wrong), wrong[min(wrong)])
        return values

    def strikes(self, column: int | str) -> Floats:
        """The numbers of a column, none of which may be missing."""
        values = self.numbers(column)
        self.refuse_where(~np.isfinite(values), f"no strike, column {self._name(column)}")
        return values

    def has_commas(self, column: int | str) -> bool:
        """Whether a cell of a column has a comma in it."""
        cells = self.cells(column)
        if not is_arrow(cells):
            return any("," in cell for cell in cells)
        from pyarrow import compute

        found = type_of(cells) == "text" and compute.match_substring(text_of(cells), ",")
        return bool(found and compute.any(found).as_py())

    def refusal(self, index: int, what: object) -> ChainError:
        """The error to raise about a row."""
        return ChainError(f"{self.source}: {self.unit} {self.lines[index]}: {what}")

    def take(self, places: Integers) -> Table:
        """The rows with these places."""
        columns = [_taken(column, places) for column in self.columns]
        return replace(self, columns=columns, lines=self.lines[places])

    def named(self, names: Sequence[str]) -> Table:
        """The same columns under other names."""
        return replace(self, names=names)

    def where(self, wanted: Flags) -> Table:
        """The rows that are wanted."""
        return self.take(np.flatnonzero(wanted))

    def refuse_where(self, wrong: Flags, what: str) -> None:
        """Raise about the first row that is wrong, if there is one."""
        if wrong.any():
            raise self.refusal(int(np.argmax(wrong)), what)

    def _place(self, column: int | str) -> int:
        if not isinstance(column, str):
            return column
        if column not in self.names:
            found = ", ".join(self.names)[:200]
            raise ChainError(f"{self.source}: no column {column}; found {found}")
        return self.names.index(column)

    def _name(self, column: int | str) -> str:
        return column if isinstance(column, str) else self.names[column].strip()

    def _wrong(self, column: int | str, index: int, what: object) -> ChainError:
        return self.refusal(index, f"{what}, column {self._name(column)}")


def read_lines(raw: bytes, source: str) -> list[str]:
    """The lines of a text file, whatever its encoding.

    Raises
    ------
    ChainError
        If it is empty, or no text.
    """
    try:
        text = decode(raw, source, "an option chain")
    except ValueError as error:
        raise ChainError(str(error)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_rows(
    lines: Sequence[str],
    header: int,
    names: Sequence[str],
    delimiter: str,
    source: str,
    width: int,
    *,
    exact: bool = False,
) -> Table:
    """Read the rows below the header, which is the line with the place `header`.

    `width` is how many fields a row must have at least. Further ones must be blank if it is
    `exact`: a comma in a number may have made two fields of it.

    Raises
    ------
    ChainError
        If there are none, or one is cut off.
    """
    start = header + 1
    columns: list[list[str]] = [[] for _ in names]
    places: list[int] = []
    wrong: list[tuple[int, int]] = []  # rows, and how many fields they have
    reader = csv.reader(lines[start:], delimiter=delimiter)

    def rows() -> Iterable[list[str]]:
        for row in reader:
            if any(map(str.strip, row)):
                if len(row) < width or (exact and any(map(str.strip, row[width:]))):
                    wrong.append((len(places), len(row)))
                places.append(start + reader.line_num)
                yield row

    found = iter(rows())
    try:
        while chunk := list(islice(found, _CHUNK)):
            for column, cells in zip(columns, zip_longest(*chunk, fillvalue=""), strict=False):
                column.extend(cells)
            for column in columns:  # no row of the chunk may have the last of them
                column.extend([""] * (len(places) - len(column)))
    except csv.Error as error:  # a field of more than 128 kB: a quotation mark left open
        raise ChainError(f"{source}: line {start + reader.line_num}: {error}") from error
    table = Table(source, names, columns, np.array(places, dtype=np.intp))
    if not places:
        raise ChainError(f"{source}: a header on line {start}, but no options below it")
    for index, count in wrong[:1]:
        cut = "the file is cut off: " if count < width and index == len(table) - 1 else ""
        raise table.refusal(index, f"{cut}{count} fields where {width} are needed")
    return table


def read_named(
    raw: bytes,
    source: str,
    needed: Sequence[str],
    renamed: Mapping[str, str],
    optional: Sequence[str] = (),
) -> Table:
    """Read a text file whose first line names its columns, a Parquet file, or records in JSON.

    Parameters
    ----------
    raw : bytes
    source : str
    needed : sequence of str
        Columns it must have. Names are compared by their letters and digits, in any case.
    renamed : mapping of str to str
        Columns of the file by the names that the reader has for them (`Options.map`).
    optional : sequence of str
        Columns that it may have, compared likewise.

    Returns
    -------
    Table
        Under the names in `needed`, `optional` and `renamed`, and elsewhere under those of the
        file.

    Raises
    ------
    ChainError
        If a column is missing or there twice, or a row is cut off.
    """
    if is_json(raw[:LONGEST]):
        cells, columns = listed(raw, source)
        names = _names(cells, source, needed, renamed, optional)
        return Table(source, names, columns, np.arange(1, len(columns[0]) + 1), unit="record")
    if is_parquet(raw):
        table = _read_parquet(raw, source)
        return replace(table, names=_names(table.names, source, needed, renamed, optional))
    large = _read_large(raw, source) if len(raw) >= _LARGE and has_arrow() else None
    if large is not None:
        header, table = large
        where = f"{source}: line {header + 1}"
        return replace(table, names=_names(table.names, where, needed, renamed, optional))
    lines = read_lines(raw, source)
    header = next(place for place, line in enumerate(lines) if line.strip())
    delimiter, cells = split_header(lines[header])
    names = _names(cells, f"{source}: line {header + 1}", needed, renamed, optional)
    return read_rows(lines, header, names, delimiter, source, len(names), exact=True)


def _names(
    cells: Sequence[str],
    where: str,
    needed: Sequence[str],
    renamed: Mapping[str, str],
    optional: Sequence[str],
) -> list[str]:
    """The names of the columns as the reader has them."""
    ours = {bare(name): name for name in (*needed, *optional)}
    names = [ours.get(bare(cell), cell) for cell in cells]
    for name, column in renamed.items():
        if column not in cells:
            raise ChainError(f"{where}: no column {column}, as --map has it")
        names = ["" if each == name else each for each in names]
        names[cells.index(column)] = name
    counts = Counter(names)
    for name in needed:
        if counts[name] != 1:
            found = f"two columns {name}" if counts[name] else f"no column {name}"
            raise ChainError(f"{where}: {found}; found {', '.join(cells)[:200]}")
    return names


def is_parquet(raw: bytes) -> bool:
    """Whether these are the bytes of a Parquet file."""
    return raw.startswith(_PARQUET)


def read_schema(raw: bytes, source: str) -> list[str]:
    """The names of the columns of a Parquet file.

    Raises
    ------
    ChainError
        If it is damaged, or Arrow is not installed.
    """
    return list(_careful(raw, source, lambda parquet, file: parquet.read_schema(file).names))


def _read_parquet(raw: bytes, source: str) -> Table:
    found = _careful(raw, source, lambda parquet, file: parquet.read_table(file))
    _careful(raw, source, lambda *_: found.validate(full=True))  # also that its texts are UTF-8
    if not found.num_rows:
        raise ChainError(f"{source}: columns, but no options in them")
    rows = np.arange(1, found.num_rows + 1)
    columns = [column.combine_chunks() for column in found.columns]
    return Table(source, found.column_names, columns, rows, unit="row")


def _careful(raw: bytes, source: str, read: Callable[[Any, Any], Any]) -> Any:
    if not has_arrow():
        raise ChainError(f"{source}: Parquet needs pyarrow: pip install 'quantforge-core[cli]'")
    import pyarrow
    from pyarrow import parquet

    try:
        return read(parquet, pyarrow.BufferReader(raw))
    except (ValueError, OSError, NotImplementedError, MemoryError) as error:
        what = " ".join(str(error).split())[:200]
        raise ChainError(
            f"{source}: not an option chain but a damaged Parquet file: {what}"
        ) from error


def _read_large(raw: bytes, source: str) -> tuple[int, Table] | None:
    """The place of the header and the table, None if Arrow might see other cells than Python."""
    start, header = 0, 0
    while not (line := raw[start : (end := raw.find(b"\n", start) + 1) or None]).strip():
        start, header = end, header + 1
        if not end:
            return None
    body = memoryview(raw)[end:]
    plain = end and len(line) <= LONGEST and not raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not plain or raw.find(b'"', end) >= 0 or raw.find(b"\0", end) >= 0:
        return None
    if b"\r" in raw and (raw.count(b"\r") != raw.count(b"\r\n") or b"\n\r\n" in raw[end:]):
        return None
    if 0 <= raw.find(b"\n\n", end) < len(raw) - _TRAILING:
        return None
    import pyarrow
    from pyarrow import compute
    from pyarrow import csv as fast

    try:
        delimiter, cells = split_header(line.decode("utf-8-sig").strip("\r\n"))
        places = list(map(str, range(len(cells))))
        found = fast.read_csv(
            pyarrow.BufferReader(body),
            fast.ReadOptions(column_names=places),
            fast.ParseOptions(delimiter=delimiter, quote_char=False),
            fast.ConvertOptions(
                column_types=dict.fromkeys(places, pyarrow.string()), strings_can_be_null=False
            ),
        )
    except ValueError:  # rows of another length, or another encoding
        return None
    lines = np.arange(header + 2, header + 2 + found.num_rows)
    # Arrow turns whole arrays into those of NumPy without importing pandas.
    table = Table(source, cells, [each.combine_chunks() for each in found.columns], lines)
    empty = np.ones(len(table), dtype=bool)
    for column in table.columns:
        if empty.any():
            empty &= np.asarray(compute.binary_length(compute.utf8_trim_whitespace(column))) == 0
    return header, table.where(~empty) if empty.any() else table


def split_header(line: str) -> tuple[str, list[str]]:
    """The delimiter of a header, the one that splits it most, and its cells."""
    delimiter = max(DELIMITERS, key=line.count)
    return delimiter, [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def notation_in(cells: Iterable[str], source: str, where: str = "") -> Notation:
    """The notation of numbers with commas, which their cells have to tell.

    Raises
    ------
    ChainError
        If none does.
    """
    found = find_notation(cells)
    if isinstance(found, str):
        raise ChainError(
            f"{source}: {found!r} may be two numbers, and no cell{where} tells whether its comma "
            "separates thousands"
        )
    return found


def read_texts(table: Table, column: int | str) -> Texts:
    """The cells of a column without the spaces around them."""
    return table.each(column, lambda cells: np.array([cell.strip() for cell in cells], np.str_))


def interleaved(first: Column, second: Column) -> Column:
    """A column with the cells of two in turn."""
    if not is_arrow(first) or not is_arrow(second):
        pairs = zip(_listed(first), _listed(second), strict=True)
        return [cell for pair in pairs for cell in pair]
    import pyarrow

    if first.type != second.type:
        first, second = _texts_of(first), _texts_of(second)
    parts = [*_chunks(first), *_chunks(second)]
    order = np.arange(2 * len(first)).reshape(2, -1).T.ravel()
    return pyarrow.chunked_array(parts).take(order)


def _chunks(column: Column) -> list[Column]:
    return list(getattr(column, "chunks", [column]))


def _listed(column: Column) -> list[str]:
    return list(_texts_of(column).to_pylist() if is_arrow(column) else column)


def _taken(column: Column, places: Integers) -> Column:
    return column.take(places) if is_arrow(column) else [column[place] for place in places.tolist()]


def _texts_of(column: Column) -> Column:
    return text_of(column) if is_arrow(column) else column


def read_kinds(cells: Sequence[str]) -> Signs:
    """Signs of a column of calls and puts, in the words that `Quotes` takes.

    Raises
    ------
    CellError
        At the first cell that is neither.
    """
    signs = np.array([KINDS.get(cell.strip().casefold(), 0) for cell in cells], dtype=np.int8)
    if not signs.all():
        index = int(np.argmin(np.abs(signs)))
        raise CellError(cells[index], "a call or a put", index)
    return signs


def read_figures(cells: Sequence[str]) -> Floats:
    """Numbers as web pages write them: ``1,23,456.00``, a long minus, a per cent sign.

    Commas may separate thousands or lakhs. The per cent sign is left out: 31.46% is 31.46.

    Raises
    ------
    CellError
        At the first cell that is not a number.
    """
    known = {cell: _figure(cell) for cell in set(cells)}
    try:
        return read_numbers([known[cell] for cell in cells])
    except CellError as error:
        raise CellError(cells[error.index], "a number", error.index) from None


def _figure(cell: str) -> str:
    plain = cell.strip().replace("\u2212", "-").removesuffix("%").rstrip()
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain


def bare(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]", "", name.casefold())


def head_lines(head: bytes) -> list[str]:
    """The lines of the head of a file, none if it is no text."""
    try:
        return read_lines(head[: len(head) & ~1], "")  # UTF-16 has two bytes a letter
    except ChainError:
        return []


def head_cells(head: bytes) -> list[str]:
    """The cells in the first line of a file that is not blank; of JSON the names of all fields."""
    if is_json(head):
        return keys_in(head)
    first = next((line for line in head_lines(head) if line.strip()), "")
    return split_header(first[:LONGEST])[1]


def head_names(head: bytes) -> set[str]:
    """The names in the head of a file, as `bare` writes them."""
    return set(map(bare, head_cells(head)))
