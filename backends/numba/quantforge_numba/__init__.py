"""QuantForge's kernels in Numba. Importing this imports no Numba and compiles nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from quantforge import Backend, BackendError, hookimpl

__version__ = "0.1.0"

# Each with the version of the numerical specification it follows; `loops` has a file of its name.
OPERATIONS = {
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


class _Addresses(Mapping[str, int]):
    """The kernels' addresses; asking for one compiles its kernel, and no other."""

    def __init__(self, kernels: Any) -> None:
        self._kernels = kernels

    def __getitem__(self, name: str) -> int:
        if name not in OPERATIONS:
            raise KeyError(name)
        address: int = getattr(self._kernels, name).address
        return address

    def __contains__(self, name: object) -> bool:
        return name in OPERATIONS

    def __iter__(self) -> Iterator[str]:
        return iter(OPERATIONS)

    def __len__(self) -> int:
        return len(OPERATIONS)


def _load() -> Mapping[str, Any]:
    from quantforge_numba import isa

    isa.settle()
    from numba import config

    if config.DISABLE_JIT:  # said in a file, or in Python
        raise BackendError("Numba's compiler is switched off")
    from quantforge_numba.loops import kernels

    return _Addresses(kernels)


def _details() -> Mapping[str, str]:
    from quantforge_numba import isa

    return {"isa": isa.chosen(), "build": "jit"}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    if os.environ.get("NUMBA_DISABLE_JIT", "").strip() not in ("", "0"):
        raise BackendError("NUMBA_DISABLE_JIT switches Numba's compiler off")
    return Backend(
        name="numba",
        version=__version__,
        contract=1,
        numerics=OPERATIONS,
        exact=True,
        load=_load,
        requires=("numba",),
        preference=30,
        details=_details,
    )
