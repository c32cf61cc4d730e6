"""The oracle of the price on a lognormal underlying."""

from __future__ import annotations

from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.bounds import in_the_money, out_of_the_money
from quantforge_conformance.oracles.moneyness import larger_leg, moneyness
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import price as price_specification


def _public(operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    return quantforge.price(
        spot, strike, time, rate, sigma, dividend=dividend, kind=sign, **options
    )


ORACLE = Oracle(
    exact_values=lambda *lane: (reference.price(*lane),),
    bounds={
        "price": (out_of_the_money(11, moneyness), in_the_money(4, moneyness, larger_leg)),
    },
    regions=regions.PRICE,
    special=special.PRICE,
    edge_cases=edge_cases.price,
    public=_public,
    specification=lambda *lane: (price_specification.price(*lane),),
    golden_bits=DATA / "golden/price.txt",
    worst_cases=DATA / "worst_cases/price.txt",
)
