"""NAME for QuantForge: an operation, and a backend in NumPy that runs it.

Every program that uses QuantForge imports this: keep it light.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quantforge import Backend, Operand, Operation, Output, hookimpl

__version__ = "0.1.0"

_AMOUNT: dict[str, bool] = {"nonnegative": True, "finite": True}

OPERATION = Operation(
    name="NAME",
    summary="straddle, a call and a put at one strike, on a lognormal underlying",
    inputs=(  # each with its meaning, unit, typical values, and domain
        Operand("spot", "price of the underlying", "currency", (50.0, 150.0), **_AMOUNT),
        Operand("strike", "exercise price", "currency", (50.0, 150.0), **_AMOUNT),
        Operand("time", "time to expiry", "years", (0.05, 3.0), **_AMOUNT),
        Operand("rate", "risk-free rate", "1/year, continuous", (0.0, 0.08), finite=True),
        Operand("dividend", "dividend yield", "1/year, continuous", (0.0, 0.04), finite=True),
        Operand("sigma", "volatility", "1/sqrt(year)", (0.05, 0.8), **_AMOUNT),
    ),
    outputs=(Output("value", "present value of the straddle", "currency"),),
    numerics=1,
    function="NAME",
)


def _load() -> dict[str, Callable[..., Any]]:
    """The kernels, by operation; called once, when first needed."""
    from quantforge_NAME.straddle import straddle

    return {"NAME": straddle}


@hookimpl
def quantforge_operations() -> list[Operation]:
    """Declare the operation to QuantForge."""
    return [OPERATION]


@hookimpl
def quantforge_backend() -> Backend:
    """Describe the backend to QuantForge."""
    return Backend(
        name="NAME",
        version=__version__,
        contract=1,
        numerics={"NAME": 1},
        exact=False,
        load=_load,
        requires=("scipy",),
        url="URL",
    )
