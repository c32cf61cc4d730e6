"""What the climbs found, as tables, as JSON, and as cases that stay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from quantforge_conformance import worst_cases

from bench.climb.inversion import WRONG
from bench.climb.judging import Judge
from bench.climb.search import Found
from bench.climb.targets import Target

KEPT_FROM = 0.75  # of the bound
KEPT = 3  # families of each bound, at most
SHOWN = 4  # families of each bound, those but the worst only where they break it

Entry = dict[str, Any]


def entry(judge: Judge, found: list[Found]) -> Entry:
    """Return a target's finds, worst first, judged once more by the suite's own reference."""
    target = judge.target
    ranked = sorted(found, key=lambda one: -one.over)
    judged = [_family(judge, one, first=place == 0) for place, one in enumerate(ranked)]
    judged.sort(key=lambda one: (-one["over"], -one["by_balls"]))
    evaluations = sum(one.evaluations for one in found)
    return {
        "output": target.output,
        "bound": target.bound.name,
        "limit": target.bound.tolerance,
        "broken": any(one["over"] > 1 for one in judged),
        "promise_broken": any(one["over"] > 1 and one["promised"] for one in judged),
        "evaluations": evaluations,
        "evaluations_per_second": evaluations / max(sum(one.seconds for one in found), 1e-9),
        "families": judged,
    }


def _family(judge: Judge, one: Found, first: bool) -> Entry:
    """Return one family's worst; what is well within its bound need not be judged twice."""
    lane = judge.operands(one.option[:, None])[:, 0] if one.option.size else np.empty(0)
    again = bool(lane.size) and (first or one.over > min(KEPT_FROM, 1))
    over = judge.confirmed(one.option) if again else max(one.over, 0.0)
    over = 0.0 if math.isnan(over) else over  # the reference has no volatility either
    if judge.target.bound.tolerance == 0 and not again:
        over = 0.0
    return {
        "family": one.family.name,
        "promised": one.family.promised,
        "over": over,
        "confirmed": again,
        "by_balls": one.over,
        "inputs": [x.hex() for x in lane.tolist()],
        "evaluations": one.evaluations,
        "seconds": one.seconds,
    }


def table(operation: str, entries: list[Entry]) -> tuple[str, list[str], list[list[str]]]:
    """Title, headings and rows, ready to print."""
    rows = [_row(one, family) for one in entries for family in _shown(one)]
    headings = ["output", "unit", "limit", "worst", "of limit", "per second", "family", "inputs"]
    return f"{operation}: the worst errors found", headings, rows


def _shown(one: Entry) -> list[Entry]:
    """Return the worst families: one where accuracy is promised, one elsewhere, all that break."""
    shown: list[Entry] = []
    seen: set[bool] = set()
    for family in one["families"]:
        first = family["promised"] not in seen
        seen.add(family["promised"])
        if first or (len(shown) < SHOWN and family["over"] > 1):
            shown.append(family)
    return shown


def _row(one: Entry, worst: Entry) -> list[str]:
    limit, over = one["limit"], worst["over"]
    miss = over * limit if limit else over
    return [
        one["output"],
        one["bound"],
        f"{limit:g}",
        f"{miss:.4g}" if limit != 0 else _codes_off(worst),
        f"{over:.3g}" + (" BROKEN" if over > 1 else ""),
        f"{one['evaluations_per_second']:,.0f}",
        worst["family"],
        " ".join(worst["inputs"]),
    ]


def _codes_off(worst: Entry) -> str:
    """Return how far beyond a border a wrong code is found, as a factor."""
    return f"{math.exp(worst['by_balls'] - WRONG):.4g} x the border" if worst["over"] > 0 else "0"


def _share(over: float) -> str:
    return f"at {over:.2f} of its bound" if math.isfinite(over) else "wrong"


def keep(target: Target, found: Entry) -> int:
    """Append a target's worst cases to those of the suite; return how many were new."""
    told = [one for one in found["families"] if one["confirmed"] and one["promised"]]
    kept = [one for one in told if one["over"] >= KEPT_FROM]
    return sum(
        worst_cases.add(
            target.operation,
            tuple(map(float.fromhex, one["inputs"])),
            f"{target.output} {_share(one['over'])}, {one['family']}",
        )
        for one in kept[:KEPT]
    )
