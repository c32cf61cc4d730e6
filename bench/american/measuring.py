"""Errors and times of every backend and accuracy, and of other libraries, on the same options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import quantforge
from bench import environments, processes
from bench.american.books import BOOKS, Options
from bench.american.exact import Exact, exact
from bench.calls import Call
from bench.packages import AMERICAN, Library
from bench.surroundings import usable
from bench.timing import LONGEST, cell, figures, time_all
from quantforge.cli.terminal import status
from quantforge.exercises import STYLES
from quantforge.plugins import registry
from quantforge.tuning.measurement import Cell

Entry = dict[str, Any]

OURS = "QuantForge"
ACCURACIES = tuple(STYLES)
WAYS = {
    "quantlib_american": {
        "american_fast": "fast scheme",
        "american_accurate": "accurate scheme",
        "american_high_precision": "high precision scheme",
    },
    "quantkit_american": {
        "american_by_200_steps": "tree of 200 steps",
        "american_by_2000_steps": "tree of 2,000 steps",
    },
}
"""What an adapter is asked for, and what that is called in the tables."""

FEW = 100
"""Options that a library is timed with where it cannot price all of them in two seconds."""


@dataclass(frozen=True)
class Measured:
    """What was found.

    Attributes
    ----------
    figures : dict
        What is written as JSON: how many options, their `seed`, and `entries` by book.
    known : dict of str to Exact
        The options by book.
    """

    figures: dict[str, Any]
    known: Mapping[str, Exact]


def measure(count: int, seed: int, quick: bool) -> Measured:
    """Ask everybody for `count` options of each book."""
    known = {book.name: exact(book, count, seed) for book in BOOKS}
    entries: dict[str, list[Entry]] = {
        name: [*_ours(name, its, quick)] for name, its in known.items()
    }
    libraries = environments.install(AMERICAN)
    for library in libraries:
        for name, its in known.items():
            with status(f"{library.name}, {name} book"):
                entries[name] += _theirs(library, its)
    told = [
        {"library": OURS, "version": quantforge.__version__, "remark": "one call for all options"},
        *(
            {"library": one.name, "version": environments.version(one), "remark": one.remark}
            for one in libraries
        ),
    ]
    return Measured({"count": count, "seed": seed, "libraries": told, "entries": entries}, known)


def errors(found: Any, known: Exact) -> Entry:
    """Return root mean square and largest error of the options that have a number, if any has."""
    off = np.asarray(found) - known.value
    numbers = off[np.isfinite(off)]
    return {
        "rmse": float(np.sqrt(np.mean(numbers**2))) if len(numbers) else None,
        "largest": float(np.max(np.abs(numbers))) if len(numbers) else None,
        "failed": int(off.size - numbers.size),
    }


def call(options: Options, accuracy: str, backend: str) -> Call:
    """A call for all options on one thread; the result's array is there beforehand."""
    given = options._asdict()
    kind, out = given.pop("sign"), np.empty(len(options.spot))
    said: dict[str, Any] = {"exercise": "american", "accuracy": accuracy}
    said |= {"backend": backend, "threads": 1, "kind": kind, "out": out}
    return lambda: quantforge.price(**given, **said)


def _ours(name: str, known: Exact, quick: bool) -> list[Entry]:
    """An entry for each accuracy and backend; the backends of an accuracy are timed together."""
    entries = []
    for accuracy in ACCURACIES:
        cells = _cells(known.options, accuracy)
        title = f"{name} book, {accuracy}"
        time_all(cells, 5 if quick else 21, 4.0 if quick else 30.0, title)
        for one in cells:
            found = call(known.options, accuracy, one.backend)()
            who = {"library": OURS, "way": accuracy, "backend": one.backend}
            entries.append({**who, **errors(found, known), "n": one.n, **figures(one)})
    return entries


def _cells(options: Options, accuracy: str) -> list[Cell]:
    """A cell for each exact backend, of as many options as the slowest does in a short time."""
    there = usable("american_price")
    backends = [one for one in registry().candidates("american_price") if one in there]
    n = len(options.spot)
    while True:
        some = options.taken(slice(n))
        cells = [cell(backend, 1, n, call(some, accuracy, backend)) for backend in backends]
        if n == 1 or all(one.estimate <= LONGEST for one in cells):
            return cells
        n = (n + 1) // 2


def _theirs(library: Library, known: Exact) -> list[Entry]:
    """What a library's own process returns, and how long it takes."""
    ways = WAYS[library.adapter]
    given, count = known.options._asdict(), len(known.value)
    sizes = sorted({min(FEW, count), count})
    looks = [processes.Job(operation, given) for operation in ways]
    times = [processes.Job(operation, given, sizes) for operation in ways]
    processes.run(library, [*looks, *times])
    for reason in processes.failures([*looks, *times]):
        print(f"{library.name}, {reason}\n")
    entries = []
    for look, timed in zip(looks, times, strict=True):
        if look.operation not in look.values:
            continue
        who = {"library": library.name, "way": ways[look.operation], "backend": None}
        entry = {**who, **errors(look.values[look.operation], known)}
        if timed.seconds:
            n = max(timed.seconds)
            seconds = timed.seconds[n]
            entry |= {"n": n, "seconds": seconds, "ns_per_option": seconds / n * 1e9}
        entries.append(entry)
    return entries
