"""The climb: options whose error is great have children, and the worst of them stay.

Each of some climbers stands at an option. In every round it tries changes of one or more inputs, by
steps of all sizes from 2^-52 to 1/2 of the input, and goes where the error over the bound is the
greatest. A climber that has found nothing better for a while starts anew elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.climb.judging import Judge
from bench.climb.scope import within
from bench.climb.starts import Family

Floats = NDArray[np.float64]

FIRST = 512  # options a family is looked at with before any climb
CLIMBERS = 16
CHILDREN = 16  # of each climber in a round
PATIENCE = 8  # rounds without anything better
_LEAP = 0.08  # part of the children that are put beside a threshold again
_TOGETHER = 0.15  # part of which spot and strike change by the same factor


@dataclass
class Found:
    """What a family's climb came to."""

    family: Family
    over: float
    option: Floats
    evaluations: int
    seconds: float


class Climb:
    """The climb of one target from one family.

    Parameters
    ----------
    judge : Judge
    family : Family
    leaps : sequence of callable
        What puts options beside a threshold, from a generator and options to options.
    rng : Generator
    """

    def __init__(
        self,
        judge: Judge,
        family: Family,
        leaps: list[Callable[[Generator, Floats], Floats]],
        rng: Generator,
    ) -> None:
        self.judge, self.family, self.leaps, self.rng = judge, family, leaps, rng
        self.evaluations = 0
        self.best, self.best_over = np.empty(0), -1.0

    def run(self, seconds: float) -> Found | None:
        """Climb for about so long; nothing where the family has no option to start from."""
        began = monotonic()
        options = self._start(FIRST)
        if not options.shape[1]:
            return None
        over = self._judged(options)
        highest = np.argsort(-over, kind="stable")[:CLIMBERS]
        at, height = options[:, highest], over[highest]
        waited = np.zeros(len(highest), int)
        while monotonic() - began < seconds:
            at, height, waited = self._round(at, height, waited)
            tired = np.flatnonzero(waited >= PATIENCE)
            if tired.size:
                self._start_anew(at, height, waited, tired)
        elapsed = monotonic() - began
        return Found(self.family, self.best_over, self.best, self.evaluations, elapsed)

    def _start(self, count: int) -> Floats:
        options = self.family.draw(self.rng, count)
        return options[:, within(options, self.family.least_total)]

    def _judged(self, options: Floats) -> Floats:
        over = self.judge.over(options)
        self.evaluations += len(over)
        top = int(np.argmax(over))
        if over[top] > self.best_over:
            self.best, self.best_over = options[:, top].copy(), float(over[top])
        return over

    def _round(
        self, at: Floats, height: Floats, waited: NDArray[np.int_]
    ) -> tuple[Floats, Floats, NDArray[np.int_]]:
        """Let every climber have children, and go to the best of them where that is higher."""
        count = at.shape[1]
        children = self._children(np.repeat(at, CHILDREN, axis=1))
        allowed = within(children, self.family.least_total)
        over = np.full(children.shape[1], -1.0)
        if allowed.any():
            over[allowed] = self._judged(children[:, allowed])
        best = over.reshape(count, CHILDREN).argmax(axis=1) + np.arange(count) * CHILDREN
        better = over[best] > height
        at = np.where(better, children[:, best], at)
        return at, np.where(better, over[best], height), np.where(better, 0, waited + 1)

    def _children(self, options: Floats) -> Floats:
        """Return the options changed: one input or several, the side never."""
        rng, (operands, count) = self.rng, options.shape
        steps = rng.choice([-1.0, 1.0], (operands, count)) * 2.0 ** rng.uniform(
            -53, -1, (operands, count)
        )
        together = rng.random(count) < _TOGETHER
        steps[1] = np.where(together, steps[0], steps[1])
        one = np.arange(operands)[:, None] == rng.integers(0, operands - 1, count)
        several = rng.random((operands, count)) < 0.5
        chosen = np.where(rng.random(count) < 0.5, one, several)
        chosen[:2] |= together
        chosen[-1] = False
        children = np.where(chosen, options * (1.0 + steps), options)
        if self.leaps:
            leaping = np.flatnonzero(rng.random(count) < _LEAP)
            leap = self.leaps[rng.integers(len(self.leaps))]
            with np.errstate(all="ignore"):
                children[:, leaping] = leap(rng, options[:, leaping])
        return children

    def _start_anew(
        self, at: Floats, height: Floats, waited: NDArray[np.int_], tired: NDArray[np.int_]
    ) -> None:
        """Put tired climbers on the highest of some fresh options."""
        fresh = self._start(CHILDREN * len(tired))
        if fresh.shape[1] < len(tired):
            return
        over = self._judged(fresh)
        highest = np.argsort(-over, kind="stable")[: len(tired)]
        at[:, tired], height[tired], waited[tired] = fresh[:, highest], over[highest], 0
