"""Options under Bachelier's model: forwards and strikes of either sign."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from quantforge_conformance.regions.region import Array, Draw, Region, log_uniform


class BachelierOptions(NamedTuple):
    """The operands of `bachelier_price`."""

    forward: Array
    strike: Array
    time: Array
    rate: Array
    sigma: Array
    sign: Array


def options(low: float, high: float, **ranges: tuple[float, float]) -> Draw:
    """Return the draw of options `low` to `high` sd out of the money; negative is in the money.

    Forwards, and so strikes, have either sign. `forward`, `time` and `sigma` may have ranges of
    their own, drawn log-uniformly, `rate` uniformly.
    """

    def draw(rng: Generator, count: int) -> BachelierOptions:
        o = BachelierOptions(
            forward=rng.uniform(-50, 150, count),
            strike=np.zeros(count),
            time=rng.uniform(0.05, 3, count),
            rate=rng.uniform(0, 0.08, count),
            sigma=rng.uniform(5, 60, count),
            sign=np.where(np.arange(count) % 2, -1.0, 1.0),
        )
        for name, ends in ranges.items():
            spread = rng.uniform if name == "rate" else lambda a, b, n: log_uniform(rng, a, b, n)
            o = o._replace(**{name: spread(*ends, count)})
        deviations = rng.uniform(low, high, count)
        return o._replace(strike=o.forward + o.sign * deviations * o.sigma * np.sqrt(o.time))

    return draw


def forward_is_strike(rng: Generator, count: int) -> BachelierOptions:
    """F = K exactly, sigma from 1e-9 to 1e9."""
    return options(0, 0, sigma=(1e-9, 1e9))(rng, count)


REGIONS = (
    Region("ordinary", options(-4, 4)),
    Region("out of the money 4-20 sd", options(4, 20)),
    Region("out of the money 20-36 sd", options(20, 36)),
    Region("in the money 0-36 sd", options(-36, 0)),
    Region("forward = strike", forward_is_strike),
    Region("time 1e-9", options(-6, 6, time=(0.5e-9, 2e-9))),
    Region("sigma 1e-7 to 1e-2", options(-6, 6, sigma=(1e-7, 1e-2))),
    Region("sigma 1e3 to 1e8", options(-6, 6, sigma=(1e3, 1e8))),
    Region("negative rates", options(-6, 6, rate=(-0.08, 0))),
    Region("|rT| to 600", options(-6, 6, rate=(-200, 200))),
    Region("forwards 1e-9 to 1e-3", options(-6, 6, forward=(1e-9, 1e-3), sigma=(1e-6, 1e-2))),
)
