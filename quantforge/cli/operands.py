"""The inputs of a public function, from command-line arguments and columns of a file.

Names, meanings and units are those that operations of the catalogue declare. Words, ``kind`` and
``exercise``, take the place of the kernels' codes.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import api, exercises, kinds
from quantforge.cli.failures import Failure
from quantforge.cli.options import add_model_option
from quantforge.conventions import MODELS
from quantforge.files.cells import CellError, read_numbers
from quantforge.files.columns import words_of
from quantforge.operations import OPERATIONS, SIGN, STYLE, WORDS, Operand, Operation, find

__all__ = ["add_arguments", "as_columns", "inputs", "literal", "operations", "resolve"]

_OPTIONAL: Final = frozenset({"dividend", "kind", "exercise"})


def operations(function: str) -> list[Operation]:
    """The operations that a public function runs, each for a family of models."""
    return [each for each in OPERATIONS.values() if each.function == function]


def inputs(function: str) -> dict[str, Operand]:
    """The inputs of a public function by name, without the words."""
    found: dict[str, Operand] = {}
    for operation in operations(function):
        for operand in operation.inputs:
            if operand not in WORDS:
                found.setdefault(operand.argument, operand)
    return found


def _models(function: str) -> list[str]:
    families = {each.family for each in operations(function)}
    return [name for name, model in MODELS.items() if model.family in families]


def _on_forward(function: str) -> str:
    """The models of a function that take a forward, in words."""
    return " or ".join(name for name in _models(function) if MODELS[name].on_forward)


def takes(function: str, operand: Operand) -> bool:
    """Whether an operation of a public function has such an input."""
    return any(operand in each.inputs for each in operations(function))


def _default(function: str, argument: str) -> Any:
    """What a public function takes for an argument that is left out; None if it has no such one."""
    taken = inspect.signature(api.function(function)).parameters
    return taken[argument].default if argument in taken else None


def literal(text: str) -> str:
    """Text for the help of an option, where argparse takes a percent sign for a format."""
    return text.replace("%", "%%")


def add_arguments(parser: argparse.ArgumentParser, function: str) -> None:
    """Add an argument for each input of a public function, for its words and for the model."""
    taken = inputs(function)
    for name, operand in taken.items():
        about = ", ".join(filter(None, (operand.meaning, operand.unit)))
        parser.add_argument(f"--{name}", metavar="X", help=literal(about))
    if "spot" in taken and (models := _on_forward(function)):
        parser.add_argument("--forward", metavar="X", help=f"forward price, for --model {models}")
    if takes(function, SIGN):
        usual = _default(function, "kind")
        parser.add_argument("--kind", metavar="X", help=f"call or put (default: {usual})")
    if takes(function, STYLE) and (usual := _default(function, "exercise")):
        parser.add_argument(
            "--exercise",
            metavar="X",
            help="european, at expiry alone, or american, at any time until then "
            f"(default: {usual})",
        )
    if takes(function, STYLE):
        parser.add_argument(
            "--accuracy",
            default=exercises.STANDARD,
            choices=tuple(exercises.STYLES),
            help="how closely American options are priced "
            f"(default: {exercises.STANDARD}); European ones have no choice",
        )
    add_model_option(parser, _models(function), operations(function)[0].model)


def resolve(
    arguments: argparse.Namespace, function: str, columns: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """The inputs of a public function by name, as it takes them, and the number of options.

    An argument is a number, several with commas between them, or the name of a column. One that is
    left out is the column of its own name.

    Raises
    ------
    Failure
        An input is neither given nor a column, or has an element that is no number or no such word.
    """
    operation = find(function, arguments.model)
    needed = [each.argument for each in operation.inputs]
    needed += [STYLE.argument] * takes(function, STYLE)
    if _default(function, STYLE.argument) is None:
        needed = [name for name in needed if name != STYLE.argument]
    also = [name for name in inputs(function) if getattr(arguments, name) is not None]
    names = list(dict.fromkeys([*needed, *also]))
    given = {name: _argument(arguments, name, function, columns) for name in names}
    found = {name: _input(name, value, columns) for name, value in given.items() if value}
    missing = [name for name in needed if name not in found and name not in _OPTIONAL]
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


def _argument(
    arguments: argparse.Namespace, name: str, function: str, columns: Mapping[str, Any]
) -> str | None:
    """What was given for an input, or the column of its own name, or nothing.

    A model of the forward takes ``--forward`` and the column ``forward`` for the spot. It ignores a
    column ``dividend``, because the forward contains the dividends.
    """
    on_forward = MODELS[arguments.model].on_forward
    given: str | None = getattr(arguments, name)
    own = [name]
    if name == "spot":
        if arguments.forward is not None:
            if not on_forward:
                raise Failure(f"--forward needs --model {_on_forward(function)}")
            given = arguments.forward
        own = ["forward", "spot"] if on_forward else own
    elif name == "dividend" and on_forward:
        own = []
    return given or next((each for each in own if each in columns), None)


def _input(name: str, given: str, columns: Mapping[str, Any]) -> NDArray[Any]:
    read: Callable[[str, Any, str | None], NDArray[Any]] = _read_numbers
    if name == "kind":
        read = _read_kinds
    elif name == "exercise":
        read = _read_exercises
    if given in columns:
        return read(name, columns[given], given)
    return read(name, given.split(","), None)


def _is_numeric(cells: Any) -> bool:
    return isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub"


def _read_numbers(name: str, cells: Any, column: str | None) -> NDArray[np.float64]:
    if _is_numeric(cells):
        return np.asarray(cells, np.float64)
    try:
        return read_numbers(words_of(cells))
    except CellError as error:
        hint = ", nor a column" if column is None else _place(column, error.index)
        raise Failure(f"{name}: {error}{hint}") from None


def _read_kinds(name: str, cells: Any, column: str | None) -> NDArray[np.float64]:
    """Read kinds as the core does, and name the place of the first that is none."""
    # As objects, because the core tests numbers by the sum of their squares, which 2, 0, 0, 0 pass.
    given = cells.astype(object) if _is_numeric(cells) else _words_or_numbers(words_of(cells))
    return _read_words(name, given, column, kinds.sign)


def _read_exercises(name: str, cells: Any, column: str | None) -> NDArray[Any]:
    """Read exercises as the core does; one word where all are alike."""
    words = np.array([cell.strip() for cell in words_of(cells)], dtype=object)
    american = _read_words(name, words, column, exercises.flags) > 0.0
    found = np.where(american, exercises.AMERICAN, exercises.EUROPEAN)
    return found[:1] if (found == found[:1]).all() else found


def _read_words(
    name: str,
    given: NDArray[Any],
    column: str | None,
    read: Callable[[Any], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Read words, and name the place of the first that is wrong."""
    try:
        return read(given)
    except ValueError:
        for index, element in enumerate(given.tolist()):
            try:
                read(element)
            except ValueError as error:
                if column is None:
                    raise Failure(f"{name}: no such column, and {error}") from None
                raise Failure(f"{name}: {error}{_place(column, index)}") from None
        raise


def _place(column: str, index: int) -> str:
    return f" (row {index + 1} of column {column!r})"


def _words_or_numbers(cells: list[str]) -> NDArray[Any]:
    read: dict[str, Any] = {}
    for cell in set(cells):
        word = cell.strip()
        try:
            number = float(read_numbers([word])[0])
        except CellError:
            number = np.nan
        read[cell] = word if np.isnan(number) else number
    return np.array([read[cell] for cell in cells], dtype=object)


def as_columns(inputs: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Inputs given as arguments, as columns of `rows` elements."""
    columns = {name: np.broadcast_to(value, rows) for name, value in inputs.items()}
    if "kind" in columns:
        columns["kind"] = np.where(columns["kind"] > 0.0, "call", "put")
    return columns
