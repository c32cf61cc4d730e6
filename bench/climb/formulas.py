"""Price and greeks of both models, written once for any arithmetic.

Numbers are balls (`balls`) or arrays with their slopes (`slopes`). An arithmetic has the operators,
methods `exp`, `log` and `sqrt`, and the two functions that a model is given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

Function = Callable[[Any], Any]


class Model:
    """One option, or an array of them, in some arithmetic.

    Each greek is an attribute, computed when it is asked for, and so is what greeks share.

    Parameters
    ----------
    inputs : sequence of numbers
        The kernel's operands but the sign, in their order.
    sign : number
        +1 for a call, -1 for a put.
    normal, density : callable
        N(x) and phi(x) in this arithmetic.
    """

    def __init__(self, inputs: Any, sign: Any, normal: Function, density: Function) -> None:
        self.inputs, self.sign = inputs, sign
        self._normal, self._density = normal, density


class Lognormal(Model):
    """A European option on a lognormal underlying, in the notation of the reference."""

    def __init__(self, inputs: Any, sign: Any, normal: Function, density: Function) -> None:
        super().__init__(inputs, sign, normal, density)
        self.S, self.K, self.T, self.r, self.q, self.sigma = inputs

    @cached_property
    def root(self) -> Any:
        return self.T.sqrt()

    @cached_property
    def s(self) -> Any:
        """Sigma sqrt(T)."""
        return self.sigma * self.root

    @cached_property
    def y(self) -> Any:
        """Logarithm of forward over strike."""
        return (self.S / self.K).log() + (self.r - self.q) * self.T

    @cached_property
    def d1(self) -> Any:
        return self.y / self.s + self.s / 2

    @cached_property
    def d2(self) -> Any:
        return self.y / self.s - self.s / 2

    @cached_property
    def asset(self) -> Any:
        """e^(-qT), so that A = S e^(-qT)."""
        return (-(self.q * self.T)).exp()

    @cached_property
    def bond(self) -> Any:
        """e^(-rT), so that B = K e^(-rT)."""
        return (-(self.r * self.T)).exp()

    @cached_property
    def phi1(self) -> Any:
        """The density at d1."""
        return self._density(self.d1)

    @cached_property
    def delta(self) -> Any:
        return self.asset * self._normal(self.sign * self.d1) * self.sign

    @cached_property
    def dual_delta(self) -> Any:
        return -(self.bond * self._normal(self.sign * self.d2) * self.sign)

    @cached_property
    def price(self) -> Any:
        return self.S * self.delta + self.K * self.dual_delta

    @cached_property
    def gamma(self) -> Any:
        return self.asset * self.phi1 / (self.S * self.s)

    @cached_property
    def vega(self) -> Any:
        return self.S * self.asset * self.phi1 * self.root

    @cached_property
    def theta(self) -> Any:
        carried = self.q * self.S * self.delta + self.r * self.K * self.dual_delta
        return carried - self.vega * self.sigma / (self.T * 2)

    @cached_property
    def rho(self) -> Any:
        return -(self.T * self.K * self.dual_delta)

    @cached_property
    def phi(self) -> Any:
        return -(self.T * self.S * self.delta)

    @cached_property
    def vanna(self) -> Any:
        return -(self.vega * self.d2 / (self.S * self.s))

    @cached_property
    def volga(self) -> Any:
        return self.vega * self.d1 * self.d2 / self.sigma

    @cached_property
    def d1_by_time(self) -> Any:
        """The derivative of d1 by T."""
        return (self.r - self.q) / self.s - self.d2 / (self.T * 2)

    @cached_property
    def charm(self) -> Any:
        return self.q * self.delta - self.asset * self.phi1 * self.d1_by_time

    @cached_property
    def veta(self) -> Any:
        return self.vega * (self.q + self.d1 * self.d1_by_time - 1 / (self.T * 2))

    @cached_property
    def dual_gamma(self) -> Any:
        ratio = self.S / self.K
        return self.gamma * ratio * ratio

    @cached_property
    def speed(self) -> Any:
        return -(self.gamma / self.S * (self.d1 / self.s + 1))

    @cached_property
    def color(self) -> Any:
        return self.gamma * (self.q + self.d1 * self.d1_by_time + 1 / (self.T * 2))

    @cached_property
    def zomma(self) -> Any:
        return self.gamma * (self.d1 * self.d2 - 1) / self.sigma

    @cached_property
    def ultima(self) -> Any:
        product = self.d1 * self.d2
        bent = product * (product - 1) - self.d1 * self.d1 - self.d2 * self.d2
        return self.vega / (self.sigma * self.sigma) * bent


class Normal(Model):
    """A European option on a normally distributed forward, in the notation of the reference."""

    def __init__(self, inputs: Any, sign: Any, normal: Function, density: Function) -> None:
        super().__init__(inputs, sign, normal, density)
        self.F, self.K, self.T, self.r, self.sigma = inputs

    @cached_property
    def root(self) -> Any:
        return self.T.sqrt()

    @cached_property
    def s(self) -> Any:
        """Sigma sqrt(T)."""
        return self.sigma * self.root

    @cached_property
    def y(self) -> Any:
        """Forward less strike."""
        return self.F - self.K

    @cached_property
    def d(self) -> Any:
        return self.y / self.s

    @cached_property
    def bond(self) -> Any:
        return (-(self.r * self.T)).exp()

    @cached_property
    def weight(self) -> Any:
        """The discounted density at d."""
        return self.bond * self._density(self.d)

    @cached_property
    def delta(self) -> Any:
        return self.bond * self._normal(self.sign * self.d) * self.sign

    @cached_property
    def dual_delta(self) -> Any:
        return -self.delta

    @cached_property
    def price(self) -> Any:
        return self.y * self.delta + self.s * self.weight

    @cached_property
    def gamma(self) -> Any:
        return self.weight / self.s

    @property
    def dual_gamma(self) -> Any:
        return self.gamma

    @cached_property
    def vega(self) -> Any:
        return self.weight * self.root

    @cached_property
    def theta(self) -> Any:
        return self.r * self.price - self.gamma * self.sigma * self.sigma / 2

    @cached_property
    def rho(self) -> Any:
        return -(self.T * self.price)

    @cached_property
    def phi(self) -> Any:
        return self.price * 0

    @cached_property
    def vanna(self) -> Any:
        return -(self.vega * self.d / self.s)

    @cached_property
    def volga(self) -> Any:
        return self.vega * self.d * self.d / self.sigma

    @cached_property
    def charm(self) -> Any:
        return self.r * self.delta + self.gamma * self.d * self.sigma / (self.root * 2)

    @cached_property
    def veta(self) -> Any:
        return self.vega * (self.r - (self.d * self.d + 1) / (self.T * 2))

    @cached_property
    def speed(self) -> Any:
        return -(self.gamma * self.d / self.s)

    @cached_property
    def color(self) -> Any:
        return self.gamma * (self.r - (self.d * self.d - 1) / (self.T * 2))

    @cached_property
    def zomma(self) -> Any:
        return self.gamma * (self.d * self.d - 1) / self.sigma

    @cached_property
    def ultima(self) -> Any:
        square = self.d * self.d
        return self.vega * square * (square - 3) / (self.sigma * self.sigma)
