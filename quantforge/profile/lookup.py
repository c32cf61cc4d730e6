"""What the profile says about one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from quantforge import threads as _threads
from quantforge.operations import OPERATIONS
from quantforge.plan import Row, Source
from quantforge.plugins import State, registry
from quantforge.profile import decision, store
from quantforge.profile.curves import Curve
from quantforge.profile.machine import build, this_machine
from quantforge.profile.record import Profile, Record, Section

__all__ = ["Gap", "gaps", "keep", "rows", "section", "usable_curves"]

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
    profile = store.read()
    return profile.section(machine) if profile else None, str(store.path())


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
        return None if curve is None else float(curve.predict(n))

    measured = min(found.backends[one.backend].measured for one in ordered)
    return decision.decide(ordered), Source(where, store.age(measured), costs)


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
    records = found.backends if found else {}
    for name in registry().names():
        info = registry().info(name)
        if info.state is not State.AVAILABLE:
            continue
        record = records.get(name)
        reason = _changed(name, record)
        for operation in info.operations:
            if operation not in OPERATIONS or (record and record.left_out and not reason):
                continue
            measured = record.operations.get(operation) if record else None
            if reason:
                yield Gap(name, operation, reason)
            elif measured is None:
                yield Gap(name, operation, "not measured")
            elif measured.numerics != OPERATIONS[operation].numerics:
                yield Gap(name, operation, "measured with another numerical specification")
