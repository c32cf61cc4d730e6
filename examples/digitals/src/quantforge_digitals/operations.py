"""What is computed: the declarations from which QuantForge makes functions and commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from quantforge import Operand, Operation, Output, hookimpl
from quantforge import operations as core

# The operands of QuantForge's own European options; but here all of them have to be finite.
SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGMA = (
    replace(operand, finite=True)
    for operand in (core.SPOT, core.STRIKE, core.TIME, core.RATE, core.DIVIDEND, core.SIGMA)
)
_INPUTS: Final[tuple[Operand, ...]] = (
    *(SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGMA),
    core.SIGN,  # users give it as kind="call" or "put"
)
_GREEKS: Final = (
    Output("delta", "dV/dS", "per unit of the underlying", by=(SPOT,)),
    Output("gamma", "d2V/dS2", "per unit of the underlying, squared", by=(SPOT, SPOT)),
    Output("vega", "dV/dsigma, per 1.0 of volatility", "currency", by=(SIGMA,)),
    Output("theta", "-dV/dT, per year", "currency/year", by=(TIME,)),
    Output("rho", "dV/drate, per 1.0", "currency", by=(RATE,)),
    Output("phi", "dV/ddividend, per 1.0", "currency", by=(DIVIDEND,)),
)
OUTPUTS: Final = ("price", *(each.name for each in _GREEKS))
"""Every result, in the order of a kernel's outputs."""

CASH_OR_NOTHING: Final = Operation(
    name="digitals_cash_or_nothing",
    summary="option that pays 1 at expiry if it is in the money",
    inputs=_INPUTS,
    outputs=(Output("price", "present value of the option", "currency", by=()), *_GREEKS),
    numerics=1,
    function="digitals_cash_or_nothing",
    default_outputs=("price",),
)
ASSET_OR_NOTHING: Final = replace(
    CASH_OR_NOTHING,
    name="digitals_asset_or_nothing",
    summary="option that pays the underlying at expiry if it is in the money",
    function="digitals_asset_or_nothing",
)


@hookimpl
def quantforge_operations() -> list[Operation]:
    """Declare the operations to QuantForge."""
    return [CASH_OR_NOTHING, ASSET_OR_NOTHING]
