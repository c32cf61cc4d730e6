"""The worst cases: options on which some kernel once came near a bound, or broke it.

One file for each operation in ``data/worst_cases``, one case a line: the operands in the kernel's
order as hexadecimal floats of C99, then ``#`` and what went wrong. Lines are never taken out.
``./dev bench --climb --keep`` appends what it finds.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from quantforge_conformance.standards import Lane

FOLDER = Path(__file__).parent / "data" / "worst_cases"


class WorstCase(NamedTuple):
    """An option, the line it stands in, and what it once broke."""

    name: str
    lane: Lane
    remark: str


def worst_cases(operation: str) -> list[WorstCase]:
    """Return the cases of an operation in the order of its file."""
    file = FOLDER / f"{operation}.txt"
    found = []
    for number, line in enumerate(file.read_text("ascii").splitlines(), 1):
        words, _, remark = line.partition("#")
        if words.strip():
            lane = tuple(map(float.fromhex, words.split()))
            found.append(WorstCase(f"line {number}", lane, remark.strip()))
    return found


def add(operation: str, lane: Lane, remark: str) -> bool:
    """Append a case unless it is there; say whether it was new."""
    if lane in {case.lane for case in worst_cases(operation)}:
        return False
    words = " ".join(x.hex() for x in lane)
    with open(FOLDER / f"{operation}.txt", "a", encoding="ascii") as file:
        print(f"{words}  # {remark}", file=file)
    return True
