"""The rows of a text file, and errors that name the line and the column of a cell."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np

from quantforge.chain.quotes import KINDS, ChainError, Flags, Floats, Signs
from quantforge.files.cells import CellError, read_numbers
from quantforge.files.decoding import decode

DELIMITERS: Final = ",;\t|"
_LONGEST: Final = 20_000  # characters of a header that are looked at
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?")

Column = TypeVar("Column")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows below a header, the line each of them ends on, and the names of their columns."""

    source: str
    names: Sequence[str]
    rows: list[list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def texts(self, column: int | str) -> list[str]:
        """The cells of a column, by its place or its name."""
        place = self.names.index(column) if isinstance(column, str) else column
        return [row[place] for row in self.rows]

    def column(self, column: int | str, read: Callable[[Sequence[str]], Column]) -> Column:
        """What `read` makes of a column; the error that a cell raises gets its line and column."""
        try:
            return read(self.texts(column))
        except CellError as error:
            name = column if isinstance(column, str) else self.names[column].strip()
            raise self.refusal(error.index, f"{error}, column {name}") from None

    def refusal(self, index: int, what: object) -> ChainError:
        """The error to raise about a row."""
        return ChainError(f"{self.source}: line {self.lines[index]}: {what}")

    def where(self, wanted: Flags) -> Table:
        """The rows that are wanted."""
        places = np.flatnonzero(wanted).tolist()
        rows = [self.rows[place] for place in places]
        return replace(self, rows=rows, lines=[self.lines[place] for place in places])

    def refuse_where(self, wrong: Flags, what: str) -> None:
        """Raise about the first row that is wrong, if there is one."""
        if wrong.any():
            raise self.refusal(int(np.argmax(wrong)), what)


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
    lines: Sequence[str], header: int, names: Sequence[str], delimiter: str, source: str, width: int
) -> Table:
    """Read the rows below the header, which is the line with the place `header`.

    `width` is how many fields a row must have at least.

    Raises
    ------
    ChainError
        If there are none, or one is cut off.
    """
    table = Table(source, names, [], [])
    start = header + 1
    reader = csv.reader(lines[start:], delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                table.rows.append(row)
                table.lines.append(start + reader.line_num)
    except csv.Error as error:  # a field of more than 128 kB: a quotation mark left open
        raise ChainError(f"{source}: line {start + reader.line_num}: {error}") from error
    if not table.rows:
        raise ChainError(f"{source}: a header on line {start}, but no options below it")
    for index, row in enumerate(table.rows):
        if len(row) < width:
            cut = "the file is cut off: " if index == len(table.rows) - 1 else ""
            raise table.refusal(index, f"{cut}{len(row)} fields where {width} are needed")
    return table


def read_named(
    raw: bytes,
    source: str,
    needed: Sequence[str],
    renamed: Mapping[str, str],
    optional: Sequence[str] = (),
) -> Table:
    """Read a file whose first line names its columns.

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
    lines = read_lines(raw, source)
    header = next(place for place, line in enumerate(lines) if line.strip())
    delimiter, cells = split_header(lines[header])
    ours = {bare(name): name for name in (*needed, *optional)}
    names = [ours.get(bare(cell), cell) for cell in cells]
    for name, column in renamed.items():
        if column not in cells:
            raise ChainError(f"{source}: line {header + 1}: no column {column}, as --map has it")
        names = ["" if each == name else each for each in names]
        names[cells.index(column)] = name
    counts = Counter(names)
    for name in needed:
        if counts[name] != 1:
            found = f"two columns {name}" if counts[name] else f"no column {name}"
            raise ChainError(
                f"{source}: line {header + 1}: {found}; found {', '.join(cells)[:200]}"
            )
    return read_rows(lines, header, names, delimiter, source, len(names))


def split_header(line: str) -> tuple[str, list[str]]:
    """The delimiter of a header, the one that splits it most, and its cells."""
    delimiter = max(DELIMITERS, key=line.count)
    return delimiter, [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def read_kinds(cells: Sequence[str]) -> Signs:
    """Signs of a column of calls and puts, in the words that `Quotes` takes.

    Raises
    ------
    CellError
        At the first cell that is neither.
    """
    known = {cell: KINDS.get(cell.strip().casefold(), 0) for cell in set(cells)}
    signs = np.array([known[cell] for cell in cells], dtype=np.int8)
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


def head_names(head: bytes) -> set[str]:
    """The names in the first line of a file that is not blank, as `bare` writes them."""
    first = next((line for line in head_lines(head) if line.strip()), "")
    return set(map(bare, split_header(first[:_LONGEST])[1]))
