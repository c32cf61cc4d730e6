"""What tuning remembers, and its shape as JSON.

A profile holds sections, one per hard key; a section holds backends, each with what it was when
it was measured (the soft key) and its curves. Reading is strict: whatever is not exactly of this
shape is damage. Sections of another schema are kept as they are and never looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from quantforge.plan import Row
from quantforge.profile.curves import UNJUDGED, Curve
from quantforge.profile.machine import SCHEMA, Machine

__all__ = ["LEVELS", "Curves", "Profile", "Record", "Section", "Unusable", "dump", "parse"]

LEVELS: Final = ("quick", "measure", "thorough")
"""How much care a tuning takes, rising."""

_WHAT: Final = "quantforge profile"
_LARGEST: Final = 2**53  # whole numbers up to here are floats too
_POINTS: Final = 500  # of a curve; tuning measures some dozens
_TIMES: Final = 1e-12, 1e6  # seconds between which a call may take


@dataclass(frozen=True)
class Curves:
    """One operation's curves, for the version of its numerical specification measured.

    `rigor` says with how much care, `noisy` whether other load disturbed the measurements.
    """

    numerics: int
    by_threads: tuple[Curve, ...]
    rigor: str = ""
    noisy: bool = False

    def outranks(self, other: Curves) -> bool:
        """Whether these curves alone were measured undisturbed, or with more care."""
        mine, its = ((not one.noisy, _rank(one.rigor)) for one in (self, other))
        return self.numerics == other.numerics and mine > its


@dataclass(frozen=True)
class Record:
    """One backend as it was measured, or why it was not: then `left_out` says so.

    `loading` is how many seconds it took to load, compiling included.
    """

    version: str
    build: str
    measured: str
    rigor: str
    noisy: bool = False
    left_out: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, Curves] = field(default_factory=dict)
    loading: float = 0.0

    def updated(self, other: Record, force: bool) -> Record:
        """What is known after `other` was measured: of the same build, operation by operation."""
        if (self.version, self.build) != (other.version, other.build) or other.left_out:
            return other
        mine, its = self.operations, other.operations
        kept = {name for name in its if name in mine and mine[name].outranks(its[name])}
        new = {name: one for name, one in its.items() if force or name not in kept}
        return replace(other, operations={**mine, **new})


@dataclass(frozen=True)
class Unusable:
    """Why a backend, in this build, is not to be touched again, and since when that is known."""

    build: str
    reason: str
    found: str


@dataclass(frozen=True)
class Section:
    """What was measured on one machine, what was decided from it, and what cannot be used there.

    `rows` are by operation, `unusable` by backend.
    """

    key: Machine
    backends: Mapping[str, Record]
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    unusable: Mapping[str, Unusable] = field(default_factory=dict)

    def updated(self, other: Section, force: bool) -> Section:
        """What is known after `other` was measured on the same machine."""
        backends = {
            name: self.backends[name].updated(one, force) if name in self.backends else one
            for name, one in other.backends.items()
        }
        kept = self.unusable.keys() - other.backends.keys()  # the others were measured
        return replace(
            self,
            backends={**self.backends, **backends},
            rows={**self.rows, **other.rows},
            unusable={**{name: self.unusable[name] for name in kept}, **other.unusable},
        )


@dataclass(frozen=True)
class Profile:
    """All sections; `foreign` ones are of another schema, as they stood in the file."""

    sections: tuple[Section, ...] = ()
    foreign: tuple[Mapping[str, Any], ...] = ()

    def section(self, machine: Machine) -> Section | None:
        """The section that serves `machine`, of the least budget if there are several."""
        serving = [one for one in self.sections if one.key.serves(machine)]
        return min(serving, key=lambda one: one.key.budget, default=None)

    def merged(self, other: Profile, force: bool = False) -> Profile:
        """Add what is in `other`; unless forced to, it replaces nothing measured with more care."""
        sections = {one.key: one for one in self.sections}
        for section in other.sections:
            mine = sections.get(section.key)
            sections[section.key] = mine.updated(section, force) if mine else section
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
            "rows": {name: [list(row) for row in rows] for name, rows in section.rows.items()},
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
        "loading": record.loading,
        "details": dict(record.details),
        "operations": {
            name: {
                "numerics": curves.numerics,
                "rigor": curves.rigor,
                "noisy": curves.noisy,
                "curves": [
                    {
                        "threads": one.threads,
                        "sizes": one.sizes,
                        "seconds": one.seconds,
                        "spreads": one.spreads,
                    }
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


def _of(kind: type, given: Any, key: str, where: str, default: Any = None) -> Any:
    """``given[key]``, exactly of this type; older profiles lack what has a default."""
    if not isinstance(given, dict):
        raise ValueError(f"{where} is not an object")
    value = given.get(key, default)
    if type(value) is not kind:
        raise ValueError(f"{key!r} of {where} is not of type {kind.__name__}")
    return value


def _section(entry: Any, where: str) -> Section:
    budget = _of(int, entry, "budget", where)
    if not 1 <= budget <= _LARGEST:
        raise ValueError(f"the budget of {where} is {budget}")
    key = Machine(
        cpu=_of(str, entry, "cpu", where),
        isa=_of(str, entry, "isa", where),
        budget=budget,
        contract=_of(int, entry, "contract", where),
    )
    return Section(
        key,
        _mapping(entry, "backends", where, _record),
        _mapping(entry, "rows", where, _rows, {}),
        _mapping(entry, "unusable", where, _unusable, {}),
    )


def _unusable(entry: Any, where: str) -> Unusable:
    build, reason, found = (_of(str, entry, key, where) for key in ("build", "reason", "found"))
    return Unusable(build, reason, found)


def _rows(entry: Any, where: str) -> tuple[Row, ...]:
    try:
        rows = tuple(Row(*row) for row in entry)
    except TypeError:
        raise ValueError(f"the rows of {where} are not rows") from None
    if any([type(value) for value in row] != [int, str, int] for row in rows):
        raise ValueError(f"the rows of {where} are not rows")
    starts = [row.start for row in rows]
    if starts[:1] != [0] or starts != sorted({*starts}) or min(row.threads for row in rows) < 1:
        raise ValueError(f"the rows of {where} do not rise from 0")
    return rows


def _mapping(
    given: Any, key: str, where: str, read: Callable[[Any, str], Any], default: Any = None
) -> dict[str, Any]:
    return {
        name: read(value, f"{name!r} of {where}")
        for name, value in _of(dict, given, key, where, default).items()
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
        loading=_of(float, entry, "loading", where, 0.0),
    )


def _curves(entry: Any, where: str) -> Curves:
    curves = tuple(_curve(one, where) for one in _of(list, entry, "curves", where))
    threads = [one.threads for one in curves]
    if not curves or len(set(threads)) != len(threads):
        raise ValueError(f"{where} has no curves, or two for one number of threads")
    return Curves(
        numerics=_of(int, entry, "numerics", where),
        by_threads=curves,
        rigor=_of(str, entry, "rigor", where, ""),
        noisy=_of(bool, entry, "noisy", where, False),
    )


def _curve(entry: Any, where: str) -> Curve:
    where = f"a curve of {where}"
    threads = _of(int, entry, "threads", where)
    sizes, seconds = (_of(list, entry, key, where) for key in ("sizes", "seconds"))
    if not 1 <= threads <= _LARGEST:
        raise ValueError(f"the threads of {where} are {threads}")
    if not 1 <= len(sizes) <= _POINTS or len(sizes) != len(seconds):
        raise ValueError(f"{where} is empty, uneven or endless")
    known = all(type(n) is int and 1 <= n <= _LARGEST for n in sizes)
    if not known or sizes != sorted({*sizes}):
        raise ValueError(f"the sizes of {where} are not rising whole numbers")
    shortest, longest = _TIMES
    if any(type(one) is not float or not shortest <= one <= longest for one in seconds):
        raise ValueError(f"the seconds of {where} are not times")
    spreads = _of(list, entry, "spreads", where, [])
    if any(type(one) is not float or not 0.0 <= one <= UNJUDGED for one in spreads) or (
        spreads and len(spreads) != len(sizes)
    ):
        raise ValueError(f"the spreads of {where} are not shares")
    return Curve(threads, tuple(sizes), tuple(seconds), tuple(spreads))


def _rank(rigor: str) -> int:
    return LEVELS.index(rigor) if rigor in LEVELS else -1
