"""The oracle of the greeks on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles import sensitivity
from quantforge_conformance.oracles.moneyness import moneyness
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import greeks as greeks_specification


def _public(operands: Any, which: Sequence[str] = quantforge.ALL, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    found = quantforge.greeks(
        spot,
        strike,
        time,
        rate,
        sigma,
        dividend=dividend,
        kind=sign,
        which=which,
        **options,
    )
    return tuple(found.values())


ORACLE = Oracle(
    exact_values=lambda *lane: sensitivity.sensitive(reference.greeks, lane).values,
    bounds=sensitivity.bounds(reference.greeks, moneyness, own_ulp=20),
    regions=regions.PRICE,
    special=special.PRICE,
    edge_cases=edge_cases.greeks,
    public=_public,
    specification=greeks_specification.greeks,
    golden_bits=DATA / "golden/greeks.txt",
    worst_cases=DATA / "worst_cases/greeks.txt",
    points=10,
)
