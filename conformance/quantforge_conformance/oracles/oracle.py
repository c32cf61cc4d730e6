"""What a standard is: the suite's counterpart of an operation in the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mpmath import inf, mp, mpf

from quantforge_conformance import limits, regions
from quantforge_conformance.reference import DIGITS, LOW_PRECISION, OK, PRECISE, Implied

Lane = tuple[float, ...]


@dataclass(frozen=True)
class Bound:
    """One half of an accuracy contract: the error is at most `limit` times ``unit(lane, exact)``.

    `name` is the unit's, as the report at the end of a run words it.
    """

    name: str
    limit: float
    unit: Callable[[Lane, mpf], mpf]


@dataclass(frozen=True)
class Standard:
    """What one operation is measured against.

    Attributes
    ----------
    golden : callable
        From one option's inputs to the exact results, one mpf per output.
    bounds : mapping of str to tuple of Bound
        The accuracy contract of each output.
    specification : callable
        From one option's inputs to the bits' authority, one float per output.
    regions : tuple of Region
        Where accuracy is promised.
    special : mapping of str to tuple of float
        By input: values at which code goes wrong.
    limits : callable
        Returns the table of limits, a case each.
    public : callable
        ``public(operands, **options)`` calls the user's function on a kernel's operands; a result
        per output, alone or in a tuple.
    points : int
        How many options of each region the suite compares with the exact values.
    """

    golden: Callable[..., tuple[mpf, ...]]
    bounds: Mapping[str, tuple[Bound, ...]]
    specification: Callable[..., tuple[float, ...]]
    regions: tuple[regions.Region, ...]
    special: Mapping[str, tuple[float, ...]]
    limits: Callable[[], tuple[limits.Limit, ...]]
    public: Callable[..., Any]
    points: int = 50


OUT_OF_THE_MONEY = "ulp, out of the money"
IN_THE_MONEY = "ulp of the larger leg, in the money"

Moneyness = Callable[[Lane], mpf]
"""From one option's inputs to a number that is positive in the money, 0 at the forward."""


def out_of_the_money(
    limit: float,
    moneyness: Moneyness,
    rounding: Callable[[Lane, mpf], mpf] = lambda lane, exact: ulp(exact),
) -> Bound:
    """Return a bound in the result's own ulp; in the money nothing is promised by it."""
    return Bound(
        OUT_OF_THE_MONEY,
        limit,
        lambda lane, exact: inf if moneyness(lane) > 0 else rounding(lane, exact),
    )


def in_the_money(
    limit: float, moneyness: Moneyness, larger_leg: Callable[[Lane, mpf], mpf]
) -> Bound:
    """Return a bound in ulp of what the intrinsic value is made of; elsewhere it says nothing."""
    return Bound(
        IN_THE_MONEY,
        limit,
        lambda lane, exact: ulp(larger_leg(lane, exact)) if moneyness(lane) > 0 else inf,
    )


EDGE = mpf("1e-3")
"""How near a volatility's limit is to the threshold where either code is right, relatively.

Which side a kernel finds depends on the volatility it has found, which is off by that limit.
"""


class Inversion:
    """The bounds of an implied volatility and of its code.

    At the threshold of precision either code is right, and so are both where half an ulp of the
    larger leg takes the price across a bound: the legs are rounded numbers themselves. There the
    volatility may be that of either code too.

    Parameters
    ----------
    implied : callable
        From one option's inputs to the exact volatility.
    larger_leg : callable
        From the inputs but the price to what prices are measured by.
    """

    def __init__(
        self, implied: Callable[..., Implied], larger_leg: Callable[[Lane, mpf], mpf]
    ) -> None:
        self.implied, self.larger_leg = implied, larger_leg

    def bounds(self, limit: float) -> dict[str, tuple[Bound, ...]]:
        """Return the contract of both outputs, `limit` in attainable limits."""
        return {
            "sigma": (Bound("of the attainable limit", limit, self._attainable),),
            "code": (Bound("codes off", 0, self._code),),
        }

    def _attainable(self, lane: Lane, exact: mpf) -> mpf:
        found = self.implied(*lane)
        return inf if self._at_a_border(lane, found) else found.attainable

    def _code(self, lane: Lane, exact: mpf) -> mpf:
        found = self.implied(*lane)
        if found.code in (OK, LOW_PRECISION):
            over = found.attainable / (PRECISE * found.sigma)
            if 1 - EDGE < over < 1 + EDGE:
                return inf
        return inf if self._at_a_border(lane, found) else mpf(1)

    def _at_a_border(self, lane: Lane, found: Implied) -> bool:
        """Say whether half an ulp of the larger leg changes a code that is not OK."""
        if found.code == OK:
            return False
        price, *others = lane
        half = ulp(self.larger_leg(tuple(others), mpf(0))) / 2
        with mp.workdps(DIGITS):  # or the sum is rounded
            prices = mpf(price) - half, mpf(price) + half
        return {self.implied(one, *others).code for one in prices} != {found.code}


def ulp(x: mpf) -> mpf:
    """Return the spacing of doubles at x, of the largest ones where x is beyond them."""
    return mpf(math.ulp(min(float(abs(x)), 1.7e308)))
