"""The tables of limits, a readable case each: what an operation returns where its formula ends.

A case changes some operands of an ordinary option. Its expected value is a number that must come
out exactly (a zero price with a plus sign, a NaN with the canonical bits), or one from mpmath with
what it may be missed by.
"""

from quantforge_conformance.limits.bachelier import (
    bachelier_greeks,
    bachelier_implied_volatility,
    bachelier_price,
)
from quantforge_conformance.limits.case import Limit, Near, right
from quantforge_conformance.limits.greeks import greeks
from quantforge_conformance.limits.implied_volatility import implied_volatility
from quantforge_conformance.limits.price import price

__all__ = [
    "Limit",
    "Near",
    "bachelier_greeks",
    "bachelier_implied_volatility",
    "bachelier_price",
    "greeks",
    "implied_volatility",
    "price",
    "right",
]
