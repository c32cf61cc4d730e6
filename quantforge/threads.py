"""The machine's thread budget, and the one pool of workers that splits large batches.

Kernels are single-threaded. OpenMP, Rayon and numba's own threads each hang or kill a forked
child, and would compete for the same processors; one pool and one fork rule do not.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from quantforge.control_groups import quota
from quantforge.errors import warn_once

__all__ = ["affinity", "budget", "split"]

_Arrays = tuple[np.ndarray[Any, Any], ...]

_CHUNK: Final = 8e-3
"""Seconds after which a piece looks whether the call has ended."""

_FEWEST: Final = 32_768
"""Options between two looks all the same: calls of a kernel in Python have costs of their own."""

_LONGEST: Final = 0.1
"""Seconds that those may take."""

_SHORTEST: Final = 1e-6  # seconds that they take at least, whatever the clock says


def budget() -> int:
    """Threads this process may use: affinity, cgroup quota and environment, whichever is least."""
    limits = [affinity()]
    granted = quota()
    if granted is not None:
        limits.append(int(granted + 0.5))
    asked = _environment("QUANTFORGE_NUM_THREADS") or _environment("OMP_NUM_THREADS")
    if asked:
        limits.append(asked)
    return max(1, min(limits))


def affinity() -> int:
    """Processors that this process may run on, whatever one of its threads is bound to."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(os.getpid()))
    return os.cpu_count() or 1


def _environment(name: str) -> int | None:
    given = os.environ.get(name, "").strip()
    if not given:
        return None
    try:
        value = int(given.split(",")[0])  # OpenMP takes a list, with a number for each level
    except ValueError:
        value = 0
    if value >= 1:
        return value
    shown = given if len(given) <= 20 else f"{given[:20]}..."
    warn_once(f"{name}={given}", f"{name}={shown!r} is ignored; valid: a whole number from 1 on")
    return None


def _in_main_interpreter() -> bool:
    import ctypes  # once, and only where threads pay

    own = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    number = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(
        ("PyInterpreterState_GetID", ctypes.pythonapi)
    )
    return bool(number(own()) == 0)


class _Signals:
    """Floating-point signals seen by the pieces, to be reported once by the caller's thread."""

    def __init__(self) -> None:
        self.invalid = False

    def __call__(self, kind: str, flag: int) -> None:
        self.invalid = True


class _Batch:
    """The pieces of one call. Whoever comes takes the next; nobody takes any once it has stopped.

    A signal may interrupt the caller between any two instructions, but no worker. So what decides
    whether the call may leave, `running`, is kept by the workers.
    """

    def __init__(self) -> None:
        self.pieces: deque[Callable[[], None]] = deque()
        self.running: set[int] = set()
        self.left: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.errors: list[BaseException] = []
        self.stopped = False

    def work(self) -> None:
        """Run pieces until none is left."""
        while self.pieces and not self.stopped:
            try:
                piece = self.pieces.pop()
            except IndexError:
                return  # another thread was faster
            piece()

    def help(self) -> None:
        """Do a worker's part."""
        me = threading.get_ident()
        self.running.add(me)  # before a piece is taken: the caller looks at both
        try:
            self.work()
        except BaseException as error:
            self.errors.append(error)
            self.stopped = True
        self.running.discard(me)
        self.left.put(None)  # afterwards: the caller waits only while one is yet to come

    def wait(self) -> None:
        """Wait for the workers that have begun."""
        while self.running:
            self.left.get()

    def end(self) -> None:
        """Let no piece outlive the call, however often the caller is interrupted meanwhile."""
        interruption = None
        while True:
            try:
                self.stopped = True
                self.pieces.clear()  # they know the batch, and would keep it alive
                self.wait()
                break
            except BaseException as error:
                interruption = error
        if interruption is not None:
            raise interruption


