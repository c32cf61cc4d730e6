"""How far results are from the exact values, in the units of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mpmath import isinf, isnan, mpf
from numpy.typing import NDArray

from quantforge_conformance.oracles import Bound, Lane, Oracle

LARGEST = mpf(np.finfo(np.float64).max)


class Measured:
    """Options with their exact values, each computed once for any number of backends.

    Parameters
    ----------
    oracle : Oracle
    operands : sequence of ndarray
        As a kernel takes them.
    """

    def __init__(self, oracle: Oracle, operands: Sequence[NDArray[np.float64]]) -> None:
        self.lanes: list[Lane] = list(zip(*map(np.ndarray.tolist, operands), strict=True))
        self._values = [oracle.exact_values(*lane) for lane in self.lanes]
        self._units: dict[tuple[int, Bound], list[mpf]] = {}

    def worst(self, place: int, bound: Bound, results: NDArray[Any]) -> tuple[float, Lane]:
        """Return the largest error of output `place` in the bound's unit, and whose it is."""
        misses = self.misses(place, bound, results)
        worst = int(np.argmax(misses))
        return misses[worst], self.lanes[worst]

    def misses(self, place: int, bound: Bound, results: NDArray[Any]) -> list[float]:
        """Return the errors of output `place` in the bound's unit."""
        exact = [values[place] for values in self._values]
        if (place, bound) not in self._units:
            units = [bound.unit(*pair) for pair in zip(self.lanes, exact, strict=True)]
            self._units[place, bound] = units
        errors = [_error(float(x), y) for x, y in zip(results, exact, strict=True)]
        return [
            np.inf if isnan(error) else 0.0 if isinf(unit) else float(error / unit)
            for error, unit in zip(errors, self._units[place, bound], strict=True)
        ]

    def exact(self, lane: int, place: int) -> mpf:
        """Return the exact value of an output of an option."""
        return self._values[lane][place]


def _error(got: float, exact: mpf) -> mpf:
    """Return how far off a result is; beyond the largest double infinity is right."""
    if isinf(got) and abs(exact) >= LARGEST and (got > 0) == (exact > 0):
        return mpf(0)
    return abs(mpf(got) - exact)
