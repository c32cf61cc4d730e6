"""Exercises out of containers: flags, NaN where there is no exercise."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge.exercises import flags
from quantforge.labels.running import Array, Place, named

__all__ = ["plain", "read"]


def read(words: Any, place: Place | None = None) -> tuple[Array, Array | None]:
    """Flags, and where there is no exercise, or None."""
    try:
        found = flags(words, nulls=True)
    except ValueError as error:
        raise named(error, place) from None
    absent = np.isnan(found)
    return found, absent if absent.any() else None


def plain(exercise: Array, place: Place | None = None) -> Array:
    """Read an array of words; pass on flags, which have been read already."""
    return exercise if exercise.dtype.kind == "f" else read(exercise, place)[0]
