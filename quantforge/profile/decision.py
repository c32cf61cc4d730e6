"""From curves to rows: which backend with how many threads from which batch size on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantforge.plan import Row
from quantforge.profile.curves import Curve

__all__ = ["MARGIN", "Candidate", "candidates", "decide"]

MARGIN: Final = 0.05
"""A challenger must win by this much, or noise would decide; below it the fixed order decides."""

_PER_OCTAVE: Final = 16
_SWITCH: Final = 0.05
"""What one more row must save: this share of the time over a doubling of the batch size."""

_REACH: Final = 4.0
"""How far beyond its last point a curve is believed, as a factor. A curve ends where a call took
too long, so one that goes on is faster; and small batches say next to nothing of large ones."""

_BEYOND: Final = 100.0  # the loss taken for one beyond its reach

_ORDER: Final = 1e-9  # breaks ties between equal sums, far below any difference that was measured


class Candidate(NamedTuple):
    """A backend with so many threads, and how long it takes."""

    backend: str
    threads: int
    curve: Curve


def candidates(curves: Mapping[str, Sequence[Curve]], order: Sequence[str]) -> list[Candidate]:
    """All candidates in the fixed order: fewer threads first, then as `order` has the backends."""
    found = [
        Candidate(backend, curve.threads, curve)
        for backend in order
        for curve in curves.get(backend, ())
    ]
    return sorted(found, key=lambda one: one.threads)


def decide(found: Sequence[Candidate]) -> tuple[Row, ...]:
    """The rows that lose least against the best candidate of every batch size.

    The sequence is decided first, on a logarithmic grid of batch sizes: a loss below `MARGIN`
    counts as none, a switch costs `_SWITCH`, and ties go by the order given. The places are decided
    second: each switch moves to where the two times cross.
    """
    largest = max(one.curve.sizes[-1] for one in found)
    steps = np.arange(np.ceil(_PER_OCTAVE * np.log2(largest)) + 1)
    grid = np.rint(2.0 ** (steps / _PER_OCTAVE))
    grid = grid[np.diff(grid, prepend=0.0) > 0.0]  # np.unique would import numpy.ma: 10 ms
    times = np.array([one.curve.predict(grid) for one in found])
    reach = np.array([_REACH * one.curve.sizes[-1] for one in found])
    believed = grid <= reach[:, None]
    best = times.min(axis=0, where=believed, initial=np.inf)
    loss = np.where(believed, times / best - 1.0, _BEYOND)
    path = _cheapest_path(np.where(loss > MARGIN, loss, 0.0) / _PER_OCTAVE)
    starts = [0, *(np.flatnonzero(np.diff(path)) + 1)]
    chosen = [int(path[start]) for start in starts]
    starts = _at_crossings(loss, starts, chosen)
    return tuple(
        Row(int(grid[start]) if start else 0, found[index].backend, found[index].threads)
        for start, index in zip(starts, chosen, strict=True)
    )


def _cheapest_path(loss: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each column of `loss` a row, such that losses and switches sum to the least."""
    loss = loss + _ORDER * np.arange(len(loss))[:, None]
    total = loss[:, 0].copy()
    came_from = []
    for column in loss.T[1:]:
        best = int(np.argmin(total))
        stay = total <= total[best] + _SWITCH
        came_from.append(np.where(stay, np.arange(len(total)), best))
        total = np.where(stay, total, total[best] + _SWITCH) + column
    path = [int(np.argmin(total))]
    for sources in reversed(came_from):
        path.append(int(sources[path[-1]]))
    return np.array(path[::-1])


def _at_crossings(
    loss: NDArray[np.float64], starts: Sequence[int], chosen: Sequence[int]
) -> list[int]:
    """Move each switch, between its neighbours, to where it loses least."""
    ends = [*starts[1:], loss.shape[1]]
    moved = [0]
    for row in range(1, len(chosen)):
        before, after = loss[chosen[row - 1]], loss[chosen[row]]
        span = range(moved[-1] + 1, ends[row])
        gains = np.cumsum([before[place] - after[place] for place in span])
        # A switch at a place leaves the places before it to the row before.
        remaining = gains[-1] - np.concatenate(([0.0], gains[:-1]))
        moved.append(span[int(np.argmax(remaining))])
    return moved
