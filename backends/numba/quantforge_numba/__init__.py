"""QuantForge's kernels in Numba. Importing this imports no Numba and compiles nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quantforge import Backend, hookimpl

__version__ = "0.1.0"

_OPERATIONS = {"price": 1}  # each with the version of the numerical specification it follows


def _load() -> Mapping[str, Any]:
    from quantforge_numba import isa

    isa.settle()
    from quantforge_numba import kernels

    return {name: getattr(kernels, name).address for name in _OPERATIONS}


def _details() -> Mapping[str, str]:
    from quantforge_numba import isa

    return {"isa": isa.chosen(), "build": "jit"}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    return Backend(
        name="numba",
        version=__version__,
        contract=1,
        numerics=_OPERATIONS,
        exact=True,
        load=_load,
        requires=("numba",),
        preference=30,
        details=_details,
    )
