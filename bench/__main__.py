"""``python -m bench``: measure QuantForge, print tables, write JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench import accuracy, attained, auto, comparison, external, footprint, groups, page, speed
from bench.american import books, measuring, report
from bench.surroundings import describe, usable
from quantforge import threads
from quantforge.cli.terminal import console, table
from quantforge.dispatch import forced_threads
from quantforge.operations import OPERATIONS

_RESULTS = Path(__file__).parent / "results"
_GROUPED = {"greeks": "price", "bachelier_greeks": "bachelier_price"}


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Time every backend against NumPy and SciPy, in one run and interleaved: least "
        "times of undisturbed blocks. Prints tables and writes all figures as JSON.",
    )
    parser.add_argument(
        "--auto",
        action="store_true",
        help="instead: time auto and every backend and number of threads it could choose; exit "
        "with 1 unless auto is within 10 %% of the best at every batch size",
    )
    parser.add_argument(
        "--operation",
        action="append",
        choices=list(OPERATIONS),
        help="measure this one only; may be repeated",
    )
    parser.add_argument(
        "--peers",
        action="store_true",
        help="instead: time prices, greeks and implied volatilities against other libraries, "
        "installed by pip into environments of their own, bench/.venv",
    )
    parser.add_argument(
        "--accuracy",
        action="store_true",
        help="instead: how far QuantForge and other libraries are from exact prices and implied "
        "volatilities, by region; the exact ones are kept in bench/results",
    )
    parser.add_argument(
        "--attained",
        action="store_true",
        help="instead: the largest errors of an exact backend in each region, in the units of the "
        "contract",
    )
    parser.add_argument(
        "--american",
        action="store_true",
        help="instead: American options, errors and times at every accuracy, of QuantForge's "
        "backends and of other libraries; the exact prices are kept in bench/results",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=books.SEED,
        metavar="N",
        help="with --american: which options are drawn (default: %(default)s)",
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write docs/speed.json and the tables of docs/performance.md and the README; with "
        "--accuracy: docs/accuracy.md and the README's table of peers; with --attained: the tables "
        "of docs/numerics.md; with --american: the tables and the picture of docs/american.md",
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer batch sizes, rounds and options a region"
    )
    parser.add_argument(
        "--climb",
        action="store_true",
        help="instead: search for the worst errors; has options of its own, see --climb --help",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write (default: in bench/results)"
    )
    return parser.parse_args(words)


@forced_threads()
def main(words: list[str] | None = None) -> int:
    """Measure and report; return the exit code."""
    words = sys.argv[1:] if words is None else words
    if "--climb" in words:
        from bench.climb import command  # what it needs takes a second to import

        return command.main(words)
    asked = arguments(words)
    kinds = ("auto", "peers", "accuracy", "attained", "american")
    what = next((one for one in kinds if getattr(asked, one)), "speed")
    publishes = asked.publish and what == "speed"
    operations = asked.operation or list(speed.PUBLISHED if publishes else OPERATIONS)
    if publishes and not {*speed.PUBLISHED} <= {*operations}:
        sys.exit(f"bench: --publish needs {', '.join(speed.PUBLISHED)}")
    for operation in operations:
        usable(operation)  # loads, so that the description is complete
    found: dict[str, Any] = {"surroundings": describe()}
    _show_surroundings(found["surroundings"])
    if asked.auto:
        found["auto"] = {operation: auto.race(operation, asked.quick) for operation in operations}
        for operation, entries in found["auto"].items():
            _show(*auto.table(operation, entries))
    elif asked.peers:
        found["peers"] = external.compare(asked.quick)
        for made in external.tables(found["peers"]):
            _show_named(*made)
        print("\n".join(external.remarks(found["peers"])), end="\n\n")
    elif asked.accuracy:
        found["accuracy"] = accuracy.measure(100 if asked.quick else 1_000)
        for made in page.tables(found["accuracy"]):
            _show_named(*made)
        print("\n".join(page.remarks(found["accuracy"])), end="\n\n")
        if asked.publish:
            print(f"page: {page.write(found['accuracy'], found['surroundings'])}")
    elif asked.attained:
        found["attained"] = attained.measure(0.05 if asked.quick else 1.0)
        for made in attained.tables(found["attained"]).values():
            _show_named(*made)
        if asked.publish:
            print(f"page: {attained.write(found['attained'])}")
    elif asked.american:
        found["american"] = _american(asked, found["surroundings"])
    else:
        for operation in operations:
            ways = speed.WAYS if publishes else comparison.WAYS
            found[operation] = _measure(operation, asked.quick, ways)
        for greeks, price in _GROUPED.items():
            if {greeks, price} <= {*operations}:
                found[f"groups of {greeks}"] = groups.compare(greeks, price, asked.quick)
                _show(*groups.table(greeks, found[f"groups of {greeks}"]), left=2)
        found["import"] = footprint.import_time(5 if asked.quick else 15)
        _show_import(found["import"])
        if publishes:
            print(f"pages: {speed.write(found)}")
    when = found["surroundings"]["when"].replace(":", "")
    place = asked.output or _RESULTS / f"{what}-{when}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"all figures: {place}")
    slow = [one for entries in found.get("auto", {}).values() for one in entries]
    return int(any(not one["within"] for one in slow))


def _american(asked: argparse.Namespace, surroundings: dict[str, Any]) -> dict[str, Any]:
    measured = measuring.measure(200 if asked.quick else 2_000, asked.seed, asked.quick)
    for title, headings, rows in report.tables(measured.figures).values():
        _show_named(title, headings, rows)
    print("\n".join(report.remarks(measured.figures)), end="\n\n")
    if asked.publish:
        print(f"page: {report.write(measured, surroundings)}")
    return measured.figures


def _measure(operation: str, quick: bool, ways: Collection[str]) -> dict[str, Any]:
    single = comparison.single(operation, quick)
    _show(*comparison.single_table(operation, single), left=2)
    entries = comparison.compare(operation, quick, ways)
    for made in comparison.tables(operation, entries):
        _show(*made)
    spreads = sorted(one["spread"] for one in entries)
    print(
        f"spread: the median block is {spreads[len(spreads) // 2]:.1%} above the least in the "
        f"median, {spreads[-1]:.0%} at most; "
        f"{sum(not one['undisturbed'] for one in entries)} of {len(entries)} never undisturbed\n"
    )
    n = 100_000 if quick else 1_000_000
    memory = [
        footprint.memory(operation, backend, count, n)
        for backend in usable(operation)
        for count in sorted({1, threads.budget()})
    ]
    rows = [
        [one["backend"], str(one["threads"])]
        + [f"{one[key] / 1e6:.2f}" for key in ("output", "traced_peak", "resident_growth")]
        for one in memory
    ]
    headings = ["backend", "threads", "output", "allocated", "resident growth"]
    _show(f"{operation} of {n:,} options without out: MB", headings, rows)
    return {"single": single, "batches": entries, "memory": memory}


def _show_surroundings(found: dict[str, Any]) -> None:
    versions = ", ".join(
        f"{name} {version}" for name, version in found["versions"].items() if version
    )
    print(f"{found['cpu']}, {found['threads']} threads, load {found['load']:.2f}, {found['when']}")
    print(f"{found['system']}, Python {found['python']}, {versions}")
    for name, facts in found["backends"].items():
        print(f"  {name:<8}{', '.join(facts.values())}")
    print()


def _show(title: str, headings: list[str], rows: list[list[str]], left: int = 1) -> None:
    _show_named(title, headings, rows, headings[1:left])


def _show_named(
    title: str, headings: list[str], rows: list[list[str]], left: list[str] | None = None
) -> None:
    """Print a table whose first column, or those in `left`, are names."""
    screen = console()
    screen.print(title, style="bold")
    screen.show(table(headings, rows, left=headings[:1] if left is None else left))


def _show_import(found: dict[str, Any]) -> None:
    print(
        f"import quantforge: {found['quantforge'] * 1e3:.1f} ms, "
        f"import numpy: {found['numpy'] * 1e3:.1f} ms, ratio {found['ratio']:.2f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
