"""The oracle of implied volatility on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.inversion import Inversion
from quantforge_conformance.oracles.moneyness import larger_leg
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import implied_volatility as inversion_specification


@lru_cache(maxsize=1024)
def _implied(*lane: float) -> reference.Implied:
    return reference.implied_volatility(*lane)


def _public(operands: Any, which: Sequence[str] = ("sigma", "code"), **options: Any) -> Any:
    price, spot, strike, time, rate, dividend, sign = operands
    return quantforge.implied_volatility(
        price,
        spot,
        strike,
        time,
        rate,
        dividend=dividend,
        kind=sign,
        status="code" in which,
        **options,
    )


ORACLE = Oracle(
    exact_values=lambda *lane: _implied(*lane)[:2],
    bounds=Inversion(_implied, larger_leg).bounds(3),
    regions=regions.IMPLIED_VOLATILITY,
    special=special.IMPLIED_VOLATILITY,
    edge_cases=edge_cases.implied_volatility,
    public=_public,
    specification=inversion_specification.implied_volatility,
    golden_bits=DATA / "golden/implied_volatility.txt",
    worst_cases=DATA / "worst_cases/implied_volatility.txt",
    points=8,
)
