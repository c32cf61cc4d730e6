"""From formulas in JAX to callables as QuantForge's contract has them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from quantforge_jax.formulas import bachelier_price, greeks, price

__all__ = ["load"]

Formula = Callable[..., tuple[list[jax.Array], jax.Array]]
"""From operands to a result for each output, and whether one of the options signals *invalid*."""


def load() -> Mapping[str, Callable[..., Any]]:
    return {
        "price": _kernel(price.price, ("price",)),
        "greeks": _kernel(greeks.greeks, greeks.OUTPUTS),
        "bachelier_price": _kernel(bachelier_price.price, ("price",)),
    }


def _kernel(formula: Formula, names: tuple[str, ...]) -> Callable[..., Any]:
    def kernel(*operands: Any, out: Any = None, outputs: Sequence[str] = names) -> Any:
        on_device = any(isinstance(operand, jax.Array) for operand in operands)
        with _fit_to_run(), jax.enable_x64(True):  # the user's own arrays may be of 32 bits
            if on_device:  # of any shapes; those of the host are a chunk
                numbers = (jnp.asarray(operand, jnp.float64) for operand in operands)
                operands = tuple(jnp.broadcast_arrays(*numbers))
            rows, invalid = formula(*operands)
            results: list[Any] = [rows[names.index(name)] for name in outputs]
            signalled = not isinstance(invalid, jax.core.Tracer) and bool(invalid)
        if signalled:
            np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
        if not on_device:
            results = [np.asarray(result) for result in results]
        if out is not None:
            for target, result in zip(out, results, strict=True):
                target[...] = result
            results = list(out)
        return results[0] if len(results) == 1 else tuple(results)

    return kernel


_C = ctypes.CDLL(None)
_used = _lost = False


@contextmanager
def _fit_to_run() -> Iterator[None]:
    """Refuse to hang in a forked child, and keep the thread's rounding, which XLA changes."""
    global _used
    if _lost:
        raise RuntimeError(
            "JAX cannot run in a child forked from a process in which it ran; start it by 'spawn'"
        )
    _used = True
    environment = ctypes.create_string_buffer(256)  # an fenv_t has 32 bytes, or less
    _C.fegetenv(environment)
    try:
        yield
    finally:
        _C.fesetenv(environment)


def _note_loss() -> None:
    global _lost
    _lost = _used  # its threads are the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_loss)
