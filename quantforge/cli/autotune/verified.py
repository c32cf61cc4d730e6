"""How far `auto` is from the best choice, as a table and as data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from quantforge.tuning.verification import Regret, Verified

__all__ = ["show", "to_json"]


class _Total(NamedTuple):
    """One operation: mean regrets over its batch sizes, and the worst of them."""

    operation: str
    auto: float
    shipped: float
    worst: Verified


def _totals(verified: Sequence[Verified]) -> Iterator[_Total]:
    for operation, its in groupby(verified, key=lambda one: one.operation):
        sizes = list(its)
        yield _Total(
            operation,
            statistics.fmean(one.auto.median for one in sizes),
            statistics.fmean(one.shipped.median for one in sizes),
            max(sizes, key=lambda one: one.auto.median),
        )


def show(verified: Sequence[Verified]) -> None:
    """Print the regret of each operation, and where it is worst."""
    from quantforge.cli.terminal import console, table

    def name(backend: str, threads: int) -> str:
        return f"{backend} × {threads}" if threads > 1 else backend

    headings = ("operation", "auto", "shipped", "worst", "range", "options", "chosen", "best")
    rows = [
        (
            one.operation,
            f"{one.auto:.1%}",
            f"{one.shipped:.1%}",
            f"{one.worst.auto.median:.1%}",
            f"{one.worst.auto.least:.1%} – {one.worst.auto.most:.1%}",
            f"{one.worst.n:,}",
            name(one.worst.chosen.backend, one.worst.chosen.threads),
            name(*one.worst.best),
        )
        for one in _totals(verified)
    ]
    screen = console()
    screen.print("time lost against the best candidate of each batch size", style="bold")
    screen.show(table(headings, rows, left=("operation", "chosen", "best")))


def to_json(verified: Sequence[Verified]) -> dict[str, Any]:
    """The same with documented keys (docs/tuning.md)."""
    return {
        one.operation: {
            "regret": one.auto,
            "shipped_regret": one.shipped,
            "worst": one.worst.auto.median,
            "batches": [
                {
                    "n": each.n,
                    "backend": each.chosen.backend,
                    "threads": each.chosen.threads,
                    "best": {"backend": each.best[0], "threads": each.best[1]},
                    "regret": _spread(each.auto),
                    "shipped_regret": _spread(each.shipped),
                    "noisy": each.noisy,
                }
                for each in verified
                if each.operation == one.operation
            ],
        }
        for one in _totals(verified)
    }


def _spread(regret: Regret) -> list[float]:
    return [regret.least, regret.median, regret.most]
