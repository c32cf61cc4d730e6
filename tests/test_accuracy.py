"""Prices keep the accuracy contract on 500 options of every region, with every usable backend."""

import pytest
from quantforge_conformance.accuracy import Measured
from quantforge_conformance.standards import STANDARDS
from quantforge_conformance.subject import SLACK

from quantforge.plugins import State, backends, registry

POINTS = 500
PRICE = STANDARDS["price"]


def usable(operation):
    return [
        info.name
        for info in backends()
        if info.state is State.AVAILABLE and operation in info.operations
    ]


@pytest.mark.parametrize("region", PRICE.regions, ids=lambda region: region.name)
def test_prices_keep_the_accuracy_contract(region, quantforge_remark):
    operands = region.sample(POINTS)
    measured = Measured(PRICE, operands)
    alike = {}  # exact backends return the same bits: measured once
    for name in usable("price"):
        prices = registry().kernel(name, "price")(*operands)
        alike.setdefault(prices.tobytes(), (prices, []))[1].append(name)
    for prices, names in alike.values():
        exact = any(registry().exact(name, "price") for name in names)
        found = []
        for bound in PRICE.bounds["price"]:
            miss, lane = measured.worst(0, bound, prices)
            found.append(f"{miss:.2f} {bound.name}")
            assert miss <= bound.limit * (1 if exact else SLACK), (names, found[-1], lane)
        quantforge_remark(f"{region.name:<28} at most {', '.join(found)} ({', '.join(names)})")
