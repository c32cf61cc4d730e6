"""The oracle of the exercise boundary of American options."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import isinf, mpf

import quantforge
from quantforge_conformance import edge_cases, reference, regions, special
from quantforge_conformance.oracles.american_price import ACCURACIES
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.oracles.oracle import DATA, Oracle
from quantforge_conformance.spec import exercise_boundary as specification

_ALLOWED = {False: {1.0: 1e-3, 2.0: 2e-4, 3.0: 2e-4}, True: {1.0: 1e-2, 2.0: 1e-2, 3.0: 2e-3}}
"""Of the strike, by whether the boundary starts elsewhere, at each accuracy."""
_NEXT_TO_NOTHING = 1e-4, 0.02
"""So small a rate, and what is allowed where it is as small."""


def _put(lane: Lane) -> tuple[float, float]:
    """The rate and the dividend of the put that an option is by symmetry."""
    _, _, rate, dividend, _, sign, _ = lane
    return (dividend, rate) if sign > 0.0 else (rate, dividend)


def _allowed(lane: Lane, exact: mpf) -> mpf:
    """What the boundary of an option may be off by: the put's, carried over to a call."""
    strike, *_, style = lane
    rate, dividend = _put(lane)
    least, most = _NEXT_TO_NOTHING
    tolerance = most if max(rate, -dividend) < least else _ALLOWED[dividend > rate][style]
    above = mpf(1) if isinf(exact) else max(mpf(1), exact / strike)
    return mpf(strike) * tolerance * above**2


def _public(operands: Any, **options: Any) -> Any:
    """A call for each accuracy, which options cannot have of their own."""
    *lanes, style = np.broadcast_arrays(*operands)
    result = np.empty(style.shape)
    for level, accuracy in ACCURACIES.items():
        chosen = style == level
        strike, time, rate, dividend, sigma, sign = (lane[chosen] for lane in lanes)
        result[chosen] = quantforge.exercise_boundary(
            *(strike, time, rate, sigma),
            dividend=dividend,
            kind=sign,
            accuracy=accuracy,
            **options,
        )
    return result


ORACLE = Oracle(
    exact_values=lambda *lane: (reference.exercise_boundary(*lane[:6]),),
    bounds={"boundary": (Bound("what its accuracy allows", 1, _allowed),)},
    regions=regions.EXERCISE_BOUNDARY,
    special=special.EXERCISE_BOUNDARY,
    edge_cases=edge_cases.exercise_boundary,
    public=_public,
    specification=lambda *lane: (specification.exercise_boundary(*lane),),
    golden_bits=DATA / "golden/exercise_boundary.txt",
    points=25,
    share=0.2,
)
