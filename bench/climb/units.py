"""The units of the oracles' bounds, for many options at once and to three digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from quantforge_conformance.oracles import IN_THE_MONEY, OUT_OF_THE_MONEY

from bench.climb import slopes
from bench.climb.formulas import Lognormal
from bench.climb.slopes import Extended, Sloped
from quantforge import ALL

_ROUNDING = np.longdouble(2) ** -53


class Situation:
    """Options of which a bound's unit is wanted.

    Parameters
    ----------
    model : type
        `Lognormal` or `Normal`.
    operands : ndarray of shape (operands, n)
    output : str
    exact : ndarray of longdouble
        The output's exact values.
    y : ndarray of longdouble
        How far forward and strike are apart, which extended precision alone would lose.
    """

    def __init__(
        self,
        model: Any,
        operands: NDArray[np.float64],
        output: str,
        exact: Extended,
        y: Extended,
    ) -> None:
        self.model, self.operands, self.output = model, operands, output
        self.exact, self.y = np.abs(exact), y

    def _option(self, follow: bool) -> Any:
        *columns, sign = self.operands
        made = self.model(slopes.inputs(columns, follow), sign, slopes.normal, slopes.density)
        made.y = Sloped(self.y, made.y.slopes)
        return made

    @cached_property
    def plain(self) -> Any:
        """The options without slopes."""
        return self._option(False)

    @cached_property
    def option(self) -> Any:
        """The options with their slopes, the price's by its greeks: what cancels is left out."""
        made, plain = self._option(True), self.plain
        by_time = -plain.theta
        first = [plain.delta, plain.dual_delta, by_time, plain.rho, plain.phi, plain.vega]
        if self.model is not Lognormal:
            del first[4]
        slopes_of_price = [x.value * g.value for x, g in zip(made.inputs, first, strict=True)]
        made.price = Sloped(plain.price.value, np.array(slopes_of_price))
        return made

    @property
    def inside(self) -> NDArray[np.bool]:
        """Whether the forward is on the side of the strike that pays."""
        return self.operands[-1] * self.y > 0

    @property
    def sum(self) -> Extended:
        """The sum of |x dg/dx| over the inputs."""
        return getattr(self.option, self.output).total()

    @property
    def least(self) -> Extended:
        """The least greek that is not 0."""
        sizes = np.array([np.abs(getattr(self.plain, name).value) for name in ALL])
        sizes[sizes == 0] = np.inf
        return sizes.min(axis=0)

    @property
    def larger_leg(self) -> Extended:
        """The larger leg, which prices are measured by; a Bachelier price where that is more."""
        option = self.plain
        if self.model is Lognormal:
            return np.maximum((option.S * option.asset).value, (option.K * option.bond).value)
        amount = np.maximum(np.abs(option.F.value), np.abs(option.K.value)) * option.bond.value
        return np.maximum(amount, self.exact)


def spacing(x: NDArray[np.floating[Any]]) -> Extended:
    """Return the spacing of doubles at |x|, of the largest ones where x is beyond them."""
    return np.spacing(np.minimum(np.abs(x), 1.7e308).astype(np.float64)).astype(np.longdouble)


def _own_sensitivity(of: Situation) -> Extended:
    return (of.exact + of.sum) * _ROUNDING + _vanishing(of)


def _vanishing(of: Situation) -> Extended:
    return np.longdouble(2) ** -1064 * (1 + of.exact / of.least)


def _outside(of: Situation) -> Extended:
    rounding = spacing(of.exact)
    if of.output != "price":
        rounding = rounding + _vanishing(of)
    return np.where(of.inside, np.inf, rounding)


def _inside(of: Situation) -> Extended:
    return np.where(of.inside, spacing(of.larger_leg), np.inf)


UNITS: Mapping[str, Callable[[Situation], Extended]] = {
    "(1 + cond) 2^-53": _own_sensitivity,
    OUT_OF_THE_MONEY: _outside,
    IN_THE_MONEY: _inside,
}
"""By the name of a bound. One that is not here is evaluated by the oracle itself, slowly."""
