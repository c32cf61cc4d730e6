"""A QuantForge backend in Zig: its description, and the addresses of its loops."""

from __future__ import annotations

from pathlib import Path

from quantforge import Backend, BackendError, hookimpl

OPERATIONS = {"price": 2, "bachelier_price": 2}


def _load() -> dict[str, int]:
    import ctypes

    library = ctypes.CDLL(str(Path(__file__).with_name("kernels.so")))
    return {
        name: ctypes.cast(getattr(library, f"quantforge_{name}"), ctypes.c_void_p).value
        for name in OPERATIONS
    }


def _has_vectors() -> bool:
    """Whether the processor has what the library was compiled for, as Linux says."""
    try:
        with open("/proc/cpuinfo") as file:
            return {"avx2", "bmi2", "fma"} <= set(file.read(8192).split())
    except OSError:
        return False


@hookimpl
def quantforge_backend() -> Backend:
    if not _has_vectors():
        raise BackendError("the Zig backend needs Linux on an x86-64 processor with AVX2 and FMA")
    return Backend(
        name="zig",
        version="0.1.0",
        contract=1,
        numerics=OPERATIONS,
        exact=True,
        load=_load,
        details=lambda: {"isa": "avx2", "build": "release"},
    )
