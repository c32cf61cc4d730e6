"""QuantForge's kernels in Numba, compiled for the host when first needed.

This module describes the backend and imports nothing heavy.
"""

from quantforge import Backend, hookimpl

__version__ = "0.1.0"


def _load() -> dict[str, int]:
    from quantforge_numba import isa

    isa.request()
    from quantforge_numba import kernels

    return {"price": kernels.price.address}


def _details() -> dict[str, str]:
    from quantforge_numba import isa

    return {"isa": isa.chosen(), "build": "jit"}


@hookimpl
def quantforge_backend() -> Backend:
    return Backend(
        name="numba",
        version=__version__,
        contract=1,
        numerics={"price": 1},
        exact=True,
        load=_load,
        requires=("numba",),
        preference=30,
        details=_details,
    )
