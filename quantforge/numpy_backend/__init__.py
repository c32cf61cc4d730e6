"""The fallback in NumPy: always there, never exact, for machines without a native backend."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from quantforge.contract import Backend, hookimpl
from quantforge.operations import CONTRACT, OPERATIONS
from quantforge.version import __version__

__all__ = ["quantforge_backend"]


_KERNELS: Final = {  # each operation's module and the function in it
    "price": ("price", "price"),
    "greeks": ("greeks", "greeks"),
    "implied_volatility": ("implied_volatility", "implied_volatility"),
    "bachelier_price": ("bachelier", "price"),
    "bachelier_greeks": ("bachelier", "greeks"),
    "bachelier_implied_volatility": ("bachelier", "implied_volatility"),
}


def _load() -> Mapping[str, Any]:
    return {
        name: getattr(import_module(f"quantforge.numpy_backend.{module}"), function)
        for name, (module, function) in _KERNELS.items()
    }


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the fallback to QuantForge."""
    return Backend(
        name="numpy",
        version=__version__,
        contract=CONTRACT,
        numerics={name: OPERATIONS[name].numerics for name in _KERNELS},
        exact=False,
        load=_load,
        preference=90,
    )
