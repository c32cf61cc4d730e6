"""What is climbed for: the bounds of the oracles."""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.oracles import ORACLES, Bound


class Target(NamedTuple):
    """One bound of one output of an operation."""

    operation: str
    output: str
    bound: Bound

    @property
    def place(self) -> int:
        """Where the output stands among the results."""
        return list(ORACLES[self.operation].bounds).index(self.output)

    def over(self, miss: float) -> float:
        """Return an error in the bound's unit over the tolerance."""
        if self.bound.tolerance == 0:
            return math.inf if miss > 0 else 0.0
        return miss / self.bound.tolerance


def targets(operation: str) -> list[Target]:
    """Return what there is to climb for in an operation, in the order of its outputs."""
    return [
        Target(operation, output, bound)
        for output, bounds in ORACLES[operation].bounds.items()
        for bound in bounds
    ]
