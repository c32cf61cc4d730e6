"""The oracle of American greeks on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Any

from mpmath import inf, mpf

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.american_price import PRICE, beyond, by_accuracy
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.reference.american_greeks import NAMES, distance
from quantforge_conformance.spec import american_greeks as specification

_ALLOWED: Mapping[str, tuple[float, float, float]] = {
    "delta": (1e-3, 3e-4, 3e-6),
    "gamma": (5e-3, 5e-4, 2e-5),
    "vega": (0.15, 0.03, 3e-4),
    "theta": (0.02, 5e-3, 5e-4),
    "rho": (0.5, 0.2, 0.01),
    "phi": (0.5, 0.2, 0.01),
    "vanna": (0.6, 0.06, 2e-3),
    "charm": (0.05, 0.01, 5e-4),
    "dual_delta": (1e-3, 3e-4, 3e-6),
    "dual_gamma": (5e-3, 5e-4, 2e-5),
}
"""At fast, standard and high accuracy, spot or strike, whichever is larger, being 100."""
_UNIT = dict.fromkeys(("vega", "theta", "rho", "phi"), 1) | {"gamma": -1, "dual_gamma": -1}
"""The power of that amount that each is a multiple of."""
_BY_TIME: Mapping[str, Callable[[float], float]] = {
    "theta": lambda time: 0.2 / sqrt(time),
    "charm": lambda time: 0.02 / time,
}
"""How they grow as the time that is left vanishes."""
_JUMPING = ("gamma", "vanna", "charm", "dual_gamma")
_AT_THE_BOUNDARY = 0.03
"""So many deviations from the boundary nothing is promised of what jumps there."""


def _bound(name: str) -> Bound:
    def allowed(lane: Lane, exact: mpf) -> mpf:
        spot, strike, time, _, _, sigma, _, style = lane
        deviation = sigma * sqrt(time)
        if name in _JUMPING and abs(distance(lane[:7])) < _AT_THE_BOUNDARY * deviation:
            return inf
        tolerance = _ALLOWED[name][int(style) - 1] * beyond(lane)
        tolerance *= max(1.0, _BY_TIME[name](time)) if name in _BY_TIME else 1.0
        return mpf(tolerance * (max(spot, strike) / 100.0) ** _UNIT.get(name, 0))

    return Bound("what its accuracy allows", 1, allowed)


def _public(operands: Any, which: Sequence[str] = NAMES, **options: Any) -> Any:
    def call(*given: Any, **said: Any) -> tuple[Any, ...]:
        return tuple(quantforge.greeks(*given, which=which, **said).values())

    return tuple(by_accuracy(call, operands, **options))


ORACLE = Oracle(
    exact_values=lambda *lane: tuple(reference.american_greeks(*lane[:7]).values()),
    bounds={"price": (PRICE,)} | {name: (_bound(name),) for name in _ALLOWED},
    regions=regions.AMERICAN_GREEKS,
    special=special.AMERICAN_PRICE,
    edge_cases=edge_cases.american_greeks,
    public=_public,
    specification=specification.american_greeks,
    golden_bits=DATA / "golden/american_greeks.txt",
    points=5,
    share=0.1,
)
