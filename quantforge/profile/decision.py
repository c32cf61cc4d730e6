"""From curves to rows: which backend with how many threads from which batch size on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantforge.plan import Row, row_at
from quantforge.profile.curves import REACH, UNJUDGED, Curve

__all__ = [
    "MARGIN",
    "Candidate",
    "Ties",
    "candidates",
    "decide",
    "reason",
    "slow_to_load",
    "spread",
    "tied",
]

MARGIN: Final = 0.08
"""A challenger must win by this much, or noise would decide; below it there is a tie."""

_PER_OCTAVE: Final = 16
_SWITCH: Final = 0.05
"""What one more row must save: this share of the time over a doubling of the batch size."""

_BEYOND: Final = 100.0
"""The loss taken for a curve beyond its reach. It ends where a call took too long, so one that goes
on is faster."""

_NOTICED: Final = 0.25
"""Seconds of loading that a user notices in a command of one option."""

_ORDER: Final = 1e-9  # breaks ties between equal sums, far below any difference that was measured


class Candidate(NamedTuple):
    """A backend with so many threads, and how long it takes."""

    backend: str
    threads: int
    curve: Curve

    def __str__(self) -> str:
        return f"{self.backend} × {self.threads}" if self.threads > 1 else self.backend


class Ties(NamedTuple):
    """Who gets what cannot be told apart: `slow` backends, which take long to load, never first.

    Then whatever `before` has there, the rows in force until now, and then the fixed order.
    """

    before: tuple[Row, ...] = ()
    slow: frozenset[str] = frozenset()

    def key(self, one: Candidate, n: float) -> tuple[bool, bool, bool]:
        """Sorts the candidates of a tie over `n` options, the one to take first."""
        held = row_at(self.before, n) if self.before else one
        return one.backend in self.slow, one.backend != held.backend, one.threads != held.threads


_FIXED: Final = Ties()


def slow_to_load(seconds: Mapping[str, float]) -> frozenset[str]:
    """Backends that take longer to load than the fastest one, by what a user would notice."""
    limit = min(seconds.values(), default=0.0) + _NOTICED
    return frozenset(name for name, its in seconds.items() if its > limit)


def candidates(curves: Mapping[str, Sequence[Curve]], order: Sequence[str]) -> list[Candidate]:
    """All candidates in the fixed order: fewer threads first, then as `order` has the backends."""
    found = [
        Candidate(backend, curve.threads, curve)
        for backend in order
        for curve in curves.get(backend, ())
    ]
    return sorted(found, key=lambda one: one.threads)


def decide(found: Sequence[Candidate], ties: Ties = _FIXED) -> tuple[Row, ...]:
    """The rows that lose least against the best candidate of every batch size.

    The sequence is decided first, on a logarithmic grid of batch sizes: a tie loses nothing, a
    switch costs `_SWITCH` unless it was there before, and `ties` says who gets one. The places are
    decided second: each new switch moves to where the two times cross, unless it is to a backend
    that is slow to load.
    """
    # Where nothing was measured, what is in force stays.
    largest = max([_largest(found), *(2 * row.start for row in ties.before)])
    steps = np.arange(np.ceil(_PER_OCTAVE * np.log2(largest)) + 1)
    grid = np.rint(2.0 ** (steps / _PER_OCTAVE))
    grid = grid[np.diff(grid, prepend=0.0) > 0.0]  # np.unique would import numpy.ma: 10 ms
    octaves = np.diff(np.log2(grid), append=np.log2(grid[-1]) + 1.0 / _PER_OCTAVE)
    loss, surely = _losses(found, grid)
    held = {int(np.searchsorted(grid, row.start)) for row in ties.before[1:]}
    slow = np.array([one.backend in ties.slow for one in found])
    path = _cheapest_path(surely * octaves + _ORDER * _ranks(found, grid, ties), held, slow)
    starts = [0, *(np.flatnonzero(np.diff(path)) + 1)]
    chosen = [int(path[start]) for start in starts]
    kept = held | {start for start in starts[1:] if slow[path[start]] > slow[path[start - 1]]}
    starts = _at_crossings(loss, starts, chosen, kept)
    return tuple(
        Row(int(grid[start]) if start else 0, found[index].backend, found[index].threads)
        for start, index in zip(starts, chosen, strict=True)
    )


def tied(found: Sequence[Candidate], n: int) -> list[Candidate]:
    """The candidates that nothing measured tells apart from the best one for `n` options.

    Threads that could not be judged are among them unless they seemed to take twice as long.
    """
    grid = np.array([float(min(n, _largest(found)))])
    _, surely = _losses(found, grid)
    equal = [one for one, loss in zip(found, surely[:, 0], strict=True) if loss == 0.0]
    most = (1.0 + UNJUDGED) * min(float(one.curve.predict(grid[0])) for one in equal)
    return [one for one in equal if float(one.curve.predict(grid[0])) <= most]


def _largest(found: Sequence[Candidate]) -> int:
    return max(one.curve.sizes[-1] for one in found)


def reason(found: Sequence[Candidate], ties: Ties, row: Row, n: int) -> str:
    """Why `row` serves `n` options."""
    equal = tied(found, n)
    mine = next((one for one in found if one[:2] == row[1:]), None)
    if mine is None:
        return "so many threads were asked for"
    if not mine.curve.knows(n):
        why = "it serves those" if mine in equal else "it was in force before"
        return f"at most {_largest(found):,} options were measured: {why}"
    if mine not in equal:
        best = min(equal, key=lambda one: float(one.curve.predict(n)))
        loss = float(mine.curve.predict(n) / best.curve.predict(n)) - 1.0
        return f"{best} takes {loss / (1.0 + loss):.0%} less here, too little for a row of its own"
    others = [str(one) for one in equal if one is not mine]
    if not others:
        return "the fastest measured candidate at this size"
    slow, *new = zip(*(ties.key(one, n) for one in equal if one is not mine), strict=True)
    if any(slow) and mine.backend not in ties.slow:
        because = "it loads faster"
    elif ties.before and any(map(any, new)):
        because = "it was in force before"
    else:
        because = "it comes first in the fixed order"
    return f"a tie with {', '.join(others)} ({spread(equal, n)}): {because}"


def unjudged(one: Candidate, n: Any) -> NDArray[np.bool_]:
    """Where other load kept threads from being judged."""
    return np.asarray((one.threads > 1) & (one.curve.spread(n) >= UNJUDGED / 2.0))


def spread(equal: Sequence[Candidate], n: int) -> str:
    """The range of what tied candidates take, in words."""
    times = [float(one.curve.predict(n)) for one in equal]
    if any(unjudged(one, n) for one in equal):
        return "other load kept threads from being judged"
    return f"within {max(times) / min(times) - 1.0:.0%}"


def _losses(
    found: Sequence[Candidate], grid: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per candidate and batch size: the loss against the best, and the same without doubtful ones.

    A candidate loses surely to another one that is faster by `MARGIN` and by what both may be off.
    Where threads could not be judged, they count as if they changed nothing: as one thread.
    """
    times = np.array([one.curve.predict(grid) for one in found])
    spreads = np.array([one.curve.spread(grid) for one in found])
    alone = {one.backend: place for place, one in enumerate(found) if one.threads == 1}
    for place, one in enumerate(found):
        if one.backend in alone:
            doubtful = unjudged(one, grid)
            times[place, doubtful] = times[alone[one.backend], doubtful]
            spreads[place, doubtful] = spreads[alone[one.backend], doubtful]
    reach = np.array([REACH * one.curve.sizes[-1] for one in found])
    beyond = grid > reach[:, None]
    rivals = np.where(beyond, np.inf, times)
    surely = np.zeros_like(times)
    for rival, its in zip(rivals, spreads, strict=True):
        loss = times / rival - 1.0
        loss[loss <= np.maximum(MARGIN, spreads + its)] = 0.0
        np.maximum(surely, loss, out=surely)
    loss = times / rivals.min(axis=0) - 1.0
    return np.where(beyond, _BEYOND, loss), np.where(beyond, _BEYOND, surely)


