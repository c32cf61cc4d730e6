"""What tuning remembers, and its shape as JSON.

A profile holds sections, one per hard key; a section holds backends, each with what it was when
it was measured (the soft key) and its curves. Reading is strict: whatever is not exactly of this
shape is damage. Sections of another schema are kept as they are and never looked into.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from quantforge.profile.curves import Curve
from quantforge.profile.machine import SCHEMA, Machine

__all__ = ["Curves", "Profile", "Record", "Section", "Unusable", "dump", "parse"]

_WHAT: Final = "quantforge profile"


@dataclass(frozen=True)
class Curves:
    """One operation's curves, for the version of its numerical specification measured."""

    numerics: int
    by_threads: tuple[Curve, ...]


@dataclass(frozen=True)
class Record:
    """One backend as it was measured, or why it was not: then `left_out` says so."""

    version: str
    build: str
    measured: str
    rigor: str
    noisy: bool = False
    left_out: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, Curves] = field(default_factory=dict)


@dataclass(frozen=True)
class Unusable:
    """Why a backend, in this build, is not to be touched again, and since when that is known."""

    build: str
    reason: str
    found: str


@dataclass(frozen=True)
class Section:
    """What was measured on one machine, and which backends cannot be used there."""

    key: Machine
    backends: Mapping[str, Record]
    unusable: Mapping[str, Unusable] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """All sections; `foreign` ones are of another schema, as they stood in the file."""

    sections: tuple[Section, ...] = ()
    foreign: tuple[Mapping[str, Any], ...] = ()

    def section(self, machine: Machine) -> Section | None:
        """The section that serves `machine`, of the least budget if there are several."""
        serving = [one for one in self.sections if one.key.serves(machine)]
        return min(serving, key=lambda one: one.key.budget, default=None)

    def merged(self, other: Profile) -> Profile:
        """Add every backend of `other`; they replace this profile's own, the unusable ones too."""
        sections = {one.key: one for one in self.sections}
        for section in other.sections:
            mine = sections.get(section.key)
            if mine:
                backends = {**mine.backends, **section.backends}
                kept = mine.unusable.keys() - section.backends.keys()  # the others were measured
                unusable = {**{name: mine.unusable[name] for name in kept}, **section.unusable}
                section = replace(section, backends=backends, unusable=unusable)
            sections[section.key] = section
        new = [one for one in other.foreign if one not in self.foreign]
        return Profile(tuple(sections.values()), (*self.foreign, *new))


def dump(profile: Profile) -> dict[str, Any]:
    """The profile as JSON has it."""
    sections = [
        {
            "schema": section.key.schema,
            "contract": section.key.contract,
            "cpu": section.key.cpu,
            "isa": section.key.isa,
            "budget": section.key.budget,
            "backends": {name: _dump_record(one) for name, one in section.backends.items()},
            "unusable": {name: vars(one) for name, one in section.unusable.items()},
        }
        for section in profile.sections
    ]
    return {"what": _WHAT, "sections": [*sections, *profile.foreign]}


def _dump_record(record: Record) -> dict[str, Any]:
    return {
        "version": record.version,
        "build": record.build,
        "measured": record.measured,
        "rigor": record.rigor,
        "noisy": record.noisy,
        "left_out": record.left_out,
        "details": dict(record.details),
        "operations": {
            name: {
                "numerics": curves.numerics,
                "curves": [
                    {"threads": one.threads, "sizes": one.sizes, "seconds": one.seconds}
                    for one in curves.by_threads
                ],
            }
            for name, curves in record.operations.items()
        },
    }


def parse(given: Any) -> Profile:
    """Read a profile from what `dump` has made.

    Raises
    ------
    ValueError
        It is not one; the message says where.
    """
    if not isinstance(given, dict) or given.get("what") != _WHAT:
        raise ValueError(f"it does not say that it is a {_WHAT}")
    sections, foreign = [], []
    for place, entry in enumerate(_of(list, given, "sections", "profile")):
        where = f"section {place}"
        if _of(int, entry, "schema", where) == SCHEMA:
            sections.append(_section(entry, where))
        else:
            foreign.append(entry)
    return Profile(tuple(sections), tuple(foreign))


def _of(kind: type, given: Any, key: str, where: str) -> Any:
    """``given[key]``, which must be exactly of this type."""
    if not isinstance(given, dict):
        raise ValueError(f"{where} is not an object")
    value = given.get(key)
    if type(value) is not kind:
        raise ValueError(f"{key!r} of {where} is not of type {kind.__name__}")
    return value


def _section(entry: Any, where: str) -> Section:
    budget = _of(int, entry, "budget", where)
    if budget < 1:
        raise ValueError(f"the budget of {where} is {budget}")
    key = Machine(
        cpu=_of(str, entry, "cpu", where),
        isa=_of(str, entry, "isa", where),
        budget=budget,
        contract=_of(int, entry, "contract", where),
    )
    backends = _mapping(entry, "backends", where, _record)
    if "unusable" not in entry:  # profiles had none at first
        return Section(key, backends)
    return Section(key, backends, _mapping(entry, "unusable", where, _unusable))


def _unusable(entry: Any, where: str) -> Unusable:
    build, reason, found = (_of(str, entry, key, where) for key in ("build", "reason", "found"))
    return Unusable(build, reason, found)


def _mapping(given: Any, key: str, where: str, read: Callable[[Any, str], Any]) -> dict[str, Any]:
    return {
        name: read(value, f"{name!r} of {where}")
        for name, value in _of(dict, given, key, where).items()
    }


def _record(entry: Any, where: str) -> Record:
    measured = _of(str, entry, "measured", where)
    if datetime.fromisoformat(measured).tzinfo is None:
        raise ValueError(f"{where} was measured at {measured!r}, a time without a zone")
    return Record(
        version=_of(str, entry, "version", where),
        build=_of(str, entry, "build", where),
        measured=measured,
        rigor=_of(str, entry, "rigor", where),
        noisy=_of(bool, entry, "noisy", where),
        left_out=_of(str, entry, "left_out", where),
        details=_mapping(entry, "details", where, lambda value, _: str(value)),
        operations=_mapping(entry, "operations", where, _curves),
    )


def _curves(entry: Any, where: str) -> Curves:
    curves = tuple(_curve(one, where) for one in _of(list, entry, "curves", where))
    threads = [one.threads for one in curves]
    if not curves or len(set(threads)) != len(threads):
        raise ValueError(f"{where} has no curves, or two for one number of threads")
    return Curves(_of(int, entry, "numerics", where), curves)


def _curve(entry: Any, where: str) -> Curve:
    where = f"a curve of {where}"
    threads = _of(int, entry, "threads", where)
    sizes, seconds = (_of(list, entry, key, where) for key in ("sizes", "seconds"))
    if threads < 1 or not sizes or len(sizes) != len(seconds):
        raise ValueError(f"{where} is empty or uneven")
    if any(type(n) is not int or n < 1 for n in sizes) or sizes != sorted({*sizes}):
        raise ValueError(f"the sizes of {where} are not rising whole numbers")
    if any(type(one) is not float or not 0.0 < one < math.inf for one in seconds):
        raise ValueError(f"the seconds of {where} are not times")
    return Curve(threads, tuple(sizes), tuple(seconds))
