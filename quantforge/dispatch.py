"""From what the user asked to the kernel that runs and the threads it gets.

A plan is resolved once per operation and request. It is immutable, and consulted by bisecting the
batch size. What `auto` decides changes the time and never the result: it chooses among exact
backends, which all return the same bits.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from quantforge import threads as _threads
from quantforge.capabilities import TIERS, Needs, sizes, takes
from quantforge.contract import ANY_SIZE, Backend
from quantforge.errors import BackendError, did_you_mean
from quantforge.operations import Operation
from quantforge.operations import operation as _operation
from quantforge.plan import Plan, Row, Source, by_start, row_at, shipped
from quantforge.plugins import registry

__all__ = [
    "ANYTHING",
    "Settings",
    "before_planning",
    "best_tier",
    "budget",
    "candidates",
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
    tier: str | None = None
    forced: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _settings, (self.backend, self.threads, self.tier, self.forced)


@cache
def _settings(backend: str, threads: int | None, tier: str | None, forced: bool) -> Settings:
    """The one object with these values."""
    return Settings(backend, threads, tier, forced)


_DEFAULTS = _settings("auto", None, None, False)
settings: ContextVar[Settings] = ContextVar("quantforge_settings", default=_DEFAULTS)


@contextlib.contextmanager
def using(
    *,
    backend: str | None = None,
    threads: int | None = None,
    exact: bool | None = None,
    tier: str | None = None,
) -> Iterator[None]:
    """Set defaults for every call in a ``with`` block, for this thread or async task only.

    Parameters
    ----------
    backend : str, optional
        Used where a call says ``backend="auto"``.
    threads : int, optional
        Used where a call gives no `threads`.
    exact : bool, optional
        True is short for ``tier="exact"``, False for ``tier="contract"``.
    tier : {"exact", "contract", "approximate"}, optional
        Which backends ``auto`` may choose. By default those that return the specification's bits;
        with ``"contract"`` also those that keep the documented bounds on errors, whose results may
        differ by a few ulp; with ``"approximate"`` also those that state bounds of their own.

    Raises
    ------
    ValueError
        There is no such backend or tier, `threads` is less than 1, or `exact` and `tier` say
        different things.

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
        now.tier if (asked := _tier(exact, tier)) is None else asked,
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
    with under(_settings(now.backend, now.threads, now.tier, True)):
        yield


def _tier(exact: bool | None, tier: str | None) -> str | None:
    """The tier that two ways of saying it mean."""
    if tier is not None and tier not in TIERS:
        valid = ", ".join(map(repr, TIERS))
        raise ValueError(f"unknown tier {tier!r}; valid: {valid}{did_you_mean(tier, TIERS)}")
    if exact is None:
        return tier
    meant = "exact" if exact else "contract"
    if tier not in (None, meant):
        raise ValueError(f"exact={exact!r} means tier={meant!r}, not {tier!r}")
    return meant


def _at_least_one(threads: Any) -> int:
    if isinstance(threads, bool) or not hasattr(threads, "__index__") or threads < 1:
        raise ValueError(f"threads must be a whole number of at least 1, not {threads!r}")
    return int(threads)


ANYTHING: Final = Needs()


class _Key(NamedTuple):
    operation: str
    backend: str
    threads: int
    needs: Needs
    tier: str
    forced: bool


_plans: dict[_Key, Plan] = {}
_planned_for: tuple[int, int] | None = None  # affinity and budget, once they are known
_planners: list[Callable[[str], None]] = []
_listeners: list[Callable[[], None]] = []


def plan(
    operation: str, backend: str = "auto", threads: int | None = None, needs: Needs = ANYTHING
) -> Plan:
    """Resolve a request under the current settings to a plan, from the cache where possible."""
    key = _key(operation, backend, threads, needs)
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


