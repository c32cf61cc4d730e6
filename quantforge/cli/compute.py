"""``quantforge price``, ``greeks`` and ``iv``: options from the command line or columns of a file.

Each runs a public function on the same kinds of inputs and adds what it returns as columns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.cli import operands
from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options
from quantforge.cli.terminal import console, print_json, status, table

_SHOWN: Final = 20  # rows on the terminal
_GROUPS: Final = {
    "first": quantforge.FIRST_ORDER,
    "second": quantforge.SECOND_ORDER,
    "third": quantforge.THIRD_ORDER,
    "all": quantforge.ALL,
}

Columns = dict[str, Any]


@dataclass(frozen=True)
class Computation:
    """A command that runs one public function.

    Parameters
    ----------
    name, function : str
        The command, and the function as the catalogue of operations calls it.
    verb, result : str
        For texts: what it does to options, and what one may end up without.
    example : str
        Arguments that can be tried.
    add_options : callable
        Adds the options of this command alone.
    compute : callable
        From the parsed arguments and the inputs by name, the columns to add; the first is NaN
        where there is no result.
    """

    name: str
    function: str
    verb: str
    result: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    compute: Callable[[argparse.Namespace, Columns], Columns]

    def add_parser(self, subparsers: Any) -> None:
        """Add the command to the parser."""
        parser = subparsers.add_parser(
            self.name,
            help=f"{self.verb} options from the command line or a file",
            description=f"{self.verb.capitalize()} European options. Without FILE every argument "
            "is a number or several, separated by commas. With FILE (.csv or .parquet) an argument "
            "may also name a column; one that is left out is the column of its own name.",
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

        _check_targets(arguments)
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
        self._report(arguments, shown, count, missing)
        if missing == count:
            raise Failure(f"no option has a {self.result}", NOTHING_USABLE)
        return 0

    def _report(
        self, arguments: argparse.Namespace, columns: Columns, count: int, missing: int
    ) -> None:
        from quantforge.files.columns import list_of

        decision = quantforge.explain(self.function, count, **_settings(arguments))
        if arguments.json:
            print_json(
                {
                    "operation": self.function,
                    "model": arguments.model,
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
            screen.print(table(list(columns), zip(*cells, strict=True)))
            if count > _SHOWN:
                screen.print(f"the first {_SHOWN} rows; --output writes all of them")
        lost = f", {missing:,} without a {self.result}" if missing else ""
        screen.print(f"{count:,} options on {decision.backend}{lost}")
        if arguments.output is not None:
            screen.print(f"wrote {arguments.output}", soft_wrap=True)


def _check_targets(arguments: argparse.Namespace) -> None:
    """Refuse what could not be read or written, before any work is done."""
    from quantforge.files.columns import check_suffix

    if arguments.output is not None:
        check_suffix(arguments.output)
    for path in (arguments.file, arguments.output):
        if path is not None and path.suffix.lower() == ".parquet":
            require("pyarrow", "a Parquet file")
    if not arguments.json:
        require("rich", "a table")


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "model": arguments.model,
        "backend": arguments.backend,
        "threads": arguments.threads,
    }


def _cell(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _price(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    return {arguments.column: quantforge.price(**inputs, **_settings(arguments))}


def _greeks(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    found = quantforge.greeks(**inputs, which=arguments.which, **_settings(arguments))
    return {f"{arguments.column}{name}": values for name, values in found.items()}


def _implied_volatility(arguments: argparse.Namespace, inputs: Columns) -> Columns:
    values, codes = quantforge.implied_volatility(**inputs, status=True, **_settings(arguments))
    names = np.array([code.name for code in quantforge.Code])
    return {arguments.column: values, f"{arguments.column}_status": names[codes]}


def _add_price_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--column", default="price", metavar="NAME", help="name of the added column (price)"
    )


def _add_greeks_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--which",
        type=_which,
        default=quantforge.FIRST_ORDER,
        metavar="NAME,...",
        help=f"{', '.join(_GROUPS)}, or any of {', '.join(quantforge.ALL)} (default: first)",
    )
    parser.add_argument(
        "--column", default="", metavar="PREFIX", help="put before the names of the added columns"
    )


def _add_volatility_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--column",
        default="iv",
        metavar="NAME",
        help="name of the added column (iv); NAME_status says what became of the option",
    )


def _which(words: str) -> tuple[str, ...]:
    names: list[str] = []
    for word in (each.strip() for each in words.split(",")):
        if word not in _GROUPS and word not in quantforge.ALL:
            valid = ", ".join((*_GROUPS, *quantforge.ALL))
            raise argparse.ArgumentTypeError(f"unknown greek {word!r}; valid: {valid}")
        names += _GROUPS.get(word, (word,))
    return tuple(names)


COMMANDS: Final = (
    Computation(
        "price",
        "price",
        "price",
        "price",
        "--spot 100 --strike 90,100,110 --time 0.5 --rate 0.03 --sigma 0.2 --kind put",
        _add_price_options,
        _price,
    ),
    Computation(
        "greeks",
        "greeks",
        "compute the greeks of",
        "value",
        "--spot 100 --strike 90,100,110 --time 0.5 --rate 0.03 --sigma 0.2 --which first,vanna",
        _add_greeks_options,
        _greeks,
    ),
    Computation(
        "iv",
        "implied_volatility",
        "find the implied volatility of",
        "volatility",
        "--price 5.2 --spot 100 --strike 100 --time 0.5 --rate 0.03",
        _add_volatility_options,
        _implied_volatility,
    ),
)
"""The commands of this module, in the order in which the help lists them."""
