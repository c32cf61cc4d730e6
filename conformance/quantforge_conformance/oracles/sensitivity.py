"""The accuracy contract of the greeks, in units of their sensitivity to the inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mpmath import mp, mpf

from quantforge import ALL, FIRST_ORDER
from quantforge_conformance.oracles.bounds import Bound, Lane, Moneyness, out_of_the_money
from quantforge_conformance.reference import ulp

STEP = mpf(10) ** -22
"""Relative step of the difference quotients: of 40 digits 18 are left, far more than needed."""


class Sensitive(NamedTuple):
    """Exact values g, and for each the sum of |x dg/dx| over the inputs."""

    values: tuple[mpf, ...]
    sums: tuple[mpf, ...]


Exact = Callable[..., dict[str, mpf]]


@lru_cache(maxsize=1024)
def sensitive(greeks: Exact, lane: Lane) -> Sensitive:
    """Return the greeks of one option and how sensitive they are; the last input is the sign."""
    *inputs, sign = lane
    base = greeks(*lane)
    sums = dict.fromkeys(ALL, mpf(0))
    with mp.workdps(50):
        for place, x in enumerate(inputs):
            if x == 0.0:
                continue
            moved = greeks(*inputs[:place], mpf(x) * (1 + STEP), *inputs[place + 1 :], sign)
            for name in ALL:
                sums[name] += abs(moved[name] - base[name]) / STEP
    return Sensitive(tuple(base[name] for name in ALL), tuple(sums.values()))


SHARES = ("delta", "gamma", "vega", "dual_delta")
"""Shares of a leg, or their densities: computed in few roundings out of the money."""


ROUNDINGS = dict.fromkeys(FIRST_ORDER, 8) | {"charm": 12, "veta": 25, "color": 35, "speed": 45}
OTHERWISE = 10
"""As if each input had been rounded that often. The four are sums of terms that cancel where the
total volatility is beyond 5, and what is found there by hill climbs is more than elsewhere."""


def bounds(greeks: Exact, moneyness: Moneyness, own_ulp: float) -> dict[str, tuple[Bound, ...]]:
    """Return the contract of every greek: the error of inputs rounded a few times.

    What a greek is made of has rounding errors of its own where it is a subnormal number; the
    least of all greeks tells how far. Out of the money some are held to their own ulp besides.
    """

    def rounding(lane: Lane, exact: mpf) -> mpf:
        return ulp(exact) + _vanishing(greeks, lane, exact)

    own = out_of_the_money(own_ulp, moneyness, rounding)
    return {
        name: (
            _bound(greeks, place, ROUNDINGS.get(name, OTHERWISE)),
            *((own,) if name in SHARES else ()),
        )
        for place, name in enumerate(ALL)
    }


def _bound(greeks: Exact, place: int, tolerance: float) -> Bound:
    def unit(lane: Lane, exact: mpf) -> mpf:
        with mp.workdps(50):
            rounding = (abs(exact) + sensitive(greeks, lane).sums[place]) * mpf(2) ** -53
            return rounding + _vanishing(greeks, lane, exact)

    return Bound("(1 + cond) 2^-53", tolerance, unit)


def _vanishing(greeks: Exact, lane: Lane, exact: mpf) -> mpf:
    """Return what is lost where the least of the greeks is a subnormal number."""
    least = min(abs(value) for value in sensitive(greeks, lane).values if value != 0)
    with mp.workdps(50):
        return mpf(2) ** -1064 * (1 + abs(exact) / least)
