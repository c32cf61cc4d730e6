"""The oracle of the American price on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mpf

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import american_price as specification

ACCURACIES = {1.0: "fast", 2.0: "standard", 3.0: "high"}
_ALLOWED = {1.0: 5e-5, 2.0: 2e-6, 3.0: 8e-8}
"""Of spot or strike, whichever is larger, at each accuracy."""


def beyond(lane: Lane) -> float:
    """How many times as much an option may be off where the table was not fitted to the market."""
    _, _, time, _, _, sigma, _, _ = lane
    return 1.0 if 0.05 <= sigma <= 0.8 and time <= 5.0 else 10.0


def _allowed(lane: Lane, exact: mpf) -> mpf:
    """What the price of an option may be off by."""
    return mpf(max(lane[0], lane[1])) * _ALLOWED[lane[7]] * beyond(lane)


def by_accuracy(
    function: Callable[..., tuple[Any, ...]], operands: Any, **options: Any
) -> list[Any]:
    """Call a function for each accuracy, which options cannot have of their own."""
    lanes = np.broadcast_arrays(*operands)
    results: list[Any] = []
    for level, accuracy in ACCURACIES.items():
        chosen = lanes[7] == level
        spot, strike, time, rate, dividend, sigma, sign = (lane[chosen] for lane in lanes[:7])
        found = function(
            *(spot, strike, time, rate, sigma),
            dividend=dividend,
            kind=sign,
            exercise="american",
            accuracy=accuracy,
            **options,
        )
        results = results or [np.empty(lanes[7].shape, each.dtype) for each in found]
        for result, its in zip(results, found, strict=True):
            result[chosen] = its
    return results


def _public(operands: Any, **options: Any) -> Any:
    def call(*given: Any, **said: Any) -> tuple[Any, ...]:
        return (quantforge.price(*given, **said),)

    [result] = by_accuracy(call, operands, **options)
    return result


PRICE = Bound("what its accuracy allows", 1, _allowed)


ORACLE = Oracle(
    exact_values=lambda *lane: (reference.american_price(*lane[:7]),),
    bounds={"price": (PRICE,)},
    regions=regions.AMERICAN_PRICE,
    special=special.AMERICAN_PRICE,
    edge_cases=edge_cases.american_price,
    public=_public,
    specification=lambda *lane: (specification.american_price(*lane),),
    golden_bits=DATA / "golden/american_price.txt",
    points=25,
    share=0.25,
)
