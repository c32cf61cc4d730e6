"""QuantForge's kernels in C, compiled through cffi. Importing this loads nothing native."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from quantforge import Backend, hookimpl, instruction_set

__version__ = "0.1.0"

# each with the version of the numerical specification it follows
_OPERATIONS = {
    "price": 2,
    "greeks": 2,
    "implied_volatility": 2,
    "bachelier_price": 2,
    "bachelier_greeks": 2,
    "bachelier_implied_volatility": 2,
}
_SETS = ("avx512", "avx2", "baseline")  # best first


@cache
def _chosen() -> str:
    from quantforge_c._native import lib

    return instruction_set([isa for isa in _SETS if lib.qf_supported(isa.encode())])


def _load() -> Mapping[str, Any]:
    from quantforge_c._native import ffi, lib

    return {
        name: int(ffi.cast("intptr_t", getattr(lib, f"qf_{name}_{_chosen()}")))
        for name in _OPERATIONS
    }


def _details() -> Mapping[str, str]:
    from quantforge_c._native import ffi, lib

    return {"isa": _chosen(), "build": ffi.string(lib.qf_build()).decode()}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    return Backend(
        name="c",
        version=__version__,
        contract=1,
        numerics=_OPERATIONS,
        exact=True,
        load=_load,
        requires=("cffi", "quantforge_c._native"),
        preference=20,
        details=_details,
    )
