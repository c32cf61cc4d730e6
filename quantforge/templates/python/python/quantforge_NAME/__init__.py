"""The NAME backend of QuantForge.

Every program that uses QuantForge imports this: keep it light.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quantforge import Backend, hookimpl

__version__ = "0.1.0"


def _load() -> dict[str, Callable[..., Any]]:
    """The kernels, by operation; called once, when first needed."""
    from quantforge_NAME.price import price

    return {"price": price}


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
        requires=("scipy",),
        url="URL",
    )
