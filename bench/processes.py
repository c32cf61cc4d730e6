"""A library in a process of its own, with a time limit, so that its crash is its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.environments import python
from bench.packages import Library

Operands = Mapping[str, NDArray[np.float64]]

_ROOT = Path(__file__).parent.parent
_LONGEST = 300.0  # seconds for all jobs of one library
_ALONE = dict.fromkeys(
    ("RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"), "1"
)


@dataclass
class Job:
    """An operation on options: to be timed at some sizes, or evaluated where there are none.

    What comes of it is in `seconds` by size, in `values` by name, or in `failed`.
    """

    operation: str
    options: Operands
    sizes: Sequence[int] = ()
    seconds: dict[int, float] = field(default_factory=dict)
    values: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    failed: str = "not done"


def run(library: Library, jobs: Sequence[Job]) -> None:
    """Do all jobs in the library's environment, on one thread; fill in what came of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listed = [_written(folder, place, job) for place, job in enumerate(jobs)]
        (folder / "jobs.json").write_text(json.dumps(listed), encoding="utf-8")
        ended = _finished(library, folder)
        for line in (folder / "said").read_text(encoding="utf-8").splitlines():
            _read(folder, line, jobs)
        for job in jobs:
            if job.failed == "not done":
                job.failed = ended


def _written(folder: Path, place: int, job: Job) -> dict[str, Any]:
    options = folder / f"options-{place}.npz"
    arrays: dict[str, Any] = {**job.options}  # savez has a keyword of another type
    np.savez(options, **arrays)
    asked: dict[str, Any] = {"operation": job.operation, "options": str(options)}
    if job.sizes:
        return {**asked, "sizes": [*job.sizes]}
    return {**asked, "results": str(folder / f"results-{place}.npz")}


def _finished(library: Library, folder: Path) -> str:
    """Run the process to its end; return why a job that it did not speak of was not done."""
    command = [str(python(library)), "-m", "bench.libraries", library.adapter]
    command.append(str(folder / "jobs.json"))
    alone = {**os.environ, **_ALONE}
    with open(folder / "said", "w") as said, open(folder / "complained", "w") as complained:
        try:
            done = subprocess.run(
                command,
                cwd=_ROOT,
                env=alone,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired:
            return f"took longer than {_LONGEST:.0f} s"
        except OSError as error:
            return str(error)
    last = (folder / "complained").read_text(errors="replace").strip().splitlines()[-1:]
    told = ": ".join([f"ended with {done.returncode}", *last])
    return "" if done.returncode == 0 else told[:200]


def failures(jobs: Iterable[Job]) -> list[str]:
    """Return what was not done and why: a line for each reason."""
    operations: dict[str, dict[str, None]] = {}
    for job in jobs:
        operations.setdefault(job.failed, {})[job.operation.replace("_", " ")] = None
    return [f"{', '.join(of)}: {reason}" for reason, of in operations.items() if reason]


def _read(folder: Path, line: str, jobs: Sequence[Job]) -> None:
    """Take over what a line says; what is no JSON a library has printed itself."""
    try:
        said = json.loads(line)
    except json.JSONDecodeError:
        return
    if not isinstance(said, dict):
        return
    for place in range(len(jobs)) if "job" not in said else [said["job"]]:
        job = jobs[place]
        job.failed = said.get("failed", "")
        job.seconds = {int(n): seconds for n, seconds in said.get("seconds", {}).items()}
        results = folder / f"results-{place}.npz"
        if results.exists():
            with np.load(results) as file:
                job.values = dict(file)