class _Pool:
    """A few daemon threads, started when first needed; one batch at a time."""

    def __init__(self) -> None:
        self.batches: queue.SimpleQueue[_Batch] = queue.SimpleQueue()
        self.owner: dict[None, _Batch] = {}  # a lock that tells whose it is; see `split`
        self.workers = 0

    def grow(self, workers: int) -> None:
        """Start threads up to so many, where they may outlive the call."""
        if self.workers < workers and not _in_main_interpreter():
            return  # CPython dies of a thread that waits while another interpreter ends
        while self.workers < workers:
            name = f"quantforge-{self.workers + 1}"
            try:
                threading.Thread(target=self._serve, name=name, daemon=True).start()
            except RuntimeError:
                return  # no more threads here, or the interpreter is ending: `run` does without
            self.workers += 1

    def _serve(self) -> None:
        while True:
            self.batches.get().help()

    def run(self, batch: _Batch) -> None:
        """Run all pieces; this thread runs the last, and any that no worker has begun by then.

        The batch has claimed the pool.
        """
        helpers = len(batch.pieces) - 1
        self.grow(helpers)
        try:
            for _ in range(helpers):
                self.batches.put(batch)
            batch.work()
            batch.wait()
        finally:
            batch.end()
        if batch.errors:
            raise batch.errors[0]


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
    longest = max(shape, default=1)
    n = min(n, longest)
    if n < 2 or not _splittable(operands, outs, shape):
        return kernel(*operands, *outs)
    pool, batch = _pool, _Batch()
    try:
        if pool.owner.setdefault(None, batch) is not batch:
            return kernel(*operands, *outs)
        axis = shape.index(longest)
        arrays = [np.asarray(operand) for operand in operands]
        results = tuple(
            np.empty(shape, kind) if out is None else out
            for out, kind in zip(outs, types, strict=True)
        )
        signals = _Signals()
        bounds = [shape[axis] * piece // n for piece in range(n + 1)]
        for low, high in pairwise(bounds):
            part = _part((*arrays, *results), axis - len(shape), slice(low, high))
            batch.pieces.append(_Piece(kernel, part, len(results), signals, batch))
        pool.run(batch)
    finally:
        # Signals are handled after calls. One may come before a lock's owner knows that it has it,
        # but none between the instructions of these two lines.
        if None in pool.owner and pool.owner[None] is batch:
            del pool.owner[None]
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


def _part(arrays: Sequence[np.ndarray[Any, Any]], from_end: int, part: slice) -> _Arrays:
    """A part of broadcast arrays along an axis, which counts from the end."""

    def view(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if array.ndim < -from_end or array.shape[from_end] == 1:
            return array
        return array[(slice(None),) * (array.ndim + from_end) + (part,)]

    return tuple(map(view, arrays))


class _Piece:
    """A part, computed in chunks of some milliseconds unless the batch has stopped in between."""

    def __init__(
        self, kernel: Any, arrays: _Arrays, results: int, signals: _Signals, batch: _Batch
    ) -> None:
        self.kernel, self.arrays, self.results = kernel, arrays, results
        self.signals, self.batch = signals, batch
        self.most = _FEWEST

    def __call__(self) -> None:
        with np.errstate(all="ignore", invalid="call", call=self.signals):
            self._compute(self.arrays)

    def _compute(self, arrays: _Arrays) -> None:
        whole = arrays[-self.results]
        if whole.size <= self.most:
            self._time(arrays, whole.size)
            return
        axis = _outermost(whole)
        length, done = whole.shape[axis], 0
        while done < length and not self.batch.stopped:
            end = min(done + max(1, self.most * length // whole.size), length)
            self._compute(_part(arrays, axis - whole.ndim, slice(done, end)))
            done = end

    def _time(self, arrays: _Arrays, size: int) -> None:
        """Compute a chunk, from which follows how large the next one may be."""
        if self.batch.stopped:
            return
        began = time.perf_counter()
        self.kernel(*arrays)
        speed = size / max(time.perf_counter() - began, _SHORTEST)
        self.most = max(1, int(min(max(speed * _CHUNK, _FEWEST), speed * _LONGEST)))


def _outermost(array: np.ndarray[Any, Any]) -> int:
    """The axis to cut across if the innermost loop is to stay as long as it is."""
    return max(
        range(array.ndim), key=lambda axis: (array.shape[axis] > 1, abs(array.strides[axis]))
    )


def _report_invalid(kernel: Any, inputs: int) -> None:
    """Raise NumPy's *invalid* signal once more, here, under the caller's `errstate`."""
    kernel(*[np.float64(-1.0)] * inputs)
