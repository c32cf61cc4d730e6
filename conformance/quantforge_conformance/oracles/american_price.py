"""The oracle of the American price on a lognormal underlying."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mpf

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import american_price as specification

_ACCURACIES = {1.0: "fast", 2.0: "standard", 3.0: "high"}
_ALLOWED = {1.0: 5e-5, 2.0: 2e-6, 3.0: 8e-8}
"""Of spot or strike, whichever is larger, at each accuracy."""
_BEYOND = 10.0
"""Times as much where the table is beyond what it was fitted to."""


def _allowed(lane: Lane, exact: mpf) -> mpf:
    """What the price of an option may be off by."""
    spot, strike, time, _, _, sigma, _, style = lane
    market = 0.05 <= sigma <= 0.8 and time <= 5.0
    return mpf(max(spot, strike)) * _ALLOWED[style] * (1.0 if market else _BEYOND)


def _public(operands: Any, **options: Any) -> Any:
    """A call for each accuracy, which options cannot have of their own."""
    lanes = np.broadcast_arrays(*operands)
    style, result = lanes[7], np.empty(lanes[7].shape)
    for level, accuracy in _ACCURACIES.items():
        chosen = style == level
        spot, strike, time, rate, dividend, sigma, sign = (lane[chosen] for lane in lanes[:7])
        result[chosen] = quantforge.price(
            spot,
            strike,
            time,
            rate,
            sigma,
            dividend=dividend,
            kind=sign,
            exercise="american",
            accuracy=accuracy,
            **options,
        )
    return result


ORACLE = Oracle(
    exact_values=lambda *lane: (reference.american_price(*lane[:7]),),
    bounds={"price": (Bound("what its accuracy allows", 1, _allowed),)},
    regions=regions.AMERICAN_PRICE,
    special=special.AMERICAN_PRICE,
    edge_cases=edge_cases.american_price,
    public=_public,
    specification=lambda *lane: (specification.american_price(*lane),),
    golden_bits=DATA / "golden/american_price.txt",
    points=25,
)
