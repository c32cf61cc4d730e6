"""How far off QuantForge and other libraries are, region by region, and how fast beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from quantforge_conformance import regions as suite_regions
from quantforge_conformance.regions import Region

import quantforge
from bench import calls, environments, processes
from bench.exact import Exact, exact
from bench.external import signed
from bench.packages import LOGARITHM, NORMALISED, PACKAGES, SPOT, Library
from bench.peers import PEERS
from bench.regions import UNIT_PRICE, UNIT_VOLATILITY
from bench.timing import cell, time_all
from quantforge.cli.terminal import status
from quantforge.tuning.progress import progress_bar

Floats = NDArray[np.float64]
Entry = dict[str, Any]

PRICE, VOLATILITY = "price", "implied_volatility"
TIMED = (1_000, 10_000, 100_000)
OURS, SCIPY = "QuantForge", "SciPy"


@dataclass(frozen=True)
class Question:
    """An operation in a region; every library is asked in its own form."""

    group: str
    operation: str
    region: Region

    def known_to(self, takes: str) -> bool:
        """Say whether a library that takes such inputs can be asked."""
        return self.group == "unit" or takes == SPOT


QUESTIONS = tuple(
    Question(group, operation, region)
    for group, operation, regions in (
        ("unit", PRICE, UNIT_PRICE),
        ("unit", VOLATILITY, UNIT_VOLATILITY),
        ("quoted", PRICE, suite_regions.PRICE),
        ("quoted", VOLATILITY, suite_regions.IMPLIED_VOLATILITY),
    )
    for region in regions
)


@dataclass
class Answers:
    """What one library returned for each question, and how long it takes; ns per option."""

    name: str
    takes: str
    remark: str = ""
    version: str = ""
    values: dict[Question, Floats] = field(default_factory=dict)
    speed: dict[str, float] = field(default_factory=dict)


def measure(count: int) -> dict[str, Any]:
    """Ask everybody about `count` options of each region; return what is written as JSON."""
    known = _exact_values(count)
    timed = {operation: calls.options(operation, TIMED[-1]) for operation in (PRICE, VOLATILITY)}
    answers = [_ours(known, timed), _scipy(known, timed)]
    for library in environments.install(PACKAGES):
        with status(library.name):
            answers.append(_theirs(library, known, timed))
    return {
        "count": count,
        "libraries": [
            {"library": one.name, "version": one.version, "remark": one.remark, "speed": one.speed}
            for one in answers
        ],
        "errors": [
            entry
            for one in answers
            for question, found in one.values.items()
            if (entry := _judged(one, question, found, known[question, _form(question, one.takes)]))
        ],
    }


def _form(question: Question, takes: str) -> str:
    """Return which of the exact values a library's are measured against."""
    return takes if takes in (LOGARITHM, NORMALISED) and question.group == "unit" else SPOT


def _exact_values(count: int) -> dict[tuple[Question, str], Exact]:
    asked = [
        (question, form)
        for question in QUESTIONS
        for form in ((SPOT, LOGARITHM, NORMALISED) if question.group == "unit" else (SPOT,))
    ]
    known = {}
    with progress_bar() as progress:
        for done, (question, form) in enumerate(asked):
            progress("exact values", done / len(asked))
            known[question, form] = exact(question.operation, question.region, count, form)
        progress("exact values", 1.0)
    return known


def _judged(one: Answers, question: Question, found: Floats, known: Exact) -> Entry | None:
    """Return the errors of one library in one region, None where nothing there is told."""
    counts = known.counts
    if not counts.any():
        return None
    errors = known.errors(found)[counts]
    relative = known.relative(found)[counts]
    bound = np.full(len(errors), 1e-6)
    if question.operation == VOLATILITY:  # what the inputs leave open is no failure
        bound = np.maximum(bound, (4 * known.unit / known.value)[counts])
    numbers = errors[np.isfinite(errors)]
    return {
        "library": one.name,
        "operation": question.operation,
        "group": question.group,
        "region": question.region.name,
        "maximum": float(np.max(numbers)) if len(numbers) else None,
        "median": float(np.median(numbers)) if len(numbers) else None,
        "failed": int(np.sum(~(relative <= bound))),
        "counted": int(counts.sum()),
    }


