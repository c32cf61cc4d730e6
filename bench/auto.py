"""Whether `auto` is as fast as the best of everything it could have chosen."""

from __future__ import annotations

import statistics
from typing import Any

import quantforge
from bench import calls
from bench.timing import cell, time_all
from quantforge import threads
from quantforge.plugins import registry
from quantforge.tuning.measurement import Cell

WITHIN = 1.10
RUNS = 5
SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)

Entry = dict[str, Any]


def thread_counts() -> list[int]:
    """Powers of two up to the budget, and the budget."""
    budget = threads.budget()
    return sorted({1 << power for power in range(budget.bit_length())} | {budget})


def race(operation: str, quick: bool) -> list[Entry]:
    """Per batch size: what `auto` takes over the best of the forced ones, median of the runs."""
    sizes = SIZES[::2] if quick else SIZES
    given = calls.options(operation, sizes[-1], puts=False)
    forced = [
        (backend, count)
        for backend in registry().candidates(operation)
        for count in thread_counts()
    ]

    def entrant(n: int, backend: str, count: int | None) -> Cell:
        call = calls.of_one_kind(operation, given, n, backend=backend, threads=count)
        return cell(backend, count or 0, n, call)

    ratios: dict[int, list[float]] = {n: [] for n in sizes}
    least: dict[tuple[int, str, int], float] = {}
    for run in range(RUNS):
        cells = [entrant(n, "auto", None) for n in sizes]
        cells += [
            entrant(n, backend, count) for backend, count in forced for n in sizes if n >= count
        ]
        for one in time_all(cells, 5 if quick else 15, 20.0, f"run {run + 1} of {RUNS}"):
            key = one.n, one.backend, one.threads
            least[key] = min(one.seconds, least.get(key, one.seconds))
        for n in sizes:
            times = {one.backend: one.seconds for one in cells if one.n == n}
            best = min(one.seconds for one in cells if one.n == n and one.backend != "auto")
            ratios[n].append(times["auto"] / best)
    return [_entry(operation, n, ratios[n], least) for n in sizes]


def _entry(
    operation: str, n: int, ratios: list[float], least: dict[tuple[int, str, int], float]
) -> Entry:
    forced = {key[1:]: seconds for key, seconds in least.items() if key[0] == n and key[2]}
    best = min(forced, key=forced.__getitem__)
    chosen = quantforge.explain(operation, n)
    ratio = statistics.median(ratios)
    return {
        "n": n,
        "auto": {"backend": chosen.backend, "threads": chosen.threads},
        "auto_seconds": least[n, "auto", 0],
        "best": {"backend": best[0], "threads": best[1]},
        "best_seconds": forced[best],
        "ratio": ratio,
        "ratios": ratios,
        "within": ratio <= WITHIN,
    }


def table(operation: str, entries: list[Entry]) -> tuple[str, list[str], list[list[str]]]:
    """Title, headings and rows, ready to print."""
    rows = [
        [
            f"{one['n']:,}",
            _name(one["auto"]),
            f"{one['auto_seconds'] / one['n'] * 1e9:,.2f}",
            _name(one["best"]),
            f"{one['best_seconds'] / one['n'] * 1e9:,.2f}",
            f"{one['ratio']:.3f}",
            f"{min(one['ratios']):.3f} – {max(one['ratios']):.3f}",
            "" if one["within"] else "too slow",
        ]
        for one in entries
    ]
    headings = ["options", "auto", "ns each", "best", "ns each", "auto / best", "range", ""]
    return (
        f"{operation}: auto against the best forced choice, median of {RUNS} runs",
        headings,
        rows,
    )


def _name(choice: dict[str, Any]) -> str:
    count = choice["threads"]
    return f"{choice['backend']} × {count}" if count > 1 else choice["backend"]
