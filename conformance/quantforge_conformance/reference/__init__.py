"""European options to 40 digits, by mpmath: the exact values; American ones to about nine.

Arguments are doubles (or mpf), taken as exact.
"""

from quantforge_conformance.reference.american_greeks import american_greeks
from quantforge_conformance.reference.american_implied_volatility import (
    american_implied_volatility,
)
from quantforge_conformance.reference.american_price import american_price
from quantforge_conformance.reference.bachelier_greeks import bachelier_greeks
from quantforge_conformance.reference.bachelier_implied_volatility import (
    bachelier_implied_volatility,
)
from quantforge_conformance.reference.bachelier_price import bachelier_price
from quantforge_conformance.reference.elementary import DIGITS, ulp
from quantforge_conformance.reference.exercise_boundary import exercise_boundary
from quantforge_conformance.reference.greeks import greeks
from quantforge_conformance.reference.implied_volatility import implied_volatility
from quantforge_conformance.reference.inversion import PRECISE, Implied
from quantforge_conformance.reference.price import price

__all__ = [
    "DIGITS",
    "PRECISE",
    "Implied",
    "american_greeks",
    "american_implied_volatility",
    "american_price",
    "bachelier_greeks",
    "bachelier_implied_volatility",
    "bachelier_price",
    "exercise_boundary",
    "greeks",
    "implied_volatility",
    "price",
    "ulp",
]
