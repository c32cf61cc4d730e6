"""European options to 40 digits: the golden values.

Arguments are doubles (or mpf), taken as exact.
"""

from quantforge_conformance.reference.bachelier import (
    normal_condition,
    normal_greeks,
    normal_price,
)
from quantforge_conformance.reference.functions import DIGITS, GREEKS
from quantforge_conformance.reference.inversion import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    AT_MAXIMUM,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
    PRECISE,
    Implied,
    implied_volatility,
    normal_implied_volatility,
)
from quantforge_conformance.reference.lognormal import condition, greeks, price

__all__ = [
    "ABOVE_MAXIMUM",
    "AT_INTRINSIC",
    "AT_MAXIMUM",
    "BELOW_INTRINSIC",
    "DIGITS",
    "GREEKS",
    "INVALID_INPUT",
    "LOW_PRECISION",
    "NOT_FINITE",
    "OK",
    "PRECISE",
    "Implied",
    "condition",
    "greeks",
    "implied_volatility",
    "normal_condition",
    "normal_greeks",
    "normal_implied_volatility",
    "normal_price",
    "price",
]
