"""The oracle of implied volatility under Bachelier's model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.inversion import Inversion
from quantforge_conformance.oracles.moneyness import larger_amount
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import bachelier_implied_volatility as inversion_specification


@lru_cache(maxsize=1024)
def _implied(*lane: float) -> reference.Implied:
    return reference.bachelier_implied_volatility(*lane)


def _public(operands: Any, which: Sequence[str] = ("sigma", "code"), **options: Any) -> Any:
    *inputs, sign = operands
    return quantforge.implied_volatility(
        *inputs, kind=sign, model="bachelier", status="code" in which, **options
    )


ORACLE = Oracle(
    exact_values=lambda *lane: _implied(*lane)[:2],
    bounds=Inversion(_implied, larger_amount).bounds(3.5),
    regions=regions.BACHELIER_IMPLIED_VOLATILITY,
    special=special.BACHELIER_IMPLIED_VOLATILITY,
    edge_cases=edge_cases.bachelier_implied_volatility,
    public=_public,
    specification=inversion_specification.bachelier_implied_volatility,
    golden_bits=DATA / "golden/bachelier_implied_volatility.txt",
    worst_cases=DATA / "worst_cases/bachelier_implied_volatility.txt",
    points=8,
)
