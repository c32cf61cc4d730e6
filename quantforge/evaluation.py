"""The full path of a call: read what was given, check it, compute, name what was wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge import kinds
from quantforge.callables import array_type
from quantforge.conventions import NO_DIVIDEND, Model
from quantforge.dividends import Schedule
from quantforge.operations import STYLE, TIME, Operand, Operation
from quantforge.selection import Selection
from quantforge.shapes import broadcast_shapes
from quantforge.threads import split

if TYPE_CHECKING:
    from quantforge.escrow import Escrow

__all__ = ["ONE_BLOCK", "evaluate", "number", "shape_of", "time_left"]

Operands = tuple[Any, ...]
Results = tuple[Any, ...]
Settle = Callable[[int], tuple[Any, int]]
"""From the size of a batch to its kernel and number of threads."""

_DOUBLE: Final = np.dtype(np.float64)
_AT: Final = Operand("at", "time to expiry, at most that of the option", "years", (0.0, 1.0))
ONE_BLOCK: Final = 4096
"""Batch size from which several results share one allocation, which has fewer, larger pages."""


def evaluate(
    operation: Operation,
    model: Model,
    selection: Selection,
    arguments: Mapping[str, Any],
    outs: tuple[Any, ...],
    settle: Settle,
    errors: str = "nan",
    style: Any = None,
    dividends: Schedule = (),
    array: str = "",
) -> Results:
    """Evaluate an operation on public arguments by name, `kind` among them.

    `style` is that of American options, where the operation takes one. An argument `exercise` says
    which options are American: 1.0, or 0.0 for a European one. `dividends` are paid in cash.

    `outs` holds an array or None for each output that the kernel writes. `array` is the type of
    another library's arrays that the kernel takes and returns.
    """
    carry = model.dividend(arguments.get("rate", 0.0), arguments.get("dividend", NO_DIVIDEND))
    values = {**arguments, "dividend": carry, "kind": kinds.sign(arguments["kind"])}
    if style is not None:
        values["exercise"] = np.asarray(arguments.get("exercise", 1.0) * style)
    given = ((operand, values[operand.argument]) for operand in operation.inputs)
    operands = tuple(
        each if array and array_type(each, (array,)) else number(operand, each)
        for operand, each in given
    )
    if any(not isinstance(each, np.ndarray) for each in operands):
        _refuse_foreign(operands, errors, dividends)
        # Without a backend for it, NumPy hands over to the other library.
        kernel, _ = settle(math.prod(shape_of(operation.inputs, operands)) if array else 1)
        return _several(kernel(*operands, *outs))
    shape = shape_of(operation.inputs, operands)
    _check_outs(selection, outs, shape)
    escrow = _escrow(operation, operands, dividends) if dividends else None
    taken = operands if escrow is None else tuple(escrow.operands.values())
    kernel, threads = settle(math.prod(shape))

    def computed(operands: Operands, shape: tuple[int, ...], outs: Results) -> Results:
        if len(outs) > 1 and math.prod(shape) >= ONE_BLOCK:
            outs = _allocated(operands, shape, outs, selection.types)
        return _several(split(kernel, operands, shape, outs, selection.types, threads))

    if errors == "nan" and (escrow is None or not escrow.changes(selection.written)):
        return computed(taken, shape, outs)
    with np.errstate(invalid="ignore") if errors == "raise" else nullcontext():
        results = computed(taken, shape, (None,) * len(outs))  # `outs` are touched in the end
        if escrow is not None and escrow.early:
            nowhere = (None,) * len(outs)
            results = escrow.best(results, shape, lambda each, n: computed(each, (n,), nowhere))
    if errors == "raise":
        _refuse_nan(operation, operands, shape, results[0], escrow)
    if escrow is not None:
        results = escrow.corrected(selection.written, results)
    return _written(outs, results)


def _refuse_foreign(operands: Operands, errors: str, dividends: Schedule) -> None:
    """Refuse another library's container where more is done than NumPy hands over."""
    if errors != "raise" and not dividends:
        return
    kind = next(type(each).__name__ for each in operands if not isinstance(each, np.ndarray))
    why = "dividends change the spot" if dividends else "errors='raise' looks at every result"
    raise TypeError(f"{why}: pass NumPy arrays, not {kind}")


def _escrow(operation: Operation, operands: Operands, dividends: Schedule) -> Escrow:
    """The dividends of each option that an operation is given."""
    from quantforge.escrow import Escrow  # its exponential need not cost every import

    return Escrow(
        dividends,
        {each.argument: given for each, given in zip(operation.inputs, operands, strict=True)},
    )


def time_left(at: Any, time: Any, errors: str = "nan") -> Any:
    """The times `at`; of those beyond `time` the first is named, or each is outside the domain."""
    left, whole = number(_AT, at), number(TIME, time)
    try:
        beyond = np.asarray(left > whole)
    except ValueError:
        shapes = f"at {left.shape}, time {whole.shape}"
        raise ValueError(f"shapes do not broadcast: {shapes}") from None
    if errors == "raise" and beyond.any():
        index = kinds.first(beyond)
        its, most = (float(np.broadcast_to(x, beyond.shape)[index]) for x in (left, whole))
        message = f"at{_place(index)} is {its!r}; it must be at most time, {most!r}"
        raise kinds.at(index, ValueError(message))
    inside = np.where(left <= whole, left, np.nan)  # what has no number has none
    return np.where(beyond, -1.0, inside)[()]


def _several(results: Any) -> Results:
    return results if isinstance(results, tuple) else (results,)


