"""A command for each function that has none of its own, as those of other packages' operations.

Everything about it comes from the declarations. It has an option for each input and for the choice
of outputs, and adds a column for each that is chosen.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from typing import Any, Final

import quantforge
from quantforge.cli import european, operands
from quantforge.cli.choice import add_steps_option, add_which_option, heading
from quantforge.cli.compute import Columns, Computation, settings
from quantforge.errors import warn_once
from quantforge.operations import Operation, find, functions

__all__ = ["add_parsers"]

_KEPT: Final = ("command", "file", "run")
"""What is kept among a command's arguments without being an option."""


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the parser, except for those whose names or options are taken."""
    for command in _commands():
        try:
            if command.name in subparsers.choices:
                raise ValueError("there is a command of this name already")
            for name in operands.inputs(command.function):
                if name in _KEPT:
                    raise ValueError(f"an input of it is called {name!r}, as something else is")
            command.add_parser(argparse.ArgumentParser().add_subparsers())
        except (argparse.ArgumentError, ValueError) as error:  # costs this command, and no other
            warn_once(
                f"command {command.name}", f"function {command.name!r} has no command: {error}"
            )
        else:
            command.add_parser(subparsers)


def _commands() -> Iterator[Computation]:
    covered = {command.function for command in european.COMMANDS.values()}
    for function in functions():
        if function not in covered:
            yield _command(function, operands.operations(function)[0])


def _command(function: str, declared: Operation) -> Computation:
    called = quantforge.function(declared)
    options = inspect.signature(called).parameters

    def compute(arguments: argparse.Namespace, inputs: Columns) -> Columns:
        own = {name: getattr(arguments, name) for name in ("which", "units") if name in options}
        found = called(**inputs, **own, **settings(arguments))
        if not isinstance(found, quantforge.Greeks):
            outputs = _default_outputs(find(function, arguments.model))
            results = found if isinstance(found, tuple) else (found,)
            found = dict(zip(outputs, results, strict=True))
        return {f"{arguments.column}{name}": values for name, values in found.items()}

    def add_options(parser: argparse.ArgumentParser) -> None:
        if "which" in options:
            names = tuple(output.name for output in declared.outputs)
            default = declared.default_outputs, ",".join(declared.default_outputs)
            add_which_option(parser, "result", names, {"all": names}, default)
        if "units" in options:
            by = (operand for output in declared.outputs for operand in output.by or ())
            steps = dict.fromkeys(f"{each.step} of {each.argument}" for each in by if each.step)
            add_steps_option(parser, steps)
        parser.add_argument(
            "--column",
            default="",
            metavar="PREFIX",
            help="put before the names of the added columns",
        )

    return Computation(
        name=function,
        function=function,
        purpose=declared.summary,
        result=_default_outputs(declared)[0],
        example=" ".join(
            f"--{name} {sum(operand.typical) / 2:.3g}"
            for name, operand in operands.inputs(function).items()
        ),
        add_options=add_options,
        compute=compute,
        heading=heading(function),
    )


def _default_outputs(operation: Operation) -> tuple[str, ...]:
    wanted = operation.wanted(operation.default_outputs) or operation.all_outputs
    return tuple(output.name for output in operation.written(wanted))
