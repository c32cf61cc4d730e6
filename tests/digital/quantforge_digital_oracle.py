"""What counts as right for the digital: the oracle that its package brings for conformance."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import erfc, exp, log, mp, mpf, pi, sqrt
from quantforge_conformance.edge_cases import EdgeCase, Near
from quantforge_conformance.oracles import Bound, Lane, Oracle
from quantforge_conformance.reference import ulp
from quantforge_conformance.regions import PRICE as PRICED

import quantforge

SPECIAL = (0.0, 1.0, 1e300, np.inf, -1.0, np.nan)


def d2(*lane: float) -> mpf:
    spot, strike, time, rate, dividend, sigma, _ = map(mpf, lane)
    return (log(spot / strike) + (rate - dividend - sigma**2 / 2) * time) / (sigma * sqrt(time))


def exact(*lane: float) -> tuple[mpf, ...]:
    with mp.workdps(50):
        return (exp(-mpf(lane[3]) * mpf(lane[2])) * erfc(-lane[6] * d2(*lane) / sqrt(mpf(2))) / 2,)


def rounding(lane: Lane, value: mpf) -> mpf:
    """What half an ulp of each number on the way costs the value, and one ulp of itself."""
    with mp.workdps(50):
        spot, strike, time, rate, dividend, sigma, _ = map(mpf, lane)
        density = exp(-rate * time) * exp(-(d2(*lane) ** 2) / 2) / sqrt(2 * pi)
        moneyness = 1 + abs(log(spot / strike)) + (abs(rate) + abs(dividend)) * time
        steps = moneyness / (sigma * sqrt(time)) + abs(d2(*lane)) + sigma * sqrt(time)
        return ulp(value) * (1 + abs(rate * time)) + mpf(2) ** -53 * density * steps


def edge_cases() -> tuple[EdgeCase, ...]:
    plain = (100.0, 95.0, 0.5, 0.03, 0.01, 0.2, 1.0)
    return (
        EdgeCase("an ordinary call", plain, (Near(exact(*plain)[0], mpf(2) ** -50),)),
        EdgeCase("at expiry in the money", (100.0, 95.0, 0.0, 0.03, 0.0, 0.2, 1.0), (1.0,)),
        EdgeCase("at expiry out of the money", (100.0, 95.0, 0.0, 0.03, 0.0, 0.2, -1.0), (0.0,)),
        EdgeCase("at expiry at the strike", (100.0, 100.0, 0.0, 0.03, 0.0, 0.2, 1.0), (0.5,)),
        EdgeCase("time -1.0", (100.0, 95.0, -1.0, 0.03, 0.0, 0.2, 1.0), (np.nan,), invalid=True),
        EdgeCase("sign 0.0", (100.0, 95.0, 0.5, 0.03, 0.0, 0.2, 0.0), (np.nan,), invalid=True),
        EdgeCase("spot nan", (np.nan, 95.0, 0.5, 0.03, 0.0, 0.2, 1.0), (np.nan,)),
    )


def public(operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    digital = quantforge.function("digital")
    return digital(spot, strike, time, rate, sigma, dividend=dividend, kind=sign, **options)


ORACLE = Oracle(
    exact_values=exact,
    bounds={"value": (Bound("rounding of what goes in", 4, rounding),)},
    regions=PRICED[:1],
    special=dict.fromkeys(("spot", "strike", "time", "rate", "dividend", "sigma"), SPECIAL)
    | {"sign": (1.0, -1.0, 0.0, np.nan)},
    edge_cases=edge_cases,
    public=public,
)
