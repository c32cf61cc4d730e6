"""What columns hold: arrays of NumPy or Arrow, or lists of texts, read as numbers and words."""

from __future__ import annotations

import math
import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge.files.cells import CellError, Notation, is_blank, read_numbers

__all__ = [
    "Column",
    "distinct",
    "has_arrow",
    "in_rows",
    "is_arrow",
    "list_of",
    "numbers",
    "text_of",
    "type_of",
    "words",
]

Column = Any
"""An array of NumPy or Arrow, or a list of texts."""

_PLAIN: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"


def has_arrow() -> bool:
    """Whether pyarrow is installed."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def is_arrow(column: Column) -> bool:
    """Whether a column is an array of Arrow, without importing it."""
    arrow = sys.modules.get("pyarrow")
    return arrow is not None and isinstance(column, arrow.Array | arrow.ChunkedArray)


def type_of(column: Column) -> str:
    """What a column holds: ``text``, ``number``, ``flag``, ``nothing``, or another type's name."""
    if not is_arrow(column):
        kind = column.dtype.kind if isinstance(column, np.ndarray) else "U"
        return {"U": "text", "O": "text", "b": "flag", "f": "number", "i": "number"}.get(kind, kind)
    from pyarrow import types

    held = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_string(held) or types.is_large_string(held) or types.is_string_view(held):
        return "text"
    if types.is_integer(held) or types.is_floating(held) or types.is_decimal(held):
        return "number"
    if types.is_boolean(held):
        return "flag"
    return "nothing" if types.is_null(held) else str(held)


def numbers(column: Column, notation: Notation) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read the numbers of a column.

    Parameters
    ----------
    column : Column
        Of a type ``text``, ``number`` or ``nothing``; see `type_of`.
    notation : Notation
        How texts write them.

    Returns
    -------
    ndarray of float64
        NaN where a value is missing, and where a cell is no number.
    dict of int to str
        What is wrong with the cells that are no numbers, by their places.
    """
    if is_arrow(column):
        import pyarrow.compute as pc
        from pyarrow import types

        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if type_of(column) == "text":
            column = column.cast("string")  # of the views that Arrow has too, little is computed
        else:
            # Nullable integers lose no more here than as an input of float64.
            return _array(column.cast("float64", safe=False)), {}
        if notation.decimal == ".":
            try:
                return _array(pc.cast(column, "float64")), {}
            except ValueError:
                pass  # a blank, or a cell that only the careful reading knows
        trimmed = pc.utf8_trim_whitespace(column)
        return _careful(_plain(trimmed, notation), trimmed, notation)
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiu":
        return np.asarray(column, np.float64), {}
    try:
        return read_numbers(list(column), notation.decimal, grouped=notation.grouped), {}
    except CellError:
        return _careful(np.full(len(column), np.nan), column, notation)


def _array(column: Column) -> NDArray[np.float64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _plain(trimmed: Column, notation: Notation) -> NDArray[np.float64]:
    """The numbers among texts that are digits and a decimal sign alone; NaN for others."""
    import pyarrow.compute as pc

    pointed = trimmed
    if notation.decimal == ",":
        pointed = pc.replace_substring(trimmed, ".", "x")  # separates thousands: read carefully
        pointed = pc.replace_substring(pointed, ",", ".")
    plain = pc.match_substring_regex(pointed, _PLAIN)
    return _array(pc.cast(pc.if_else(plain, pointed, None), "float64"))


def _careful(
    values: NDArray[np.float64], column: Column, notation: Notation
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Fill in what is still NaN, reading each distinct cell once."""
    left = np.flatnonzero(np.isnan(values))
    cells, places = distinct(column if len(left) == len(values) else _taken(column, left))
    read = np.full(len(cells) + 1, np.nan)  # the last is for nulls
    wrong: dict[int, str] = {}
    for place, cell in enumerate(cells):
        try:
            read[place] = read_numbers([cell], notation.decimal, grouped=notation.grouped)[0]
        except CellError as error:
            wrong[place] = str(error)
    values = values.copy()
    values[left] = read[places]
    return values, in_rows(wrong, places, left)


