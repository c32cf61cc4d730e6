"""The inputs of an operation, from command-line arguments and columns of a file.

Names, meanings and units are those of the catalogue of operations; ``kind`` takes the place of the
kernels' sign.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge.cli.failures import Failure
from quantforge.cli.options import add_model_option
from quantforge.conventions import MODELS
from quantforge.operations import OPERATIONS, Operand

_OPTIONAL: Final = frozenset({"dividend", "kind"})
_FORWARD: Final = "--model black76 or bachelier"
_KINDS: Final = frozenset({"call", "put", "c", "p", "1", "+1", "-1", "1.0", "-1.0"})


def _operands(function: str) -> tuple[Operand, ...]:
    """Those of the lognormal models: the others' arguments are among them."""
    return tuple(each for each in OPERATIONS[function].inputs if each.name != "sign")


def add_arguments(parser: argparse.ArgumentParser, function: str) -> None:
    """Add an argument for each input of a public function, for the kind and for the model."""
    for operand in _operands(function):
        parser.add_argument(
            f"--{operand.name}", metavar="X", help=f"{operand.meaning}, {operand.unit}"
        )
    parser.add_argument("--forward", metavar="X", help=f"forward price, for {_FORWARD}")
    parser.add_argument("--kind", metavar="X", help="call or put (default: call)")
    add_model_option(parser)


def resolve(
    arguments: argparse.Namespace, function: str, columns: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """Inputs of a public function by name, as it takes them, and the number of options.

    An argument is a number, several with commas between them, or the name of a column. One that is
    left out is the column of its own name.

    Raises
    ------
    Failure
        An input is neither given nor a column, or holds what is no number or kind.
    """
    names = [*(operand.name for operand in _operands(function)), "kind"]
    given = {name: _argument(arguments, name, columns) for name in names}
    found = {name: _input(name, value, columns) for name, value in given.items() if value}
    missing = [name for name in names if name not in found and name not in _OPTIONAL]
    if missing:
        where = "no such column" if columns else f"give it with --{missing[0]}"
        raise Failure(f"{missing[0]} is missing: {where}")
    lengths = {name: len(value) for name, value in found.items() if len(value) != 1}
    if columns:
        lengths["the file"] = len(next(iter(columns.values())))
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise Failure(f"the numbers of values differ: {counts}")
    count = next(iter(lengths.values()), 1)
    if not count:
        raise Failure("the file has no rows")
    return {name: value[0] if len(value) == 1 else value for name, value in found.items()}, count


def _argument(arguments: argparse.Namespace, name: str, columns: Mapping[str, Any]) -> str | None:
    """What was given for an input, or the column of its own name, or nothing.

    A model of the forward takes ``--forward`` and the column ``forward`` for the spot, and lets a
    column ``dividend`` alone, which the forward holds already.
    """
    forward = MODELS[arguments.model].on_forward
    given: str | None = getattr(arguments, name)
    own = [name]
    if name == "spot":
        if arguments.forward is not None:
            if not forward:
                raise Failure(f"--forward needs {_FORWARD}")
            given = arguments.forward
        own = ["forward", "spot"] if forward else own
    elif name == "dividend" and forward:
        own = []
    return given or next((each for each in own if each in columns), None)


def _input(name: str, given: str, columns: Mapping[str, Any]) -> NDArray[np.float64]:
    if given in columns:
        return _read(name, given, columns[given])
    return _read(name, None, [word.strip() for word in given.split(",")])


def _read(name: str, column: str | None, cells: Any) -> NDArray[Any]:
    if name == "kind":
        return _kinds(column, cells)
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub":
        return cells.astype(np.float64)
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            numbers[row] = np.nan if cell is None or str(cell).strip() == "" else float(cell)
        except (TypeError, ValueError):
            raise Failure(_complaint(name, column, row, cell, "a number")) from None
    return numbers


def _kinds(column: str | None, cells: Any) -> NDArray[np.float64]:
    signs = np.empty(len(cells))
    for row, cell in enumerate(cells):
        word = str(cell).strip().casefold()
        if word not in _KINDS:
            raise Failure(_complaint("kind", column, row, cell, "call, put, c, p, +1 or -1"))
        signs[row] = -1.0 if word in {"put", "p", "-1", "-1.0"} else 1.0
    return signs


def _complaint(name: str, column: str | None, row: int, cell: Any, what: str) -> str:
    place = f" (row {row + 1} of column {column!r})" if column else ""
    hint = "" if column else ", nor a column"
    return f"{name}: {cell!r} is not {what}{hint}{place}"


def as_columns(inputs: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Inputs given as arguments, as columns of `rows` elements."""
    columns = {name: np.broadcast_to(value, rows) for name, value in inputs.items()}
    if "kind" in columns:
        columns["kind"] = np.where(columns["kind"] > 0.0, "call", "put")
    return columns
