"""Results keep the accuracy contract on many options of every region, with every usable backend."""

import pytest
from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.subject import SLACK

from quantforge.plugins import State, backends, registry

POINTS = {
    "price": 500,
    "greeks": 50,  # each takes seven evaluations in 50 digits
    "implied_volatility": 500,
    "american_price": 25,  # each finds a boundary of its own
    "american_greeks": 12,  # and here seventeen
    "american_implied_volatility": 6,  # and here some ten
    "exercise_boundary": 25,
    "bachelier_price": 200,
    "bachelier_greeks": 50,
    "bachelier_implied_volatility": 250,
}
CASES = [
    pytest.param(name, region, id=f"{name}-{region.name}")
    for name, oracle in ORACLES.items()
    for region in oracle.regions
]


def usable(operation):
    return [
        info.name
        for info in backends()
        if info.state is State.AVAILABLE and operation in info.operations
    ]


@pytest.mark.parametrize(("name", "region"), CASES)
def test_results_keep_the_accuracy_contract(name, region, quantforge_remark):
    oracle, operands = ORACLES[name], region.sample(POINTS[name])
    measured = Measured(oracle, operands)
    alike = {}  # exact backends return the same bits: measured once
    for backend in usable(name):
        given = registry().kernel(backend, name)(*operands)
        results = given if isinstance(given, tuple) else (given,)
        key = b"".join(result.tobytes() for result in results)
        alike.setdefault(key, (results, []))[1].append(backend)
    for results, names in alike.values():
        exact = any(registry().exact(backend, name) for backend in names)
        found = []
        for place, (output, bounds) in enumerate(oracle.bounds.items()):
            for bound in bounds:
                miss, lane = measured.worst(place, bound, results[place])
                assert miss <= bound.tolerance * (1 if exact else SLACK), (
                    names,
                    output,
                    miss,
                    lane,
                )
                found.append(f"{output} {miss:.2f} {bound.name}")
        quantforge_remark(f"{name}, {region.name}: at most {', '.join(found)} ({', '.join(names)})")
