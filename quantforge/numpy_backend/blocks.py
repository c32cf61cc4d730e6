"""Kernels in NumPy, run block by block, so that every temporary stays in the first cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from quantforge.shapes import broadcast_shapes

__all__ = ["Array", "Codes", "Mask", "run"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool]]
Codes = np.ndarray[Any, np.dtype[np.int8]]
Block = Callable[..., tuple[Sequence[Any], bool]]
"""From operands to results, and whether one of them signals *invalid*."""

_READ: Final[Any] = ("readonly",)
_WRITE: Final[Any] = ("writeonly", "no_broadcast")
_BLOCK: Final = 2048  # lanes at a time


def run(block: Block, inputs: Sequence[Array], types: str, out: Any) -> Any:
    """Run `block` over `inputs` that broadcast, with a result of each of the NumPy `types`.

    `out` is a tuple of arrays to write them to, or None. One result comes alone.
    """
    results = out
    if out is None:
        shape = broadcast_shapes(*(each.shape for each in inputs))
        results = tuple(np.empty(shape, kind) for kind in types)
    blocks = np.nditer(
        [*inputs, *results],
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[*[_READ] * len(inputs), *[_WRITE] * len(results)],
        buffersize=_BLOCK,
    )
    invalid = False
    with blocks, np.errstate(all="ignore"):
        for views in blocks:
            values, outside = block(*views[: len(inputs)])
            for target, value in zip(views[len(inputs) :], values, strict=True):
                target[...] = value
            invalid |= outside
    if invalid:
        np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
    return results[0] if len(results) == 1 else results
