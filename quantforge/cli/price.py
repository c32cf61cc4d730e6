"""``quantforge price``: options given on the command line, or as columns of a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.cli import operands
from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options
from quantforge.cli.terminal import console, print_json, status, table

_SHOWN: Final = 20  # rows on the terminal


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "price",
        help="price options from the command line or a file",
        description="Price European options. Without FILE every argument is a number or several, "
        "separated by commas. With FILE (.csv or .parquet) an argument may also name a column; one "
        "that is left out is the column of its own name.",
        epilog="example: quantforge price --spot 100 --strike 90,100,110 --time 0.5 --rate 0.03 "
        "--sigma 0.2 --kind put",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="options, one per row")
    operands.add_arguments(parser, "price")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write every row, its price added, to a .csv or .parquet file",
    )
    parser.add_argument(
        "--column", default="price", metavar="NAME", help="name of the added column (price)"
    )
    parser.add_argument("--json", action="store_true", help="print inputs and prices as JSON")
    add_backend_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from quantforge.tabular import check_suffix, read_columns, write_columns

    if arguments.output is not None:
        check_suffix(arguments.output)
    for path in (arguments.file, arguments.output):
        if path is not None and path.suffix.lower() == ".parquet":
            require("pyarrow", "a Parquet file")
    if not arguments.json:
        require("rich", "a table")
    columns = {} if arguments.file is None else read_columns(arguments.file)
    inputs, count = operands.resolve(arguments, "price", columns)
    with status("pricing"), np.errstate(invalid="ignore"):
        prices = quantforge.price(
            **inputs, model=arguments.model, backend=arguments.backend, threads=arguments.threads
        )
    prices = np.broadcast_to(prices, count)
    shown = columns or operands.as_columns(inputs, count)
    if arguments.column in shown:
        raise Failure(f"there is a column {arguments.column!r} already: choose another --column")
    shown = {**shown, arguments.column: prices}
    if arguments.output is not None:
        write_columns(shown, arguments.output)
    missing = int(np.count_nonzero(np.isnan(prices)))
    _report(arguments, shown, prices, missing)
    if missing == len(prices):
        raise Failure("no option could be priced", NOTHING_USABLE)
    return 0


def _report(
    arguments: argparse.Namespace, columns: dict[str, Any], prices: Any, missing: int
) -> None:
    from quantforge.tabular import list_of

    decision = quantforge.explain(
        "price", len(prices), backend=arguments.backend, threads=arguments.threads
    )
    if arguments.json:
        print_json(
            {
                "operation": "price",
                "model": arguments.model,
                "backend": decision.backend,
                "threads": decision.threads,
                "count": len(prices),
                "unpriced": missing,
                "columns": {name: list_of(column) for name, column in columns.items()},
            }
        )
        return
    screen = console()
    if arguments.output is None:
        cells = [[_cell(value) for value in column[:_SHOWN]] for column in columns.values()]
        screen.print(table(list(columns), zip(*cells, strict=True)))
        if len(prices) > _SHOWN:
            screen.print(f"the first {_SHOWN} rows; --output writes all of them")
    lost = f", {missing:,} without a price" if missing else ""
    screen.print(f"{len(prices):,} options on {decision.backend}{lost}")
    if arguments.output is not None:
        screen.print(f"wrote {arguments.output}", soft_wrap=True)


def _cell(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
