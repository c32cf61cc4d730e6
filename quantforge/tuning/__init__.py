"""Measure every backend on this machine: what ``python -m quantforge.autotune`` does.

Importing this package reads nothing and imports nothing heavy.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["remembered", "tune_on_first_use"]

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


def remembered(points: Sequence[Any]) -> Mapping[str, str]:
    """Which of these entry points have crashed, hung or been wrong on this machine, and how."""
    from quantforge.profile import unusable  # reads JSON, which an import need not pay for

    return unusable.known(points)


_is_forked = False


def _after_fork() -> None:
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
