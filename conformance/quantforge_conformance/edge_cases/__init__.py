"""What each operation returns where its formula ends: a readable case each.

A case changes some operands of an ordinary option. Its expected value is a number that must come
out exactly (a zero price with a plus sign, a NaN with the canonical bits), or one from mpmath with
a tolerance.
"""

from quantforge_conformance.edge_cases.american_greeks import american_greeks
from quantforge_conformance.edge_cases.american_implied_volatility import (
    american_implied_volatility,
)
from quantforge_conformance.edge_cases.american_price import american_price
from quantforge_conformance.edge_cases.bachelier_greeks import bachelier_greeks
from quantforge_conformance.edge_cases.bachelier_implied_volatility import (
    bachelier_implied_volatility,
)
from quantforge_conformance.edge_cases.bachelier_price import bachelier_price
from quantforge_conformance.edge_cases.edge_case import EdgeCase, Near, right
from quantforge_conformance.edge_cases.exercise_boundary import exercise_boundary
from quantforge_conformance.edge_cases.greeks import greeks
from quantforge_conformance.edge_cases.implied_volatility import implied_volatility
from quantforge_conformance.edge_cases.price import price

__all__ = [
    "EdgeCase",
    "Near",
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
    "right",
]
