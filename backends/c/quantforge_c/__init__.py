"""QuantForge's kernels in C, compiled through cffi. Importing this loads nothing native."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from quantforge import Backend, BackendError, Loop, boundary_table, hookimpl, instruction_set
from quantforge_c._operations import OPERATIONS

__version__ = "0.1.0"

_SETS = ("avx512", "avx2", "baseline")  # best first


@cache
def _chosen() -> str:
    from quantforge_c._native import lib

    return instruction_set([isa for isa in _SETS if lib.qf_supported(isa.encode())])


def _load() -> Mapping[str, Any]:
    from quantforge_c._native import ffi, lib
    from quantforge_c._scalar import bind

    lib.qf_read_boundary(ffi.cast("const double *", boundary_table().ctypes.data))
    loops = {}
    for name, (_, inputs, codes) in OPERATIONS.items():
        address = int(ffi.cast("intptr_t", getattr(lib, f"qf_{name}_{_chosen()}")))
        loops[name] = Loop(address, partial(bind, address, inputs, codes))
    return loops


def _details() -> Mapping[str, str]:
    from quantforge_c._native import ffi, lib

    return {"isa": _chosen(), "build": ffi.string(lib.qf_build()).decode()}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    if "t" in sys.abiflags:
        raise BackendError("a free-threaded Python loads no library for the stable ABI")
    return Backend(
        name="c",
        version=__version__,
        contract=1,
        numerics={name: numerics for name, (numerics, *_) in OPERATIONS.items()},
        exact=True,
        load=_load,
        requires=("cffi", "quantforge_c._native", "quantforge_c._scalar"),
        preference=20,
        details=_details,
    )
