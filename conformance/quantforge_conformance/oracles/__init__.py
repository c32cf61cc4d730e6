"""What each operation's results are measured against: the suite's counterpart of the catalogue.

Everything in the suite is driven by `quantforge.operations` and this table; a new operation is one
entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from quantforge_conformance.standards.contract import (
    IN_THE_MONEY,
    OUT_OF_THE_MONEY,
    Bound,
    Lane,
    Standard,
    ulp,
)
from quantforge_conformance.standards.lognormal import GREEKS, IMPLIED_VOLATILITY, PRICE
from quantforge_conformance.standards.normal import (
    BACHELIER_GREEKS,
    BACHELIER_IMPLIED_VOLATILITY,
    BACHELIER_PRICE,
)

__all__ = ["IN_THE_MONEY", "OUT_OF_THE_MONEY", "STANDARDS", "Bound", "Lane", "Standard", "ulp"]

STANDARDS: Mapping[str, Standard] = MappingProxyType(
    {
        "price": PRICE,
        "greeks": GREEKS,
        "implied_volatility": IMPLIED_VOLATILITY,
        "bachelier_price": BACHELIER_PRICE,
        "bachelier_greeks": BACHELIER_GREEKS,
        "bachelier_implied_volatility": BACHELIER_IMPLIED_VOLATILITY,
    }
)
