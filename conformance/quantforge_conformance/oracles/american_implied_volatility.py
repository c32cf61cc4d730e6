"""The oracle of the volatility implied by an American price on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpmath import inf, isinf, mpf

import quantforge
from quantforge import Code
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.american_price import PRICE, by_accuracy
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.reference import ulp
from quantforge_conformance.spec import american_implied_volatility as specification

_BOUNDARY = {1.0: 2e-2, 2.0: 1e-2, 3.0: 1e-3}
"""What the boundary may be off by, relatively, at each accuracy."""


def _sigma(lane: Lane, exact: mpf) -> mpf:
    """What the volatility may be off by, the price being off by what its accuracy allows."""
    price, *option, style = lane
    found = reference.american_implied_volatility(*lane[:7])
    if isinf(found.attainable):
        return inf
    if found.code == Code.AT_INTRINSIC:
        return found.attainable * _BOUNDARY[style]
    spot, strike, time, rate, dividend, sign = option
    allowed = PRICE.unit((spot, strike, time, rate, dividend, float(exact), sign, style), exact)
    return found.attainable * (allowed + ulp(mpf(price))) + mpf(1e-7) * exact


def _code(lane: Lane, exact: mpf) -> mpf:
    """Nothing is promised of which of two codes a solved option has, nor one at its bounds."""
    found = reference.american_implied_volatility(*lane[:7])
    open_ = found.code in (Code.OK, Code.LOW_PRECISION) or isinf(found.attainable)
    return inf if open_ else mpf(1)


def _public(operands: Any, which: Sequence[str] = ("sigma", "code"), **options: Any) -> Any:
    """A call for each accuracy, which options cannot have of their own."""
    price, spot, strike, time, rate, dividend, sign, style = operands

    def call(*given: Any, **said: Any) -> tuple[Any, ...]:
        spot, strike, time, rate, price = given
        with_code = "code" in which
        found = quantforge.implied_volatility(
            price, spot, strike, time, rate, status=with_code, **said
        )
        return tuple(found) if with_code else (found,)

    in_order = spot, strike, time, rate, dividend, price, sign, style
    return tuple(by_accuracy(call, in_order, **options))


ORACLE = Oracle(
    exact_values=lambda *lane: reference.american_implied_volatility(*lane[:7])[:2],
    bounds={
        "sigma": (Bound("of what its accuracy allows", 1, _sigma),),
        "code": (Bound("codes off", 0, _code),),
    },
    regions=regions.AMERICAN_IMPLIED_VOLATILITY,
    special=special.AMERICAN_IMPLIED_VOLATILITY,
    edge_cases=edge_cases.american_implied_volatility,
    public=_public,
    specification=specification.american_implied_volatility,
    golden_bits=DATA / "golden/american_implied_volatility.txt",
    points=3,
    share=0.05,
)
