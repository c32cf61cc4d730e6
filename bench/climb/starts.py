"""Where climbs start: the oracle's regions, the kernels' thresholds, the outputs' own zeros."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from quantforge_conformance import regions
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.regions import Region

from bench.climb import thresholds
from bench.climb.scope import TINY, TOTAL, within
from bench.climb.targets import Target
from bench.climb.zeros import at_zeros

Floats = NDArray[np.float64]


class Family(NamedTuple):
    """Options of one kind; `draw` takes a generator and about how many.

    `least_total` is what sigma sqrt(T) has to stay above.
    """

    name: str
    draw: Callable[[Generator, int], Floats]
    least_total: float = TOTAL[0]

    @property
    def promised(self) -> bool:
        """Whether its options are where the regions are."""
        return self.least_total == TOTAL[0]


def families(target: Target, backend: str) -> list[Family]:
    """Return where the climbs of a target start."""
    normal = target.operation.startswith("bachelier")
    places = thresholds.NORMAL if normal else thresholds.LOGNORMAL
    anywhere = partial(_anywhere, regions.BACHELIER_PRICE if normal else regions.PRICE)
    found = [
        Family(region.name, partial(_of_region, target.operation, region, backend))
        for region in ORACLES[target.operation].regions
    ]
    found += [Family(name, partial(_placed, anywhere, place)) for name, place in places.items()]
    for name, place in ({} if normal else thresholds.TINY).items():
        found.append(Family(name, partial(_placed, anywhere, place, least_total=TINY), TINY))
    if "greeks" in target.operation and target.output != "price":
        near = partial(_anywhere_and_placed, anywhere, [*places.values()])
        found.append(Family("its zeros", partial(at_zeros, target, backend, near)))
    return found


def _seed(rng: Generator) -> int:
    return int(rng.integers(2**31))


def _of_region(operation: str, region: Region, backend: str, rng: Generator, count: int) -> Floats:
    """Return a region's options; those to be inverted by the volatility their price gives."""
    drawn = np.array(region.quick(count, _seed(rng)))
    if "implied" not in operation:
        return drawn
    with np.errstate(all="ignore"):
        public: Any = ORACLES[operation].public
        sigma, _ = public(drawn, backend=backend, threads=1)
    _, *inputs, sign = drawn
    options = np.array([*inputs, sigma, sign])
    return options[:, np.isfinite(sigma) & (sigma > 0)]


def _anywhere(chosen: tuple[Region, ...], rng: Generator, count: int) -> Floats:
    """Return options of every region."""
    each = -(-count // len(chosen))
    parts = [np.array(region.quick(each, _seed(rng))) for region in chosen]
    return np.concatenate(parts, axis=1)[:, rng.permutation(each * len(chosen))[:count]]


def _anywhere_and_placed(
    anywhere: Callable[[Generator, int], Floats],
    places: list[thresholds.Place],
    rng: Generator,
    count: int,
) -> Floats:
    """Return options of every region, half of them moved to thresholds."""
    each = -(-count // 2 // len(places))
    parts = [_placed(anywhere, place, rng, each) for place in places]
    return np.concatenate([anywhere(rng, count // 2), *parts], axis=1)


def _placed(
    anywhere: Callable[[Generator, int], Floats],
    place: thresholds.Place,
    rng: Generator,
    count: int,
    least_total: float = TOTAL[0],
) -> Floats:
    """Return options of every region moved to a threshold, where they remain within the scope."""
    with np.errstate(all="ignore"):
        options = place(rng, anywhere(rng, 2 * count))
    return options[:, within(options, least_total)][:, :count]
