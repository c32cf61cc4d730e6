"""What a region of option space is, and how options are drawn from it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]

Draw = Callable[[Generator, int], Any]
"""From a generator and a count to that many options, as a named tuple of operands."""


@dataclass(frozen=True)
class Region:
    """A named region of options.

    Where a price is among the operands, `draw` takes the exact one, and `approximate` one from the
    textbook formula in double precision, a thousand times as fast.
    """

    name: str
    draw: Draw
    approximate: Draw | None = None

    def sample(self, count: int, seed: int = 0) -> Any:
        """Return the same `count` options each time, others for another seed."""
        return self.draw(self._generator(seed), count)

    def quick(self, count: int, seed: int = 0) -> Any:
        """Return the same options with approximate prices."""
        with np.errstate(under="ignore"):
            return (self.approximate or self.draw)(self._generator(seed), count)

    def _generator(self, seed: int) -> Generator:
        return np.random.default_rng([seed, zlib.crc32(self.name.encode())])


def log_uniform(rng: Generator, low: float, high: float, count: int) -> Array:
    """Return numbers whose logarithm is uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), count))
