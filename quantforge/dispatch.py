"""From what the user asked to the kernel that runs and the threads it gets.

A plan is resolved once per operation and request. It is immutable, and consulted by bisecting the
batch size. What `auto` decides changes the time and never the result: it chooses among exact
backends, which all return the same bits.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from quantforge import threads as _threads
from quantforge.errors import BackendError
from quantforge.operations import operation as _operation
from quantforge.plan import Plan, Row, Source, shipped
from quantforge.plugins import registry

__all__ = [
    "Settings",
    "before_planning",
    "budget",
    "forced_threads",
    "invalidate",
    "is_stale",
    "on_invalidate",
    "plan",
    "preview",
    "settings",
    "under",
    "using",
]


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What `using` has set for the current context; as a key it is compared by identity."""

    backend: str = "auto"
    threads: int | None = None
    exact: bool | None = None
    forced: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _settings, (self.backend, self.threads, self.exact, self.forced)


@cache
def _settings(backend: str, threads: int | None, exact: bool | None, forced: bool) -> Settings:
    """The one object with these values."""
    return Settings(backend, threads, exact, forced)


_DEFAULTS = _settings("auto", None, None, False)
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
    changed = _settings(
        now.backend if backend is None else backend,
        now.threads if threads is None else _at_least_one(threads),
        now.exact if exact is None else bool(exact),
        now.forced,
    )
    with under(changed):
        yield


@contextlib.contextmanager
def under(then: Settings) -> Iterator[None]:
    """Set all settings to those of another moment, for this thread or async task only."""
    token = settings.set(then)
    try:
        yield
    finally:
        settings.reset(token)


@contextlib.contextmanager
def forced_threads() -> Iterator[None]:
    """Split every batch into as many threads as its call asks for, even where that takes longer.

    This is for measuring and testing, in this thread or async task only.
    """
    now = settings.get()
    with under(_settings(now.backend, now.threads, now.exact, True)):
        yield


def _at_least_one(threads: Any) -> int:
    if isinstance(threads, bool) or not hasattr(threads, "__index__") or threads < 1:
        raise ValueError(f"threads must be a whole number of at least 1, not {threads!r}")
    return int(threads)


class _Key(NamedTuple):
    operation: str
    backend: str
    threads: int
    exact: bool | None
    forced: bool


_plans: dict[_Key, Plan] = {}
_planned_for: tuple[int, int] | None = None  # affinity and budget, once they are known
_planners: list[Callable[[str], None]] = []
_listeners: list[Callable[[], None]] = []


def plan(
    operation: str, backend: str = "auto", threads: int | None = None, exact: bool | None = None
) -> Plan:
    """Resolve a request under the current settings to a plan, from the cache where possible."""
    key = _key(operation, backend, threads, exact)
    try:
        return _plans[key]
    except (KeyError, TypeError):
        pass  # new, or of a type that no valid request has: `_resolve` says so
    if key.backend == "auto":
        registry().warn_unusable()
        for prepare in _planners:
            prepare(operation)
    made = _plans[key] = _resolve(*key)
    return made


def preview(operation: str, backend: str = "auto", threads: int | None = None) -> Plan:
    """The plan as it stands; nothing is loaded or measured, and no warning is issued."""
    key = _key(operation, backend, threads, None)
    try:
        return _plans[key]
    except (KeyError, TypeError):
        return _resolve(*key)


def _key(operation: str, backend: str, threads: int | None, exact: bool | None) -> _Key:
    now, most = settings.get(), budget()
    asked = now.threads if threads is None else _at_least_one(threads)
    return _Key(
        operation,
        now.backend if backend == "auto" else backend,
        most if asked is None else min(asked, most),
        now.exact if exact is None else exact,
        now.forced and asked is not None,
    )


def budget() -> int:
    """The thread budget, found anew where the affinity has changed: to read quotas takes longer."""
    global _planned_for
    known = _planned_for
    if known is None or is_stale():
        invalidate()
        known = _planned_for = _threads.affinity(), _threads.budget()
    return known[1]


def is_stale() -> bool:
    """Whether this process may run on more or fewer processors than what was planned for."""
    known = _planned_for
    return known is None or known[0] != _threads.affinity()


def before_planning(prepare: Callable[[str], None]) -> None:
    """Call `prepare` with the name of an operation before `auto` first plans it."""
    _planners.append(prepare)


def invalidate() -> None:
    """Drop every plan, after the profile, a backend's state or the thread budget changed."""
    global _planned_for
    _planned_for = None
    _plans.clear()
    for clear in _listeners:
        clear()


def on_invalidate(clear: Callable[[], None]) -> None:
    """Register a cache that depends on plans."""
    _listeners.append(clear)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=invalidate)  # a child may have another affinity


def _resolve(operation: str, backend: str, threads: int, exact: bool | None, forced: bool) -> Plan:
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
    rows, source = _rows(operation, candidates, threads)
    if forced:
        rows = tuple(row._replace(threads=threads) for row in rows)
    return Plan(operation, rows, source)


def _rows(
    operation: str, candidates: tuple[str, ...], threads: int
) -> tuple[tuple[Row, ...], Source]:
    from quantforge.profile import lookup  # reads JSON, which an import need not pay for

    tuned = lookup.rows(operation, candidates, threads)
    if tuned is not None:
        return tuned
    return shipped(candidates, threads, _operation(operation).split_from), Source()