def _ours(
    known: Mapping[tuple[Question, str], Exact], timed: Mapping[str, calls.Options]
) -> Answers:
    """QuantForge as `auto` calls it on one thread; all exact backends return the same bits."""

    def call(operation: str, operands: Mapping[str, Floats]) -> Callable[[], Floats]:
        given = dict(operands)
        sign = given.pop("sign")
        function = getattr(quantforge, operation)
        return lambda: function(**given, kind=sign, threads=1)

    remark = "whichever exact backend auto takes, one thread"
    return _here(OURS, remark, quantforge.__version__, call, known, timed)


def _scipy(
    known: Mapping[tuple[Question, str], Exact], timed: Mapping[str, calls.Options]
) -> Answers:
    def call(operation: str, operands: Mapping[str, Floats]) -> Callable[[], Floats]:
        made: Callable[[], Floats] = PEERS[operation][1](**operands)
        return made

    remark = "NumPy and scipy.special.ndtr in place, bench/peers.py; volatilities by Halley"
    return _here(SCIPY, remark, metadata.version("scipy"), call, known, timed)


def _here(
    name: str,
    remark: str,
    version: str,
    call: Callable[[str, Mapping[str, Floats]], Callable[[], Floats]],
    known: Mapping[tuple[Question, str], Exact],
    timed: Mapping[str, calls.Options],
) -> Answers:
    answers = Answers(name, SPOT, remark, version)
    with np.errstate(all="ignore"):
        for question in QUESTIONS:
            made = call(question.operation, known[question, SPOT].operands)
            answers.values[question] = np.array(made(), dtype=float)
        for operation, options in timed.items():
            made = call(operation, signed(options))
            (one,) = time_all([cell(name, 1, TIMED[-1], made)], 15, 5.0, f"{name}, {operation}")
            answers.speed[operation] = one.seconds / one.n * 1e9
    return answers


def _theirs(
    library: Library,
    known: Mapping[tuple[Question, str], Exact],
    timed: Mapping[str, calls.Options],
) -> Answers:
    """What a library's own process returns; what it does not is missing."""
    version = environments.version(library)
    answers = Answers(library.name, library.takes, library.remark, version)
    asked = [one for one in QUESTIONS if one.known_to(library.form(one.operation))]
    jobs = [
        processes.Job(one.operation, known[one, _form(one, library.takes)].operands)
        for one in asked
    ]
    clocked = _timing(library, known, timed)
    processes.run(library, [*jobs, *clocked])
    for question, job in zip(asked, jobs, strict=True):
        if question.operation in job.values:
            answers.values[question] = job.values[question.operation]
    for job in clocked:
        if job.seconds:
            n = max(job.seconds)
            answers.speed[job.operation] = job.seconds[n] / n * 1e9
    for reason in processes.failures([*jobs, *clocked]):
        print(f"{library.name}, {reason}\n")
    return answers


def _timing(
    library: Library,
    known: Mapping[tuple[Question, str], Exact],
    timed: Mapping[str, calls.Options],
) -> list[processes.Job]:
    """Jobs that time a library; by ln(F/K) it is given the options of the ordinary region."""
    if library.takes not in (LOGARITHM, NORMALISED):
        return [
            processes.Job(operation, signed(options), TIMED) for operation, options in timed.items()
        ]
    ordinary = {PRICE: UNIT_PRICE[0], VOLATILITY: UNIT_VOLATILITY[0]}
    jobs = []
    for operation in timed:
        question = Question("unit", operation, ordinary[operation])
        operands = known[question, library.takes].operands
        jobs.append(processes.Job(operation, _repeated(operands, TIMED[-1]), TIMED))
    return jobs


def _repeated(operands: Mapping[str, Floats], n: int) -> dict[str, Floats]:
    return {name: np.resize(values, n) for name, values in operands.items()}
