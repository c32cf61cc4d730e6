"""What the profile says about one request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from quantforge import threads as _threads
from quantforge.operations import OPERATIONS
from quantforge.plan import Row, Source, row_at, shipped
from quantforge.plugins import State, registry
from quantforge.profile import decision, store
from quantforge.profile.curves import Curve
from quantforge.profile.machine import build, this_machine
from quantforge.profile.record import Profile, Record, Section

__all__ = ["Gap", "gap", "gaps", "is_covered", "keep", "rows", "section", "ties", "usable_curves"]

_said_untuned = False
_unsaved: Profile | None = None


class Gap(NamedTuple):
    """Something usable that the profile does not cover, and why."""

    backend: str
    operation: str
    reason: str


def keep(profile: Profile) -> None:
    """Use `profile` in this process, for when its file cannot be written."""
    global _unsaved
    _unsaved = profile


def section(budget: int | None = None) -> tuple[Section | None, str]:
    """The section that serves this machine, and where it comes from."""
    machine = this_machine(_threads.budget() if budget is None else budget)
    if _unsaved is not None and (found := _unsaved.section(machine)):
        return found, "measured by this process"
    for file in (None, *store.system_paths()):
        profile = store.read(file)
        found = profile.section(machine) if profile else None
        if found is not None and found.backends:  # not only what cannot be used
            return found, str(file or store.path())
    return None, str(store.path())


def rows(
    operation: str, candidates: tuple[str, ...], budget: int
) -> tuple[tuple[Row, ...], Source] | None:
    """Rows for those candidates that were measured as they are installed now; None if none was."""
    found, where = section(budget)
    curves = usable_curves(found, operation, budget) if found else {}
    ordered = decision.candidates(curves, candidates)
    if not ordered or found is None:
        _say_untuned(operation)
        return None
    by_candidate = {(name, curve.threads): curve for name, its in curves.items() for curve in its}

    def costs(backend: str, threads: int, n: int) -> float | None:
        curve = by_candidate.get((backend, threads))
        return float(curve.predict(n)) if curve is not None and curve.knows(n) else None

    measured = min(found.backends[one.backend].measured for one in ordered)
    broken_by = ties(found, operation, candidates, budget)
    decided = decision.decide(ordered, broken_by)

    def reason(n: int) -> str:
        return decision.reason(ordered, broken_by, row_at(decided, n), n)

    def tied(n: int) -> tuple[str, ...]:
        return tuple(map(str, decision.tied(ordered, n)))

    return decided, Source(where, store.age(measured), costs, reason, tied)


def ties(
    found: Section | None, operation: str, candidates: Sequence[str], budget: int
) -> decision.Ties:
    """Who gets what cannot be told apart: what was decided before or, untuned, what is shipped."""
    known = found.rows.get(operation) if found else None
    loading = {name: one.loading for name, one in found.backends.items()} if found else {}
    slow = decision.slow_to_load({name: loading.get(name, 0.0) for name in candidates})
    split_from = OPERATIONS[operation].split_from
    return decision.Ties(known or shipped(candidates, budget, split_from), slow)


def _say_untuned(operation: str) -> None:
    global _said_untuned
    if not _said_untuned:
        import logging  # takes longer than all else here, and only this once

        _said_untuned = True
        logging.getLogger("quantforge").info(
            "%s: this machine is not tuned, the shipped defaults apply; "
            "run `python -m quantforge.autotune`",
            operation,
        )


def usable_curves(found: Section, operation: str, budget: int) -> dict[str, tuple[Curve, ...]]:
    """Curves by backend, of the backends that are unchanged since they were measured."""
    curves = {}
    for name, record in found.backends.items():
        if name not in registry().names() or _changed(name, record):
            continue
        measured = record.operations.get(operation)
        if measured is not None and measured.numerics == OPERATIONS[operation].numerics:
            kept = tuple(one for one in measured.by_threads if one.threads <= budget)
            curves[name] = kept
    return curves


def _changed(name: str, record: Record | None) -> str:
    """Why a record does not hold for the backend as it is installed; empty if it does."""
    if record is None:
        return "not measured"
    version = registry().info(name).version
    if record.version != version:
        return f"measured as version {record.version}, now it is {version}"
    return "rebuilt since it was measured" if record.build != build(name) else ""


def gaps() -> Iterator[Gap]:
    """Whatever a valid profile would cover and this one does not."""
    found, _ = section()
    for name in registry().names():
        info = registry().info(name)
        if info.state is not State.AVAILABLE:
            continue
        record = found.backends.get(name) if found else None
        for operation in info.operations:
            if operation not in OPERATIONS:
                continue
            reason = gap(found, name, operation)
            if reason and not (record and record.left_out and not _changed(name, record)):
                yield Gap(name, operation, reason)


def gap(found: Section | None, backend: str, operation: str) -> str:
    """Why nothing is known of an operation on a backend; empty if something is."""
    record = found.backends.get(backend) if found else None
    reason = _changed(backend, record)
    if reason or record is None:
        return reason
    measured = record.operations.get(operation)
    if measured is None:
        return f"left out: {record.left_out}" if record.left_out else "not measured"
    if measured.numerics != OPERATIONS[operation].numerics:
        return "measured with another numerical specification"
    return ""


def is_covered(rigor: str, operations: Collection[str] = ()) -> bool:
    """Whether tuning with so much care could replace nothing: all was measured with more.

    `operations` are those to be tuned, by default all.
    """

    def is_meant(operation: str) -> bool:
        return not operations or operation in operations

    found, _ = section()
    if found is None or any(is_meant(gap.operation) for gap in gaps()):
        return False
    measured = [
        one
        for record in found.backends.values()
        for name, one in record.operations.items()
        if is_meant(name)
    ]
    if operations and not measured:
        return False
    return all(one.outranks(replace(one, rigor=rigor, noisy=False)) for one in measured)
