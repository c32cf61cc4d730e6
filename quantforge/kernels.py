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
from quantforge.callables import Callee
from quantforge.capabilities import outputs, tier
from quantforge.contract import Backend, Loop
from quantforge.errors import KernelError, one_line
from quantforge.operations import Operation, Output

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
    part = "" if wanted == operation.all_outputs else f"_{wanted:x}"
    made = _ufunc(given, operation, wanted, f"{operation.name}_{described.name}{part}", described)
    if wanted == outputs(described, operation) and tier(described, operation) == "exact":
        _check_golden_bits(made, operation, wanted)
    return made


def make_scalar(given: Any, wanted: int) -> Callable[..., Any] | None:
    """The function of floats that a backend offers beside its loop, for a set of outputs."""
    return given.scalar(wanted) if isinstance(given, Loop) and given.scalar else None


def _ufunc(given: Any, operation: Operation, wanted: int, name: str, described: Backend) -> Any:
    written = operation.written(wanted)
    output_types = "".join(output.type for output in written)
    if type(given) is int and given > sys.maxsize * 2 + 1:
        raise TypeError(f"kernel {operation.name!r} is no address of this machine: {given:#x}")
    if type(given) is int and given > 0:
        from quantforge.ufuncs import from_address

        names = ", ".join(operand.name for operand in operation.inputs)
        return from_address(
            given,
            name,
            f"{operation.summary}: ({names}), by the {described.name} backend.",
            inputs=len(operation.inputs),
            output_types=output_types,
            data=ctypes.c_int64(wanted) if operation.default_outputs else None,
        )
    if callable(given):
        if operation.default_outputs:
            given = partial(given, outputs=tuple(output.name for output in written))
        made = _positional(given, described, operation, written)
        made.__name__ = made.__qualname__ = name  # by which it is pickled
        return made
    raise TypeError(
        f"kernel {operation.name!r} is neither a loop nor an address nor callable: {given!r}"
    )


def _positional(
    given: Callable[..., Any], described: Backend, operation: Operation, written: Sequence[Output]
) -> Callable[..., Any]:
    """A plugin's callable, called as a ufunc is."""
    backend, inputs = described.name, len(operation.inputs)
    callee = Callee(
        given, f"backend {backend!r}", tuple(written), described.chunk, described.arrays
    )

    def call(*operands: Any, out: Any = None) -> Any:
        outs = operands[inputs:] or (out if isinstance(out, tuple) else (out,))
        outs = (*outs, *[None] * (len(written) - len(outs)))
        taken = callee.operands(operands[:inputs], outs)
        try:
            return callee(taken, outs)
        except BaseException as error:
            reason = failed(error, backend, operation.name, operands)
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


def _check_golden_bits(kernel: Any, operation: Operation, wanted: int) -> None:
    inputs, expected = golden.case(operation)
    with np.errstate(all="ignore"):
        got = kernel(*inputs)
    several = iter(got if isinstance(got, tuple) else (got,))
    for place, (output, bits) in enumerate(zip(operation.outputs, expected, strict=True)):
        if not wanted >> place & 1:
            continue
        values = next(several)
        wrong = np.flatnonzero(np.asarray(values, np.float64).view(bits.dtype) != bits)
        if wrong.size:
            raise ValueError(
                f"{wrong.size} of {bits.size} golden bits of {output.name!r} differ, "
                f"the first at index {wrong[0]}: got {values[wrong[0]]!r}"
            )
