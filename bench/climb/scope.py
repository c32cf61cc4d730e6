"""Where the climb looks: the hull of the regions, and what the documentation names beyond them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DEVIATIONS = 38.5  # standard deviations; beyond them a price of 1 is less than the least double
DISCOUNT = 600.0  # |rT| and |qT|
TOTAL = (5e-10, 64.0)  # sigma sqrt(T)
TINY = 2.0**-64  # where options of less than that are looked for
TIME = (1e-10, 200.0)
APART = 600.0  # |ln(S/K)|
AMOUNTS = (5e-324, 1e160)
NORMAL_AMOUNTS = 1e15


def within(options: Floats, least_total: float = TOTAL[0]) -> NDArray[np.bool]:
    """Say which options are where accuracy is promised or documented, rows in a kernel's order.

    `least_total` is what sigma sqrt(T) is at least, under the lognormal model.
    """
    with np.errstate(all="ignore"):
        if len(options) == 6:
            return _normal(*options)
        enough = options[5] * np.sqrt(options[2]) >= least_total
        return enough & _lognormal(*options)


def _between(x: Floats, ends: tuple[float, float]) -> NDArray[np.bool]:
    return (x >= ends[0]) & (x <= ends[1])


def _lognormal(
    spot: Floats,
    strike: Floats,
    time: Floats,
    rate: Floats,
    dividend: Floats,
    sigma: Floats,
    sign: Floats,
) -> NDArray[np.bool]:
    total, ratio = sigma * np.sqrt(time), np.log(spot) - np.log(strike)
    h = np.abs(ratio + (rate - dividend) * time) / total
    held = (total <= TOTAL[1]) & _between(time, TIME)
    held &= (np.abs(rate * time) <= DISCOUNT) & (np.abs(dividend * time) <= DISCOUNT)
    held &= _between(spot, AMOUNTS) & _between(strike, AMOUNTS) & (np.abs(ratio) <= APART)
    # 1/S of a spot below the normal range is endless, but where the unit of both is another.
    held &= (np.minimum(spot, strike) >= 2.0**-1022) | (np.maximum(spot, strike) < 2.0**-500)
    return held & (h - 0.5 * total <= DEVIATIONS)


def _normal(
    forward: Floats, strike: Floats, time: Floats, rate: Floats, sigma: Floats, sign: Floats
) -> NDArray[np.bool]:
    total = sigma * np.sqrt(time)
    held = _between(total, (1e-15, NORMAL_AMOUNTS)) & _between(time, TIME)
    held &= np.maximum(np.abs(forward), np.abs(strike)) <= NORMAL_AMOUNTS
    held &= np.abs(rate * time) <= DISCOUNT
    return held & (np.abs(forward - strike) <= DEVIATIONS * total)
