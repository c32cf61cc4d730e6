"""Timing as the tuner does it: interleaved, undisturbed blocks, least times."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Any

from bench.calls import Call
from quantforge.tuning.clock import Clock
from quantforge.tuning.measurement import Cell, measure
from quantforge.tuning.progress import progress_bar

LONGEST = 0.5  # seconds; what takes longer is left out


def cell(backend: str, threads: int, n: int, call: Call) -> Cell:
    """A cell, compiled and warmed up."""
    clock = Clock()
    call()
    times = []
    for _ in range(3):
        start = clock.wall()
        call()
        times.append(clock.wall() - start)
    return Cell(backend, threads, n, call, min(times))


def time_all(cells: Sequence[Cell], rounds: int, seconds: float, title: str) -> list[Cell]:
    """Time all that are short enough, for about so many seconds at most."""
    clock = Clock()
    timed = [cell for cell in cells if cell.estimate <= LONGEST]
    with progress_bar() as progress:
        deadline = clock.wall() + seconds
        order = random.Random()
        measure(timed, rounds, deadline, clock, order, lambda done: progress(title, done))
    return timed


def figures(cell: Cell) -> dict[str, Any]:
    """Least time, and how far the median of the blocks that counted is above it."""
    times = cell.clean or cell.disturbed
    return {
        "seconds": cell.seconds,
        "ns_per_option": cell.seconds / cell.n * 1e9,
        "spread": statistics.median(times) / cell.seconds - 1.0,
        "blocks": len(times),
        "undisturbed": bool(cell.clean),
    }
