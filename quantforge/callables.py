"""Callables of plugins, called as ufuncs are.

A plugin's callable is always given arrays of float64 with at least one dimension that broadcast,
and `out` is a whole tuple of arrays or None. What comes back is checked. So no plugin has to know
scalars, other types, overlapping memory or results that are to be cast.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from quantforge.operations import Output
from quantforge.shapes import broadcast_shapes

__all__ = ["Callee", "array_type"]

Array = np.ndarray[Any, Any]
Arrays = tuple[Array, ...]


def array_type(given: Any, names: Sequence[str]) -> str:
    """Which of these types, as ``"module.Class"``, an object is an instance of; empty if none.

    Imports nothing: what is not imported has no instances.
    """
    for name in names:
        module, _, word = name.rpartition(".")
        kind = getattr(sys.modules.get(module), word, None)
        if isinstance(kind, type) and isinstance(given, kind):
            return name
    return ""


class Callee(NamedTuple):
    """A plugin's callable for a set of outputs, and what it says of itself.

    Attributes
    ----------
    kernel : callable
        ``kernel(*operands, out)``.
    name : str
        What it is called in messages.
    outputs : tuple of Output
    chunk : int or None
        How many options each of its calls has, where it is always the same number.
    arrays : tuple of str
        Types of arrays that it takes and returns as they are.
    """

    kernel: Callable[..., Any]
    name: str
    outputs: tuple[Output, ...]
    chunk: int | None = None
    arrays: tuple[str, ...] = ()

    def operands(self, given: Sequence[Any], outs: Sequence[Any]) -> tuple[Any, ...]:
        """What the callable takes for these operands.

        Raises
        ------
        TypeError
            An operand would lose something by being an array of float64, or results of another
            library are to be written to `outs`.
        """
        if not any(array_type(each, self.arrays) for each in given):
            return tuple(map(self._number, given))
        if any(out is not None for out in outs):
            raise TypeError("`out` is for NumPy arrays; those of other libraries are returned")
        return tuple(
            each if array_type(each, self.arrays) else self._number(each) for each in given
        )

    def __call__(self, operands: Sequence[Any], outs: Sequence[Any]) -> Any:
        """Evaluate on what `operands` returned; `outs` has an array or None for each output."""
        if self.arrays and any(array_type(each, self.arrays) for each in operands):
            return _one_or_all(self._on_device(operands))
        shape = broadcast_shapes(*(each.shape for each in operands))
        lanes = tuple(map(np.atleast_1d, operands))
        if self.chunk is None:
            given = tuple(_writable(out, shape, lanes) for out in outs)
            found = self._whole(lanes, given, shape or (1,))
        else:
            found = self._in_chunks(lanes, shape or (1,), self.chunk)
        results = zip(found, outs, strict=True)
        return _one_or_all(tuple(_delivered(result, out, shape) for result, out in results))

    def _number(self, operand: Any) -> Array:
        """An operand as an array of float64."""
        kind = type(operand)
        is_plain = kind is np.ndarray or isinstance(operand, np.generic | np.memmap)
        if hasattr(kind, "__array_ufunc__") and not is_plain:
            raise TypeError(f"{self.name} takes plain arrays, not {kind.__name__}")
        array = np.asarray(operand)
        if not np.can_cast(array.dtype, np.float64):
            raise TypeError(f"{array.dtype.name} cannot become float64 without loss")
        return array.astype(np.float64, copy=False)

    def _whole(self, lanes: Arrays, given: Sequence[Any], shape: tuple[int, ...]) -> Arrays:
        """Evaluate with one call."""
        if all(out is None for out in given):
            return self._checked(self.kernel(*lanes, out=None), shape)
        taken: list[Array] = []
        for out, output in zip(given, self.outputs, strict=True):
            usable = out is not None and out.dtype == np.dtype(output.type)
            usable = usable and not any(np.may_share_memory(out, other) for other in taken)
            taken.append(out if usable else np.empty(shape, output.type))
        found = self._checked(self.kernel(*lanes, out=tuple(taken)), shape)
        for output, result, out in zip(self.outputs, found, taken, strict=True):
            if result is not out:
                raise TypeError(f"{output.name!r} was to be written to `out`, and was not")
        return found

    def _in_chunks(self, lanes: Arrays, shape: tuple[int, ...], chunk: int) -> Arrays:
        """Evaluate with calls of the same number of options each, the last one filled up."""
        n = math.prod(shape)
        columns = [
            each.reshape(1) if each.size == 1 else np.broadcast_to(each, shape).reshape(-1)
            for each in lanes
        ]
        results = tuple(np.empty(n, output.type) for output in self.outputs)
        for start in range(0, n, chunk):
            pieces = [
                np.resize(column if column.size == 1 else column[start : start + chunk], chunk)
                for column in columns
            ]
            found = self._checked(self.kernel(*pieces, out=None), (chunk,))
            for result, values in zip(results, found, strict=True):
                result[start : start + chunk] = values[: n - start]
        return tuple(result.reshape(shape) for result in results)

    def _on_device(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """Evaluate on arrays of another library, which the results are too."""
        found = self._several(self.kernel(*operands, out=None))
        shape = broadcast_shapes(*(tuple(each.shape) for each in operands))
        for output, result in zip(self.outputs, found, strict=True):
            if not array_type(result, self.arrays):
                raise TypeError(
                    f"{output.name!r} is of type {type(result).__name__}, "
                    f"not of {' or '.join(self.arrays)}"
                )
            _check(output, str(result.dtype).rpartition(".")[2], tuple(result.shape), shape)
        return found

    def _several(self, found: Any) -> tuple[Any, ...]:
        """What the callable has returned, if there are as many results as outputs."""
        several = tuple(found) if isinstance(found, tuple | list) else (found,)
        if len(several) != len(self.outputs):
            raise TypeError(f"it returned {len(several)} results, not {len(self.outputs)}")
        return several

    def _checked(self, found: Any, shape: tuple[int, ...]) -> Arrays:
        """What the callable has returned, if it is a result of the right type for each option."""
        results = tuple(map(np.asarray, self._several(found)))
        for output, result in zip(self.outputs, results, strict=True):
            _check(output, result.dtype.name, result.shape, shape)
        return results


def _check(output: Output, kind: str, its: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Refuse a result of another type or shape."""
    wanted = np.dtype(output.type).name
    if kind != wanted:
        raise TypeError(f"{output.name!r} is {kind}, not {wanted}")
    if its != shape:
        raise TypeError(f"{output.name!r} has shape {its}, not {shape}")


def _writable(out: Any, shape: tuple[int, ...], lanes: Arrays) -> Any:
    """Where a callable may write a result at once; None where it is to be copied afterwards."""
    if type(out) is not np.ndarray or out.shape != shape:
        return None
    if any(np.may_share_memory(out, each) for each in lanes):
        return None
    return out.reshape(1) if out.ndim == 0 else out


def _delivered(result: Array, out: Any, shape: tuple[int, ...]) -> Any:
    """A result where it was asked for, or a number, or an array that its owner may write to."""
    if out is None:
        if not shape:
            return result[0]
        return result if result.flags.writeable else result.copy()
    if result.base is not out and result is not out:
        np.copyto(out, result.reshape(shape), casting="same_kind")
    return out


def _one_or_all(results: tuple[Any, ...]) -> Any:
    return results[0] if len(results) == 1 else results
