"""Other libraries on the same options, in an environment of the bench's own, made by pip."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench import calls
from bench.surroundings import usable
from bench.timing import cell, figures, time_all

PACKAGES = (
    "py_vollib_vectorized",
    "py_vollib==1.0.1",  # later ones hold nothing that Numba can compile
    "py_lets_be_rational==1.0.1",
    "pyfeng",
    "statsmodels",  # which PyFENG needs and does not ask for
)
SIZES = (1, 1_000, 10_000)
OPERATIONS = ("implied_volatility", "greeks")

_HERE = Path(__file__).parent
_PYTHON = _HERE / ".venv" / "bin" / "python"
_INSTALL = 300.0  # seconds
_MEASURE = 300.0

Entry = dict[str, Any]


def compare() -> list[Entry]:
    """One entry per operation, library or backend, and batch size."""
    entries = []
    is_there = _installed()
    for operation in OPERATIONS:
        given = calls.options(operation, SIZES[-1])
        entries += [{"operation": operation, **one} for one in _ours(operation, given)]
        if is_there:
            entries += [{"operation": operation, **one} for one in _theirs(operation, given)]
    return entries


def _installed() -> bool:
    """Make the environment if it is not there; say so and go on where that fails."""
    make = [sys.executable, "-m", "venv", str(_PYTHON.parent.parent)]
    install = [str(_PYTHON), "-m", "pip", "install", "--quiet", *PACKAGES]
    try:
        if not _PYTHON.exists():
            subprocess.run(make, check=True, capture_output=True, timeout=_INSTALL)
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=_INSTALL)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        reason = str(said).strip().splitlines()[-1:]
        print(f"other libraries: left out, pip cannot install them: {' '.join(reason)}\n")
        return False
    return True


def _ours(operation: str, given: calls.Options) -> list[Entry]:
    cells = [("NumPy + SciPy", cell("", 1, n, calls.peer(operation, given, n))) for n in SIZES]
    cells += [
        (name, cell(name, 1, n, calls.mixed(operation, given, n, backend=name, threads=1)))
        for name in usable(operation)
        for n in SIZES
    ]
    time_all([one for _, one in cells], 21, 20.0, f"{operation} here")
    return [{"library": name, "n": one.n, **figures(one)} for name, one in cells]


def _theirs(operation: str, given: calls.Options) -> list[Entry]:
    """What `libraries.py` prints, run by the other environment's Python on the same numbers."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "options.npz"
        np.savez(data, **given)
        command = [str(_PYTHON), str(_HERE / "libraries.py"), operation, str(data)]
        command += map(str, SIZES)
        try:
            done = subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=_MEASURE
            )
        except subprocess.SubprocessError as error:
            said = getattr(error, "stderr", None) or str(error)
            print(f"other libraries, {operation}: failed: {said.strip().splitlines()[-1]}\n")
            return []
    found: list[Entry] = json.loads(done.stdout)
    for one in found:
        if "failed" in one:
            print(f"{one['library']}, {operation}: {one['failed'][:200]}\n")
    return [one for one in found if "seconds" in one]


def tables(entries: list[Entry]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Titles, headings and rows, ready to print."""
    return [
        _table(name, [one for one in entries if one["operation"] == name]) for name in OPERATIONS
    ]


def _table(operation: str, entries: list[Entry]) -> tuple[str, list[str], list[list[str]]]:
    libraries = list(dict.fromkeys(one["library"] for one in entries))
    found: Mapping[tuple[str, int], Entry] = {(one["library"], one["n"]): one for one in entries}
    rows = [[f"{n:,}", *(_figure(found.get((name, n))) for name in libraries)] for n in SIZES]
    title = f"{operation}, calls and puts, one thread: ns per option"
    return title, ["options", *libraries], rows


def _figure(entry: Entry | None) -> str:
    return "–" if entry is None else f"{entry['ns_per_option']:,.1f}"
