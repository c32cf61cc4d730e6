"""The shape that arguments broadcast to."""

from __future__ import annotations

from itertools import zip_longest

__all__ = ["broadcast_shapes"]


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """What `numpy.broadcast_shapes` returns, which ends at 32 dimensions where arrays have 64.

    Raises
    ------
    ValueError
        The shapes do not broadcast.
    """
    distinct = {shape for shape in shapes if shape}
    if len(distinct) < 2:
        return distinct.pop() if distinct else ()
    backwards = zip_longest(*(shape[::-1] for shape in distinct), fillvalue=1)
    lengths = [{*along} - {1} or {1} for along in backwards]
    if any(len(different) > 1 for different in lengths):
        raise ValueError("shapes do not broadcast")
    return tuple(different.pop() for different in reversed(lengths))
