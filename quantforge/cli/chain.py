"""``quantforge chain``: price and invert every option of a quote file, compare with the vendor."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options
from quantforge.cli.terminal import console, duration, print_json, status, table

_SOLVED: Final = frozenset({"OK", "LOW_PRECISION"})
_PLOTS: Final = (".png", ".pdf", ".svg")
_HEADINGS: Final = (
    "expiry", "root", "days", "options", "priced", "inside", "forward", "rate",
    "ATM vol", "inverted", "off 50 %", "off 95 %", "time", "backend",
)  # fmt: skip


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "chain",
        help="price and invert a Cboe option chain and compare with its quotes",
        description="Fit forward and discount of each expiry of a Cboe quote file by put-call "
        "parity, price every option at the vendor's volatility and compare with bid and ask, find "
        "the volatility and greeks of every quote and compare with the vendor's.",
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

    _check_targets(arguments)
    asof = None if arguments.asof is None else read_iso_instant(arguments.asof)
    roots = AM_ROOTS if arguments.am_roots is None else set(arguments.am_roots.upper().split(","))
    start = perf_counter()
    chain = read_chain(arguments.file or SAMPLE, asof=asof)
    read = perf_counter()
    with status("pricing"):
        priced = price_chain(
            chain, am_roots=roots, backend=arguments.backend, threads=arguments.threads
        )
    seconds = {
        "read": read - start,
        "fit_and_price": perf_counter() - read,
        "price": float(np.nansum(priced.seconds)),
        **dict(zip(("invert", "greeks"), priced.implied.seconds, strict=True)),
    }
    for target, write in ((arguments.output, write_rows), (arguments.plot, write_plot)):
        if target is not None:
            with status(f"writing {target}"):
                write(priced, target)
    report = {**summary(priced), "seconds": seconds}
    if arguments.json:
        print_json(report)
    else:
        _show(report, [str(path) for path in (arguments.output, arguments.plot) if path])
    if not report["priced"]:
        raise Failure(f"{chain.source}: no option could be priced", NOTHING_USABLE)
    return 0


def _check_targets(arguments: argparse.Namespace) -> None:
    """Refuse what could not be written, before any work is done."""
    from quantforge.files.columns import check_suffix

    if arguments.output is not None:
        check_suffix(arguments.output)
        if arguments.output.suffix.lower() == ".parquet":
            require("pyarrow", "a Parquet file")
    if arguments.plot is not None:
        if arguments.plot.suffix.lower() not in _PLOTS:
            raise Failure(f"{arguments.plot}: the name must end in {', '.join(_PLOTS)}")
        require("matplotlib", "a plot")
    if not arguments.json:
        require("rich", "a table")


def _show(report: dict[str, Any], written: list[str]) -> None:
    screen = console()
    screen.print(f"{report['name'] or report['source']}, quoted {report['quoted']}", style="bold")
    rows = [_row(expiry) for expiry in report["expiries"]]
    screen.print(table(_HEADINGS, rows, left=("expiry", "root", "backend")))
    screen.print(
        f"{_share(report['inside_share'])} of model prices inside bid-ask: "
        f"{report['inside']:,} of {report['compared']:,} options with a vendor's volatility "
        "and a fitted forward",
        style="bold",
    )
    screen.print(
        f"{report['priced']:,} of {report['options']:,} options priced"
        + _listed("; not priced: ", report["unpriced"])
    )
    _show_implied(screen, report["implied"])
    seconds = report["seconds"]
    screen.print(
        f"read in {duration(seconds['read'])}, all else in {duration(seconds['fit_and_price'])}, "
        f"of which {duration(seconds['price'])} for prices, {duration(seconds['invert'])} for the "
        f"volatilities of bids, mids and asks, {duration(seconds['greeks'])} for greeks"
    )
    for path in written:
        screen.print(f"wrote {path}", soft_wrap=True)


def _show_implied(screen: Any, implied: dict[str, Any]) -> None:
    off = implied["off_vendor"]["volatility"]
    screen.print(
        f"implied volatilities off the vendor's by {_off(off['median'])} in the median and "
        f"{_off(off['p95'])} at the 95th percentile of {implied['liquid']:,} liquid options"
        + (_listed(", failures: ", implied["failures"]) or ", no failure"),
        style="bold",
    )
    delta, gamma = (implied["off_vendor"][name] for name in ("delta", "gamma"))
    screen.print(
        f"their deltas by {_off(delta['median'])} and {_off(delta['p95'])}, "
        f"their gammas by {_off(gamma['median'])} and {_off(gamma['p95'])}"
    )
    unsolved = {name: count for name, count in implied["codes"].items() if name not in _SOLVED}
    screen.print(
        f"{implied['inverted']:,} mid prices inverted on {implied['backend']}"
        + _listed("; others: ", unsolved)
    )


def _listed(introduction: str, counts: dict[str, int]) -> str:
    """Counts above zero in words, nothing if there are none."""
    words = ", ".join(f"{count:,} {_words(name)}" for name, count in counts.items() if count)
    return f"{introduction}{words}" if words else ""


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _row(expiry: dict[str, Any]) -> tuple[str, ...]:
    head = (
        expiry["date"],
        expiry["root"],
        f"{365.0 * expiry['time']:,.2f}",
        f"{expiry['options']:,}",
        f"{expiry['priced']:,}",
    )
    if expiry["reason"]:
        return (*head, *[""] * (len(_HEADINGS) - len(head) - 1), expiry["reason"])
    return (
        *head,
        _share(expiry["inside_share"]),
        f"{expiry['forward']:,.2f}",
        f"{expiry['rate']:.2%}",
        f"{expiry['atm_iv']:.2%}" if expiry["atm_iv"] == expiry["atm_iv"] else "-",
        f"{expiry['inverted']:,}",
        _off(expiry["iv_median"]),
        _off(expiry["iv_p95"]),
        duration(expiry["seconds"]) if expiry["backend"] else "",
        expiry["backend"],
    )


def _off(difference: float) -> str:
    return f"{difference:.5f}" if difference == difference else "-"


def _share(share: float) -> str:
    return f"{share:.1%}" if share == share else "-"
