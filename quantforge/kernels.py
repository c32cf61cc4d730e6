"""Make kernels of what a backend loads; they are called as ufuncs are: ``kernel(*inputs, out)``."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from quantforge import golden
from quantforge.contract import Backend, Loop
from quantforge.errors import KernelError, one_line
from quantforge.operations import Operation

__all__ = ["failed", "make", "make_scalar"]


def make(described: Backend, given: Any, operation: Operation, wanted: int) -> Any:
    """Make a ufunc-like of what a backend's `load` returned for an operation.

    Parameters
    ----------
    described : Backend
    given : Loop, int or callable
        The inner loop, its address, or a callable that behaves like a ufunc.
    operation : Operation
    wanted : int
        The set of outputs, where there is a choice.

    Raises
    ------
    TypeError
        It is none of these.
    ValueError
        An exact backend missed a golden bit.
    """
    if isinstance(given, Loop):
        given = given.address
    full = wanted == operation.all_outputs
    name = f"{operation.name}_{described.name}" + ("" if full else f"_{wanted:x}")
    made = _ufunc(given, operation, wanted, name, described.name)
    if full and described.exact and described.numerics[operation.name] == operation.numerics:
        _check_golden_bits(made, operation)
    return made


def make_scalar(given: Any, wanted: int) -> Callable[..., Any] | None:
    """The function of floats that a backend offers beside its loop, for a set of outputs."""
    return given.scalar(wanted) if isinstance(given, Loop) and given.scalar else None


def _ufunc(given: Any, operation: Operation, wanted: int, name: str, backend: str) -> Any:
    outputs = operation.written(wanted)
    output_types = "".join(output.type for output in outputs)
    if type(given) is int and given > sys.maxsize * 2 + 1:
        raise TypeError(f"kernel {operation.name!r} is no address of this machine: {given:#x}")
    if type(given) is int and given > 0:
        from quantforge.ufuncs import from_address

        names = ", ".join(operand.name for operand in operation.inputs)
        return from_address(
            given,
            name,
            f"{operation.summary}: ({names}), by the {backend} backend.",
            inputs=len(operation.inputs),
            output_types=output_types,
            data=ctypes.c_int64(wanted) if operation.default_outputs else None,
        )
    if isinstance(given, np.ufunc) and not operation.default_outputs:
        loop = f"{'d' * len(operation.inputs)}->{output_types}"
        if given.types != [loop]:  # with a float loop, float32 and int16 would run in it
            raise TypeError(f"ufunc {given.__name__!r} has loops {given.types}, not only {loop}")
    if callable(given):
        if operation.default_outputs:
            given = partial(given, outputs=tuple(output.name for output in outputs))
        made = _positional_out(given, backend, operation.name, len(operation.inputs), len(outputs))
        made.__name__ = made.__qualname__ = name  # by which it is pickled
        return made
    raise TypeError(
        f"kernel {operation.name!r} is neither a loop nor an address nor callable: {given!r}"
    )


def _positional_out(
    kernel: Callable[..., Any], backend: str, operation: str, inputs: int, outputs: int
) -> Callable[..., Any]:
    """Let a callable take `out` as a ufunc does, by position too."""

    def call(*operands: Any, out: Any = None) -> Any:
        given = operands[inputs:]
        if given and out is None:
            out = given[0] if outputs == 1 else (*given, *[None] * (outputs - len(given)))
        try:
            return kernel(*operands[:inputs], out=out)
        except BaseException as error:
            reason = failed(error, backend, operation, operands)
            if reason is None:
                raise
            raise reason from error

    return call


def failed(
    error: BaseException, backend: str, operation: str, operands: Sequence[Any]
) -> KernelError | None:
    """What to raise for an exception within a kernel; None if it is the caller's own affair.

    That is a signal or a warning of NumPy's that the caller wants as an exception, a lack of
    memory, an operand of another library, and whatever a signal handler raises meanwhile.
    """
    if (
        any(map(_is_foreign, operands))
        or isinstance(error, _CALLERS)
        or _is_from_signal_handler(error)
    ):
        return None
    what = f"backend {backend!r} failed to run {operation!r}: {one_line(error)}"
    made = KernelError(what)
    made.backend = backend
    return made


_CALLERS: Final = (
    KernelError, KeyboardInterrupt, FloatingPointError, Warning, MemoryError, RecursionError,
)  # fmt: skip


def _is_foreign(operand: Any) -> bool:
    """Whether another library takes part in what NumPy does with an operand."""
    kind = type(operand)
    ours = kind is np.ndarray or issubclass(kind, np.generic)
    return hasattr(kind, "__array_ufunc__") and not ours


def _is_from_signal_handler(error: BaseException) -> bool:
    handlers = {
        code
        for number in signal.valid_signals()
        if (code := getattr(signal.getsignal(number), "__code__", None)) is not None
    }
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def _check_golden_bits(kernel: Any, operation: Operation) -> None:
    inputs, expected = golden.case(operation)
    with np.errstate(all="ignore"):
        got = kernel(*inputs)
    outputs = got if isinstance(got, tuple) else (got,)
    for output, values, bits in zip(operation.outputs, outputs, expected, strict=True):
        if np.shape(values) != bits.shape:
            raise TypeError(f"{output.name!r} is {type(values).__name__}, no result per option")
        wrong = np.flatnonzero(np.asarray(values, np.float64).view(bits.dtype) != bits)
        if wrong.size:
            raise ValueError(
                f"{wrong.size} of {bits.size} golden bits of {output.name!r} differ, "
                f"the first at index {wrong[0]}: got {values[wrong[0]]!r}"
            )
