"""``quantforge chain``: price and invert the options of a quote file, compare with the vendor."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options, check_tables
from quantforge.cli.terminal import print_json, status

__all__ = ["add_parser", "run"]

_PLOTS: Final = (".png", ".pdf", ".svg")


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "chain",
        help="price and invert a Cboe option chain and compare with its quotes",
        description="Fit forward and discount of each expiry of a Cboe quote file by put-call "
        "parity, without what early exercise adds to American options, price every option at the "
        "vendor's volatility and compare with bid and ask, find the volatility and greeks of every "
        "quote and compare with the vendor's.",
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="quote file (default: the sample that is shipped)"
    )
    parser.add_argument(
        "--asof", metavar="TIME", help="time of the quotes, ISO 8601 with zone, for the file's own"
    )
    parser.add_argument(
        "--am-roots",
        metavar="ROOT,...",
        help="roots that settle at the open, all others at the close (default: DJX,NDX,RUT,SPX)",
    )
    parser.add_argument(
        "--american-roots",
        metavar="ROOT,...",
        help="roots of American options, or all, or none (default: all but those of European index "
        "options, such as SPX, SPXW, XSP, NDX, RUT, VIX and XEO)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write every option to a .csv or .parquet file"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw smiles, term structure and model against market (.png, .pdf, .svg)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_backend_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from quantforge.chain import (
        AM_ROOTS,
        SAMPLE,
        price_chain,
        read_chain,
        summary,
        write_plot,
        write_rows,
    )
    from quantforge.chain.instants import read_iso_instant
    from quantforge.cli.chain.tables import show
    from quantforge.cli.chain.timing import with_times

    _check_targets(arguments)
    asof = None if arguments.asof is None else read_iso_instant(arguments.asof)
    roots = AM_ROOTS if arguments.am_roots is None else _roots(arguments.am_roots)
    settings = {"backend": arguments.backend, "threads": arguments.threads}
    start = perf_counter()
    chain = read_chain(arguments.file or SAMPLE, asof=asof)
    read = perf_counter()
    with status("pricing"):
        american = _american(arguments.american_roots, chain.root.tolist())
        priced = price_chain(chain, am_roots=roots, american_roots=american, **settings)
        done = perf_counter()
        report = with_times(summary(priced), priced, **settings)
    report["seconds"] = {"read": read - start, "fit_and_price": done - read, **report["seconds"]}
    for target, write in ((arguments.output, write_rows), (arguments.plot, write_plot)):
        if target is not None:
            with status(f"writing {target}"):
                write(priced, target)
    if arguments.json:
        print_json(report)
    else:
        show(report, [path for path in (arguments.output, arguments.plot) if path])
    if not report["priced"]:
        raise Failure(f"{chain.source}: no option could be priced", NOTHING_USABLE)
    return 0


def _roots(words: str) -> set[str]:
    return set(words.upper().split(","))


def _american(words: str | None, roots: Iterable[str]) -> set[str] | None:
    """The roots that `words` name, `all` there are or `none`; nothing is said without words."""
    if words is None:
        return None
    return {"all": set(roots), "none": set()}.get(words.lower(), _roots(words))


def _check_targets(arguments: argparse.Namespace) -> None:
    """Refuse what could not be written, before any work is done."""
    check_tables(arguments.output)
    if arguments.plot is not None:
        if arguments.plot.suffix.lower() not in _PLOTS:
            raise Failure(f"{arguments.plot}: the name must end in {', '.join(_PLOTS)}")
        require("matplotlib", "a plot")
    if not arguments.json:
        require("rich", "a table")
