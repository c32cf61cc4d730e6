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


PEERS: Mapping[str, tuple[str, Callable[..., Callable[[], Any]]]] = {
    "price": ("NumPy + SciPy", price),
}
"""By operation: what the peer is called, and what makes its call."""
