"""What every container's `call` ends in: the core, its complaints, and where results go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from quantforge.kinds import at

__all__ = ["Place", "Run", "broadcast", "filled", "named", "run"]

Array = np.ndarray[Any, Any]
Run = Callable[[dict[str, Any]], tuple[Any, ...]]
Place = Callable[[tuple[int, ...]], str]
"""The words for an index of the result: the label of its row, say."""


def run(
    core: Run, arguments: dict[str, Any], absent: Array | None = None, place: Place | None = None
) -> tuple[Any, ...]:
    """Run `core`, options at `absent` without a kind; complaints name a place by its label."""
    if absent is not None:
        time = np.where(absent, np.nan, arguments["time"])
        arguments = {**arguments, "time": time}
    try:
        return core(arguments)
    except ValueError as error:
        raise named(error, place, absent) from error.__cause__


def named(error: ValueError, place: Place | None, absent: Array | None = None) -> ValueError:
    """Put the label in the place of the index that `error` is about, if it has one."""
    index = getattr(error, "index", None)
    if index is None:
        return error
    number = ", ".join(map(str, index))
    where = f"index {number}" if place is None else place(index)
    if absent is not None and _at(absent, index):
        said = f"kind is missing at {where}"
    else:
        said = str(error)
        own = f"[{number}]" if f"[{number}]" in said else f" at index {number}"
        if place is not None:
            said = said.replace(own, f" at {where}", 1)
    return at(index, ValueError(said))


def _at(absent: Array, index: tuple[int, ...]) -> bool:
    """Whether the kind is absent at an index of the result, against which it broadcasts."""
    own = index[len(index) - absent.ndim :]
    return bool(absent[tuple(0 if n == 1 else i for n, i in zip(absent.shape, own, strict=True))])


def broadcast(masks: Sequence[Array | None], shape: tuple[int, ...]) -> Array:
    """Where any of `masks` is set, in the shape of the result."""
    mask = np.zeros(shape, bool)
    for each in masks:
        if each is not None:
            mask |= each
    return mask


def filled(out: Any, values: Any) -> Any:
    """Write a result to a NumPy array that has its shape, and return that."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an array, not {type(out).__name__}")
    if out.shape != np.shape(values):
        raise ValueError(f"out has shape {out.shape}, the result {np.shape(values)}")
    np.copyto(out, values)
    return out
