"""What counts as right: exact values, how far off a result may be, and where the formula ends.

The conformance suite imports this, and judges every backend of the operation by it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import quantforge
from mpmath import erf, exp, log, mp, mpf, sqrt
from quantforge_conformance.edge_cases import EdgeCase, Near
from quantforge_conformance.oracles import Bound, Oracle
from quantforge_conformance.reference import ulp
from quantforge_conformance.regions import Region

Array = np.ndarray
NAN, INFINITY = float("nan"), float("inf")


class Straddles(NamedTuple):
    """The operands, in the order of the declaration."""

    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sigma: Array


def legs(*lane: float) -> tuple[mpf, mpf]:
    """S exp(-q T) and K exp(-r T)."""
    spot, strike, time, rate, dividend, _ = map(mpf, lane)
    return spot * exp(-dividend * time), strike * exp(-rate * time)


def exact(*lane: float) -> tuple[mpf]:
    """The value to 50 digits, from one option's operands."""
    with mp.workdps(50):
        asset, cash = legs(*lane)
        v = mpf(lane[5]) * sqrt(mpf(lane[2]))
        distance = log(asset / cash) / v
        d1, d2 = distance + v / 2, distance - v / 2
        return (asset * erf(d1 / sqrt(mpf(2))) - cash * erf(d2 / sqrt(mpf(2))),)


def unit(lane: tuple[float, ...], value: mpf) -> mpf:
    """An ulp of the larger leg, times what the exponentials make of one of rT and qT."""
    _, _, time, rate, dividend, _ = lane
    return ulp(max(legs(*lane))) * (1 + (abs(rate) + abs(dividend)) * time)


def ordinary(rng: np.random.Generator, count: int) -> Straddles:
    """Options as they are quoted."""
    return Straddles(
        spot=rng.uniform(50, 150, count),
        strike=rng.uniform(50, 150, count),
        time=rng.uniform(0.05, 3, count),
        rate=rng.uniform(0, 0.08, count),
        dividend=rng.uniform(0, 0.06, count),
        sigma=rng.uniform(0.05, 0.8, count),
    )


def near_the_strike(rng: np.random.Generator, count: int) -> Straddles:
    """Seconds to expiry, and a strike within 6 standard deviations."""
    drawn = ordinary(rng, count)._replace(time=rng.uniform(1e-9, 1e-7, count))
    v = drawn.sigma * np.sqrt(drawn.time)
    return drawn._replace(strike=drawn.spot * np.exp(rng.uniform(-6, 6, count) * v))


def far_from_the_strike(rng: np.random.Generator, count: int) -> Straddles:
    """Strikes up to e^300 times the spot, or the spot times the strike."""
    drawn = ordinary(rng, count)
    return drawn._replace(strike=drawn.spot * np.exp(rng.uniform(-300, 300, count)))


def edge_cases() -> tuple[EdgeCase, ...]:
    """Cases whose value is known without the formula."""
    plain = Straddles(100.0, 95.0, 0.75, 0.05, 0.03, 0.2)
    with mp.workdps(50):
        asset, cash = legs(*plain)
        tolerance = 4 * ulp(asset)
        limits = {
            "nothing but the strike": (plain._replace(spot=0.0), Near(cash, tolerance)),
            "nothing but the spot": (plain._replace(strike=0.0), Near(asset, tolerance)),
            "no volatility": (plain._replace(sigma=0.0), Near(abs(asset - cash), tolerance)),
            "endless volatility": (plain._replace(sigma=1e300), Near(asset + cash, tolerance)),
            "at expiry": (plain._replace(time=0.0), 5.0),
            "at expiry at the strike": (plain._replace(time=0.0, strike=100.0), 0.0),
        }
    found = [EdgeCase(name, tuple(lane), (value,)) for name, (lane, value) in limits.items()]
    for name in Straddles._fields:
        bad = [INFINITY] if name in ("rate", "dividend") else [INFINITY, -1.0]
        for value in bad:
            lane = tuple(plain._replace(**{name: value}))
            found.append(EdgeCase(f"{name} {value}", lane, (NAN,), invalid=True))
        found.append(EdgeCase(f"{name} nan", tuple(plain._replace(**{name: NAN})), (NAN,)))
    return tuple(found)


def public(operands: Any, **options: Any) -> Any:
    """The function that users call, on the operands of a kernel."""
    spot, strike, time, rate, dividend, sigma = operands
    function = quantforge.function("NAME")
    return function(spot, strike, time, rate, sigma, dividend=dividend, **options)


ORACLE = Oracle(
    exact_values=exact,
    bounds={"value": (Bound("ulp of the larger leg (1 + (|r| + |q|) T)", 4, unit),)},
    regions=(
        Region("ordinary", ordinary),
        Region("near the strike", near_the_strike),
        Region("far from the strike", far_from_the_strike),
    ),
    special=dict.fromkeys(Straddles._fields, (0.0, 5e-324, 1e-300, INFINITY, -1.0, NAN)),
    edge_cases=edge_cases,
    public=public,
)
