"""Comparisons whose failure says which result of which option is wrong, and by what bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from mpmath import nstr
from numpy.typing import NDArray

from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import Bound
from quantforge_conformance.subject import Kernel

PATHS = 4
"""How many units of rounding two paths of a backend that is not exact may differ by.

Where it states a bound on its errors, so many times the bound.
"""


def bits(array: Any) -> NDArray[Any]:
    """Return the bits of an array as integers of the same size."""
    array = np.asarray(array)
    return array.view(f"i{array.itemsize}")


def expect_none(wrong: Sequence[str], where: object = None) -> None:
    """Fail with these lines, if there are any, and with what tells the case.

    pytest would cut a list of them.
    """
    if wrong:
        case = [] if where is None else [f"({where})"]
        pytest.fail("\n".join([*wrong, *case]), pytrace=False)


def unlike(
    kernel: Kernel, got: Sequence[Any], expected: Sequence[Any], operands: Sequence[Any]
) -> list[str]:
    """Return a line for each of the first results that are not the same.

    The same are equal bits, or, for a backend that is not exact, numbers a few roundings apart.
    """
    lines = []
    paths = PATHS * max(1.0, kernel.slack) if kernel.tier == "approximate" else PATHS
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
            wrong &= ~_close(ours, theirs, _rounding(kernel, operands, place), paths)
        places = np.flatnonzero(wrong)
        lines += [
            f"{output.name}, {_lane(kernel, _option(operands, ours.shape, index), index)}; "
            f"got {_number(ours.flat[index])}, expected {_number(theirs.flat[index])}"
            for index in places[:3].tolist()
        ]
        if len(places) > 3:
            lines.append(f"{output.name}: {len(places):,} of {wrong.size:,} results differ")
    return lines


def beyond(
    kernel: Kernel,
    measured: Measured,
    place: int,
    bound: Bound,
    results: NDArray[Any],
    errors: Sequence[float],
) -> list[str]:
    """Return a line for each of the worst results whose `errors` miss a bound, and how many do."""
    misses = np.array(errors)
    allowed = bound.tolerance * kernel.slack
    wrong = np.flatnonzero(~(misses <= allowed))
    output = kernel.operation.outputs[place]
    lines = [
        f"{output.name}, {_lane(kernel, measured.lanes[lane], lane)}; "
        f"got {results[lane].item()!r}, expected {nstr(measured.exact(lane, place), 17)}; "
        f"{misses[lane]:.2f} of {allowed:.2f} allowed, in {bound.name}"
        for lane in wrong[np.argsort(-misses[wrong])][:3].tolist()
    ]
    if len(wrong) > len(lines):
        lines.append(f"{output.name}: {len(wrong):,} of {len(misses):,} options miss it")
    return lines


def _lane(kernel: Kernel, values: Sequence[float], index: int) -> str:
    """An option in words: its kind, its place in the batch, and every operand by name."""
    named = dict(zip((each.name for each in kernel.operation.inputs), values, strict=True))
    kind = {1.0: "call, ", -1.0: "put, "}.get(named.get("sign", 0.0), "")
    return f"{kind}lane {index}: " + " ".join(f"{name}={x!r}" for name, x in named.items())


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


def _close(
    ours: NDArray[Any], theirs: NDArray[Any], unit: NDArray[Any], paths: float
) -> NDArray[np.bool]:
    with np.errstate(invalid="ignore"):
        return (
            (np.isnan(ours) & np.isnan(theirs))
            | (ours == theirs)
            | (np.abs(ours - theirs) <= paths * unit)
        )


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _option(operands: Sequence[Any], shape: tuple[int, ...], place: int) -> list[float]:
    return [np.broadcast_to(x, shape).flat[place].item() for x in operands]


def _number(value: Any) -> str:
    return f"{value.item()!r} (bits {bits(value).item() & (1 << 8 * value.itemsize) - 1:x})"
