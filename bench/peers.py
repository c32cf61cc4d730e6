"""What a good NumPy user would write instead, for each operation that has such a thing.

A peer takes the operands by name, `sign` among them, and returns a call without arguments. All
arrays it needs are allocated once, before the timing, and every step writes in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

_INV_SQRT_2PI = 0.3989422804014327


def price(
    *,
    spot: Floats,
    strike: Floats,
    time: Floats,
    rate: Floats,
    dividend: Floats,
    sigma: Floats,
    sign: Floats,
) -> Callable[[], Floats]:
    """Black, Scholes and Merton's formula, calls and puts by their sign."""
    deviation, d1, d2, work, out = (np.empty(len(spot)) for _ in range(5))

    def call() -> Floats:
        np.sqrt(time, out=deviation)
        np.multiply(deviation, sigma, out=deviation)
        np.divide(spot, strike, out=d1)
        np.log(d1, out=d1)
        np.subtract(rate, dividend, out=work)
        np.multiply(work, time, out=work)
        np.add(d1, work, out=d1)
        np.divide(d1, deviation, out=d1)
        np.multiply(deviation, 0.5, out=work)
        np.subtract(d1, work, out=d2)
        np.add(d1, work, out=d1)
        for d, yields, asset in ((d1, dividend, spot), (d2, rate, strike)):
            np.multiply(d, sign, out=d)
            ndtr(d, out=d)
            np.multiply(yields, time, out=work)
            np.negative(work, out=work)
            np.exp(work, out=work)
            np.multiply(work, asset, out=work)
            np.multiply(d, work, out=d)
        np.subtract(d1, d2, out=out)
        return np.multiply(out, sign, out=out)

    return call


def greeks(
    *,
    spot: Floats,
    strike: Floats,
    time: Floats,
    rate: Floats,
    dividend: Floats,
    sigma: Floats,
    sign: Floats,
) -> Callable[[], tuple[Floats, ...]]:
    """Price and first-order greeks in closed form, sharing all that they share."""
    root, deviation, d1, d2, asset, bond, work = (np.empty(len(spot)) for _ in range(7))
    price, delta, gamma, vega, theta, rho, phi = (np.empty(len(spot)) for _ in range(7))

    def call() -> tuple[Floats, ...]:
        np.sqrt(time, out=root)
        np.multiply(root, sigma, out=deviation)
        np.divide(spot, strike, out=d1)
        np.log(d1, out=d1)
        np.subtract(rate, dividend, out=work)
        np.multiply(work, time, out=work)
        np.add(d1, work, out=d1)
        np.divide(d1, deviation, out=d1)
        np.multiply(deviation, 0.5, out=work)
        np.subtract(d1, work, out=d2)
        np.add(d1, work, out=d1)
        np.multiply(dividend, time, out=asset)
        np.exp(np.negative(asset, out=asset), out=asset)
        np.multiply(rate, time, out=bond)
        np.exp(np.negative(bond, out=bond), out=bond)
        np.multiply(bond, strike, out=bond)
        np.multiply(d1, d1, out=gamma)  # the density first
        np.multiply(gamma, -0.5, out=gamma)
        np.exp(gamma, out=gamma)
        np.multiply(gamma, _INV_SQRT_2PI, out=gamma)
        np.multiply(gamma, asset, out=gamma)
        np.multiply(gamma, spot, out=vega)
        np.multiply(vega, sigma, out=theta)
        np.divide(theta, root, out=theta)
        np.multiply(theta, -0.5, out=theta)
        np.multiply(vega, root, out=vega)
        np.divide(gamma, spot, out=gamma)
        np.divide(gamma, deviation, out=gamma)
        np.multiply(d1, sign, out=d1)
        ndtr(d1, out=d1)
        np.multiply(d1, asset, out=delta)
        np.multiply(delta, sign, out=delta)
        np.multiply(d2, sign, out=d2)
        ndtr(d2, out=d2)
        np.multiply(bond, d2, out=bond)
        np.multiply(bond, sign, out=bond)
        np.multiply(delta, spot, out=asset)
        np.subtract(asset, bond, out=price)
        np.multiply(asset, dividend, out=work)
        np.add(theta, work, out=theta)
        np.multiply(bond, rate, out=work)
        np.subtract(theta, work, out=theta)
        np.multiply(bond, time, out=rho)
        np.multiply(asset, time, out=phi)
        np.negative(phi, out=phi)
        return price, delta, gamma, vega, theta, rho, phi

    return call


