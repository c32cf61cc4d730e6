"""Kernels in NumPy, made to behave like ufuncs: block by block, any shapes, `out` in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

__all__ = ["Array", "Codes", "Mask", "run"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool]]
Codes = np.ndarray[Any, np.dtype[np.int8]]
Block = Callable[..., tuple[Sequence[Any], bool]]
"""From operands to results, and whether one of them signals *invalid*."""

_READ: Final[Any] = ("readonly", "overlap_assume_elementwise")
_WRITE: Final[Any] = ("writeonly", "no_broadcast", "overlap_assume_elementwise")
_BLOCK: Final = 2048  # lanes at a time: every temporary stays in the first cache


def run(block: Block, inputs: Sequence[Any], types: str, out: Any) -> Any:
    """Run `block` over broadcast `inputs`, with a result of each of the NumPy `types`.

    `out` is an array where there is one result, else a tuple of arrays and None, or None.
    """
    arrays = [_plain(given) for given in inputs]
    given = out if isinstance(out, tuple) else (out, *[None] * (len(types) - 1))
    shape = _shape(arrays)
    results = [
        np.empty(shape, kind) if one is None else one
        for one, kind in zip(given, types, strict=True)
    ]
    blocks = np.nditer(
        [*arrays, *results],
        flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        op_flags=[*[_READ] * len(arrays), *[_WRITE] * len(results)],
        op_dtypes=["d"] * len(arrays) + list(types),
        casting="same_kind",
        buffersize=_BLOCK,
    )
    invalid = False
    with blocks, np.errstate(all="ignore"):
        for views in blocks:
            values, outside = block(*views[: len(arrays)])
            for target, value in zip(views[len(arrays) :], values, strict=True):
                target[...] = value
            invalid |= outside
    if invalid:
        np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
    found = [
        result[()] if one is None else result for one, result in zip(given, results, strict=True)
    ]
    return found[0] if len(found) == 1 else tuple(found)


def _shape(arrays: Sequence[Array]) -> tuple[int, ...]:
    """The shape of the results; `np.broadcast` ends at 32 dimensions where arrays have 64."""
    try:
        return np.broadcast(*arrays).shape
    except RuntimeError:
        return np.nditer(arrays, flags=["multi_index", "zerosize_ok"]).shape


def _plain(given: Any) -> np.ndarray[Any, Any]:
    """Refuse what would lose something here: its mask, its labels or its precision."""
    is_plain = type(given) is np.ndarray or isinstance(given, np.generic | np.memmap)
    if hasattr(given, "__array_ufunc__") and not is_plain:
        raise TypeError(f"the NumPy fallback takes plain arrays, not {type(given).__name__}")
    array = np.asarray(given)
    if not np.can_cast(array.dtype, np.float64):
        raise TypeError(f"{array.dtype.name} cannot become float64 without loss")
    return array
