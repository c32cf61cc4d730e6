"""Backends that have crashed, hung or been wrong here, remembered so that nobody runs into them.

All of this happens before a plugin is imported, so a build is known by its files alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from quantforge import threads as _threads
from quantforge.discovery import entry_points
from quantforge.profile import store
from quantforge.profile.machine import Machine, digest, own_files, this_machine
from quantforge.profile.record import Profile, Section, Unusable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["known", "remember", "stamped"]

_COMMAND: Final = "python -m quantforge.autotune"


def known(points: Sequence[EntryPoint]) -> dict[str, str]:
    """Which of these entry points the profile says not to touch, and why."""
    profile = store.read()
    section = profile.section(_machine()) if profile else None
    if section is None or not section.unusable:
        return {}
    return {
        point.name: f"{its.reason}, {store.age(its.found)}; `{_COMMAND}` tries it again"
        for point in points
        if (its := section.unusable.get(point.name)) and its.build == _build(point)
    }


def stamped(reasons: Mapping[str, str]) -> dict[str, Unusable]:
    """Reasons by backend, as they are remembered."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    points, _ = entry_points()
    return {
        point.name: Unusable(_build(point), reasons[point.name], now)
        for point in points
        if point.name in reasons
    }


def remember(reasons: Mapping[str, str]) -> None:
    """Add to what the profile says not to touch; only a new measurement takes it back.

    Raises
    ------
    OSError
        It cannot be written.
    """
    if reasons:
        profile = store.read()
        section = profile.section(_machine()) if profile else None
        key = section.key if section else _machine()
        store.merge(Profile((Section(key, {}, unusable=stamped(reasons)),)))


def _machine() -> Machine:
    return this_machine(_threads.budget())


def _build(point: EntryPoint) -> str:
    """Digest of the package's own files; what it requires is not known before it is imported."""
    return digest([point.value, *own_files(point.dist)])