def _ranks(
    found: Sequence[Candidate], grid: NDArray[np.float64], ties: Ties
) -> NDArray[np.float64]:
    """The order of candidates where they tie: it changes only where `ties.before` does."""
    starts = [0, *(int(np.searchsorted(grid, row.start)) for row in ties.before[1:])]
    ranks = np.empty((len(found), len(grid)))
    for start in starts:
        n = grid[min(start, len(grid) - 1)]
        order = sorted(range(len(found)), key=lambda place: ties.key(found[place], n))
        for rank, place in enumerate(order):
            ranks[place, start:] = rank
    return ranks


def _cheapest_path(
    loss: NDArray[np.float64], held: Set[int], slow: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """For each column of `loss` a row, such that losses and switches sum to the least.

    A switch costs nothing in one of the columns `held`, nor from a row to one that is `slow` to
    load: who never needs that one need not load it.
    """
    everyone = range(len(loss))
    ready = [one for one in everyone if not slow[one]] if slow.any() else []
    columns = loss.T.tolist()  # so few rows that lists are faster than arrays
    total = columns[0]
    came_from = []
    for place, column in enumerate(columns[1:], start=1):
        best = min(everyone, key=total.__getitem__)
        switched = best, total[best] + (0.0 if place in held else _SWITCH)
        loaded = switched
        if ready:
            quick = min(ready, key=total.__getitem__)
            loaded = min(switched, (quick, total[quick]), key=_cost)
        reached = [
            min((one, total[one]), loaded if slow[one] else switched, key=_cost) for one in everyone
        ]
        came_from.append([source for source, _ in reached])
        total = [cost + its for (_, cost), its in zip(reached, column, strict=True)]
    path = [min(everyone, key=total.__getitem__)]
    for sources in reversed(came_from):
        path.append(sources[path[-1]])
    return np.array(path[::-1])


_cost: Final = itemgetter(1)


def _at_crossings(
    loss: NDArray[np.float64], starts: Sequence[int], chosen: Sequence[int], kept: Set[int]
) -> list[int]:
    """Move each switch but those `kept`, between its neighbours, to where it loses least."""
    ends = [*starts[1:], loss.shape[1]]
    moved = [0]
    for row in range(1, len(chosen)):
        if starts[row] in kept and starts[row] > moved[-1]:
            moved.append(starts[row])
            continue
        before, after = loss[chosen[row - 1]], loss[chosen[row]]
        span = range(moved[-1] + 1, ends[row])
        gains = np.cumsum([before[place] - after[place] for place in span])
        # A switch at a place leaves the places before it to the row before.
        remaining = gains[-1] - np.concatenate(([0.0], gains[:-1]))
        moved.append(span[int(np.argmax(remaining))])
    return moved
