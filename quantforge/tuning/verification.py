"""Whether the profile can be believed: `auto` against everything it could have chosen.

On fresh batch sizes and fresh data, each with every candidate interleaved, again and again. The
regret is what the choice takes longer than the best candidate of the same pass. The best of many
is also the luckiest of them, so a little regret remains even where the choice is the best one.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from quantforge import threads as _threads
from quantforge.capabilities import takes
from quantforge.dispatch import preview
from quantforge.operations import OPERATIONS
from quantforge.plan import Row, row_at, shipped
from quantforge.plugins import registry
from quantforge.profile import lookup
from quantforge.tuning import inputs
from quantforge.tuning.clock import Clock
from quantforge.tuning.measurement import Cell, measure

__all__ = ["Regret", "Verified", "verify"]

_SIZES: Final = 7
_PASSES: Final = 3
_ROUNDS: Final = 5
_LONGEST: Final = 0.020  # seconds of a call, which bounds the batch sizes


class Regret(NamedTuple):
    """How much longer a choice takes than the best one, as a share: least, median and most."""

    least: float
    median: float
    most: float


class Verified(NamedTuple):
    """One batch size: what `auto` chose, what was best, and the regret of either table."""

    operation: str
    n: int
    chosen: Row
    best: tuple[str, int]
    auto: Regret
    shipped: Regret
    noisy: bool


def verify(
    seconds: float,
    *,
    clock: Clock | None = None,
    progress: Callable[[str, float], None] = lambda text, done: None,
    seed: int | None = None,
) -> list[Verified]:
    """Time `auto`, the shipped table and every candidate, in about so many seconds.

    Parameters
    ----------
    seconds : float
    clock : Clock, optional
    progress : callable, optional
        Called with what is going on, and how much of everything is done, from 0 to 1.
    seed : int, optional
        For batch sizes, data and order; by default fresh ones.
    """
    clock, draw = clock or Clock(), random.Random(seed)
    found = lookup.section()[0]
    measured = [
        name
        for name in OPERATIONS
        if found and lookup.usable_curves(found, name, _threads.budget())
    ]
    verified = []
    for place, operation in enumerate(measured):
        share = seconds / len(measured)
        progress(f"{operation}: verifying", place / len(measured))
        verified += _operation(operation, share, clock, draw)
    return verified


def _operation(operation: str, seconds: float, clock: Clock, draw: random.Random) -> list[Verified]:
    candidates = registry().candidates(operation)
    rows = preview(operation).rows
    budget = _threads.budget()
    default = shipped(candidates, budget, OPERATIONS[operation].split_from)
    choices = {
        (name, count)
        for name in candidates
        for count in ({1 << power for power in range(budget.bit_length())} | {budget})
    }
    largest = _largest(operation, rows, clock)
    low, high = 0.0, largest.bit_length() - 1.0
    width = (high - low) / _SIZES
    sizes = sorted(
        {round(2 ** draw.uniform(low + i * width, low + (i + 1) * width)) for i in range(_SIZES)}
    )
    arrays = inputs.operands(operation, sizes[-1], seed=draw.getrandbits(32))
    times: dict[int, list[dict[tuple[str, int], float]]] = {n: [] for n in sizes}
    noisy = set()
    for _ in range(_PASSES):
        cells = [
            _cell(operation, arrays, n, *choice, clock)
            for n in sizes
            for choice in (*sorted(choices), ("auto", row_at(rows, n).threads))
            if n >= choice[1]
            and (choice[0] == "auto" or takes(registry().description(choice[0]), n, choice[1]))
        ]
        until = clock.wall() + seconds / _PASSES
        measure(cells, _ROUNDS, until, clock, draw, lambda done: None)
        noisy |= {one.n for one in cells if one.noisy and one.backend == "auto"}
        for n in sizes:
            times[n].append(
                {(one.backend, one.threads): one.seconds for one in cells if one.n == n}
            )
    return [_verified(operation, n, rows, default, times[n], n in noisy) for n in sizes]


def _largest(operation: str, rows: Sequence[Row], clock: Clock) -> int:
    """The largest power of two that the choice for it serves within `_LONGEST`."""
    n, arrays = 1 << 10, inputs.operands(operation, 1 << 20)
    while n < 1 << 20:
        row = row_at(rows, n)
        call = inputs.call(operation, arrays, n, row.backend, row.threads)
        call()
        start = clock.wall()
        call()
        if 2.0 * (clock.wall() - start) > _LONGEST:
            break
        n *= 2
    return n


def _cell(
    operation: str, arrays: inputs.Arrays, n: int, backend: str, threads: int, clock: Clock
) -> Cell:
    call = inputs.call(operation, arrays, n, backend, None if backend == "auto" else threads)
    call()
    start = clock.wall()
    call()
    return Cell(backend, threads, n, call, clock.wall() - start)


def _verified(
    operation: str,
    n: int,
    rows: Sequence[Row],
    default: Sequence[Row],
    passes: Sequence[dict[tuple[str, int], float]],
    noisy: bool,
) -> Verified:
    def regret(choice: tuple[str, int]) -> Regret:
        over = sorted(its[choice] / min(its.values()) - 1.0 for its in passes)
        return Regret(over[0], statistics.median(over), over[-1])

    forced = {choice for choice in passes[0] if choice[0] != "auto"}
    best = min(forced, key=lambda choice: statistics.median(its[choice] for its in passes))
    chosen, untuned = row_at(rows, n), row_at(default, n)
    return Verified(
        operation,
        n,
        chosen,
        best,
        regret(("auto", chosen.threads)),
        regret((untuned.backend, untuned.threads)),
        noisy,
    )
