"""The worst cases: options on which some kernel once came near a bound, or broke it.

One file for each operation, in ``data/worst_cases``, one case a line: the operands in the kernel's
order as hexadecimal floats of C99, then ``#`` and what went wrong. Lines are never taken out.
``./dev bench --climb --keep`` appends what it finds.
"""

from __future__ import annotations

from typing import NamedTuple

from quantforge_conformance.oracles import Lane, oracle


class WorstCase(NamedTuple):
    """An option, the line it stands in, and what it once broke."""

    name: str
    lane: Lane
    remark: str


def worst_cases(operation: str) -> list[WorstCase]:
    """Return the cases of an operation in the order of its file; none where it has no file."""
    file = oracle(operation).worst_cases
    found: list[WorstCase] = []
    if file is None:
        return found
    for number, line in enumerate(file.read_text("ascii").splitlines(), 1):
        words, _, remark = line.partition("#")
        if words.strip():
            lane = tuple(map(float.fromhex, words.split()))
            found.append(WorstCase(f"line {number}", lane, remark.strip()))
    return found


def add(operation: str, lane: Lane, remark: str) -> bool:
    """Append a case unless it is there; say whether it was new."""
    file = oracle(operation).worst_cases
    if file is None:
        raise ValueError(f"the oracle of {operation!r} has no file of worst cases")
    if lane in {case.lane for case in worst_cases(operation)}:
        return False
    words = " ".join(x.hex() for x in lane)
    with file.open("a", encoding="ascii") as lines:
        print(f"{words}  # {remark}", file=lines)
    return True
