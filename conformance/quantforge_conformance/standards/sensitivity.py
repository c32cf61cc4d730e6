"""What the accuracy contract of the greeks is stated in: their own sensitivity to the inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mpmath import mp, mpf

from quantforge_conformance.reference import GREEKS
from quantforge_conformance.standards.contract import Bound, Lane

STEP = mpf(10) ** -22
"""Relative step of the difference quotients: of 40 digits 18 are left, far more than needed."""


class Sensitive(NamedTuple):
    """Exact values, and of each the sum of |x dg/dx| over the inputs."""

    values: tuple[mpf, ...]
    sums: tuple[mpf, ...]


Exact = Callable[..., dict[str, mpf]]


@lru_cache(maxsize=1024)
def sensitive(greeks: Exact, lane: Lane) -> Sensitive:
    """Return the greeks of one option and how sensitive they are; the last input is the sign."""
    *inputs, sign = lane
    base = greeks(*lane)
    sums = dict.fromkeys(GREEKS, mpf(0))
    with mp.workdps(50):
        for place, x in enumerate(inputs):
            if x == 0.0:
                continue
            moved = greeks(*inputs[:place], mpf(x) * (1 + STEP), *inputs[place + 1 :], sign)
            for name in GREEKS:
                sums[name] += abs(moved[name] - base[name]) / STEP
    return Sensitive(tuple(base[name] for name in GREEKS), tuple(sums.values()))


def bounds(greeks: Exact, limit: float) -> dict[str, tuple[Bound, ...]]:
    """Return the contract of every greek: as if each input had been rounded `limit` times.

    What a greek is made of has rounding errors of its own where it is below the normal range; the
    least of all greeks tells how far.
    """
    return {name: (_bound(greeks, place, limit),) for place, name in enumerate(GREEKS)}


def _bound(greeks: Exact, place: int, limit: float) -> Bound:
    def unit(lane: Lane, exact: mpf) -> mpf:
        found = sensitive(greeks, lane)
        least = min(abs(value) for value in found.values if value != 0)
        with mp.workdps(50):
            rounding = (abs(exact) + found.sums[place]) * mpf(2) ** -53
            return rounding + mpf(2) ** -1064 * (1 + abs(exact) / least)

    return Bound("(1 + cond) 2^-53", limit, unit)
