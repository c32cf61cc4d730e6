"""From what the user asked to the kernel that runs and the threads it gets.

A plan is resolved once per operation and request, published immutable, and consulted by bisecting
the batch size. What `auto` decides changes the time and never the result: it chooses among exact
backends, which all return the same bits.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quantforge import conventions
from quantforge import threads as _threads
from quantforge.errors import BackendError
from quantforge.operations import operation as _operation
from quantforge.plugins import State, registry

__all__ = ["Decision", "Plan", "Row", "Settings", "explain", "plan", "settings", "using"]

_SPLIT_FROM = 65_536
"""Batch size from which an untuned machine uses its threads: late rather than wrong."""


class Row(NamedTuple):
    """One line of a plan: from `start` options on, this backend with this many threads."""

    start: int
    backend: str
    threads: int


class Settings(NamedTuple):
    """What `using` has set for the current context."""

    backend: str = "auto"
    threads: int | None = None
    exact: bool | None = None


_DEFAULTS = Settings()
settings: ContextVar[Settings] = ContextVar("quantforge_settings", default=_DEFAULTS)


@contextlib.contextmanager
def using(
    *, backend: str | None = None, threads: int | None = None, exact: bool | None = None
) -> Iterator[None]:
    """Set defaults for every call in a ``with`` block, for this thread or async task only.

    Parameters
    ----------
    backend : str, optional
        Used where a call says ``backend="auto"``.
    threads : int, optional
        Used where a call gives no `threads`.
    exact : bool, optional
        False also lets ``auto`` choose backends whose results may differ by a few ulp.

    Examples
    --------
    >>> import quantforge
    >>> with quantforge.using(backend="numpy"):
    ...     round(float(quantforge.price(100, 100, 1, 0.05, 0.2)), 6)
    10.450584
    """
    if backend not in (None, "auto"):
        registry().check(backend)
    now = settings.get()
    changed = Settings(
        now.backend if backend is None else backend,
        now.threads if threads is None else _at_least_one(threads),
        now.exact if exact is None else bool(exact),
    )
    token = settings.set(changed)
    try:
        yield
    finally:
        settings.reset(token)


def _at_least_one(threads: Any) -> int:
    if isinstance(threads, bool) or not hasattr(threads, "__index__") or threads < 1:
        raise ValueError(f"threads must be a whole number of at least 1, not {threads!r}")
    return int(threads)


class Plan:
    """Rows by batch size for one operation and one request; immutable but for loaded kernels."""

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
            kernel = registry().kernel(self.rows[index].backend, self.operation, wanted)
            self._kernels[index, wanted] = kernel
        return kernel

    def first_size(self) -> int:
        """Largest batch that the first row serves without threads."""
        if self.rows[0].threads > 1:
            return 0
        return self.rows[1].start - 1 if len(self.rows) > 1 else 1 << 62


@dataclass(frozen=True)
class Source:
    """Where a plan's rows come from; `costs` estimates seconds by (backend, threads, n)."""

    name: str = "shipped defaults"
    age: str = ""
    costs: Any = field(default=None, repr=False, compare=False)


_plans: dict[tuple[str, str, int | None, bool | None], Plan] = {}
_listeners: list[Any] = []


def plan(
    operation: str,
    backend: str = "auto",
    threads: int | None = None,
    exact: bool | None = None,
    *,
    only_look: bool = False,
) -> Plan:
    """Resolve a request under the current settings to a plan, from the cache where possible.

    With `only_look` nothing is loaded or measured, whatever ``QUANTFORGE_AUTOTUNE`` asks for.
    """
    now = settings.get()
    key = (
        operation,
        now.backend if backend == "auto" else backend,
        now.threads if threads is None else _at_least_one(threads),
        now.exact if exact is None else exact,
    )
    try:
        return _plans[key]
    except (KeyError, TypeError):
        pass  # new, or of a type that no valid request has: `_resolve` says so
    if only_look:
        return _resolve(*key)
    if key[1] == "auto":
        registry().skip_unusable()
        _tune_on_first_use(operation)
    made = _plans[key] = _resolve(*key)
    return made


def _tune_on_first_use(operation: str) -> None:
    from quantforge import tuning

    tuning.tune_on_first_use(operation)


def forget() -> None:
    """Drop every plan, after the profile, a backend's state or the thread budget changed."""
    _plans.clear()
    for clear in _listeners:
        clear()


def on_forget(clear: Any) -> None:
    """Register a cache that depends on plans."""
    _listeners.append(clear)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)  # a child may have another affinity


