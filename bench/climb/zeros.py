"""Options at the zeros of an output, found along one input after the other.

There an error is measured by what the inputs leave open, and a formula that loses digits shows it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from quantforge_conformance.oracles import ORACLES

from bench.climb.scope import DISCOUNT, within
from bench.climb.targets import Target

Floats = NDArray[np.float64]

_POINTS = 32  # of each search along an input; none of them in the middle, at the money
_HALVINGS = 64


def at_zeros(
    target: Target,
    backend: str,
    anywhere: Callable[[Generator, int], Floats],
    rng: Generator,
    count: int,
) -> Floats:
    """Return options at which the output is as near to 0 as an input can bring it, if any."""

    def output(options: Floats) -> Floats:
        with np.errstate(all="ignore"):
            results = ORACLES[target.operation].public(options, backend=backend, threads=1)
        return np.asarray(results[target.place])

    options = anywhere(rng, count)
    found = [_along(output, options, place, points) for place, points in _paths(options, rng)]
    zeros = np.concatenate(found, axis=1)
    zeros = zeros[:, within(zeros)]
    return zeros[:, rng.permutation(zeros.shape[1])[:count]]


def _paths(options: Floats, rng: Generator) -> list[tuple[int, Floats]]:
    """Return by operand the values to look between, a row each, in rising order."""
    normal = len(options) == 6
    forward, _, time, rate = options[:4]
    steps = np.linspace(-1, 1, _POINTS)[:, None]
    total = options[-2] * np.sqrt(time)
    if normal:
        strikes = forward + 9 * steps * total
    else:
        carried = forward * np.exp((rate - options[4]) * time)
        with np.errstate(over="ignore"):
            strikes = carried * np.exp(9 * steps * np.minimum(total, 30))
    most = DISCOUNT / time * 2.0 ** rng.uniform(-12, 0, len(time))
    return [
        (1, strikes),
        (2, time * 2.0 ** (12 * steps)),
        (3, rate + most * steps),
        (len(options) - 2, options[-2] * 2.0 ** (12 * steps)),
    ]


def _along(
    output: Callable[[Floats], Floats], options: Floats, place: int, points: Floats
) -> Floats:
    """Halve the first interval in which the output of an option changes its sign."""

    def at(values: Floats) -> tuple[Floats, Floats]:
        moved = lanes.copy()
        moved[place] = values
        return moved, output(moved)

    lanes = options
    signs = np.array([np.sign(at(row)[1]) for row in points])
    changes = signs[:-1] * signs[1:] < 0
    chosen = np.flatnonzero(changes.any(axis=0))
    first = changes.argmax(axis=0)[chosen]
    lanes = options[:, chosen]
    low, high, below = points[first, chosen], points[first + 1, chosen], signs[first, chosen]
    for _ in range(_HALVINGS):
        middle = low + 0.5 * (high - low)
        same = np.sign(at(middle)[1]) == below
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return at(low)[0]
