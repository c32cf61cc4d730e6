"""The full path of a call: read, check, choose, run. The fast path in `api` skips to the kernel."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge import conventions, dispatch
from quantforge.errors import BackendError
from quantforge.operations import OPERATIONS, SIGN, Operand, Operation
from quantforge.threads import split

__all__ = ["Request", "Route", "evaluate"]

Operands = tuple[Any, ...]
_DOUBLE: Final = np.dtype(np.float64)
_NUMBERS: Final = frozenset({float, int, np.float64})


class Request(NamedTuple):
    """What a call asks for, but for the numbers."""

    operation: str
    model: str
    kind: Any
    backend: str = "auto"
    threads: int | None = None
    errors: str = "nan"


class Route:
    """A request resolved for the fast path: `kernel` serves every batch of at most `limit`."""

    __slots__ = ("_plan", "forward", "kernel", "limit", "model", "sign", "threads")

    def __init__(self, request: Request) -> None:
        self._plan, self.kernel = resolve(request, 1)
        self.limit = self._plan.first_size()
        self.model = conventions.model(request.model)
        self.forward = self.model.carry == "rate"
        self.sign = conventions.sign(request.kind)
        self.threads = request.threads

    def serial(self, *operands: Any) -> Any:
        """The kernel for numbers and vectors; None for anything else or worth several threads.

        The longest vector is the batch; the exact size of any operands costs more than a small
        batch itself.
        """
        size = 1
        for operand in operands:
            kind = type(operand)
            if kind is np.ndarray:
                if operand.ndim > 1:
                    return None
                size = max(size, operand.size)
            elif kind not in _NUMBERS:
                return None
        row = self._plan.row(size)
        return self._plan.kernel(row) if self._plan.rows[row].threads == 1 else None


def resolve(request: Request, size: int) -> tuple[dispatch.Plan, Any]:
    """Plan and kernel for a batch; `auto` goes on without a backend that fails to load."""
    while True:
        plan = dispatch.plan(request.operation, request.backend, request.threads)
        row = plan.row(size)
        try:
            return plan, plan.kernel(row)
        except BackendError:
            dispatch.forget()
            if request.backend != "auto" or dispatch.settings.get().backend != "auto":
                raise


def evaluate(request: Request, operands: Operands, out: Any = None) -> Any:
    """Run `request` on operands in the catalogue's order, all but the sign."""
    if request.errors not in ("nan", "raise"):
        raise ValueError(f"unknown errors {request.errors!r}; valid: 'nan', 'raise'")
    operation = OPERATIONS[request.operation]
    model = conventions.model(request.model)
    spot, strike, time, rate, dividend, sigma = operands
    carry = model.dividend(rate, dividend)
    numbers = (
        *map(_number, operation.inputs, (spot, strike, time, rate, carry, sigma)),
        conventions.sign(request.kind),
    )
    foreign = [number for number in numbers if not isinstance(number, np.ndarray)]
    if foreign and request.errors == "raise":
        kind = type(foreign[0]).__name__
        raise TypeError(f"errors='raise' looks at every result: pass NumPy arrays, not {kind}")
    if foreign:
        return resolve(request, 1)[1](*numbers, out)  # NumPy hands over to the other library
    shape = _shape(operation, numbers)
    size = math.prod(shape)
    plan, kernel = resolve(request, size)
    threads = plan.rows[plan.row(size)].threads
    if request.errors == "raise":
        return _checked(operation, kernel, numbers, shape, out, threads)
    return split(kernel, numbers, shape, out, threads)


def _number(operand: Operand, given: Any) -> Any:
    """Pass arrays and other libraries' array-likes on, convert numbers and lists, refuse others."""
    if type(given) is np.ndarray and given.dtype is _DOUBLE:
        return given
    if hasattr(given, "__array_ufunc__") and not isinstance(given, np.ndarray | np.generic):
        return given
    try:  # a mask or a matrix stays what it is; a mapped file is an array like any other
        array = np.asarray(given) if isinstance(given, np.memmap) else np.asanyarray(given)
    except ValueError as error:
        raise ValueError(f"{operand.name} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{operand.name} must be real numbers of at most double precision, "
            f"not {array.dtype.name} ({type(given).__name__})"
        )
    return array


def _shape(operation: Operation, operands: Operands) -> tuple[int, ...]:
    try:
        return np.broadcast(*operands).shape
    except ValueError:
        names = ("kind" if operand is SIGN else operand.name for operand in operation.inputs)
        named = zip(names, operands, strict=True)
        shapes = ", ".join(f"{name} {given.shape}" for name, given in named if given.ndim)
        raise ValueError(f"shapes do not broadcast: {shapes}") from None


def _checked(
    operation: Operation,
    kernel: Any,
    operands: Operands,
    shape: tuple[int, ...],
    out: Any,
    threads: int,
) -> Any:
    """Compute aside, raise for the first NaN, and only then touch `out`."""
    with np.errstate(invalid="ignore"):
        result = split(kernel, operands, shape, None, threads)
    bad = np.isnan(result)
    if bad.any():
        index = conventions.first(bad)
        raise ValueError(_complaint(operation, operands, shape, index))
    if out is None:
        return result
    np.copyto(out, result)
    return out


def _complaint(
    operation: Operation, operands: Operands, shape: tuple[int, ...], index: tuple[int, ...]
) -> str:
    """Name the argument, the index, the value and the rule that an element breaks."""
    place = "" if not index else f"[{', '.join(map(str, index))}]"
    values = {}
    for operand, given in zip(operation.inputs, operands, strict=True):
        value = float(np.broadcast_to(np.asarray(given, dtype=np.float64), shape)[index])
        values[operand.name] = value
        bad = (operand.nonnegative and value < 0) or (operand.finite and np.isinf(value))
        if np.isnan(value) or bad:
            return f"{operand.name}{place} is {value!r}; it must be {operand.rule}, and not NaN"
    given_values = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return f"{operation.name}{place} is not defined for {given_values}"
