"""The accuracy contract of implied volatilities and of their codes."""

from __future__ import annotations

from collections.abc import Callable

from mpmath import inf, mp, mpf

from quantforge import Code
from quantforge_conformance.oracles.bounds import Bound, Lane
from quantforge_conformance.reference import DIGITS, PRECISE, Implied, ulp

THRESHOLD = mpf("1e-3")
"""Relative distance from the threshold of LOW_PRECISION within which either code is right.

A kernel finds its side by the volatility it has computed, which has an error itself.
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

    def bounds(self, tolerance: float) -> dict[str, tuple[Bound, ...]]:
        """Return the contract of both outputs, `tolerance` in attainable errors."""
        return {
            "sigma": (Bound("of the attainable error", tolerance, self._attainable),),
            "code": (Bound("codes off", 0, self._code),),
        }

    def _attainable(self, lane: Lane, exact: mpf) -> mpf:
        found = self.implied(*lane)
        return inf if self._at_a_border(lane, found) else found.attainable

    def _code(self, lane: Lane, exact: mpf) -> mpf:
        found = self.implied(*lane)
        if found.code in (Code.OK, Code.LOW_PRECISION):
            over = found.attainable / (PRECISE * found.sigma)
            if 1 - THRESHOLD < over < 1 + THRESHOLD:
                return inf
        return inf if self._at_a_border(lane, found) else mpf(1)

    def _at_a_border(self, lane: Lane, found: Implied) -> bool:
        """Return whether half an ulp of the larger leg changes a code that is not OK."""
        if found.code == Code.OK:
            return False
        price, *others = lane
        half = ulp(self.larger_leg(tuple(others), mpf(0))) / 2
        with mp.workdps(DIGITS):  # or the sum is rounded
            prices = mpf(price) - half, mpf(price) + half
        return {self.implied(one, *others).code for one in prices} != {found.code}
