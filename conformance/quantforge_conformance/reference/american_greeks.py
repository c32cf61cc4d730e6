"""Derivatives of American options: those of the European one, and of the premium's reference.

By the spot the premium is differentiated under the integral, for which the boundary stands still.
By everything else it is a difference of five points, with a boundary solved for at each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from mpmath import mp, mpf
from numpy.typing import NDArray

from quantforge_conformance.reference.american_perpetual import perpetual
from quantforge_conformance.reference.american_price import Boundaries, premia
from quantforge_conformance.reference.american_price import without_volatility as best_on_path
from quantforge_conformance.reference.greeks import greeks

Floats = NDArray[np.float64]

NAMES = (
    *("price", "delta", "gamma", "vega", "theta", "rho", "phi"),
    *("vanna", "charm", "dual_delta", "dual_gamma"),
)
_STEP = 2e-3
"""Of the argument; a rate's step is also at most a part of its distance from where the boundary
starts elsewhere."""
_GRID = 40, 60, 120  # points, turns, nodes: an option needs seventeen boundaries
_WEIGHTS = {-2: 1.0 / 12.0, -1: -8.0 / 12.0, 1: 8.0 / 12.0, 2: -1.0 / 12.0}


def american_greeks(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> dict[str, mpf]:
    """Return price and derivatives by name, of an option with one exercise boundary or with none.

    Theta and charm are against time passing.
    """
    lane = (spot, strike, time, rate, dividend, sigma, sign)
    endless = perpetual(*as_put(lane))
    if endless and endless.reached:
        return exercised(lane) if distance(lane) <= 0.0 else of_endless_time(lane)
    found = european_greeks(*lane)
    if not is_early(lane):
        return found
    if distance(lane) <= 0.0:
        return exercised(lane)
    premium = _premium_greeks(*as_put(lane))
    if sign > 0.0:  # spot and strike have changed places, and so have rate and dividend
        premium = {_EXCHANGED.get(name, name): x for name, x in premium.items()}
    return {name: found[name] + mpf(premium[name]) for name in NAMES}


_EXCHANGED = {
    "delta": "dual_delta",
    "dual_delta": "delta",
    "gamma": "dual_gamma",
    "dual_gamma": "gamma",
    "rho": "phi",
    "phi": "rho",
    "vanna": "dual_vanna",
    "dual_vanna": "vanna",
    "charm": "dual_charm",
    "dual_charm": "charm",
}


def distance(lane: Sequence[float], points: int = 64, turns: int = 300) -> float:
    """Return ln(S / B) of the put that an option is by symmetry; infinite if there is no B."""
    if not is_early(lane):
        return np.inf
    spot, strike, time, rate, dividend, sigma = as_put(lane)
    endless = perpetual(spot, strike, time, rate, dividend, sigma)
    if endless and endless.reached:
        return float(mp.log(spot / endless.boundary))
    variance = sigma * sigma
    return float(np.log(spot / strike)) - _log_boundary(
        rate / variance, dividend / variance, variance * time, points, turns
    )


def european_greeks(*lane: float) -> dict[str, mpf]:
    """Return those of the European option that an American one has too."""
    found = greeks(*lane)
    return {name: found[name] for name in NAMES}


def without_volatility(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> dict[str, mpf]:
    """Return those of an option on an underlying whose path is known, `sigma` being 0."""
    at = tuple(map(mpf, (spot, strike, time, rate, dividend)))

    def value(spot: mpf, strike: mpf, time: mpf, rate: mpf, dividend: mpf) -> mpf:
        return best_on_path(spot, strike, time, rate, dividend, sign)

    def slope(*orders: int) -> mpf:
        with mp.workdps(50):
            return mp.chop(mp.diff(value, at, orders), tol=mpf(10) ** -30)  # what is left of 0

    return {
        "price": value(*at),
        "delta": slope(1, 0, 0, 0, 0),
        "gamma": slope(2, 0, 0, 0, 0),
        "vega": mpf(0),
        "theta": -slope(0, 0, 1, 0, 0),
        "rho": slope(0, 0, 0, 1, 0),
        "phi": slope(0, 0, 0, 0, 1),
        "vanna": mpf(0),
        "charm": -slope(1, 0, 1, 0, 0),
        "dual_delta": slope(0, 1, 0, 0, 0),
        "dual_gamma": slope(0, 2, 0, 0, 0),
    }


def of_endless_time(lane: Sequence[float]) -> dict[str, mpf]:
    """Return those of an option that has so much time that more would change nothing."""
    spot, strike, time, rate, dividend, sigma, sign = lane

    def value(*given: mpf) -> mpf:
        spot, strike, rate, dividend, sigma = given
        found = perpetual(*as_put((spot, strike, time, rate, dividend, sigma, sign)))
        assert found is not None
        return found.value

    def slope(*orders: int) -> mpf:
        with mp.workdps(50):
            return mp.diff(value, tuple(map(mpf, (spot, strike, rate, dividend, sigma))), orders)

    return {
        "price": slope(0, 0, 0, 0, 0),
        "delta": slope(1, 0, 0, 0, 0),
        "gamma": slope(2, 0, 0, 0, 0),
        "vega": slope(0, 0, 0, 0, 1),
        "theta": mpf(0),
        "rho": slope(0, 0, 1, 0, 0),
        "phi": slope(0, 0, 0, 1, 0),
        "vanna": slope(1, 0, 0, 0, 1),
        "charm": mpf(0),
        "dual_delta": slope(0, 1, 0, 0, 0),
        "dual_gamma": slope(0, 2, 0, 0, 0),
    }


def exercised(lane: Sequence[float]) -> dict[str, mpf]:
    """Return those of an option that is exercised now."""
    spot, strike, sign = mpf(lane[0]), mpf(lane[1]), lane[-1]
    gain = {"price": mpf(sign) * (spot - strike), "delta": mpf(sign), "dual_delta": mpf(-sign)}
    return {name: gain.get(name, mpf(0)) for name in NAMES}


def as_put(lane: Sequence[float]) -> tuple[float, float, float, float, float, float]:
    """Return the put that an option is by symmetry, without its sign."""
    spot, strike, time, rate, dividend, sigma, sign = lane
    if sign > 0.0:
        return strike, spot, time, dividend, rate, sigma
    return spot, strike, time, rate, dividend, sigma


def is_early(lane: Sequence[float]) -> bool:
    """Return whether exercise before expiry may pay."""
    _, _, _, rate, dividend, _ = as_put(lane)
    return rate > 0.0 or dividend < rate


@cache
def _log_boundary(a: float, b: float, x: float, points: int, turns: int) -> float:
    one = Boundaries(*(np.array([each]) for each in (a, b, x)), points=points, turns=turns)
    return float(one.log_start[0, 0] - one.depth[0, 0])


@cache
def _premium_greeks(
    spot: float, strike: float, time: float, rate: float, dividend: float, sigma: float
) -> dict[str, float]:
    """Return the premium of a put, and its derivatives by name."""
    at = np.array([time, rate, dividend, sigma])
    steps = _STEP * np.abs(at)
    apart = abs(rate - dividend) / 8.0 if rate != dividend else np.inf
    steps[1:3] = np.minimum(np.maximum(steps[1:3], 1e-4), apart)
    steps[1] = min(steps[1], rate / 8.0) if rate > 0.0 else steps[1]
    places = [at, *(at + k * step * one for step, one in _directions(steps) for k in _WEIGHTS)]
    t, r, q, v = np.array(places).T
    log_m = float(np.log(spot / strike))
    values = strike * premia(r / v**2, q / v**2, v**2 * t, log_m, *_GRID)
    price, by_m, by_mm = values[:, 0]
    slopes = values[:, 1:].reshape(3, 4, 4) @ np.array([*_WEIGHTS.values()])
    (by_time, rho, phi, vega), (time_m, _, _, sigma_m) = (slopes / steps)[:2]
    return {
        "price": price,
        "delta": by_m / spot,
        "gamma": (by_mm - by_m) / spot**2,
        "vega": vega,
        "theta": -by_time,
        "rho": rho,
        "phi": phi,
        "vanna": sigma_m / spot,
        "charm": -time_m / spot,
        "dual_delta": (price - by_m) / strike,
        "dual_gamma": (by_mm - by_m) / strike**2,
        "dual_vanna": (vega - sigma_m) / strike,
        "dual_charm": -(by_time - time_m) / strike,
    }


def _directions(steps: Floats) -> list[tuple[float, Floats]]:
    return list(zip(steps.tolist(), np.eye(len(steps)), strict=True))