def _resolve(operation: str, backend: str, threads: int | None, exact: bool | None) -> Plan:
    _operation(operation)
    if exact is None:
        exact = os.environ.get("QUANTFORGE_EXACT", "1") != "0"
    if backend == "auto":
        candidates = registry().candidates(operation, exact=exact)
        if not candidates:
            raise BackendError(f"no usable backend implements {operation!r}; see backends()")
    else:
        registry().require(backend, operation)
        candidates = (backend,)
    rows, source = _rows(operation, candidates, _threads.budget())
    if threads is not None:
        rows = _with_threads(rows, min(threads, _threads.budget()))
    return Plan(operation, rows, source)


def _rows(
    operation: str, candidates: tuple[str, ...], budget: int
) -> tuple[tuple[Row, ...], Source]:
    from quantforge import tuning

    tuned: tuple[tuple[Row, ...], Source] | None = tuning.rows(operation, candidates, budget)
    if tuned is not None:
        return tuned
    rows = [Row(0, candidates[0], 1)]
    if budget > 1:
        rows.append(Row(_SPLIT_FROM, candidates[0], budget))
    return tuple(rows), Source()


def _with_threads(rows: tuple[Row, ...], threads: int) -> tuple[Row, ...]:
    """The same choice of backends with the number of threads that the caller asked for."""
    merged: list[Row] = []
    for row in rows:
        if not merged or merged[-1].backend != row.backend:
            merged.append(Row(row.start, row.backend, threads))
    return tuple(merged)


@dataclass(frozen=True)
class Decision:
    """What `explain` returns; its repr is the report.

    Attributes
    ----------
    operation : str
    n : int
        Batch size asked about.
    backend : str
    threads : int
    row : Row
        The line of the plan that decided.
    profile : str
        File the row comes from, or ``"shipped defaults"``.
    age : str
        How long ago it was measured, empty for the defaults.
    reason : str
    candidates : mapping of str to str
        Every installed backend with its estimated time, or why it was not considered.
    """

    operation: str
    n: int
    backend: str
    threads: int
    row: Row
    profile: str
    age: str
    reason: str
    candidates: Mapping[str, str]

    def __repr__(self) -> str:
        many = "threads" if self.threads > 1 else "thread"
        age = f", measured {self.age}" if self.age else ""
        lines = [
            f"{self.operation} of {self.n:,} options: {self.backend}, {self.threads} {many}",
            f"  row      from {self.row.start:,} options on",
            f"  profile  {self.profile}{age}",
            f"  why      {self.reason}",
        ]
        width = max(map(len, self.candidates), default=0)
        lines += [f"  {name:<{width}}  {text}" for name, text in self.candidates.items()]
        return "\n".join(lines)


def explain(
    operation: str,
    n: int = 1,
    *,
    model: str = "black_scholes",
    backend: str = "auto",
    threads: int | None = None,
) -> Decision:
    """Say which backend would run a batch of `n` options, with how many threads, and why.

    Loads no backend.

    Parameters
    ----------
    operation : {"price", "greeks", "implied_volatility"}
        Or a name of the catalogue, such as ``"bachelier_price"``.
    n : int
        Number of options in the batch.
    model, backend, threads
        As in `quantforge.price`.
    """
    if isinstance(operation, str):
        operation = conventions.model(model).operation(operation)
    made = plan(operation, backend, threads, only_look=True)
    row = made.rows[made.row(int(n))]
    source = made.source
    asked = backend if backend != "auto" else settings.get().backend
    if asked != "auto":
        reason = f"backend {asked!r} was asked for"
    elif source.costs is None:
        reason = "this machine is not tuned: run `python -m quantforge.autotune`"
    else:
        reason = "the fastest measured candidate at this size, to within 5 %"
    return Decision(
        operation=operation,
        n=int(n),
        backend=row.backend,
        threads=row.threads,
        row=row,
        profile=source.name,
        age=source.age,
        reason=reason,
        candidates=_candidates(operation, int(n), row, source),
    )


def _candidates(operation: str, n: int, chosen: Row, source: Source) -> dict[str, str]:
    found = registry()
    texts = {}
    for name in found.names():
        info = found.info(name)
        if info.state is not State.AVAILABLE:
            texts[name] = f"{info.state}: {info.reason}"
        elif operation not in info.operations:
            texts[name] = f"does not implement {operation}"
        else:
            texts[name] = _estimate(name, n, chosen, source)
            if not found.exact(name, operation):
                texts[name] += "; not exact, so auto takes it only where nothing exact is usable"
    return texts


def _estimate(name: str, n: int, chosen: Row, source: Source) -> str:
    if source.costs is None:
        return "not measured"
    times = {
        count: source.costs(name, count, n)
        for count in dict.fromkeys((1, chosen.threads, _threads.budget()))
    }
    known = [
        f"{seconds * 1e6:,.2f} us with {count} thread{'s' * (count > 1)}"
        for count, seconds in times.items()
        if seconds is not None
    ]
    return ", ".join(known) or "not measured"
