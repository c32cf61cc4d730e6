"""The loaded kernels, each an attribute ``<operation>_<backend>``, so that they pickle by name."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from quantforge.operations import OPERATIONS, Operation

if TYPE_CHECKING:
    from quantforge.contract import Backend

__all__ = ["build"]


def build(described: Backend) -> dict[str, Any]:
    """Load the backend and make a ufunc of each kernel, after checking its golden bits.

    Raises
    ------
    TypeError
        `load` returned something else than it promised.
    ValueError
        An exact backend missed a golden bit.
    """
    loaded = described.load()
    if not isinstance(loaded, Mapping):
        raise TypeError(f"load() returned {type(loaded).__name__}, not a mapping of kernels")
    made = {}
    for name, version in described.numerics.items():
        operation = OPERATIONS.get(name)
        if operation is None:
            continue  # a plugin may know operations of a later core
        if name not in loaded:
            raise TypeError(f"load() returned no kernel for {name!r}")
        made[name] = kernel = _ufunc(loaded[name], operation, described.name)
        if described.exact and version == operation.numerics:
            _check_golden_bits(kernel, operation)
    globals().update({f"{name}_{described.name}": kernel for name, kernel in made.items()})
    return made


def _ufunc(given: Any, operation: Operation, backend: str) -> Any:
    name = f"{operation.name}_{backend}"
    output_types = "".join(output.type for output in operation.outputs)
    if type(given) is int and given > 0:
        from quantforge.ufuncs import from_address

        names = ", ".join(operand.name for operand in operation.inputs)
        made = from_address(
            given,
            name,
            f"{operation.summary}: ({names}), by the {backend} backend.",
            inputs=len(operation.inputs),
            output_types=output_types,
        )
        with contextlib.suppress(AttributeError):  # without it, pickle asks every module for it
            made.__module__ = __name__
        return made
    if isinstance(given, np.ufunc):
        loop = f"{'d' * len(operation.inputs)}->{output_types}"
        if given.types != [loop]:  # with a float loop, float32 and int16 would run in it
            raise TypeError(f"ufunc {given.__name__!r} has loops {given.types}, not only {loop}")
        return given
    if callable(given):
        return _positional_out(given, name, len(operation.inputs))
    raise TypeError(f"kernel {operation.name!r} is neither an address nor callable: {given!r}")


def _positional_out(kernel: Callable[..., Any], name: str, inputs: int) -> Callable[..., Any]:
    """Let a callable take `out` as a ufunc does, by position too, and be pickled by name."""

    def call(*operands: Any) -> Any:
        out = operands[inputs] if len(operands) > inputs else None
        return kernel(*operands[:inputs], out=out)

    call.__name__ = call.__qualname__ = name
    return call


def _check_golden_bits(kernel: Any, operation: Operation) -> None:
    from quantforge import golden

    inputs, expected = golden.case(operation.name)
    with np.errstate(all="ignore"):
        got = kernel(*inputs)
    outputs = got if isinstance(got, tuple) else (got,)
    for output, values, bits in zip(operation.outputs, outputs, expected, strict=True):
        if np.shape(values) != bits.shape:
            raise TypeError(f"{output.name!r} is {type(values).__name__}, no result per option")
        wrong = np.flatnonzero(values.view(bits.dtype) != bits)
        if wrong.size:
            raise ValueError(
                f"{wrong.size} of {bits.size} golden bits of {output.name!r} differ, "
                f"the first at index {wrong[0]}: got {values[wrong[0]]!r}"
            )


def __getattr__(name: str) -> Any:
    """Load the backend a pickled kernel belongs to."""
    from quantforge.plugins import registry

    for operation in sorted(OPERATIONS, key=len, reverse=True):
        backend = name.removeprefix(f"{operation}_")
        if backend != name and backend in registry().names():
            return registry().kernel(backend, operation)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
