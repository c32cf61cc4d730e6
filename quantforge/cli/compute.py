"""A command that runs a public function on options from the command line or columns of a file.

What the function returns is added as columns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import quantforge
from quantforge.cli import operands, parity
from quantforge.cli.failures import NOTHING_USABLE, Failure
from quantforge.cli.given import Given
from quantforge.cli.options import add_backend_options, check_tables
from quantforge.cli.terminal import JsonColumns, console, notice, progress, status
from quantforge.cli.terminal import table as printed
from quantforge.files.sources import FORMATS, STANDARD

if TYPE_CHECKING:
    from quantforge.files.columns import Table

__all__ = ["Columns", "Computation", "settings"]

SHOWN: Final = 20  # rows on the terminal

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
        From the parsed arguments and the inputs by name, the columns to add.
    judged : callable
        From the parsed arguments and the added columns, the one that is NaN where there is no
        result; the first by default.
    heading : callable
        From the parsed arguments and the name of a column, what stands above it in a table.
    outside : callable, optional
        From the parsed arguments and the added columns, which options are outside the bounds of no
        arbitrage.
    """

    name: str
    function: str
    purpose: str
    result: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    compute: Callable[[argparse.Namespace, Columns], Columns]
    judged: Callable[[argparse.Namespace, Columns], Any] = lambda arguments, added: next(
        iter(added.values())
    )
    heading: Callable[[argparse.Namespace, str], str] = lambda arguments, column: column
    outside: Callable[[argparse.Namespace, Columns], Any] | None = None

    def add_parser(self, subparsers: Any) -> None:
        """Add the command to the parser."""
        parser = subparsers.add_parser(
            self.name,
            help=operands.literal(f"{self.purpose}, from the command line or a file"),
            description=f"{self.purpose[:1].upper()}{self.purpose[1:]}. Without FILE every "
            "argument is a number or several, separated by commas. With FILE (CSV or Parquet) an "
            "argument is a number or names a column; one that is left out is the column of its own "
            "name, or of another that is known for it.",
            epilog=f"example: quantforge {self.name} {self.example}",
        )
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            metavar="FILE",
            help="options, one per row: .csv, .tsv, .txt, any of them with .gz, .parquet, or - for "
            "standard input",
        )
        operands.add_arguments(parser, self.function)
        self.add_options(parser)
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="write every row, with what was used and computed, to a .csv or .parquet file, or "
            "to standard output with -",
        )
        parser.add_argument(
            "--format",
            choices=FORMATS,
            help="what FILE and --output are, where their names do not tell",
        )
        parser.add_argument(
            "--decimal",
            choices=("point", "comma"),
            help="decimal sign of numbers in FILE (default: as found in it)",
        )
        parser.add_argument(
            "--strict",
            action="store_true",
            help="refuse a file with an unreadable cell, or a row of more or fewer cells than the "
            "header, which costs that row otherwise",
        )
        parser.add_argument("--json", action="store_true", help="print inputs and results as JSON")
        add_backend_options(parser)
        parser.set_defaults(run=self.run)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command."""
        from quantforge.files.columns import open_table

        check_tables(arguments.output, read=arguments.file, format=arguments.format)
        with ExitStack() as stack:
            table = None
            if arguments.file is not None:
                table = stack.enter_context(open_table(arguments.file, arguments.format))
            listed = stack.enter_context(JsonColumns()) if arguments.json else None
            return self._run(arguments, table, listed)

    def _run(
        self, arguments: argparse.Namespace, table: Table | None, listed: JsonColumns | None
    ) -> int:
        batches: Iterator[Columns] = iter([{}]) if table is None else table.batches
        head = next((batch for batch in batches if table is None or _length(batch)), None)
        if head is None:
            raise Failure("the file has no rows")
        forwards = None
        if parity.is_asked(arguments):
            with status("fitting forwards"):
                forwards = parity.ParityForwards(arguments, self.function, table, head)
        else:
            parity.refuse_quotes(arguments)
        given = Given(arguments, self.function, table, head, derived=forwards)
        taken = [*given.taken, *(forwards.taken if forwards is not None else ())]
        if taken:
            notice(f"columns taken by their meaning: {', '.join(dict.fromkeys(taken))}")
        if forwards is not None:
            notice(forwards.remark)
        with progress(table.read if table is not None else None) as advance, ExitStack() as stack:
            into = Results(arguments, table, given.notation.decimal, listed)
            stack.enter_context(into)
            for columns in chain([head], batches):
                if table is None or _length(columns):
                    self._compute(arguments, given, columns, into)
                    advance()
        decision = quantforge.explain(
            self.function, into.batch, exercise=given.exercise, **_request(arguments)
        )
        nothing, problem = into.missing == into.count, given.problem()
        doubts = (
            *(() if forwards is None else forwards.warnings),
            *given.unpaired.remarks,
            *given.watch.warnings(),
        )
        for line in filter(None, ("" if nothing else problem, *doubts)):
            notice(f"warning: {line}")
        if given.zones:
            notice(given.zones)
        self._report(arguments, into, decision, given.unreadable)
        if nothing:
            why = f": {problem}" if problem else ""
            raise Failure(f"no option has a {self.result}{why}", NOTHING_USABLE)
        return 0

    def _compute(
        self, arguments: argparse.Namespace, given: Given, columns: Columns, into: Results
    ) -> None:
        inputs, count = given.read(columns)
        with np.errstate(invalid="ignore"):
            results = self.compute(arguments, inputs)
        results = {name: np.broadcast_to(values, count) for name, values in results.items()}
        if self.outside is not None:
            given.watch.look_at_prices(inputs, self.outside(arguments, results))
        shown = given.used(columns, count)
        for name in results:
            if name in shown:
                raise Failure(f"there is a column {name!r} already: choose another --column")
        into.add({**shown, **results}, count, self.judged(arguments, results))

    def _report(
        self,
        arguments: argparse.Namespace,
        into: Results,
        decision: quantforge.Decision,
        unreadable: int,
    ) -> None:
        to_pipe = str(arguments.output) == STANDARD
        if arguments.json:
            members = {
                "operation": self.function,
                "model": arguments.model,
                **({"units": arguments.units} if "units" in arguments else {}),
                "backend": decision.backend,
                "threads": decision.threads,
                "count": into.count,
                "missing": into.missing,
                "unreadable": unreadable,
            }
            assert into.json is not None
            into.json.print(members, "columns", stderr=to_pipe)
            return
        screen = console(stderr=to_pipe)
        if arguments.output is None:
            cells = [[_cell(value) for value in column] for column in into.kept.values()]
            headings = [self.heading(arguments, column) for column in into.kept]
            screen.show(printed(headings, zip(*cells, strict=True)))
            if into.count > SHOWN:
                screen.print(f"the first {SHOWN} rows; --output writes all of them")
        lost = f", {into.missing:,} without a {self.result}" if into.missing else ""
        screen.print(f"{into.count:,} option{'s' * (into.count > 1)} on {decision.backend}{lost}")
        if arguments.output is not None and not to_pipe:
            screen.print(f"wrote {arguments.output}", soft_wrap=True)


class Results:
    """Where batches with their results go: into a file, and as much as is shown is kept.

    Attributes
    ----------
    count, missing : int
        Rows so far, and those without a result.
    batch : int
        Rows of the greatest batch.
    kept : dict of str to list
        The first rows of the columns, for the terminal.
    json : JsonColumns or None
        All of them, for JSON.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        table: Table | None,
        decimal: str,
        listed: JsonColumns | None,
    ) -> None:
        self.count = self.missing = self.batch = 0
        self.kept: dict[str, list[Any]] = {}
        self.json = listed
        self._writing: Any = nullcontext()
        if arguments.output is not None:
            from quantforge.files.columns import writing

            schema = None if table is None else table.schema
            self._writing = writing(arguments.output, arguments.format, schema, decimal)

    def __enter__(self) -> Results:
        self._writer = self._writing.__enter__()
        return self

    def __exit__(self, *raised: Any) -> Any:
        return self._writing.__exit__(*raised)

    def add(self, columns: Columns, count: int, result: Any) -> None:
        """Add a batch; an option is missing where `result` is NaN."""
        from quantforge.files.contents import list_of

        if self._writer is not None:
            self._writer.write(columns)
        room = max(SHOWN - self.count, 0)
        if self.json is not None:
            self.json.add({name: list_of(column) for name, column in columns.items()})
        elif room and self._writer is None:
            for name, column in columns.items():
                self.kept.setdefault(name, []).extend(list_of(column[:room]))
        self.count += count
        self.batch = max(self.batch, count)
        self.missing += int(np.count_nonzero(np.isnan(result)))


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


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
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
