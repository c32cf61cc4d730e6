"""A command that runs a public function on options from the command line or columns of a file.

What the function returns is added as columns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import quantforge
from quantforge import exercises
from quantforge.cli import operands
from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options, check_tables
from quantforge.cli.terminal import console, print_json, status, table

__all__ = ["Columns", "Computation", "settings"]

_SHOWN: Final = 20  # rows on the terminal

Columns = dict[str, Any]


@dataclass(frozen=True)
class Computation:
    """A command that runs one public function.

    Parameters
    ----------
    name, function : str
        The command, and the function as the catalogue of operations calls it.
    purpose : str
        What it does, or what it computes.
    result : str
        What an option may end up without.
    example : str
        Arguments that can be tried.
    add_options : callable
        Adds the options of this command alone.
    compute : callable
        From the parsed arguments and the inputs by name, the columns to add; the first is NaN
        where there is no result.
    heading : callable
        From the parsed arguments and the name of a column, what stands above it in a table.
    """

    name: str
    function: str
    purpose: str
    result: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    compute: Callable[[argparse.Namespace, Columns], Columns]
    heading: Callable[[argparse.Namespace, str], str] = lambda arguments, column: column

    def add_parser(self, subparsers: Any) -> None:
        """Add the command to the parser."""
        parser = subparsers.add_parser(
            self.name,
            help=operands.literal(f"{self.purpose}, from the command line or a file"),
            description=f"{self.purpose[:1].upper()}{self.purpose[1:]}. Without FILE every "
            "argument is a number or several, separated by commas. With FILE (.csv or .parquet) an "
            "argument may also name a column; one that is left out is the column of its own name.",
            epilog=f"example: quantforge {self.name} {self.example}",
        )
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help="options, one per row"
        )
        operands.add_arguments(parser, self.function)
        self.add_options(parser)
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="write every row, with what was computed, to a .csv or .parquet file",
        )
        parser.add_argument("--json", action="store_true", help="print inputs and results as JSON")
        add_backend_options(parser)
        parser.set_defaults(run=self.run)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command."""
        from quantforge.files.columns import read_columns, write_columns

        check_tables(arguments.file, arguments.output)
        if not arguments.json:
            require("rich", "a table")
        columns = {} if arguments.file is None else read_columns(arguments.file)
        inputs, count = operands.resolve(arguments, self.function, columns)
        with status("computing"), np.errstate(invalid="ignore"):
            results = self.compute(arguments, inputs)
        results = {name: np.broadcast_to(values, count) for name, values in results.items()}
        shown = columns or operands.as_columns(inputs, count)
        for name in results:
            if name in shown:
                raise Failure(f"there is a column {name!r} already: choose another --column")
        shown = {**shown, **results}
        if arguments.output is not None:
            write_columns(shown, arguments.output)
        missing = int(np.count_nonzero(np.isnan(next(iter(results.values())))))
        exercise = exercises.word(inputs.get("exercise", exercises.EUROPEAN))
        decision = quantforge.explain(
            self.function, count, exercise=exercise, **_request(arguments)
        )
        self._report(arguments, shown, decision, missing)
        if missing == count:
            raise Failure(f"no option has a {self.result}", NOTHING_USABLE)
        return 0

    def _report(
        self,
        arguments: argparse.Namespace,
        columns: Columns,
        decision: quantforge.Decision,
        missing: int,
    ) -> None:
        from quantforge.files.columns import list_of

        count = decision.n
        if arguments.json:
            print_json(
                {
                    "operation": self.function,
                    "model": arguments.model,
                    **({"units": arguments.units} if "units" in arguments else {}),
                    "backend": decision.backend,
                    "threads": decision.threads,
                    "count": count,
                    "missing": missing,
                    "columns": {name: list_of(column) for name, column in columns.items()},
                }
            )
            return
        screen = console()
        if arguments.output is None:
            cells = [[_cell(value) for value in column[:_SHOWN]] for column in columns.values()]
            headings = [self.heading(arguments, column) for column in columns]
            screen.print(table(headings, zip(*cells, strict=True)))
            if count > _SHOWN:
                screen.print(f"the first {_SHOWN} rows; --output writes all of them")
        lost = f", {missing:,} without a {self.result}" if missing else ""
        screen.print(f"{count:,} option{'s' * (count > 1)} on {decision.backend}{lost}")
        if arguments.output is not None:
            screen.print(f"wrote {arguments.output}", soft_wrap=True)


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a public function takes beside its inputs."""
    accuracy = {"accuracy": arguments.accuracy} if "accuracy" in arguments else {}
    dividends = {"dividends": arguments.cash_dividends} if "cash_dividends" in arguments else {}
    return {**_request(arguments), **accuracy, **dividends}


def _request(arguments: argparse.Namespace) -> dict[str, Any]:
    """What `quantforge.explain` takes too."""
    return {
        "model": arguments.model,
        "backend": arguments.backend,
        "threads": arguments.threads,
    }


def _cell(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
