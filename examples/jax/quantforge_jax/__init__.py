"""QuantForge in JAX: a backend.

Importing this neither imports JAX nor changes its configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quantforge import Backend, hookimpl

__all__ = ["quantforge_backend"]

__version__ = "0.1.0"


def _load() -> Mapping[str, Any]:
    from quantforge_jax import kernels

    return kernels.load()


def _details() -> Mapping[str, str]:
    import jax

    return {"jax": jax.__version__, "device": jax.devices()[0].device_kind}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    return Backend(
        name="jax",
        version=__version__,
        contract=1,
        numerics={"price": 2, "greeks": 2, "bachelier_price": 2},
        exact=False,
        load=_load,
        requires=("jax",),
        preference=80,
        details=_details,
        threads=False,  # XLA has its own
        forks=False,  # and they are not in a child
        chunk=1024,  # it compiles for each shape
        arrays=("jax.Array",),
    )
