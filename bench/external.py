"""Other libraries on the same options: whether they are right, and how long they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from quantforge_conformance import reference

from bench import calls, environments, processes
from bench.packages import LOGARITHM, NORMALISED, PACKAGES, Library
from bench.timing import cell, figures, time_all
from quantforge.cli.terminal import status
from quantforge.plugins import registry

SIZES = (1, 1_000, 10_000, 100_000)
OPERATIONS = ("price", "greeks", "implied_volatility")
RIGHT = 1e-6
"""How far off, relatively, a library's results may be."""
QUOTED = 1e-6
"""Prices of less than this part of the strike are `--accuracy`'s concern."""

Entry = dict[str, Any]
Values = Mapping[str, NDArray[np.float64]]


def compare(quick: bool) -> list[Entry]:
    """One entry per operation, library or backend, and batch size."""
    sizes = SIZES[:-1] if quick else SIZES
    quoted = [one for one in PACKAGES if one.takes not in (LOGARITHM, NORMALISED)]
    given = {operation: calls.options(operation, sizes[-1]) for operation in OPERATIONS}
    checked = {
        operation: _first(given[operation], 50 if quick else 200) for operation in OPERATIONS
    }
    with status("exact values"):
        exact = {operation: _exact(operation, checked[operation]) for operation in OPERATIONS}
    entries = [one for operation in OPERATIONS for one in _ours(operation, given[operation], sizes)]
    for library in environments.install(quoted):
        with status(library.name):
            entries += _theirs(library, given, checked, exact, sizes)
    return entries


def signed(options: calls.Options) -> dict[str, Any]:
    """Return options under the names that other libraries' adapters know."""
    return {"sign" if name == "kind" else name: values for name, values in options.items()}


def _first(options: calls.Options, count: int) -> dict[str, Any]:
    return {name: values[:count] for name, values in options.items()}


def _exact(operation: str, options: calls.Options) -> Values:
    """Return the reference's values, rounded; NaN for prices too small to be quoted."""
    columns = {name: values.tolist() for name, values in signed(options).items()}
    lanes = [dict(zip(columns, lane, strict=True)) for lane in zip(*columns.values(), strict=True)]
    if operation == "price":
        prices = np.array([float(reference.price(**lane)) for lane in lanes])
        return {"price": np.where(prices < QUOTED * options["strike"], np.nan, prices)}
    if operation == "greeks":
        found = [reference.greeks(**lane) for lane in lanes]
        return {name: np.array([float(one[name]) for one in found]) for name in found[0]}
    volatilities = [float(reference.implied_volatility(**lane).sigma) for lane in lanes]
    return {operation: np.array(volatilities)}


def _ours(operation: str, given: calls.Options, sizes: tuple[int, ...]) -> list[Entry]:
    cells = [("NumPy + SciPy", cell("", 1, n, calls.peer(operation, given, n))) for n in sizes]
    for backend in ("auto", *registry().candidates(operation)):
        name = f"QuantForge, {backend}"
        one = calls.of_one_option(operation, operation, None, backend)
        cells.append((name, cell(backend, 1, 1, one)))
        cells += [
            (
                name,
                cell(backend, 1, n, calls.mixed(operation, given, n, backend=backend, threads=1)),
            )
            for n in sizes
            if n > 1
        ]
    time_all([one for _, one in cells], 21, 20.0, f"{operation} here")
    return [
        {"operation": operation, "library": name, "n": one.n, **figures(one)} for name, one in cells
    ]


def _theirs(
    library: Library,
    given: Mapping[str, calls.Options],
    checked: Mapping[str, calls.Options],
    exact: Mapping[str, Values],
    sizes: tuple[int, ...],
) -> list[Entry]:
    """What a library's own process returns: first whether it is right, then its times."""
    looks = [processes.Job(operation, signed(checked[operation])) for operation in OPERATIONS]
    times = [processes.Job(operation, signed(given[operation]), sizes) for operation in OPERATIONS]
    jobs = [job for pair in zip(looks, times, strict=True) for job in pair]
    processes.run(library, jobs)
    for reason in processes.failures(jobs):
        print(f"{library.name}, {reason}\n")
    entries = []
    for look, timed in zip(looks, times, strict=True):
        told: Entry = {
            "operation": look.operation,
            "library": library.name,
            "remark": _remark(library),
            "easier": library.form(look.operation),
            "errors": _errors(look.values, exact[look.operation]),
        }
        entries += [
            {**told, "n": n, "seconds": seconds, "ns_per_option": seconds / n * 1e9}
            for n, seconds in timed.seconds.items()
        ]
    return entries


def _errors(found: Values, exact: Values) -> dict[str, float]:
    """Return the largest relative error of each result; a NaN is as wrong as can be.

    Greeks may be 0, so theirs are relative to their size and the median one's.
    """
    worst = {}
    for name in [name for name in exact if name in found]:
        told = np.isfinite(exact[name])
        size = np.abs(exact[name][told])
        off = np.abs(found[name] - exact[name])[told] / (size + np.median(size) * (len(exact) > 1))
        worst[name] = float(np.max(np.where(np.isfinite(off), off, np.inf)))
    return worst


def tables(entries: list[Entry]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Titles, headings and rows, ready to print."""
    return [
        _table(name, [one for one in entries if one["operation"] == name]) for name in OPERATIONS
    ]


def _remark(library: Library) -> str:
    return f"{library.remark}; greeks: {library.greeks or 'none'}"


def remarks(entries: list[Entry]) -> list[str]:
    """Return what the libraries are given, and what they do not return: a line each."""
    told = {one["library"]: one["remark"] for one in entries if "remark" in one}
    return [f"{name}: {remark}" for name, remark in told.items()]


def _table(operation: str, entries: list[Entry]) -> tuple[str, list[str], list[list[str]]]:
    found = {(one["library"], one["n"]): one for one in entries}
    sizes = sorted({one["n"] for one in entries})
    rows = []
    for name in dict.fromkeys(one["library"] for one in entries):
        its = [found.get((name, n)) for n in sizes]
        told: Entry = next(
            (one for one in its if one and "errors" in one), {"errors": {}, "easier": ""}
        )
        rows.append([name, *map(_figure, its), *_judged(told["errors"]), told["easier"]])
    title = f"{operation}, calls and puts, one thread: ns per option, by options a call"
    return title, ["library", *(f"{n:,}" for n in sizes), "worst error", "", "given"], rows


def _figure(entry: Entry | None) -> str:
    return "–" if entry is None else f"{entry['ns_per_option']:,.1f}"


def _judged(errors: Mapping[str, float]) -> tuple[str, str]:
    """Return the largest error, and what is further off than it may be."""
    if not errors:
        return "", ""
    worst = max(errors.values())
    wrong = [name.replace("_", " ") for name, error in errors.items() if not error <= RIGHT]
    return f"{worst:.0e}" if np.isfinite(worst) else "NaN", f"{', '.join(wrong)} wrong" * bool(
        wrong
    )
