"""The edge cases of American greeks on a lognormal underlying: those of the price.

Options with two boundaries have no greeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from mpmath import mpf

from quantforge_conformance.edge_cases.american_price import american_price, two_boundaries
from quantforge_conformance.edge_cases.edge_case import NAN, EdgeCase, Expected, Near
from quantforge_conformance.edge_cases.greeks import near
from quantforge_conformance.reference.american_greeks import (
    NAMES,
    as_put,
    european_greeks,
    exercised,
    is_early,
    without_volatility,
)
from quantforge_conformance.reference.american_greeks import american_greeks as exact_greeks
from quantforge_conformance.reference.american_perpetual import perpetual


@cache
def american_greeks() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `american_greeks`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    refused = list(two_boundaries())
    for case in american_price():
        if case in refused:
            yield EdgeCase(case.name, case.operands, (NAN,) * len(NAMES), invalid=True)
        else:
            yield EdgeCase(case.name, case.operands, _expected(case), case.invalid)


def _expected(case: EdgeCase) -> tuple[Expected, ...]:
    *option, style = case.operands
    [price] = case.expected
    if isinstance(price, float) and np.isnan(price):
        return (NAN,) * len(NAMES)
    if style == 0.0 or not is_early(option):
        return near(european_greeks(*option))
    spot, strike, time, rate, dividend, sigma, sign = option
    gain = max(sign * (spot - strike), 0.0)
    endless = perpetual(*as_put(option))
    if endless and endless.reached and isinstance(price, Near):
        values = exact_greeks(*option).values()
        return tuple(Near(value, abs(value) * mpf(2) ** -42) for value in values)
    level = spot == strike and rate == dividend  # there the value has a kink
    if time > 0.0 == sigma and isinstance(price, Near) and not level:
        return near(without_volatility(*option))
    if price == gain and 0.0 < gain < np.inf:
        return tuple(map(float, exercised(option).values()))
    return price, *[None] * (len(NAMES) - 1)
