"""``python -m bench --climb``: search, print tables, write JSON, say whether a bound is broken."""

from __future__ import annotations

import argparse
import json
import math
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from quantforge_conformance.oracles import ORACLES

from bench.attained import MEASURED
from bench.climb import report, thresholds
from bench.climb.inversion import InversionJudge
from bench.climb.judging import Judge
from bench.climb.search import Climb, Found
from bench.climb.starts import families
from bench.climb.targets import targets
from bench.surroundings import describe, usable
from quantforge.cli import terminal

_RESULTS = Path(__file__).parents[1] / "results"


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What the user asks for."""
    outputs = dict.fromkeys(name for one in ORACLES.values() for name in one.bounds)
    parser = argparse.ArgumentParser(
        prog="python -m bench --climb",
        description="Search for the worst error over its bound, for every output of every "
        "operation, by hill climbs from the regions, from thresholds and from the outputs' zeros. "
        "Prints tables, writes JSON, exits with 1 if a bound is broken.",
    )
    parser.add_argument("--climb", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--operation", action="append", choices=MEASURED, help="may be repeated")
    parser.add_argument(
        "--output", action="append", choices=list(outputs), metavar="NAME", help="may be repeated"
    )
    parser.add_argument(
        "--family", metavar="WORDS", default="", help="only starts whose name has these words"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        metavar="N",
        help="for each kind of start of each bound (default: 1)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--backend", default="c", metavar="NAME", help="whose results are judged (default: c)"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="append the worst cases, those beyond three quarters of their bound and at most three "
        "of each, to the conformance suite's",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: in bench/results")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Climb and report; return the exit code."""
    asked = arguments(words)
    operations = asked.operation or list(MEASURED)
    for operation in operations:
        if asked.backend not in usable(operation):
            sys.exit(f"bench: the backend {asked.backend!r} has no {operation}")
    found: dict[str, Any] = {"surroundings": describe(), "seed": asked.seed}
    for operation in operations:
        found[operation] = _climbed(operation, asked)
    when = found["surroundings"]["when"].replace(":", "")
    place = asked.json or _RESULTS / f"climb-{when}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(_finite(found), indent=1) + "\n", encoding="utf-8")
    print(f"all finds: {place}")
    broken = [one for operation in operations for one in found[operation] if one["broken"]]
    promised = sum(one["promise_broken"] for one in broken)
    print(f"{len(broken)} bounds broken, {promised} of them where the regions are")
    return int(bool(broken))


def _climbed(operation: str, asked: argparse.Namespace) -> list[report.Entry]:
    """Return an entry for each bound of an operation, and print their table."""
    entries = []
    screen = terminal.console()
    for target in targets(operation):
        if asked.output and target.output not in asked.output:
            continue
        judge = (InversionJudge if "implied" in operation else Judge)(target, asked.backend)
        with terminal.status(f"{operation}: {target.output}, {target.bound.name}"):
            entries.append(report.entry(judge, _finds(judge, asked)))
        if asked.keep:
            kept = report.keep(target, entries[-1])
            if kept:
                print(f"{operation}, {target.output}: {kept} cases kept")
    title, headings, rows = report.table(operation, entries)
    screen.print(title, style="bold")
    screen.show(terminal.table(headings, rows, left=["unit", "family", "inputs"]))
    return entries


def _finds(judge: Judge, asked: argparse.Namespace) -> list[Found]:
    normal = judge.target.operation.startswith("bachelier")
    leaps = list((thresholds.NORMAL if normal else thresholds.LOGNORMAL).values())
    found = []
    for family in families(judge.target, asked.backend):
        if asked.family not in family.name:
            continue
        name = (*judge.target[:2], judge.target.bound.name, family.name)
        seed = [asked.seed, zlib.crc32("/".join(name).encode())]
        climb = Climb(judge, family, leaps, np.random.default_rng(seed))
        found.append(climb.run(asked.seconds))
    return [one for one in found if one is not None]


def _finite(value: Any) -> Any:
    """Return what JSON can hold: numbers without bound as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value
