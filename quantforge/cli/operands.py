"""The inputs of a public function, from command-line arguments and columns of a file.

Names, meanings and units are those that operations of the catalogue declare. Words, ``kind`` and
``exercise``, take the place of the kernels' codes.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from quantforge import api, exercises, kinds
from quantforge.cli.elapsed import add_date_options
from quantforge.cli.failures import Failure
from quantforge.cli.options import add_model_option
from quantforge.cli.units import add_unit_options
from quantforge.conventions import MODELS
from quantforge.files.cells import CellError, read_numbers
from quantforge.operations import OPERATIONS, SIGN, STYLE, WORDS, Operand, Operation, find

__all__ = ["add_arguments", "from_words", "inputs", "literal", "needed", "operations", "optional"]

_OPTIONAL: Final = frozenset({"dividend", "kind", "exercise"})
_GROUPED: Final = re.compile(r"[+-]?(\d{1,3})((?:,\d{3})+)")


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


def on_forward(function: str) -> str:
    """The models of a function that take a forward, in words."""
    return " or ".join(name for name in _models(function) if MODELS[name].on_forward)


def takes(function: str, operand: Operand) -> bool:
    """Whether an operation of a public function has such an input."""
    return any(operand in each.inputs for each in operations(function))


def default(function: str, argument: str) -> Any:
    """What a public function takes for an argument that is left out; None if it has no such one."""
    taken = inspect.signature(api.function(function)).parameters
    return taken[argument].default if argument in taken else None


def literal(text: str) -> str:
    """Text for the help of an option, where argparse takes a percent sign for a format."""
    return text.replace("%", "%%")


def add_arguments(parser: argparse.ArgumentParser, function: str) -> None:
    """Add an argument for each input of a public function, for its words, units and the model."""
    taken = inputs(function)
    for name, operand in taken.items():
        about = ", ".join(filter(None, (operand.meaning, operand.unit)))
        parser.add_argument(f"--{name}", metavar="X", help=literal(about))
    if "spot" in taken and (models := on_forward(function)):
        parser.add_argument(
            "--forward",
            metavar="X",
            help=f"forward price, for --model {models}; with FILE parity: fitted to the calls and "
            "puts of each quote time and expiry, and the rate too if it is not given. That reads "
            "FILE twice and keeps 29 bytes a row",
        )
    if takes(function, SIGN):
        usual = default(function, "kind")
        parser.add_argument(
            "--kind",
            metavar="X",
            help=f"call or put (default: {usual}); with FILE it has no default",
        )
    if takes(function, STYLE) and (usual := default(function, "exercise")):
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
    if "time" in taken:
        add_date_options(parser)
    add_unit_options(parser, taken)
    add_model_option(parser, _models(function), operations(function)[0].model)


def needed(arguments: argparse.Namespace, function: str) -> list[str]:
    """The names of the inputs that a function takes under a model, and of others that were given.

    Raises
    ------
    Failure
        A forward is given to a model of the spot, or a spot to one of the forward.
    """
    model = MODELS[arguments.model]
    names = [each.argument for each in find(function, arguments.model).inputs]
    names += [STYLE.argument] * takes(function, STYLE)
    if default(function, STYLE.argument) is None:
        names = [name for name in names if name != STYLE.argument]
    also = [name for name in inputs(function) if getattr(arguments, name) is not None]
    names = list(dict.fromkeys([*names, *also]))
    forward = getattr(arguments, "forward", None)
    if "spot" in names and forward is not None and not model.on_forward:
        raise Failure(f"--forward needs --model {on_forward(function)}")
    if "spot" in names and model.on_forward and arguments.spot is not None:
        raise Failure(
            f"model {arguments.model!r} takes a forward, which is no spot: give it with --forward"
        )
    if model.on_forward and "dividend" in names and arguments.dividend is None:
        names.remove("dividend")  # the forward contains the dividends
    return names


def optional(name: str) -> bool:
    """Whether an input has a default."""
    return name in _OPTIONAL


def from_words(name: str, given: str) -> Any:
    """Read the values of an argument: numbers, kinds or exercises, with commas between them.

    Raises
    ------
    Failure
        One is no number or no such word, or the commas may separate thousands.
    """
    words = given.split(",")
    if name == "kind":
        return np.atleast_1d(_read_words(name, words, lambda each: kinds.sign(_number_or(each))))
    if name == "exercise":
        american = np.atleast_1d(_read_words(name, words, exercises.flags)) > 0.0
        return words_of_flags(american)
    if (grouped := _GROUPED.fullmatch(given.strip())) is not None:
        first, second = int(grouped[1]), grouped[2].split(",")[1]
        if second.startswith("0") or int(second) > 10 * first:
            raise Failure(
                f"{name}: {given!r} may be one number or several: write {given.replace(',', '')!r},"
                f" or {given.replace(',', ', ')!r} with blanks"
            )
    try:
        return read_numbers(words)
    except CellError as error:
        raise Failure(f"{name}: {error}, nor a column") from None


def words_of_flags(american: Any) -> Any:
    """Exercises as the core takes them; one word where all are alike."""
    found = np.where(american, exercises.AMERICAN, exercises.EUROPEAN).astype(object)
    return found[:1] if (found == found[:1]).all() else found


def _number_or(word: str) -> Any:
    try:
        number = float(read_numbers([word])[0])
    except CellError:
        return word
    return word if np.isnan(number) else number


def _read_words(name: str, words: list[str], read: Any) -> Any:
    found = []
    for word in words:
        try:
            found.append(float(read(word.strip())))
        except ValueError as error:
            raise Failure(f"{name}: no such column, and {error}") from None
    return np.array(found)


def as_column(name: str, values: Any, rows: int) -> Any:
    """An input as a column of `rows` elements, kinds as words."""
    if name == "kind":
        values = np.where(np.asarray(values) > 0.0, "call", "put")
    return np.broadcast_to(values, rows)


def lengths_agree(found: Mapping[str, Any]) -> int:
    """The number of options that inputs broadcast to.

    Raises
    ------
    Failure
        If they do not.
    """
    lengths = {name: len(value) for name, value in found.items() if len(value) != 1}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise Failure(f"the numbers of values differ: {counts}")
    return next(iter(lengths.values()), 1)
