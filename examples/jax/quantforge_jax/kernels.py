"""From formulas in JAX to callables as QuantForge's contract has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        with jax.enable_x64(True):  # here alone: the user's own arrays may be of single precision
            numbers = [jnp.asarray(operand, jnp.float64) for operand in operands]
            rows, invalid = formula(*jnp.broadcast_arrays(*numbers))
            rows = [rows[names.index(name)] for name in outputs]
            if not isinstance(invalid, jax.core.Tracer) and invalid:
                np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
        on_device = any(isinstance(operand, jax.Array) for operand in operands)
        results = rows if on_device else [np.asarray(row) for row in rows]
        if out is not None:
            for target, result in zip(out, results, strict=True):
                target[...] = result
            results = list(out)
        return results[0] if len(results) == 1 else tuple(results)

    return kernel
