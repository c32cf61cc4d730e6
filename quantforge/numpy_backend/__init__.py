"""The fallback in NumPy: always there, never exact, for machines without a native backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quantforge.contract import Backend, hookimpl
from quantforge.operations import CONTRACT, OPERATIONS

__all__ = ["quantforge_backend"]


def _load() -> Mapping[str, Any]:
    from quantforge.numpy_backend import bachelier, greeks, implied_volatility, price

    return {
        "price": price.price,
        "greeks": greeks.greeks,
        "implied_volatility": implied_volatility.implied_volatility,
        "bachelier_price": bachelier.price,
        "bachelier_greeks": bachelier.greeks,
        "bachelier_implied_volatility": bachelier.implied_volatility,
    }


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the fallback to QuantForge."""
    from quantforge import __version__

    return Backend(
        name="numpy",
        version=__version__,
        contract=CONTRACT,
        numerics={name: operation.numerics for name, operation in OPERATIONS.items()},
        exact=False,
        load=_load,
        preference=90,
    )
