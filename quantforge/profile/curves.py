"""Time over batch size of one backend with so many threads: a line, or what was measured.

Most kernels take a + b n, and a line fitted to all points forgives a bad one. Caches, vector
tails and saturated memory bend it; then the points themselves predict better: the line times its
error at each point, interpolated in logarithms. The data decide between the two: each point is
predicted from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["REACH", "UNJUDGED", "Curve"]

Floats = NDArray[np.float64]

UNJUDGED: Final = 1.0
"""The spread of a time that says next to nothing: twice as long, or half, would be as likely."""

REACH: Final = 4.0
"""How far beyond its last point a curve is believed, as a factor: small batches say next to nothing
of large ones."""

_FEWEST: Final = 4
"""Points that a comparison of the two models needs."""


@dataclass(frozen=True)
class Curve:
    """Least seconds of a call, measured at some batch sizes in rising order.

    `spreads` says for each size how far its times may be off, relative to them; `UNJUDGED` where
    other load never let the threads run side by side. Empty means that nobody knows.
    """

    threads: int
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    spreads: tuple[float, ...] = ()

    @cached_property
    def line(self) -> tuple[float, float]:
        """Least squares of the relative error: seconds of a call, and of each option in it."""
        return _line(np.array(self.sizes, float), np.array(self.seconds))

    @cached_property
    def errors(self) -> tuple[float, float]:
        """Mean relative errors of the line and of the points, at points left out of the fit."""
        sizes, seconds = np.array(self.sizes, float), np.array(self.seconds)
        if len(sizes) < _FEWEST:
            return np.nan, np.nan
        errors = []
        for place in range(1, len(sizes) - 1):
            left = np.arange(len(sizes)) != place
            fixed, each = _line(sizes[left], seconds[left])
            line = fixed + each * sizes
            factor = _factor(sizes[left], seconds[left] / line[left], sizes[place])
            guesses = line[place] * np.array([1.0, factor])
            errors.append(np.abs(guesses / seconds[place] - 1.0))
        by_line, by_points = np.mean(errors, axis=0)
        return float(by_line), float(by_points)

    @property
    def model(self) -> str:
        """What predicts better, ``"line"`` or ``"points"``."""
        line, points = self.errors
        return "points" if points < line else "line"

    def predict(self, n: Any) -> Floats:
        """Estimate the seconds of a call with `n` options."""
        n = np.asarray(n, dtype=np.float64)
        fixed, each = self.line
        seconds = np.asarray(fixed + each * n)
        if self.model == "line":
            return seconds
        sizes = np.array(self.sizes, float)
        return seconds * _factor(sizes, np.array(self.seconds) / (fixed + each * sizes), n)

    def knows(self, n: float) -> bool:
        """Whether its estimate for `n` options is one, and not just a number.

        It is near the points, and beyond them if the options make up half of the last time or more.
        """
        fixed, each = self.line
        largest = self.sizes[-1]
        return n <= REACH * largest or fixed <= each * largest

    def spread(self, n: Any) -> Floats:
        """How far the times of calls with `n` options may be off, relative to them.

        Where a line predicts, it may be off by what it misses the points nearby by, too.
        """
        n = np.asarray(n, dtype=np.float64)
        off = np.array(self.spreads or np.zeros(len(self.sizes)))
        if self.model == "line" and len(self.sizes) >= _FEWEST:
            fixed, each = self.line
            line = fixed + each * np.array(self.sizes, float)
            off = off + np.abs(np.array(self.seconds) / line - 1.0)
        return np.asarray(np.interp(np.log(n), np.log(self.sizes), off))

    def with_point(self, n: int, seconds: float, spread: float) -> Curve:
        """The same curve with one more point, or a better one of the same size."""
        spreads = self.spreads or (0.0,) * len(self.sizes)
        points = dict(zip(self.sizes, zip(self.seconds, spreads, strict=True), strict=True))
        points[n] = seconds, spread
        rising = sorted(points)
        return Curve(
            self.threads,
            tuple(rising),
            tuple(points[size][0] for size in rising),
            tuple(points[size][1] for size in rising),
        )


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


def _factor(sizes: Floats, factors: Floats, n: Any) -> Floats:
    """Join factors by straight pieces, both in logarithms; constant beyond the ends."""
    return np.asarray(np.exp(np.interp(np.log(n), np.log(sizes), np.log(factors))))
