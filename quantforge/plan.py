"""What was decided for an operation: which backend runs from which batch size on, and why."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quantforge import loaded

__all__ = ["Costs", "Plan", "Row", "Source", "row_at", "shipped"]

Costs = Callable[[str, int, int], float | None]
"""From backend, threads and batch size to seconds, None where nothing was measured."""


class Row(NamedTuple):
    """One line of a plan: from `start` options on, this backend with this many threads."""

    start: int
    backend: str
    threads: int


def shipped(candidates: Sequence[str], budget: int, split_from: int) -> tuple[Row, ...]:
    """The rows of a machine that nobody has tuned."""
    alone = Row(0, candidates[0], 1)
    return (alone, Row(split_from, candidates[0], budget)) if budget > 1 else (alone,)


def row_at(rows: Sequence[Row], n: float) -> Row:
    """The row that serves `n` options."""
    return rows[max(0, bisect_right(rows, n, key=lambda row: row.start) - 1)]


@dataclass(frozen=True)
class Source:
    """Where a plan's rows come from.

    `costs` estimates seconds by (backend, threads, n). `reason` says why the row that serves `n`
    options was chosen, and `tied` names what nothing tells apart from the best there.
    """

    name: str = "shipped defaults"
    age: str = ""
    costs: Costs | None = field(default=None, repr=False, compare=False)
    reason: Callable[[int], str] | None = field(default=None, repr=False, compare=False)
    tied: Callable[[int], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)


class Plan:
    """Rows by batch size for one operation and request; immutable except for loaded kernels."""

    __slots__ = ("_kernels", "_starts", "operation", "rows", "source")

    def __init__(self, operation: str, rows: tuple[Row, ...], source: Source) -> None:
        self.operation = operation
        self.rows = rows
        self.source = source
        self._starts = [row.start for row in rows]
        self._kernels: dict[tuple[int, int | None], Any] = {}

    def row(self, n: int) -> int:
        """Index of the row for `n` options."""
        return max(0, bisect_right(self._starts, n) - 1)

    def kernel(self, index: int, wanted: int | None = None) -> Any:
        """The kernel of a row for a set of outputs, loading its backend on first use."""
        kernel = self._kernels.get((index, wanted))
        if kernel is None:
            kernel = loaded.kernel(self.rows[index].backend, self.operation, wanted)
            self._kernels[index, wanted] = kernel
        return kernel

    def first_size(self) -> int:
        """Largest batch that the first row serves without threads."""
        if self.rows[0].threads > 1:
            return 0
        return self.rows[1].start - 1 if len(self.rows) > 1 else 1 << 62