def _allocated(operands: Operands, shape: tuple[int, ...], outs: Results, types: str) -> Results:
    """Make the missing arrays for results of float64 in one block."""
    missing = [out is None and kind == "d" for out, kind in zip(outs, types, strict=True)]
    if sum(missing) < 2 or not all(type(each) is np.ndarray for each in operands):
        return outs
    block = iter(np.empty((sum(missing), math.prod(shape))))
    return tuple(
        next(block).reshape(shape) if new else out for out, new in zip(outs, missing, strict=True)
    )


def number(operand: Operand, given: Any) -> Any:
    """Pass on other libraries' containers, convert numbers and lists, refuse the rest."""
    if type(given) is np.ndarray and given.dtype is _DOUBLE:
        return given
    if hasattr(given, "__array_ufunc__") and not isinstance(given, np.ndarray | np.generic):
        return given
    try:  # a mask or a matrix stays what it is; a mapped file is an array like any other
        array = np.asarray(given) if isinstance(given, np.memmap) else np.asanyarray(given)
    except ValueError as error:
        raise ValueError(f"{operand.argument} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(_not_numbers(operand.argument, array, given))
    return array


def _not_numbers(argument: str, array: np.ndarray[Any, Any], given: Any) -> str:
    """Say what is wrong with an argument, by its first bad element, and what helps."""
    text = (
        f"{argument} must be real numbers of at most double precision, "
        f"not {array.dtype.name} ({type(given).__name__})"
    )
    if array.dtype.kind != "O":
        return text
    for place, element in enumerate(array.ravel().tolist()):
        if isinstance(element, float | int | np.floating | np.integer):
            continue
        where = _place(tuple(map(int, np.unravel_index(place, array.shape))))
        remedy = "write NaN for what is missing" if element is None else "convert it to float64"
        return f"{text}: {argument}{where} is {element!r}; {remedy}"
    return f"{text}: every element is a number; convert it to float64"


def _place(index: tuple[int, ...]) -> str:
    """An index as it is written behind a name, nothing for a scalar."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def _check_outs(selection: Selection, outs: Results, shape: tuple[int, ...]) -> None:
    """Refuse what results cannot be written to, by name."""
    for name, kind, out in zip(selection.written, selection.types, outs, strict=True):
        if out is None:
            continue
        what = "out" if len(outs) == 1 else f"out[{name!r}]"
        if not isinstance(out, np.ndarray):
            raise TypeError(f"{what} must be an array of float64, not {type(out).__name__}")
        if not out.flags.writeable:
            raise ValueError(f"{what} is read-only")
        if out.dtype is _DOUBLE and out.shape == shape and kind == "d":
            continue
        if not np.can_cast(np.dtype(kind), out.dtype, "same_kind"):
            raise TypeError(f"{what} must be an array of float64, not of {out.dtype.name}")
        if out.shape != shape and broadcast_shapes(out.shape, shape) != out.shape:
            raise ValueError(f"{what} has shape {out.shape}, the results have {shape}")


def shape_of(inputs: Sequence[Operand], operands: Operands) -> tuple[int, ...]:
    """The shape that operands broadcast to; the error names those that do not."""
    try:
        return broadcast_shapes(*(each.shape for each in operands))
    except ValueError:
        named = zip(inputs, operands, strict=True)
        shapes = ", ".join(f"{one.argument} {given.shape}" for one, given in named if given.ndim)
        raise ValueError(f"shapes do not broadcast: {shapes}") from None


def _refuse_nan(
    operation: Operation,
    operands: Operands,
    shape: tuple[int, ...],
    result: Any,
    escrow: Escrow | None,
) -> None:
    """Raise for the first NaN of a result."""
    # NumPy drops axes of length 1 where a matrix has met more than two dimensions.
    bad = np.asarray(np.isnan(result)).reshape(shape)
    if bad.any():
        index = kinds.first(bad)
        raise kinds.at(index, ValueError(_complaint(operation, operands, shape, index, escrow)))


def _written(outs: Results, results: Results) -> Results:
    """Write results where that was asked for."""
    for out, result in zip(outs, results, strict=True):
        if out is not None:
            np.copyto(out, result)
    return tuple(result if out is None else out for out, result in zip(outs, results, strict=True))


def _complaint(
    operation: Operation,
    operands: Operands,
    shape: tuple[int, ...],
    index: tuple[int, ...],
    escrow: Escrow | None,
) -> str:
    """Name the argument, the index, the value and the rule that an element breaks."""
    place = _place(index)
    values = {}
    for operand, given in zip(operation.inputs, operands, strict=True):
        value = _at(given, shape, index)
        values[operand.argument] = value
        if operand is STYLE and np.isnan(value):
            return f"exercise{place} is missing"
        bad = (operand.nonnegative and value < 0) or (operand.finite and np.isinf(value))
        if np.isnan(value) or bad:
            return f"{operand.argument}{place} is {value!r}; it must be {operand.rule}, and not NaN"
    if escrow is not None and (worth := _at(escrow.worth, shape, index)) > values["spot"]:
        spot = values["spot"]
        return f"spot{place} is {spot!r}, and the dividends until expiry are worth {worth!r} now"
    given_values = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return f"{operation.name}{place} is not defined for {given_values}"


def _at(given: Any, shape: tuple[int, ...], index: tuple[int, ...]) -> float:
    """An element of an operand, by its index in the results."""
    return float(np.broadcast_to(np.asarray(given, dtype=np.float64), shape)[index])