def in_rows(
    wrong: dict[int, str], places: NDArray[np.intp], rows: NDArray[np.intp] | None = None
) -> dict[int, str]:
    """What is wrong with distinct cells, by the rows in which they stand."""
    if not wrong:
        return {}
    found = np.flatnonzero(np.isin(places, list(wrong)))
    which = found if rows is None else rows[found]
    said = map(wrong.__getitem__, places[found].tolist())
    return dict(zip(which.tolist(), said, strict=True))


def _taken(column: Column, rows: NDArray[np.intp]) -> Column:
    return column.take(rows) if is_arrow(column) else [column[row] for row in rows.tolist()]


def distinct(column: Column) -> tuple[list[Any], NDArray[np.intp]]:
    """The distinct values of a column, and of each row the place among them; -1 for a null."""
    if is_arrow(column):
        import pyarrow

        chunks = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
        coded = chunks.dictionary_encode()
        places = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
        values = coded.dictionary.to_pylist()
        if None in values:  # a null may also be one of the categories
            places[places == values.index(None)] = -1
        return ["" if value is None else value for value in values], places
    known: dict[Any, int] = {}
    column = column.tolist() if isinstance(column, np.ndarray) else column
    found = [known.setdefault(cell, len(known)) for cell in column]
    return list(known), np.array(found, np.intp)


def words(column: Column) -> list[str]:
    """The distinct texts of a column that are not blank."""
    cells, places = distinct(column)
    used = set(np.unique(places).tolist())
    return [c for at, c in enumerate(cells) if at in used and not is_blank(str(c))]


def list_of(column: Column) -> list[Any]:
    """A column as a list of plain Python values, instants as text."""
    if not is_arrow(column):
        return list(column.tolist() if isinstance(column, np.ndarray) else column)
    from pyarrow import types

    if types.is_temporal(column.type):
        column = column.cast("string")
    values: list[Any] = column.to_pylist()
    return values


def text_of(column: Column, decimal: str = ".") -> Column:
    """Cells for CSV: the shortest exact numbers, nothing for NaN and null, true and false.

    Numbers get the decimal sign `decimal`, texts stay as they are. A column of Arrow comes back as
    one of its own.
    """
    if is_arrow(column):
        return _arrow_text(column, decimal)
    floats = isinstance(column, np.ndarray) and column.dtype.kind == "f"
    if floats and has_arrow():
        return _arrow_number_texts(column, decimal)
    values: list[Any] = list_of(column)
    if not isinstance(column, np.ndarray):
        return values
    if floats:
        return _number_texts(values, decimal)
    if column.dtype.kind == "b":
        return ["true" if value else "false" for value in values]
    return ["" if value is None else str(value) for value in values]


def _number_texts(values: list[float], decimal: str) -> list[str]:
    texts = list(map(repr, values))
    if any(map(math.isnan, values)):
        texts = ["" if text == "nan" else text for text in texts]
    return texts if decimal == "." else [text.replace(".", decimal) for text in texts]


def _arrow_number_texts(values: NDArray[np.float64], decimal: str) -> Column:
    """The texts of `_number_texts`, in a column of Arrow.

    Arrow writes the same digits without holding up other threads. Only within these bounds it puts
    the decimal sign in the same place.
    """
    import pyarrow
    import pyarrow.compute as pc

    size = np.abs(values)
    odd = ~((size >= 1e-4) & (size < 1e10) & (values != np.trunc(values)))
    texts = pc.cast(pyarrow.array(values), "string")
    if decimal != ".":
        texts = pc.replace_substring(texts, ".", decimal)
    if odd.any():
        rest = pyarrow.array(_number_texts(values[odd].tolist(), decimal), "string")
        texts = pc.replace_with_mask(texts, pyarrow.array(odd), rest)
    return texts


def _arrow_text(column: Column, decimal: str) -> Column:
    import pyarrow
    import pyarrow.compute as pc

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_floating(column.type):
        return _arrow_number_texts(_array(column), decimal)
    try:
        text = column.cast("string")
    except (NotImplementedError, ValueError):  # nested, or bytes that are no text
        text = pyarrow.array([None if v is None else str(v) for v in column.to_pylist()], "string")
    return pc.fill_null(text, "")
