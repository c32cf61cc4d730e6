"""``quantforge chain``: price and invert the options of a quote file, compare with the vendor."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from datetime import time
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from quantforge.cli.failures import NOTHING_USABLE, Failure, require
from quantforge.cli.options import add_backend_options, check_tables
from quantforge.cli.terminal import print_json, status

__all__ = ["add_parser", "run"]

_GIVEN: Final = {
    "spot": "value of the underlying",
    "rate": "continuously compounded interest rate, 0.05 for 5 %%",
    "forward": "forward of every expiry",
}
_UNITS: Final = {
    "vol": (("fraction", "percent"), "the vendor's volatilities"),
    "price": (("currency", "underlying"), "prices"),
    "rate": (("fraction", "percent"), "rates, --rate included,"),
}
_PLOTS: Final = (".png", ".pdf", ".svg")


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "chain",
        help="price and invert a file of option quotes and compare with them",
        description="Fit forward and discount of each expiry of a quote file by put-call "
        "parity, without what early exercise adds to American options, price every option at the "
        "vendor's volatility and compare with bid and ask, find the volatility and greeks of every "
        "quote and compare with the vendor's.",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action=_Help, help="show this help message and exit")
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="quote file, also compressed as .gz, or - for standard input (default: the sample "
        "that is shipped)",
    )
    parser.add_argument(
        "--format",
        metavar="NAME",
        help="read the file as this format (default: what it looks like)",
    )
    parser.add_argument(
        "--map",
        metavar="NAME=COLUMN,...",
        help="columns of the file by the names that the format has for them, or a .toml with them",
    )
    parser.add_argument(
        "--asof",
        metavar="TIME",
        help="time of the quotes, ISO 8601 with zone, for the file's own; close is the last close "
        "before that, file that itself (default: what suits the vendor's volatilities)",
    )
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="zone of the times of day that have none in the file, as Europe/Berlin",
    )
    for name, meaning in _GIVEN.items():
        parser.add_argument(
            f"--{name}", type=_number, metavar="X", help=f"{meaning}, for what the file says"
        )
    parser.add_argument(
        "--strike-scale", type=_number, metavar="X", help="what strikes are multiplied by, as 0.001"
    )
    for name, (words, what) in _UNITS.items():
        parser.add_argument(f"--{name}-unit", choices=words, help=f"what {what} are in")
    parser.add_argument(
        "--am-roots",
        metavar="ROOT,...",
        help="roots that settle at the open, all others at the close (default: those of index "
        "options that do, such as SPX, NDX, RUT and VIX)",
    )
    parser.add_argument(
        "--close",
        type=_clock,
        metavar="HH:MM",
        help="when the others settle, US Eastern (default: 16:00, or 13:00 on early closes)",
    )
    parser.add_argument(
        "--american-roots",
        metavar="ROOT,...",
        help="roots of American options, or all, or none (default: all but those of European index "
        "options, such as SPX, SPXW, XSP, NDX, RUT, VIX and XEO)",
    )
    parser.add_argument(
        "--dividends",
        type=Path,
        metavar="FILE",
        help="cash dividends of the underlyings: ex-dates and amounts, for American options and "
        "for forwards from spot and rate",
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


class _Help(argparse.Action):
    """Print help with the names of the formats, for which plugins have to be loaded."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Print it and end."""
        from quantforge.chain import readers

        parser.epilog = f"Formats: {', '.join(readers())}."
        parser.print_help()
        parser.exit()


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from quantforge.chain import (
        AM_ROOTS,
        SAMPLE,
        price,
        read,
        read_dividends,
        summary,
        write_plot,
        write_rows,
    )
    from quantforge.chain.instants import read_iso_instant
    from quantforge.cli.chain.tables import show
    from quantforge.cli.chain.timing import with_times

    _check_targets(arguments)
    asof = arguments.asof
    if asof not in {None, "close", "file"}:
        asof = read_iso_instant(asof)
    given = {name: getattr(arguments, name) for name in _GIVEN}
    roots = AM_ROOTS if arguments.am_roots is None else _roots(arguments.am_roots)
    settings = {"backend": arguments.backend, "threads": arguments.threads}
    dividends = None if arguments.dividends is None else read_dividends(arguments.dividends)
    start = perf_counter()
    quotes = read(
        arguments.file or SAMPLE,
        format=arguments.format,
        asof=asof,
        map=_mapped(arguments.map),
        zone=arguments.zone,
        strike_scale=arguments.strike_scale,
        **{f"{name}_unit": getattr(arguments, f"{name}_unit") for name in _UNITS},
        **given,
    )
    done_reading = perf_counter()
    with status("pricing"):
        american = _american(arguments.american_roots, quotes.root.tolist())
        priced = price(
            quotes,
            am_roots=roots,
            american_roots=american,
            close=arguments.close,
            dividends=dividends,
            **settings,
        )
        done = perf_counter()
        report = with_times(summary(priced), priced, **settings)
    report["seconds"] = {
        "read": done_reading - start,
        "fit_and_price": done - done_reading,
        **report["seconds"],
    }
    for target, write in ((arguments.output, write_rows), (arguments.plot, write_plot)):
        if target is not None:
            with status(f"writing {target}"):
                write(priced, target)
    if arguments.json:
        print_json(report)
    else:
        show(report, [path for path in (arguments.output, arguments.plot) if path])
    if not report["priced"] and not report["implied"]["inverted"]:
        raise Failure(f"{quotes.source}: no option could be priced", NOTHING_USABLE)
    return 0


def _number(word: str) -> float:
    """A finite number; no word that NumPy or Python alone would take for one."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", word.strip(), re.IGNORECASE):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number such as 4505.1")
    return float(word)


def _clock(word: str) -> time:
    """A time of day, HH:MM."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", word.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{word!r} is not a time of day such as 13:00")
    return time(int(found[1]), int(found[2]))


def _mapped(words: str | None) -> dict[str, str]:
    """Columns of the file by their names, from ``name=column,...`` or a TOML of such lines."""
    if words and words.lower().endswith(".toml") and "=" not in words:
        return _mapped_in(Path(words))
    pairs = [each.partition("=") for each in words.split(",")] if words else []
    for name, equals, column in pairs:
        if not (name.strip() and equals and column.strip()):
            raise Failure(f"--map {words}: write NAME=COLUMN, with commas between")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _mapped_in(path: Path) -> dict[str, str]:
    import tomllib

    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"--map {path}: no TOML: {error}") from error
    for name, column in found.items():
        if not isinstance(column, str):
            raise Failure(f'--map {path}: {name}: write NAME = "COLUMN", one a line')
    return found


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
