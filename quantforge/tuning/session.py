"""Measure every usable backend on this machine, one operation after the other.

A grid of batch sizes comes first, up to the longest call allowed, for every backend with one thread
and then with more. Refinements follow: more points around each batch size where `decision` switches
from one candidate to another, for `auto` and for every backend alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

from quantforge import dispatch
from quantforge import threads as _threads
from quantforge.errors import BackendError, QuantForgeError, one_line
from quantforge.operations import OPERATIONS
from quantforge.plugins import State, avoid, registry
from quantforge.profile.curves import Curve
from quantforge.profile.decision import candidates, decide
from quantforge.profile.machine import Machine, build, this_machine
from quantforge.profile.record import Curves, Profile, Record, Section
from quantforge.profile.unusable import stamped
from quantforge.tuning import inputs, trial
from quantforge.tuning.clock import Clock
from quantforge.tuning.measurement import Cell, measure
from quantforge.tuning.reference import Reference

__all__ = ["RIGORS", "Rigor", "Tuned", "tune"]

Progress = Callable[[str, float], None]
"""Called with what is going on, and how much of everything is done, from 0 to 1."""


class Rigor(NamedTuple):
    """How much care to take.

    At least `rounds` undisturbed blocks of each cell; batch sizes in steps of a factor `step` up
    to `largest`, as long as a call takes no more than `call` seconds; `refinements` of each
    crossing; and `seconds` for everything.
    """

    rounds: int
    step: float
    largest: int
    call: float
    refinements: int
    seconds: float


RIGORS: Final[Mapping[str, Rigor]] = {
    "quick": Rigor(10, 4.0, 1 << 20, 0.012, 2, 12.0),
    "measure": Rigor(25, 2.0, 1 << 20, 0.020, 3, 60.0),
    "thorough": Rigor(80, math.sqrt(2.0), 1 << 22, 0.080, 4, 600.0),
}

_WORTH_SPLITTING: Final = 4e-6  # no thread wakes up in so short a time: nothing to learn there
_AROUND: Final = (0.75, 1.0, 1.33)
_APART: Final = 1.1  # a point within this factor of another one adds nothing
_SURELY: Final = 1.25  # by this factor the next call would exceed the longest one allowed
_HOPELESS: Final = 0.1  # share of cells with too few undisturbed blocks, above which to say so
_GRID_SHARE: Final = 0.6  # of the time, the rest is for refinements
_FIRST: Final = 2.0  # time for the catalogue's first operation, relative to any other


@dataclass(frozen=True)
class Tuned:
    """What a session found: the section to store, and whether the machine kept still.

    `loading` and `seconds` are what loading and compiling took, and then measuring.
    """

    section: Section
    rigor: str
    loading: float
    seconds: float
    noisy: bool
    disturbed: float

    @property
    def profile(self) -> Profile:
        """The section alone, to be merged into the file."""
        return Profile((self.section,))


@dataclass
class _Session:
    rigor: Rigor
    clock: Clock
    progress: Progress
    machine: Machine
    order: random.Random
    curves: dict[str, dict[str, dict[int, Curve]]] = field(default_factory=dict)
    cells: int = 0
    noisy: int = 0
    excluded: dict[str, str] = field(default_factory=dict)

    def exclude(self, name: str, error: Exception) -> None:
        """Measure a backend no further, and let nobody use it: it has raised or was wrong."""
        self.excluded[name] = reason = one_line(error).partition(": ")[2]
        registry().avoid(name, reason, error)
        dispatch.invalidate()
        for curves in self.curves.values():
            curves.pop(name, None)


def tune(
    rigor: str = "quick",
    *,
    seconds: float | None = None,
    clock: Clock | None = None,
    progress: Progress = lambda text, done: None,
    seed: int | None = None,
) -> Tuned:
    """Measure this machine.

    Parameters
    ----------
    rigor : {"quick", "measure", "thorough"}
    seconds : float, optional
        Limit for everything, loading and compiling included; by default the rigor's own limit,
        for measuring alone.
    clock : Clock, optional
        Where times come from.
    progress : callable, optional
        Called with what is going on, and how much of everything is done, from 0 to 1.
    seed : int, optional
        For the order of measurements.

    Returns
    -------
    Tuned

    Raises
    ------
    QuantForgeError
        No backend can be measured.
    """
    level, clock = RIGORS[rigor], clock or Clock()
    began = clock.wall()
    session = _Session(level, clock, progress, this_machine(_threads.budget()), random.Random(seed))
    progress("trying every backend", 0.0)
    unusable = trial.crashes()
    avoid(unusable)
    left_out = _load_all(progress)
    loaded = clock.wall()
    end = loaded + level.seconds if seconds is None else began + seconds
    usable = [name for name in registry().names() if left_out.get(name) == ""]
    if not usable:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise QuantForgeError(f"no backend can be measured ({reasons or 'none is available'})")
    shares = [_FIRST, *[1.0] * (len(OPERATIONS) - 1)]
    for place, operation in enumerate(OPERATIONS):
        share = (end - clock.wall()) * shares[place] / sum(shares[place:])
        _tune_operation(session, operation, usable, clock.wall() + share, place)
    progress("done", 1.0)
    disturbed = session.noisy / max(1, session.cells)
    noisy = disturbed > _HOPELESS
    left_out |= session.excluded
    records = {
        name: _record(session, name, reason, rigor, noisy) for name, reason in left_out.items()
    }
    section = Section(session.machine, records, stamped({**unusable, **session.excluded}))
    return Tuned(section, rigor, loaded - began, clock.wall() - loaded, noisy, disturbed)


def _load_all(progress: Progress) -> dict[str, str]:
    """Load every available backend, golden check included; by name, why it is left out or ""."""
    found = registry()
    left_out = {}
    for name in found.names():
        info = found.info(name)
        operations = [one for one in info.operations if one in OPERATIONS]
        if info.state is not State.AVAILABLE or not operations:
            continue
        progress(f"loading {name}", 0.0)
        try:
            for operation in operations:
                found.kernel(name, operation)
        except BackendError as error:
            left_out[name] = " ".join(str(error).split())
        else:
            debug = found.info(name).details.get("build") == "debug"
            left_out[name] = "a debug build, which tells nothing about speed" if debug else ""
    return left_out


def _record(session: _Session, name: str, left_out: str, rigor: str, noisy: bool) -> Record:
    info = registry().info(name)
    return Record(
        version=info.version,
        build=build(name),
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        rigor=rigor,
        noisy=noisy,
        left_out=left_out,
        details=info.details,
        operations={
            operation: Curves(OPERATIONS[operation].numerics, tuple(curves[name].values()))
            for operation, curves in session.curves.items()
            if name in curves
        },
    )


def _tune_operation(
    session: _Session, operation: str, usable: list[str], deadline: float, place: int
) -> None:
    """Measure one operation and leave its curves in the session."""
    clock, level = session.clock, session.rigor
    backends = [
        name
        for name in usable
        if name not in session.excluded and operation in registry().info(name).operations
    ]
    if not backends:
        return
    session.curves[operation] = {name: {} for name in backends}
    arrays = inputs.operands(operation, level.largest)
    reference = Reference(operation, arrays, backends)
    parts = 1 + level.refinements

    def progress(part: int) -> Callable[[float], None]:
        text = f"{operation}: {'measuring' if part == 0 else 'looking closer'}"
        return lambda done: session.progress(
            text, (place + (part + done) / parts) / len(OPERATIONS)
        )

    def timed(cells: list[Cell], part: int, until: float) -> None:
        failed = measure(cells, level.rounds, until, clock, session.order, progress(part))
        for name, error in failed.items():
            session.exclude(name, error)
        _add_points(session, operation, [cell for cell in cells if cell.backend not in failed])

    grid = _grid(session, reference, backends)
    timed(grid, 0, clock.wall() + _GRID_SHARE * (deadline - clock.wall()))
    for part in range(1, parts):
        if clock.wall() >= deadline:
            break
        cells = _around_crossings(session, reference)
        if not cells:
            break
        remaining = (deadline - clock.wall()) / (parts - part)
        timed(cells, part, clock.wall() + remaining)


def _thread_counts(budget: int) -> list[int]:
    """Powers of two up to the budget, and the budget."""
    return sorted({1 << power for power in range(budget.bit_length())} | {budget})


def _grid(session: _Session, reference: Reference, backends: list[str]) -> list[Cell]:
    """Cells over the grid of sizes, up to the longest call allowed; compiles and warms up."""
    cells: list[Cell] = []
    for backend in backends:
        try:
            cells += _column(session, reference, backend)
        except Exception as error:
            session.exclude(backend, error)
    return cells


def _column(session: _Session, reference: Reference, backend: str) -> list[Cell]:
    """The cells of one backend."""
    level = session.rigor
    powers = range(int(math.log(level.largest, level.step) + 1e-9) + 1)
    sizes = sorted({round(level.step**power) for power in powers})
    cells: list[Cell] = []
    alone: dict[int, float] = {}
    for threads in _thread_counts(session.machine.budget):
        for n in sizes:
            if threads > 1 and (n < threads or alone.get(n, 1.0) < _WORTH_SPLITTING):
                continue
            cell = _cell(session, reference, backend, threads, n)
            if threads == 1:
                alone[n] = cell.estimate
            if cell.estimate > level.call and n > sizes[0]:
                break
            cells.append(cell)
            if cell.estimate * level.step > _SURELY * level.call:
                break
    return cells


def _cell(session: _Session, reference: Reference, backend: str, threads: int, n: int) -> Cell:
    """A cell with a first estimate of its time."""
    call = inputs.call(reference.operation, reference.arrays, n, backend, threads)
    check = partial(reference.check, backend, n)
    check(call())
    estimates = []
    for _ in range(3):
        start = session.clock.wall()
        call()
        estimates.append(session.clock.wall() - start)
    return Cell(backend, threads, n, call, min(estimates), check)


def _add_points(session: _Session, operation: str, cells: list[Cell]) -> None:
    session.cells += len(cells)
    session.noisy += sum(cell.noisy for cell in cells)
    for cell in cells:
        curves = session.curves[operation][cell.backend]
        curve = curves.get(cell.threads, Curve(cell.threads, (), ()))
        curves[cell.threads] = curve.with_points([cell.n], [cell.seconds])


def _around_crossings(session: _Session, reference: Reference) -> list[Cell]:
    """Cells around every switch, for the candidates on both sides of it."""
    operation = reference.operation
    curves = {
        name: tuple(by_threads.values())
        for name, by_threads in session.curves[operation].items()
        if by_threads
    }
    choices = {tuple(curves), *((name,) for name in curves)}
    choices |= {registry().candidates(operation, exact=exact) for exact in (True, False)}
    wanted = set()
    for choice in sorted(choices):
        measured = candidates(curves, choice)
        rows = decide(measured) if measured else ()
        for before, after in pairwise(rows):
            for factor in _AROUND:
                n = min(round(after.start * factor), session.rigor.largest)
                wanted |= {(row.backend, row.threads, n) for row in (before, after)}
    cells = []
    for backend, threads, n in sorted(wanted):
        by_threads = session.curves[operation].get(backend)
        if by_threads is None or not _is_new(by_threads[threads], n):
            continue
        try:
            cells.append(_cell(session, reference, backend, threads, n))
        except Exception as error:
            session.exclude(backend, error)
    return [cell for cell in cells if cell.backend not in session.excluded]


def _is_new(curve: Curve, n: int) -> bool:
    return n >= max(1, curve.threads) and all(
        max(n, size) > _APART * min(n, size) for size in curve.sizes
    )
