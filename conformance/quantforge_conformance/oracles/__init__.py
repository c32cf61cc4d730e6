"""What each operation's results are measured against: the suite's counterpart of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from quantforge_conformance.oracles import (
    american_greeks,
    american_implied_volatility,
    american_price,
    bachelier_greeks,
    bachelier_implied_volatility,
    bachelier_price,
    exercise_boundary,
    greeks,
    implied_volatility,
    price,
)
from quantforge_conformance.oracles.bounds import IN_THE_MONEY, OUT_OF_THE_MONEY, Bound, Lane
from quantforge_conformance.oracles.oracle import Oracle

__all__ = ["IN_THE_MONEY", "ORACLES", "OUT_OF_THE_MONEY", "Bound", "Lane", "Oracle", "oracle"]

GROUP = "quantforge.conformance"
"""Entry points of other distributions: an operation's name, and its `Oracle`."""

ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {
        "price": price.ORACLE,
        "american_price": american_price.ORACLE,
        "american_greeks": american_greeks.ORACLE,
        "exercise_boundary": exercise_boundary.ORACLE,
        "greeks": greeks.ORACLE,
        "implied_volatility": implied_volatility.ORACLE,
        "american_implied_volatility": american_implied_volatility.ORACLE,
        "bachelier_price": bachelier_price.ORACLE,
        "bachelier_greeks": bachelier_greeks.ORACLE,
        "bachelier_implied_volatility": bachelier_implied_volatility.ORACLE,
    }
)
"""The suite's own oracles. No other distribution can replace one."""


@cache
def oracle(operation: str) -> Oracle:
    """Return the oracle of an operation, of this suite or published by another distribution.

    Raises
    ------
    LookupError
        There is none, or more than one.
    TypeError
        The entry point is no `Oracle`.
    """
    if operation in ORACLES:
        return ORACLES[operation]
    points = entry_points(group=GROUP, name=operation)
    if len(points) != 1:
        values = ", ".join(point.value for point in points) or "none"
        raise LookupError(f"{operation!r} needs one oracle in the group {GROUP!r}: {values}")
    [point] = points
    found = point.load()
    if not isinstance(found, Oracle):
        raise TypeError(f"entry point {point.value!r} is {type(found).__name__}, not an Oracle")
    return found
