"""Measure, decide, remember: what `auto` goes by on this machine.

Importing this package reads nothing and imports nothing heavy; the first plan that is made reads
the profile. ``python -m quantforge.autotune`` writes it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantforge.dispatch import Row, Source

__all__ = ["rows", "tune_on_first_use"]


def rows(
    operation: str, candidates: tuple[str, ...], budget: int
) -> tuple[tuple[Row, ...], Source] | None:
    """Rows and their source for `candidates` by the profile; None if it has nothing to say.

    Candidates that were not measured, or not in this version and build, are not considered.
    """
    from quantforge.tuning import lookup

    return lookup.rows(operation, candidates, budget)


_tried = threading.Lock()  # taken once per process and never given back


def tune_on_first_use(operation: str) -> None:
    """Tune now if ``QUANTFORGE_AUTOTUNE=first-use`` asks for it and no profile covers `operation`.

    At most once per process, and never in a worker: only on the main thread of a process that
    nobody has forked.
    """
    if os.environ.get("QUANTFORGE_AUTOTUNE") != "first-use" or _is_forked:
        return
    if threading.current_thread() is not threading.main_thread():
        return
    if _tried.acquire(blocking=False):
        from quantforge.tuning import first_use

        first_use.tune(operation)


_is_forked = False


def _after_fork() -> None:
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
