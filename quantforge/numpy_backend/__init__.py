"""The fallback in NumPy: always there, never exact, for machines without a native backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quantforge.contract import Backend, hookimpl
from quantforge.operations import CONTRACT

__all__ = ["quantforge_backend"]


def _load() -> Mapping[str, Any]:
    from quantforge.numpy_backend.price import price

    return {"price": price}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the fallback to QuantForge."""
    from quantforge import __version__

    return Backend(
        name="numpy",
        version=__version__,
        contract=CONTRACT,
        numerics={"price": 1},
        exact=False,
        load=_load,
        preference=90,
    )
