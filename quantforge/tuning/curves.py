"""Time over batch size of one backend with so many threads: a line, or what was measured.

Most kernels take a + b n, and a line fitted to all points forgives a bad one. Caches, vector
tails and saturated memory bend it; then the points themselves predict better, joined by straight
pieces. (Pieces straight in n, not in its logarithm, are exact wherever a + b n holds at all.)
Which of the two it is, the data say: each point is predicted from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve"]

Floats = NDArray[np.float64]

_FEWEST: Final = 4
"""Points that a comparison of the two models needs."""


@dataclass(frozen=True)
class Curve:
    """Least seconds of a call, measured at some batch sizes in rising order."""

    threads: int
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @cached_property
    def line(self) -> tuple[float, float]:
        """Least squares of the relative error: seconds of a call, and of each option in it."""
        return _line(np.array(self.sizes, float), np.array(self.seconds))

    @cached_property
    def errors(self) -> tuple[float, float]:
        """Relative error, in the mean, of the line and of the joined points at left-out points."""
        sizes, seconds = np.array(self.sizes, float), np.array(self.seconds)
        if len(sizes) < _FEWEST:
            return np.nan, np.nan
        line, joined = [], []
        for place in range(1, len(sizes) - 1):
            left = np.arange(len(sizes)) != place
            fixed, each = _line(sizes[left], seconds[left])
            line.append(fixed + each * sizes[place])
            joined.append(np.interp(sizes[place], sizes[left], seconds[left]))
        inner = seconds[1:-1]
        return (
            float(np.mean(np.abs(np.array(line) / inner - 1.0))),
            float(np.mean(np.abs(np.array(joined) / inner - 1.0))),
        )

    @property
    def model(self) -> str:
        """What predicts better, ``"line"`` or ``"points"``."""
        line, joined = self.errors
        return "points" if joined < line else "line"

    def predict(self, n: Any) -> Floats:
        """Estimate the seconds of a call with `n` options."""
        n = np.asarray(n, dtype=np.float64)
        if self.model == "line":
            fixed, each = self.line
            return np.asarray(fixed + each * n)
        sizes, seconds = np.array(self.sizes, float), np.array(self.seconds)
        beyond = np.maximum(n - sizes[-1], 0.0)
        return np.asarray(np.interp(n, sizes, seconds) + self._last_slope * beyond)

    @property
    def _last_slope(self) -> float:
        """Seconds per option beyond the largest batch that was measured."""
        rise = self.seconds[-1] - self.seconds[-2]
        return max(0.0, rise / (self.sizes[-1] - self.sizes[-2]))

    def with_points(self, sizes: Sequence[int], seconds: Sequence[float]) -> Curve:
        """The same curve with more points, or better ones of the same size."""
        points = dict(zip(self.sizes, self.seconds, strict=True))
        points.update(zip(sizes, seconds, strict=True))
        return Curve(self.threads, tuple(sorted(points)), tuple(points[n] for n in sorted(points)))


def _line(sizes: Floats, seconds: Floats) -> tuple[float, float]:
    """Minimise the sum of ((a + b n) / t - 1)^2 over a, b >= 0."""
    constant, rising = 1.0 / seconds, sizes / seconds
    square = np.array([[constant @ constant, constant @ rising], [0.0, rising @ rising]])
    square[1, 0] = square[0, 1]
    right = np.array([constant.sum(), rising.sum()])
    only_constant = float(right[0] / square[0, 0])
    only_rising = float(right[1] / square[1, 1])
    if len(sizes) < 2 or np.linalg.det(square) <= 0.0:
        return only_constant, 0.0
    fixed, each = (float(value) for value in np.linalg.solve(square, right))
    if fixed < 0.0:
        return 0.0, only_rising
    return (only_constant, 0.0) if each < 0.0 else (fixed, each)
