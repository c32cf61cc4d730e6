"""The NAME backend of QuantForge.

Every program that uses QuantForge imports this: keep it light.
"""

from __future__ import annotations

from quantforge import Backend, hookimpl

__version__ = "0.1.0"


def _load() -> dict[str, int]:
    """Addresses of NumPy's inner loops, by operation; called once, when first needed."""
    import ctypes
    from importlib.util import find_spec

    native = find_spec("quantforge_NAME._native")
    library = ctypes.CDLL(native.origin)
    return {"price": ctypes.cast(library.quantforge_price, ctypes.c_void_p).value}


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    return Backend(
        name="NAME",
        version=__version__,
        contract=1,
        numerics={"price": 2},  # what is here, and README.md says what is not
        exact=False,
        approximate={"price": 1e7},  # times the errors of the accuracy contract
        load=_load,
        requires=("quantforge_NAME._native",),
        url="URL",
    )
