"""Run a backend's kernels over the edge shapes of the conformance suite, for a tool that watches.

usage: python tests/sanitize/shapes.py BACKEND [COUNT...]

Operands and results lie in memory of their own and of exactly their size, so that AddressSanitizer
and valgrind see the first byte beyond. Nothing is compared but the results of one layout with those
of another: what the bits should be is the conformance suite's business.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from quantforge_conformance.isolated.guarded import COUNTS, LAYOUTS, GuardedPages, check
from quantforge_conformance.subject import Subject


class OwnMemory(GuardedPages):
    """Memory of its own for every array, in place of guarded pages."""

    def __init__(self) -> None:
        pass

    def ending(self, count: int, dtype: Any) -> NDArray[Any]:
        return np.empty(count, dtype)

    beginning = ending


def main(backend: str, *counts: str) -> None:
    """Run every operation in every layout at every size, saying which is next."""
    for kernel in Subject.alone(backend).kernels:
        memory = [OwnMemory() for _ in (*kernel.operation.inputs, *kernel.operation.outputs)]
        for name, layout in LAYOUTS.items():
            for count in map(int, counts or COUNTS):
                print(f"{kernel.name}: {count} options {name}", flush=True)
                check(kernel, layout, count, memory)


if __name__ == "__main__":
    main(*sys.argv[1:])
