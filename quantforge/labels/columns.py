"""Columns without labels, as polars and Arrow have them: one row or as many as the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from quantforge.labels import exercises
from quantforge.labels.running import Array, Run, broadcast, filled, run

__all__ = ["computed", "written"]

Read = Callable[[Any], tuple[Array, Array | None]]


def computed(
    core: Run,
    arguments: dict[str, Any],
    column: type | tuple[type, ...],
    numbers: Read,
    kinds: Read,
    elements: Callable[[Any], list[Any]],
) -> tuple[tuple[Any, ...], Array | None]:
    """Run `core` on the values of every `column`.

    `numbers` and `kinds` read one: its values, and where they are null, or None; `elements` lists
    those of another. The results are given with where any argument is null.
    """
    plain = dict(arguments)
    masks = []
    absent = None
    for name, value in arguments.items():
        if isinstance(value, column):
            if name == "exercise":
                plain[name], mask = exercises.read(elements(value))
            else:
                plain[name], mask = (kinds if name == "kind" else numbers)(value)
            masks.append(mask)
            if name == "kind":
                absent = mask
        elif not isinstance(value, float | int | str) and np.ndim(value) > 1:
            raise ValueError(
                f"{name} has {np.ndim(value)} dimensions, beside columns that have one"
            )
    results = run(core, plain, absent)
    if all(mask is None for mask in masks):
        return results, None
    return results, broadcast(masks, np.shape(results[0]))


def written(out: Any, values: Array, column: type | tuple[type, ...]) -> Any:
    """Write a result to an array; a column cannot be written to."""
    if isinstance(out, column):
        raise ValueError(f"out cannot be a {type(out).__name__}: it never changes; pass an array")
    return filled(out, values)
