"""QuantForge on NVIDIA GPUs, with the bits of its exact backends. Importing this loads no CUDA."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from quantforge import Backend, BackendError, hookimpl
from quantforge_cuda.transfers import Transfers, transfers

__all__ = ["Transfers", "quantforge_backend", "transfers"]

__version__ = "0.1.0"

_DRIVERS = ("/dev/nvidiactl", "/dev/dxg")  # of Linux, and of Linux within Windows


def _load() -> Mapping[str, Any]:
    from quantforge_cuda import kernels

    return kernels.load()


def _details() -> Mapping[str, str]:
    from quantforge_cuda import kernels

    return kernels.details()


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    if not any(map(os.path.exists, _DRIVERS)):
        raise BackendError(f"no NVIDIA GPU: there is neither {' nor '.join(_DRIVERS)}")
    return Backend(
        name="cuda",
        version=__version__,
        contract=1,
        numerics={
            "price": 2,
            "greeks": 2,
            "implied_volatility": 2,
            "bachelier_price": 2,
            "bachelier_greeks": 2,
            "bachelier_implied_volatility": 2,
        },
        exact=True,
        load=_load,
        requires=("cupy",),
        preference=95,  # for arrays of the host only where it was measured to pay
        details=_details,
        threads=False,
        forks=False,  # a context is lost in a child
        arrays=("cupy.ndarray",),
        device="cuda",
    )
