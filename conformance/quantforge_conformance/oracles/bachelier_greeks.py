"""The oracle of the greeks under Bachelier's model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles import sensitivity
from quantforge_conformance.oracles.moneyness import bachelier_moneyness
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import bachelier_greeks as greeks_specification


def _public(operands: Any, which: Sequence[str] = quantforge.ALL, **options: Any) -> Any:
    *inputs, sign = operands
    found = quantforge.greeks(*inputs, kind=sign, model="bachelier", which=which, **options)
    return tuple(found.values())


ORACLE = Oracle(
    exact_values=lambda *lane: sensitivity.sensitive(reference.bachelier_greeks, lane).values,
    bounds=sensitivity.bounds(reference.bachelier_greeks, bachelier_moneyness, own_ulp=20),
    regions=regions.BACHELIER_PRICE,
    special=special.BACHELIER_PRICE,
    edge_cases=edge_cases.bachelier_greeks,
    public=_public,
    specification=greeks_specification.bachelier_greeks,
    golden_bits=DATA / "golden/bachelier_greeks.txt",
    worst_cases=DATA / "worst_cases/bachelier_greeks.txt",
    points=10,
)
