"""Accuracy contracts: a tolerance and the unit that it is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mpmath import inf, mpf

from quantforge_conformance.reference import ulp

Lane = tuple[float, ...]


@dataclass(frozen=True)
class Bound:
    """The error is at most `tolerance` times ``unit(lane, exact)``.

    An infinite unit promises nothing of that option. `name` is the unit's, as the report at the end
    of a run words it.
    """

    name: str
    tolerance: float
    unit: Callable[[Lane, mpf], mpf]


OUT_OF_THE_MONEY = "ulp, out of the money"
IN_THE_MONEY = "ulp of the larger leg, in the money"

Moneyness = Callable[[Lane], mpf]
"""From one option's inputs to a number that is positive in the money, 0 at the forward."""


def out_of_the_money(
    tolerance: float,
    moneyness: Moneyness,
    rounding: Callable[[Lane, mpf], mpf] = lambda lane, exact: ulp(exact),
) -> Bound:
    """Return a bound in the result's own ulp. It promises nothing in the money."""
    return Bound(
        OUT_OF_THE_MONEY,
        tolerance,
        lambda lane, exact: inf if moneyness(lane) > 0 else rounding(lane, exact),
    )


def in_the_money(
    tolerance: float, moneyness: Moneyness, larger_leg: Callable[[Lane, mpf], mpf]
) -> Bound:
    """Return a bound in ulp of the larger leg. It promises nothing out of the money."""
    return Bound(
        IN_THE_MONEY,
        tolerance,
        lambda lane, exact: ulp(larger_leg(lane, exact)) if moneyness(lane) > 0 else inf,
    )
