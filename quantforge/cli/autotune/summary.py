"""The decisions as data, for tables, pictures and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from quantforge import dispatch
from quantforge import threads as _threads
from quantforge.operations import OPERATIONS
from quantforge.plan import Costs, Plan, Row
from quantforge.profile import lookup, store
from quantforge.profile.curves import Curve
from quantforge.profile.record import Section

__all__ = ["SIZES", "Batch", "Summary", "summaries", "to_json"]

SIZES: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Batch:
    """What `auto` does with so many options, and what the slowest backend would have cost.

    `seconds` is None, and so are `slowest` and `gain`, where far fewer options were measured.
    """

    n: int
    backend: str
    threads: int
    seconds: float | None
    slowest: str | None
    gain: float | None
    tied: tuple[str, ...]
    reason: str

    @property
    def each(self) -> float | None:
        """Nanoseconds per option."""
        return None if self.seconds is None else self.seconds / self.n * 1e9


@dataclass(frozen=True)
class Summary:
    """One operation: its rows, its curves by backend, and a few batches as examples."""

    operation: str
    rows: tuple[Row, ...]
    curves: dict[str, tuple[Curve, ...]]
    batches: tuple[Batch, ...]

    def plan(self) -> str:
        """The rows in words."""
        return ", ".join(
            f"{row.backend}{f' on {row.threads} threads' if row.threads > 1 else ''} "
            f"from {max(1, row.start):,}"
            for row in self.rows
        )


def summaries(section: Section) -> Iterator[Summary]:
    """What `auto` does on this machine with each operation that was measured."""
    for operation in OPERATIONS:
        curves = lookup.usable_curves(section, operation, _threads.budget())
        if not curves:
            continue
        plan = dispatch.preview(operation)
        if plan.source.costs is None:
            continue
        batches = tuple(_batch(plan, plan.source.costs, curves, n) for n in SIZES)
        yield Summary(operation, plan.rows, curves, batches)


def _batch(plan: Plan, costs: Costs, curves: dict[str, tuple[Curve, ...]], n: int) -> Batch:
    row = plan.rows[plan.row(n)]
    seconds = costs(row.backend, row.threads, n)
    slowest = gain = None
    if seconds is not None:
        times = {name: [costs(name, one.threads, n) for one in its] for name, its in curves.items()}
        known = {name: [one for one in its if one is not None] for name, its in times.items()}
        best = {name: min(its) for name, its in known.items() if its}
        slowest = max(best, key=best.__getitem__)
        gain = best[slowest] / seconds
    tied = plan.source.tied(n) if plan.source.tied else ()
    reason = plan.source.reason(n) if plan.source.reason else ""
    return Batch(n, row.backend, row.threads, seconds, slowest, gain, tied, reason)


def to_json(section: Section) -> dict[str, Any]:
    """The decisions with documented keys (docs/tuning.md)."""
    return {
        "profile": str(store.path()),
        "machine": {
            "cpu": section.key.cpu,
            "instruction_sets": section.key.isa,
            "threads": section.key.budget,
        },
        "backends": {
            name: {
                "version": record.version,
                "measured": record.measured,
                "rigor": record.rigor,
                "noisy": record.noisy,
                "left_out": record.left_out,
                "loading": record.loading,
                "details": dict(record.details),
            }
            for name, record in section.backends.items()
        },
        "operations": {one.operation: _operation(one) for one in summaries(section)},
    }


def _operation(one: Summary) -> dict[str, Any]:
    return {
        "rows": [
            {"from_n": row.start, "backend": row.backend, "threads": row.threads}
            for row in one.rows
        ],
        "batches": [
            {
                "n": batch.n,
                "backend": batch.backend,
                "threads": batch.threads,
                "ns_per_option": batch.each,
                "slowest_backend": batch.slowest,
                "gain": batch.gain,
                "tied": list(batch.tied) if len(batch.tied) > 1 else [],
                "reason": batch.reason,
            }
            for batch in one.batches
        ],
        "curves": [
            {
                "backend": name,
                "threads": curve.threads,
                "sizes": list(curve.sizes),
                "seconds": list(curve.seconds),
                "spreads": list(curve.spreads),
                "model": curve.model,
                "line": dict(zip(("seconds", "seconds_per_option"), curve.line, strict=True)),
                "line_error": curve.errors[0],
                "points_error": curve.errors[1],
            }
            for name, curves in one.curves.items()
            for curve in curves
        ],
    }
