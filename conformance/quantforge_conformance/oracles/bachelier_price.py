"""The oracle of the price under Bachelier's model."""

from __future__ import annotations

from typing import Any

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.bounds import in_the_money, out_of_the_money
from quantforge_conformance.oracles.moneyness import bachelier_moneyness, larger_amount
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import bachelier_price as price_specification


def _public(operands: Any, **options: Any) -> Any:
    *inputs, sign = operands
    return quantforge.price(*inputs, kind=sign, model="bachelier", **options)


ORACLE = Oracle(
    exact_values=lambda *lane: (reference.bachelier_price(*lane),),
    bounds={
        "price": (
            out_of_the_money(11, bachelier_moneyness),
            in_the_money(5, bachelier_moneyness, larger_amount),
        )
    },
    regions=regions.BACHELIER_PRICE,
    special=special.BACHELIER_PRICE,
    edge_cases=edge_cases.bachelier_price,
    public=_public,
    specification=lambda *lane: (price_specification.price(*lane),),
    golden_bits=DATA / "golden/bachelier_price.txt",
    worst_cases=DATA / "worst_cases/bachelier_price.txt",
    points=30,
)
