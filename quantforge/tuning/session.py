"""Measure every usable backend on this machine, one operation after the other.

A grid of batch sizes comes first, up to the longest call allowed, for every backend with one thread
and then with more. Refinements follow: more points around each batch size where `decision` switches
from one candidate to another, for `auto` and for every backend alone.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from quantforge import dispatch
from quantforge import threads as _threads
from quantforge.capabilities import TIERS, takes
from quantforge.discovery import entry_points
from quantforge.dispatch import forced_threads
from quantforge.errors import BackendError, QuantForgeError, one_line
from quantforge.operations import OPERATIONS, Operation
from quantforge.plugins import State, avoid, registry
from quantforge.profile import lookup, unusable
from quantforge.profile.curves import Curve
from quantforge.profile.decision import candidates, decide, slow_to_load
from quantforge.profile.machine import Machine, build, this_machine
from quantforge.profile.record import LEVELS, Curves, Profile, Record, Section
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


RIGORS: Final[Mapping[str, Rigor]] = dict(
    zip(
        LEVELS,
        (
            Rigor(6, 4.0, 1 << 20, 0.012, 2, 20.0),
            Rigor(25, 2.0, 1 << 20, 0.020, 3, 60.0),
            Rigor(80, math.sqrt(2.0), 1 << 22, 0.080, 4, 600.0),
        ),
        strict=True,
    )
)

_WORTH_SPLITTING: Final = 4e-6  # no thread wakes up in so short a time: nothing to learn there
_LONG: Final = 1e-3  # one call that takes so long says enough
_AROUND: Final = (0.75, 1.0, 1.33)
_APART: Final = 1.1  # a point within this factor of another one adds nothing
_SURELY: Final = 1.25  # by this factor the next call would exceed the longest one allowed
_HOPELESS: Final = 0.1  # share of cells with too few undisturbed blocks, above which to say so
_WARMING_SHARE: Final = 0.35  # of the time, for compiling, warming up and first estimates
_GRID_SHARE: Final = 0.6  # of what is left, the rest is for refinements
_UNEVEN: Final = (2, 3, 7, 11, 27)  # small batches that fill no vector, beside those that do
_ROOMY: Final = 0.15  # seconds of warming up that leave time for those
_AT_LEAST: Final = 256  # the batch size to measure up to, however little time there is
_RIVAL: Final = 1.25  # who takes at most this much longer may turn out to be faster
_LARGER: Final = 2.0  # time for the first operation, and for several results, relative to others


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
    name: str
    loading: Mapping[str, float]
    crashed: Mapping[str, str]
    curves: dict[str, dict[str, dict[int, Curve]]] = field(default_factory=dict)
    disturbed: dict[str, list[bool]] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)

    def noise(self, operation: str | None = None) -> float:
        """The share of cells, of one operation or of all, with too few undisturbed blocks."""
        cells = [
            one for name, its in self.disturbed.items() if operation in (None, name) for one in its
        ]
        return sum(cells) / max(1, len(cells))

    def exclude(self, name: str, error: Exception) -> None:
        """Measure a backend no further, and let nobody use it: it has raised or was wrong."""
        self.excluded[name] = reason = one_line(error).partition(": ")[2]
        registry().avoid(name, reason, error)
        dispatch.invalidate()
        for curves in self.curves.values():
            curves.pop(name, None)


@forced_threads()  # or it could not find from where on threads pay
def tune(
    rigor: str = "quick",
    *,
    seconds: float | None = None,
    clock: Clock | None = None,
    progress: Progress = lambda text, done: None,
    save: Callable[[Profile], None] = lambda profile: None,
    seed: int | None = None,
    operations: Collection[str] = (),
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
    save : callable, optional
        Called with what is known after each operation.
    seed : int, optional
        For the order of measurements.
    operations : collection of str, optional
        Those of the catalogue to measure; by default all.

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
    progress("trying every backend", 0.0)
    # Who was wrong in another operation is not forgiven for being right in these.
    known = unusable.known(entry_points()[0]) if operations else {}
    crashed = trial.crashes(skip=known)
    avoid({**known, **crashed})
    left_out, loading = _load_all(progress, clock)
    machine = this_machine(_threads.budget())
    session = _Session(
        level, clock, progress, machine, random.Random(seed), rigor, loading, crashed
    )
    loaded = clock.wall()
    end = loaded + level.seconds if seconds is None else began + seconds
    usable = [name for name in registry().names() if left_out.get(name) == ""]
    if not usable:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise QuantForgeError(f"no backend can be measured ({reasons or 'none is available'})")
    wanted = [one for one in OPERATIONS.values() if not operations or one.name in operations]
    shares = [_share(place, one) for place, one in enumerate(wanted)]
    for place, operation in enumerate(wanted):
        share = (end - clock.wall()) * shares[place] / sum(shares[place:])
        done = place / len(wanted), (place + 1) / len(wanted)
        _tune_operation(session, operation.name, usable, clock.wall() + share, done)
        section = _section(session, left_out)
        save(Profile((section,)))
    progress("done", 1.0)
    disturbed = session.noise()
    return Tuned(
        section, rigor, loaded - began, clock.wall() - loaded, disturbed > _HOPELESS, disturbed
    )


def _share(place: int, operation: Operation) -> float:
    several = len(operation.default_outputs or operation.outputs) > 1
    return _LARGER if place == 0 or several else 1.0


def _section(session: _Session, left_out: Mapping[str, str]) -> Section:
    """What is known so far, and what is decided from it."""
    reasons = {**left_out, **session.excluded}
    records = {name: _record(session, name, reason) for name, reason in reasons.items()}
    rows = {}
    budget = session.machine.budget
    before, _ = lookup.section(budget)
    for operation, curves in session.curves.items():
        order = registry().candidates(operation)
        found = candidates({name: tuple(its.values()) for name, its in curves.items()}, order)
        if found:
            ties = lookup.ties(before, operation, order, budget)
            slow = slow_to_load({name: session.loading.get(name, 0.0) for name in order})
            rows[operation] = decide(found, ties._replace(slow=slow))
    stamped = unusable.stamped({**session.crashed, **session.excluded})
    return Section(session.machine, records, rows, stamped)


def _load_all(progress: Progress, clock: Clock) -> tuple[dict[str, str], dict[str, float]]:
    """Load every available backend, golden check included.

    By name, why it is left out or "", and the seconds that loading took.
    """
    found = registry()
    left_out, loading = {}, {}
    for name in found.names():
        info = found.info(name)
        operations = [one for one in info.operations if one in OPERATIONS]
        if info.state is not State.AVAILABLE or not operations:
            continue
        progress(f"loading {name}", 0.0)
        began = clock.wall()
        try:
            for operation in operations:
                found.kernel(name, operation)
        except BackendError as error:
            left_out[name] = " ".join(str(error).split())
        else:
            debug = found.info(name).details.get("build") == "debug"
            left_out[name] = "a debug build, which tells nothing about speed" if debug else ""
        loading[name] = clock.wall() - began
    return left_out, loading


def _record(session: _Session, name: str, left_out: str) -> Record:
    info = registry().info(name)
    return Record(
        version=info.version,
        build=build(name),
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        rigor=session.name,
        noisy=session.noise() > _HOPELESS,
        left_out=left_out,
        details=info.details,
        operations={
            operation: Curves(
                OPERATIONS[operation].numerics,
                tuple(curves[name].values()),
                session.name,
                session.noise(operation) > _HOPELESS,
            )
            for operation, curves in session.curves.items()
            if curves.get(name)
        },
        loading=session.loading[name],
    )


def _tune_operation(
    session: _Session,
    operation: str,
    usable: list[str],
    deadline: float,
    shares: tuple[float, float],
) -> None:
    """Measure one operation and leave its curves in the session.

    `shares` say how much of everything is done before and after it.
    """
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
        before, after = shares
        return lambda done: session.progress(
            text, before + (after - before) * (part + done) / parts
        )

    def timed(cells: list[Cell], part: int, until: float) -> None:
        failed = measure(cells, level.rounds, until, clock, session.order, progress(part))
        for name, error in failed.items():
            session.exclude(name, error)
        _add_points(session, operation, [cell for cell in cells if cell.backend not in failed])

    began = clock.wall()
    grid = _grid(session, reference, backends, began + _WARMING_SHARE * (deadline - began))
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


def _grid(
    session: _Session, reference: Reference, backends: list[str], deadline: float
) -> list[Cell]:
    """Cells over the grid of sizes, up to the longest call allowed; compiles and warms up.

    All candidates get as far as the deadline lets them get together.
    """
    level = session.rigor
    powers = range(int(math.log(level.largest, level.step) + 1e-9) + 1)
    uneven = _UNEVEN if deadline - session.clock.wall() > _ROOMY else ()
    sizes = sorted({round(level.step**power) for power in powers} | {*uneven})
    going = list(itertools.product(backends, _thread_counts(session.machine.budget)))
    cells: list[Cell] = []
    for n in sizes:
        if n > _AT_LEAST and session.clock.wall() >= deadline:
            break
        alone: dict[str, float] = {}
        for backend, threads in tuple(going):
            if backend in session.excluded:
                continue
            if threads > 1 and (n < threads or alone.get(backend, 1.0) < _WORTH_SPLITTING):
                continue
            if not takes(registry().description(backend), n, threads):
                continue
            cell = _tried_cell(session, reference, backend, threads, n)
            if cell is None:
                continue
            if threads == 1:
                alone[backend] = cell.estimate
            # Threads that other load has slowed down go as far as one thread does.
            is_limited = threads == 1 or (backend, 1) not in going
            if cell.estimate <= level.call or n == sizes[0] or not is_limited:
                cells.append(cell)
            if cell.estimate * level.step > _SURELY * level.call and is_limited:
                going.remove((backend, threads))
    return [cell for cell in cells if cell.backend not in session.excluded]


def _tried_cell(
    session: _Session, reference: Reference, backend: str, threads: int, n: int
) -> Cell | None:
    """A cell, or None of a backend that raises or is wrong there: it is excluded."""
    try:
        return _cell(session, reference, backend, threads, n)
    except Exception as error:
        session.exclude(backend, error)
        return None


def _cell(session: _Session, reference: Reference, backend: str, threads: int, n: int) -> Cell:
    """A cell with a first estimate of its time, from as few calls as will do.

    One thread's processor time does not count what else the processor did.
    """
    call = inputs.call(reference.operation, reference.arrays, n, backend, threads)
    check = partial(reference.check, backend, n)
    check(call())
    now = session.clock.cpu if threads == 1 else session.clock.wall
    estimates: list[float] = []
    while not estimates or (len(estimates) < 4 and min(estimates) <= _LONG):
        start = now()
        call()
        estimates.append(now() - start)
    return Cell(backend, threads, n, call, min(estimates), check)


def _add_points(session: _Session, operation: str, cells: list[Cell]) -> None:
    session.disturbed.setdefault(operation, []).extend(cell.noisy for cell in cells)
    for cell in cells:
        curves = session.curves[operation][cell.backend]
        curve = curves.get(cell.threads, Curve(cell.threads, (), ()))
        curves[cell.threads] = curve.with_point(cell.n, cell.seconds, cell.spread)


def _around_crossings(session: _Session, reference: Reference) -> list[Cell]:
    """Cells around every switch, for the candidates on both sides of it and for close rivals.

    Backends bend differently between batch sizes: measured points compare with measured points.
    """
    operation = reference.operation
    curves = {
        name: tuple(by_threads.values())
        for name, by_threads in session.curves[operation].items()
        if by_threads
    }
    choices = {tuple(curves), *((name,) for name in curves)}
    choices |= {registry().candidates(operation, tier) for tier in TIERS}
    wanted = set()
    for choice in sorted(choices):
        found = candidates(curves, choice)
        rows = decide(found) if found else ()
        for before, after in itertools.pairwise(rows):
            for factor in _AROUND:
                n = min(round(after.start * factor), session.rigor.largest)
                wanted |= {(row.backend, row.threads, n) for row in (before, after)}
                times = [float(one.curve.predict(n)) for one in found]
                rivals = zip(found, times, strict=True)
                wanted |= {(*one[:2], n) for one, its in rivals if its <= _RIVAL * min(times)}
    cells = []
    for backend, threads, n in sorted(wanted):
        by_threads = session.curves[operation].get(backend)
        is_taken = takes(registry().description(backend), n, threads)
        if by_threads is not None and is_taken and _is_new(by_threads[threads], n):
            cells.append(_tried_cell(session, reference, backend, threads, n))
    return [one for one in cells if one is not None and one.backend not in session.excluded]


def _is_new(curve: Curve, n: int) -> bool:
    return n >= max(1, curve.threads) and all(
        max(n, size) > _APART * min(n, size) for size in curve.sizes
    )
