"""QuantForge's kernels in Rust, bound through PyO3. Importing this loads nothing native."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, partial

from quantforge import Backend, BackendError, Loop, boundary_table, hookimpl, instruction_set

__version__ = "0.1.0"

# Each with the version of the numerical specification it follows.
_OPERATIONS = {
    "price": 2,
    "american_price": 1,
    "greeks": 2,
    "american_greeks": 1,
    "exercise_boundary": 1,
    "implied_volatility": 2,
    "american_implied_volatility": 1,
    "bachelier_price": 2,
    "bachelier_greeks": 2,
    "bachelier_implied_volatility": 2,
}


@cache
def _chosen() -> str:
    from quantforge_rust import _native

    return instruction_set(_native.supported())


def _load() -> Mapping[str, Loop]:
    from quantforge_rust import _native

    isa, table = _chosen(), boundary_table()
    if not _native.read_boundary(table.ctypes.data, table.size):
        raise RuntimeError(f"the table of the American boundary has {table.size} numbers")
    return {
        name: Loop(_native.address(name, isa), partial(_native.scalar, name, isa))
        for name in _OPERATIONS
    }


def _details() -> Mapping[str, str]:
    from quantforge_rust import _native

    return {"isa": _chosen(), "build": _native.build()}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    if "t" in sys.abiflags:
        raise BackendError("a free-threaded Python loads no library for the stable ABI")
    return Backend(
        name="rust",
        version=__version__,
        contract=1,
        numerics=_OPERATIONS,
        exact=True,
        load=_load,
        requires=("quantforge_rust._native",),
        preference=10,
        details=_details,
    )
