"""The full path of a call: read, check, choose, run. The fast path in `api` skips to the kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge import conventions, dispatch
from quantforge.errors import BackendError
from quantforge.operations import DIVIDEND, OPERATIONS, SIGN, Operand, Operation
from quantforge.threads import split

__all__ = ["Request", "Route", "evaluate", "request"]

Operands = tuple[Any, ...]
_DOUBLE: Final = np.dtype(np.float64)
_NUMBERS: Final = frozenset({float, int, np.float64})


class Request(NamedTuple):
    """What a call asks for, but for the numbers; `operation` is a name of the catalogue."""

    operation: str
    model: str
    kind: Any
    backend: str = "auto"
    threads: int | None = None
    errors: str = "nan"
    wanted: int | None = None


def request(
    function: str,
    model: str,
    kind: Any,
    backend: str = "auto",
    threads: int | None = None,
    errors: str = "nan",
    wanted: int | None = None,
) -> Request:
    """The request of a public function: its model says which operation of the catalogue runs."""
    if errors not in ("nan", "raise"):
        raise ValueError(f"unknown errors {errors!r}; valid: 'nan', 'raise'")
    operation = conventions.model(model).operation(function)
    return Request(operation, model, kind, backend, threads, errors, wanted)


class Route:
    """A request resolved for the fast path: `kernel` serves every batch of at most `limit`.

    `yields` says whether the kernel takes a dividend yield, `forward` whether that is the rate.
    """

    __slots__ = (
        "_plan",
        "_wanted",
        "forward",
        "kernel",
        "limit",
        "model",
        "sign",
        "threads",
        "yields",
    )

    def __init__(self, request: Request) -> None:
        self._plan, self.kernel = resolve(request, 1)
        self._wanted = request.wanted
        self.limit = self._plan.first_size()
        self.model = conventions.model(request.model)
        self.forward = self.model.carry == "rate"
        self.yields = DIVIDEND in OPERATIONS[request.operation].inputs
        self.sign = conventions.sign(request.kind)
        self.threads = request.threads

    def pick(self, out: Any, *operands: Any) -> Any:
        """The kernel for numbers and vectors; None for anything else or worth several threads.

        `out` has the size of the batch; without it the longest vector has. The exact size of any
        operands costs more than a small batch itself.
        """
        if type(out) is np.ndarray:
            size = out.size
        else:
            size = 1
            for operand in operands:
                kind = type(operand)
                if kind is np.ndarray:
                    if operand.ndim > 1:
                        return None
                    if operand.size > size:
                        size = operand.size
                elif kind not in _NUMBERS:
                    return None
        if size <= self.limit:
            return self.kernel
        row = self._plan.row(size)
        if self._plan.rows[row].threads > 1:
            return None
        return self._plan.kernel(row, self._wanted)


_mixed: dict[tuple[Any, ...], Route] = {}
dispatch.on_forget(_mixed.clear)


def _pick(request: Request, out: Any, numbers: Operands) -> Any:
    """`Route.pick` where the kind differs from option to option: it is among the numbers."""
    alike = request._replace(kind="call")
    key = alike, dispatch.settings.get()
    route = _mixed.get(key)
    if route is None:
        route = _mixed[key] = Route(alike)
    return route.pick(out, *numbers) if request.threads is route.threads else None


def resolve(request: Request, size: int) -> tuple[dispatch.Plan, Any]:
    """Plan and kernel for a batch; `auto` goes on without a backend that fails to load."""
    while True:
        plan = dispatch.plan(request.operation, request.backend, request.threads)
        row = plan.row(size)
        try:
            return plan, plan.kernel(row, request.wanted)
        except BackendError:
            dispatch.forget()
            if request.backend != "auto" or dispatch.settings.get().backend != "auto":
                raise


def evaluate(
    request: Request,
    arguments: Mapping[str, Any],
    outs: tuple[Any, ...],
    fixed: tuple[Any, int] | None = None,
) -> Any:
    """Run `request` on the public arguments by name; `outs` holds an array or None per output.

    `fixed` is the kernel with the number of threads, where that is decided already.
    """
    operation = OPERATIONS[request.operation]
    model = conventions.model(request.model)
    carry = model.dividend(arguments["rate"], arguments["dividend"])
    values = {**arguments, "dividend": carry}
    sign = conventions.sign(request.kind)
    numbers = tuple(
        sign if operand is SIGN else _number(operand, values[operand.argument])
        for operand in operation.inputs
    )
    if fixed is None and request.errors == "nan":
        kernel = _pick(request, outs[0], numbers)
        if kernel is not None:
            with suppress(TypeError, ValueError):  # below, the first wrong operand is named
                return kernel(*numbers, *outs)
    foreign = [number for number in numbers if not isinstance(number, np.ndarray)]
    if foreign and request.errors == "raise":
        kind = type(foreign[0]).__name__
        raise TypeError(f"errors='raise' looks at every result: pass NumPy arrays, not {kind}")
    if foreign:  # NumPy hands over to the other library
        kernel = resolve(request, 1)[1] if fixed is None else fixed[0]
        return kernel(*numbers, *outs)
    shape = _shape(operation, numbers)
    if fixed is None:
        size = math.prod(shape)
        plan, kernel = resolve(request, size)
        threads = plan.rows[plan.row(size)].threads
    else:
        kernel, threads = fixed
    types = _types(request.operation, request.wanted)
    if request.errors == "raise":
        return _checked(operation, kernel, numbers, shape, outs, types, threads)
    return split(kernel, numbers, shape, outs, types, threads)


@cache
def _types(name: str, wanted: int | None) -> str:
    """NumPy's type characters of the outputs."""
    operation = OPERATIONS[name]
    outputs = operation.outputs if wanted is None else operation.written(wanted)
    return "".join(output.type for output in outputs)