def preview(
    operation: str, backend: str = "auto", threads: int | None = None, needs: Needs = ANYTHING
) -> Plan:
    """The plan as it stands; nothing is loaded or measured, and no warning is issued."""
    key = _key(operation, backend, threads, needs)
    try:
        return _plans[key]
    except (KeyError, TypeError):
        return _resolve(*key)


def _key(operation: str, backend: str, threads: int | None, needs: Needs) -> _Key:
    now, most = settings.get(), budget()
    asked = now.threads if threads is None else _at_least_one(threads)
    return _Key(
        operation,
        now.backend if backend == "auto" else backend,
        most if asked is None else min(asked, most),
        needs,
        best_tier(),
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


def best_tier() -> str:
    """The tier that ``auto`` may go down to, by the settings or else by the environment."""
    asked = settings.get().tier
    if asked is not None:
        return asked
    return "exact" if os.environ.get("QUANTFORGE_EXACT", "1") != "0" else "contract"


def candidates(operation: str, backend: str, needs: Needs) -> tuple[str, ...]:
    """The backends that may serve a request, none where a named one cannot."""
    if backend == "auto":
        backend = settings.get().backend
    found = registry()
    if backend == "auto":
        return found.candidates(operation, best_tier(), needs)
    usable = found.candidates(operation, TIERS[-1], needs)
    return (backend,) if backend in usable else ()


def _resolve(
    operation: str, backend: str, threads: int, needs: Needs, tier: str, forced: bool
) -> Plan:
    asked = _operation(operation)
    found = registry()
    if backend == "auto":
        usable = found.candidates(operation, tier, needs)
        if not usable:
            raise BackendError(_nobody(asked, needs, tier))
    else:
        found.require(backend, operation, needs)
        usable = (backend,)
    return _by_size(operation, [found.description(name) for name in usable], threads, forced)


def _nobody(operation: Operation, needs: Needs, tier: str) -> str:
    """Say that no backend serves a request, and what would help."""
    what = f"no usable backend implements {operation.name!r}"
    if registry().candidates(operation.name, tier):
        what = f"no usable backend does what is asked of {operation.name!r}"
    elif registry().candidates(operation.name, TIERS[-1], needs):
        return f"{what} but with errors beyond the documented bounds; using(tier='approximate')"
    return f"{what}; see backends()"


def _by_size(operation: str, described: Sequence[Backend], threads: int, forced: bool) -> Plan:
    """Plan for batches of every size, each with the backends that take it."""
    beyond = {one.max_size + 1 for one in described if one.max_size < ANY_SIZE}
    starts = sorted({1, *(one.min_size for one in described), *beyond})
    rows: list[Row] = []
    sources = []
    for start, end in pairwise((*starts, ANY_SIZE)):
        names = tuple(one.name for one in described if takes(one, start))
        its, source = _rows(operation, names, threads) if names else (_NOBODY, Source())
        rows.append(row_at(its, start)._replace(start=start if start > 1 else 0))
        rows += (row for row in its if start < row.start < end)
        sources.append(source)
    if forced:
        rows = [row._replace(threads=threads) for row in rows]
    alone = {"", *(one.name for one in described if not one.threads)}
    rows = [row._replace(threads=1) if row.backend in alone else row for row in rows]
    distinct = [rows[0], *(row for before, row in pairwise(rows) if row[1:] != before[1:])]
    unfit = "; ".join(f"backend {one.name!r} {sizes(one)}" for one in described)
    return Plan(operation, tuple(distinct), by_start(starts, sources), unfit)


_NOBODY: Final = (Row(0, "", 1),)


def _rows(
    operation: str, candidates: tuple[str, ...], threads: int
) -> tuple[tuple[Row, ...], Source]:
    from quantforge.profile import lookup  # reads JSON, which an import need not pay for

    tuned = lookup.rows(operation, candidates, threads)
    if tuned is not None:
        return tuned
    return shipped(candidates, threads, _operation(operation).split_from), Source()
