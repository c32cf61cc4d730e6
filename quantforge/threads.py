"""The machine's thread budget, and the one pool of workers that splits large batches.

Kernels are single-threaded. OpenMP, Rayon and numba's own threads each hang or kill a forked
child, and would compete for the same processors; one pool and one fork rule do not.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["budget", "split"]

_CGROUP = Path("/sys/fs/cgroup")


def budget() -> int:
    """Threads this process may use: affinity, cgroup quota and environment, whichever is least."""
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _count()]
    quota = _cgroup_quota()
    if quota is not None:
        limits.append(max(1, int(quota + 0.5)))
    asked = _environment("QUANTFORGE_NUM_THREADS") or _environment("OMP_NUM_THREADS")
    if asked:
        limits.append(asked)
    return max(1, min(limits))


def _count() -> int:
    return os.cpu_count() or 1


def _environment(name: str) -> int | None:
    try:
        value = int(os.environ.get(name, "").split(",")[0])
    except ValueError:
        return None
    return value if value >= 1 else None


def _cgroup_quota() -> float | None:
    """Processors that the control group grants, version 2 then 1; None if unlimited."""
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    try:
        quota = (_CGROUP / "cpu/cpu.cfs_quota_us").read_text()
        period = (_CGROUP / "cpu/cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


class _Signals:
    """Floating-point signals seen by the pieces, to be reported once by the caller's thread."""

    def __init__(self) -> None:
        self.invalid = False

    def __call__(self, kind: str, flag: int) -> None:
        self.invalid = True


class _Pool:
    """A few daemon threads, started when first needed; one batch at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.workers = 0

    def grow(self, workers: int) -> None:
        while self.workers < workers:
            name = f"quantforge-{self.workers + 1}"
            try:
                threading.Thread(target=self._serve, name=name, daemon=True).start()
            except RuntimeError:
                return  # no more threads here, or the interpreter is ending: `run` does without
            self.workers += 1

    def _serve(self) -> None:
        while True:
            self.tasks.get()()

    def run(self, pieces: Sequence[Callable[[], None]]) -> None:
        """Run all pieces; this thread runs the last, and any that no worker has begun by then.

        The caller holds the lock.
        """
        self.grow(len(pieces) - 1)
        done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

        def reporting(piece: Callable[[], None]) -> Callable[[], None]:
            def task() -> None:
                try:
                    piece()
                except BaseException as error:
                    done.put(error)
                else:
                    done.put(None)

            return task

        for piece in pieces[:-1]:
            self.tasks.put(reporting(piece))
        reporting(pieces[-1])()
        with contextlib.suppress(queue.Empty):
            while True:
                self.tasks.get_nowait()()
        errors = [error for error in (done.get() for _ in pieces) if error is not None]
        if errors:
            raise errors[0]


_pool = _Pool()


def _forget_pool() -> None:
    """Begin anew in a forked child, which has none of the threads and perhaps a locked lock."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def split(
    kernel: Any,
    operands: tuple[Any, ...],
    shape: tuple[int, ...],
    outs: tuple[Any, ...],
    types: str,
    n: int,
) -> Any:
    """Evaluate `kernel` over `shape` in `n` pieces along the longest axis, one thread each.

    `outs` holds an array or None for each output, `types` their NumPy type characters. It stays
    serial where a split cannot help or could harm: while the pool is busy, and so within a piece;
    where an operand is not a plain array; where an output shares memory with an input without
    being the same array.
    """
    pool = _pool
    longest = max(shape, default=1)
    n = min(n, longest)
    if n < 2 or not _splittable(operands, outs, shape):
        return kernel(*operands, *outs)
    axis = shape.index(longest)
    if not pool.lock.acquire(blocking=False):
        return kernel(*operands, *outs)
    try:
        arrays = [np.asarray(operand) for operand in operands]
        results = tuple(
            np.empty(shape, kind) if out is None else out
            for out, kind in zip(outs, types, strict=True)
        )
        signals = _Signals()
        bounds = [shape[axis] * piece // n for piece in range(n + 1)]
        pool.run(
            [
                _piece(kernel, arrays, results, axis, slice(low, high), signals)
                for low, high in pairwise(bounds)
            ]
        )
    finally:
        pool.lock.release()
    if signals.invalid:
        _report_invalid(kernel, len(operands))
    return results[0] if len(results) == 1 else results


def _splittable(operands: tuple[Any, ...], outs: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    if not all(type(operand) in (np.ndarray, float, int) for operand in operands):
        return False
    given = [out for out in outs if out is not None]
    for place, out in enumerate(given):
        if type(out) is not np.ndarray or out.shape != shape or out.dtype.char not in "db":
            return False
        inputs = [each for each in operands if type(each) is np.ndarray]
        if any(np.may_share_memory(out, each) and not _same(out, each) for each in inputs):
            return False
        if any(np.may_share_memory(out, other) for other in given[:place]):
            return False
    return True


def _same(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> bool:
    return (
        first.__array_interface__["data"] == second.__array_interface__["data"]
        and first.shape == second.shape
        and first.strides == second.strides
        and first.dtype == second.dtype
    )


def _piece(
    kernel: Any,
    arrays: list[np.ndarray[Any, Any]],
    results: tuple[np.ndarray[Any, Any], ...],
    axis: int,
    part: slice,
    signals: _Signals,
) -> Callable[[], None]:
    from_end = axis - results[0].ndim  # operands broadcast from the right

    def view(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if array.ndim < -from_end or array.shape[from_end] == 1:
            return array
        return array[(slice(None),) * (array.ndim + from_end) + (part,)]

    views = [view(array) for array in arrays]
    targets = [view(result) for result in results]

    def run() -> None:
        with np.errstate(all="ignore", invalid="call", call=signals):
            kernel(*views, *targets)

    return run


def _report_invalid(kernel: Any, inputs: int) -> None:
    """Raise NumPy's *invalid* signal once more, here, under the caller's `errstate`."""
    kernel(*[np.float64(-1.0)] * inputs)
