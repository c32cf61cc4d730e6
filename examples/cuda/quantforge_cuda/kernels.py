"""From kernels.cu, compiled by NVRTC, to callables as QuantForge's contract has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import cupy
import numpy as np

from quantforge_cuda import source
from quantforge_cuda.transfers import transfers

__all__ = ["details", "load"]

_PRICE: Final = ("price",)
_GREEKS: Final = (
    "price", "delta", "gamma", "vega", "theta", "rho", "phi",
    "vanna", "volga", "charm", "veta", "dual_delta", "dual_gamma",
    "speed", "color", "zomma", "ultima",
)  # fmt: skip
_IMPLIED: Final = ("sigma", "code")
_OPERATIONS: Final = {
    "price": _PRICE,
    "greeks": _GREEKS,
    "implied_volatility": _IMPLIED,
    "bachelier_price": _PRICE,
    "bachelier_greeks": _GREEKS,
    "bachelier_implied_volatility": _IMPLIED,
}

_OPERANDS: Final = np.dtype([("at", "u8", 7), ("step", "i8", 7)])  # as in kernels.cu
_RESULTS: Final = np.dtype([("to", "u8", 17)])
_THREADS: Final = 128  # to a block
_BLOCKS: Final = 1 << 16  # at most; a thread then has several options


def load() -> Mapping[str, Callable[..., Any]]:
    module = cupy.RawModule(code=source.text(), options=source.options(), backend="nvrtc")
    return {name: _kernel(module.get_function(name), names) for name, names in _OPERATIONS.items()}


def details() -> Mapping[str, str]:
    device = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())
    name, major, minor = device["name"].decode(), device["major"], device["minor"]
    return {"gpu": name, "compute": f"{major}.{minor}", "cupy": cupy.__version__}


def _kernel(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    def kernel(*operands: Any, out: Any = None, outputs: Sequence[str] = names) -> Any:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        results = _evaluate(function, operands, shape, names, outputs)
        if not any(isinstance(operand, cupy.ndarray) for operand in operands):
            results = [_on_host(result) for result in results]
        if out is not None:
            for target, result in zip(out, results, strict=True):
                target[...] = result
            results = list(out)
        return results[0] if len(results) == 1 else tuple(results)

    return kernel


def _evaluate(
    function: Callable[..., Any],
    operands: Sequence[Any],
    shape: tuple[int, ...],
    names: tuple[str, ...],
    outputs: Sequence[str],
) -> list[Any]:
    """The results on the device; signals *invalid* as NumPy does."""
    size = math.prod(shape)
    given, taken = np.zeros(1, _OPERANDS), np.zeros(1, _RESULTS)
    held = [_on_device(operand, shape) for operand in operands]  # until the kernel has run
    for place, array in enumerate(held):
        given["at"][0, place] = array.data.ptr
        given["step"][0, place] = int(array.size > 1)
    results = [cupy.empty(shape, np.int8 if name == "code" else np.float64) for name in outputs]
    wanted = 0
    for name, result in zip(outputs, results, strict=True):
        taken["to"][0, names.index(name)] = result.data.ptr
        wanted |= 1 << names.index(name)
    outside = cupy.zeros(1, np.int32)
    grid = max(1, min(_BLOCKS, -(-size // _THREADS)))
    function((grid,), (_THREADS,), (given, taken, np.int64(size), np.int64(wanted), outside))
    if outside.get()[0]:
        np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
    return results


def _on_device(operand: Any, shape: tuple[int, ...]) -> Any:
    """An operand as contiguous float64 of the whole shape, or as one number for all options."""
    if not np.can_cast(operand.dtype, np.float64):
        raise TypeError(f"{operand.dtype.name} cannot become float64 without loss")
    if not isinstance(operand, cupy.ndarray):
        transfers.to_device(operand.nbytes)
    array = cupy.asarray(operand, np.float64)
    if array.size > 1 and array.shape != shape:
        array = cupy.broadcast_to(array, shape)
    return cupy.ascontiguousarray(array)


def _on_host(result: Any) -> Any:
    transfers.to_host(result.nbytes)
    return result.get()
