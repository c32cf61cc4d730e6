"""Comparisons whose failure says which result of which option is wrong, and by what bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantforge_conformance.subject import Kernel

PATHS = 4
"""How many units of rounding two paths of a backend that is not exact may differ by."""


def bits(array: Any) -> NDArray[Any]:
    """Return the bits of an array as integers of the same size."""
    array = np.asarray(array)
    return array.view(f"i{array.itemsize}")


def unlike(
    kernel: Kernel, got: Sequence[Any], expected: Sequence[Any], operands: Sequence[Any]
) -> list[str]:
    """Return a line for each of the first results that are not the same.

    The same are equal bits, or, for a backend that is not exact, numbers a few roundings apart.
    """
    lines = []
    for place, (output, ours, theirs) in enumerate(
        zip(
            kernel.operation.outputs,
            map(np.asarray, got),
            map(np.asarray, expected),
            strict=True,
        )
    ):
        if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
            return [f"{output.name} is {_kind(ours)}, expected {_kind(theirs)}"]
        wrong = bits(ours) != bits(theirs)
        if not kernel.exact and theirs.dtype.kind == "f" and wrong.any():
            wrong &= ~_close(ours, theirs, _rounding(kernel, operands, place))
        lines += [
            f"{output.name}[{index}] is {_number(ours.flat[index])}, "
            f"expected {_number(theirs.flat[index])}, of ({_option(operands, ours.shape, index)})"
            for index in np.flatnonzero(wrong)[:3]
        ]
    return lines


def _rounding(kernel: Kernel, operands: Sequence[Any], place: int) -> NDArray[np.float64]:
    """Return an output's unit of unavoidable rounding: its own, and that of each input."""
    with np.errstate(all="ignore"):
        inputs = [np.asarray(x, np.float64) for x in operands]
        base = kernel(*inputs)[place]
        unit = np.spacing(np.abs(base))
        for index, x in enumerate(inputs):
            moved = kernel(*inputs[:index], x * (1.0 + 2.0**-52), *inputs[index + 1 :])[place]
            unit = unit + np.nan_to_num(np.abs(moved - base))
        return unit


def _close(ours: NDArray[Any], theirs: NDArray[Any], unit: NDArray[Any]) -> NDArray[np.bool]:
    with np.errstate(invalid="ignore"):
        return (
            (np.isnan(ours) & np.isnan(theirs))
            | (ours == theirs)
            | (np.abs(ours - theirs) <= PATHS * unit)
        )


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _option(operands: Sequence[Any], shape: tuple[int, ...], place: int) -> str:
    return ", ".join(_number(np.broadcast_to(x, shape).flat[place]) for x in operands)


def _number(value: Any) -> str:
    return f"{value!r} ({bits(value).item() & (1 << 8 * value.itemsize) - 1:x})"
