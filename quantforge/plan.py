"""What was decided for an operation: which backend runs from which batch size on, and why."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quantforge import loaded
from quantforge.contract import ANY_SIZE
from quantforge.errors import SizeError

__all__ = ["Costs", "Plan", "Row", "Source", "by_start", "row_at", "shipped"]

Costs = Callable[[str, int, int], float | None]
"""From backend, threads and batch size to seconds, None where nothing was measured."""


class Row(NamedTuple):
    """One line of a plan: from `start` options on, this backend with this many threads.

    No backend, an empty name, takes batches that are too small or too large for all.
    """

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


def by_start(starts: Sequence[int], sources: Sequence[Source]) -> Source:
    """One source of several, each of which counts from its start on."""
    if len(sources) == 1:
        return sources[0]
    told = next((one for one in sources if one.costs), sources[0])

    def at(n: int) -> Source:
        return sources[max(0, bisect_right(starts, n) - 1)]

    def reason(n: int) -> str:
        why = at(n).reason
        return why(n) if why else "no other backend takes a batch of this size"

    def tied(n: int) -> tuple[str, ...]:
        names = at(n).tied
        return names(n) if names else ()

    return Source(told.name, told.age, told.costs, reason, tied)


class Plan:
    """Rows by batch size for one operation and request; immutable except for loaded kernels."""

    __slots__ = ("_kernels", "_starts", "operation", "rows", "source", "unfit")

    def __init__(
        self, operation: str, rows: tuple[Row, ...], source: Source, unfit: str = ""
    ) -> None:
        """`unfit` says which batches the backends take, where that is not all of them."""
        self.operation = operation
        self.rows = rows
        self.source = source
        self.unfit = unfit
        self._starts = [row.start for row in rows]
        self._kernels: dict[tuple[int, int | None], Any] = {}

    def row(self, n: int) -> int:
        """Index of the row for `n` options."""
        return max(0, bisect_right(self._starts, n) - 1)

    def kernel(self, index: int, wanted: int | None = None) -> Any:
        """The kernel of a row for a set of outputs, loading its backend on first use."""
        kernel = self._kernels.get((index, wanted))
        if kernel is None:
            if not self.rows[index].backend:
                raise SizeError(f"no backend takes a batch of this size: {self.unfit}")
            kernel = loaded.kernel(self.rows[index].backend, self.operation, wanted)
            self._kernels[index, wanted] = kernel
        return kernel

    def first_size(self) -> int:
        """Largest batch that the first row serves without threads."""
        if self.rows[0].threads > 1 or not self.rows[0].backend:
            return 0
        return self.rows[1].start - 1 if len(self.rows) > 1 else ANY_SIZE