def implied_volatility(
    *,
    price: Floats,
    spot: Floats,
    strike: Floats,
    time: Floats,
    rate: Floats,
    dividend: Floats,
    sign: Floats,
) -> Callable[[], Floats]:
    """Halley's method on the logarithm of the out-of-the-money price over sqrt(F K).

    It starts from the inflection point of the price, and ends when no volatility changes any more
    by 1e-11 of itself, or after 20 steps.
    """
    n = len(price)
    forward, root, x, target, half, s, d1, d2, value, density, work = (
        np.empty(n) for _ in range(11)
    )

    def call() -> Floats:
        np.sqrt(time, out=root)
        np.subtract(rate, dividend, out=forward)
        np.multiply(forward, time, out=forward)
        np.divide(spot, strike, out=x)
        np.log(x, out=x)
        np.add(x, forward, out=x)
        np.exp(forward, out=forward)
        np.multiply(forward, spot, out=forward)
        np.multiply(rate, time, out=work)
        np.exp(work, out=work)
        np.multiply(price, work, out=target)
        np.subtract(forward, strike, out=work)  # to the out-of-the-money side
        np.multiply(work, sign, out=work)
        np.maximum(work, 0.0, out=work)
        np.subtract(target, work, out=target)
        np.multiply(forward, strike, out=work)
        np.sqrt(work, out=work)
        np.divide(target, work, out=target)
        np.abs(x, out=x)
        np.negative(x, out=x)  # a call out of the money; puts are calls at -x
        np.multiply(x, 0.5, out=half)
        np.exp(half, out=half)
        np.multiply(x, -2.0, out=s)
        np.sqrt(s, out=s)
        np.maximum(s, 1e-8, out=s)
        for _ in range(20):
            np.divide(x, s, out=d1)
            np.multiply(s, 0.5, out=work)
            np.subtract(d1, work, out=d2)
            np.add(d1, work, out=d1)
            np.multiply(d1, d1, out=density)
            np.multiply(density, -0.5, out=density)
            np.exp(density, out=density)
            np.multiply(density, half, out=density)
            np.multiply(density, _INV_SQRT_2PI, out=density)  # the derivative of the value
            np.multiply(d1, d2, out=work)  # Halley's correction: value'' / value' = d1 d2 / s
            np.divide(work, s, out=work)
            ndtr(d1, out=d1)
            np.multiply(d1, half, out=value)
            ndtr(d2, out=d2)
            np.divide(d2, half, out=d2)
            np.subtract(value, d2, out=value)
            np.divide(density, value, out=density)  # the derivative of its logarithm
            np.subtract(work, density, out=work)
            np.divide(value, target, out=value)
            np.log(value, out=value)
            np.divide(value, density, out=value)
            np.multiply(work, value, out=work)
            np.multiply(work, -0.5, out=work)
            np.add(work, 1.0, out=work)
            np.maximum(work, 0.5, out=work)
            np.divide(value, work, out=value)
            np.multiply(s, 0.6, out=work)
            np.minimum(value, work, out=value)  # no step to where the price is 0
            np.subtract(s, value, out=s)
            np.abs(value, out=value)
            np.multiply(s, 1e-11, out=work)
            if not np.greater(value, work).any():
                break
        return np.divide(s, root, out=s)

    return call


PEERS: Mapping[str, tuple[str, Callable[..., Callable[[], Any]]]] = {
    "price": ("NumPy + SciPy", price),
    "greeks": ("NumPy + SciPy", greeks),
    "implied_volatility": ("NumPy + SciPy", implied_volatility),
}
"""By operation: what the peer is called, and what makes its call."""