def _number(operand: Operand, given: Any) -> Any:
    """Pass arrays and other libraries' array-likes on, convert numbers and lists, refuse others."""
    if type(given) is np.ndarray and given.dtype is _DOUBLE:
        return given
    if hasattr(given, "__array_ufunc__") and not isinstance(given, np.ndarray | np.generic):
        return given
    try:  # a mask or a matrix stays what it is; a mapped file is an array like any other
        array = np.asarray(given) if isinstance(given, np.memmap) else np.asanyarray(given)
    except ValueError as error:
        raise ValueError(f"{operand.argument} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{operand.argument} must be real numbers of at most double precision, "
            f"not {array.dtype.name} ({type(given).__name__})"
        )
    return array


def _shape(operation: Operation, operands: Operands) -> tuple[int, ...]:
    try:
        return np.broadcast(*operands).shape
    except ValueError:
        names = ("kind" if operand is SIGN else operand.argument for operand in operation.inputs)
        named = zip(names, operands, strict=True)
        shapes = ", ".join(f"{name} {given.shape}" for name, given in named if given.ndim)
        raise ValueError(f"shapes do not broadcast: {shapes}") from None


def _checked(
    operation: Operation,
    kernel: Any,
    operands: Operands,
    shape: tuple[int, ...],
    outs: tuple[Any, ...],
    types: str,
    threads: int,
) -> Any:
    """Compute aside, raise for the first NaN, and only then touch the outputs."""
    with np.errstate(invalid="ignore"):
        results = split(kernel, operands, shape, (None,) * len(types), types, threads)
    several = results if isinstance(results, tuple) else (results,)
    bad = np.isnan(several[0])
    if bad.any():
        index = conventions.first(bad)
        raise ValueError(_complaint(operation, operands, shape, index))
    for out, result in zip(outs, several, strict=True):
        if out is not None:
            np.copyto(out, result)
    kept = [result if out is None else out for out, result in zip(outs, several, strict=True)]
    return kept[0] if len(kept) == 1 else tuple(kept)


def _complaint(
    operation: Operation, operands: Operands, shape: tuple[int, ...], index: tuple[int, ...]
) -> str:
    """Name the argument, the index, the value and the rule that an element breaks."""
    place = "" if not index else f"[{', '.join(map(str, index))}]"
    values = {}
    for operand, given in zip(operation.inputs, operands, strict=True):
        value = float(np.broadcast_to(np.asarray(given, dtype=np.float64), shape)[index])
        values[operand.argument] = value
        bad = (operand.nonnegative and value < 0) or (operand.finite and np.isinf(value))
        if np.isnan(value) or bad:
            return f"{operand.argument}{place} is {value!r}; it must be {operand.rule}, and not NaN"
    given_values = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return f"{operation.name}{place} is not defined for {given_values}"
