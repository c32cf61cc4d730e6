"""Cash-or-nothing digitals: an operation that the core knows nothing of, and a backend for it.

Its folder holds what installing it would leave, so that it is installed wherever the folder is on
the path.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import quantforge
from quantforge.operations import OPERATIONS

DIGITAL = quantforge.Operation(
    name="digital",
    summary="cash-or-nothing option on a lognormal underlying",
    inputs=OPERATIONS["price"].inputs,
    outputs=(quantforge.Output("value", "present value of 1 paid in the money", "currency"),),
    numerics=1,
    function="digital",
)


@quantforge.hookimpl
def quantforge_operations() -> list[quantforge.Operation]:
    return [DIGITAL]


@quantforge.hookimpl
def quantforge_backend() -> quantforge.Backend:
    return quantforge.Backend(
        name="digital_numpy",
        version="1.0",
        contract=1,
        numerics={"digital": 1},
        exact=False,
        load=lambda: {"digital": digital},
    )


def digital(*operands: Any, out: Any = None) -> Any:
    """exp(-r T) N(+-d2), with d2 = (ln(F / K) - sigma^2 T / 2) / (sigma sqrt(T)).

    At expiry and without volatility the forward alone decides; at the strike it is worth half.
    """
    from scipy.special import ndtr  # heavy: only when it computes

    numbers = (np.asarray(operand, np.float64) for operand in operands)
    spot, strike, time, rate, dividend, sigma, sign = np.broadcast_arrays(*numbers)
    with np.errstate(all="ignore"):
        forward = spot * np.exp((rate - dividend) * time)
        deviation = sigma * np.sqrt(time)
        moneyness = np.where(forward == strike, 0.0, np.log(forward / strike))
        d2 = np.where(
            deviation > 0.0, moneyness / deviation - 0.5 * deviation, np.inf * np.sign(moneyness)
        )
        d2 = np.where((deviation == 0.0) & (moneyness == 0.0), 0.0, d2)
        valid = (spot >= 0.0) & (strike >= 0.0) & (time >= 0.0) & (sigma >= 0.0)
        valid &= np.isfinite(rate) & np.isfinite(dividend) & (np.abs(sign) == 1.0)
        missing = np.isnan([spot, strike, time, rate, dividend, sigma, sign]).any(axis=0)
        value = np.where(valid, np.exp(-rate * time) * ndtr(sign * d2), np.nan)
    np.sqrt(np.where(valid | missing, 0.0, -1.0))  # signals *invalid* as compiled kernels do
    return np.positive(value, out=out)
