"""Price and greeks on a lognormal underlying, in NumPy: what is asked for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask, run
from quantforge.numpy_backend.elementary import gauss_exponent, mills, times_power
from quantforge.numpy_backend.legs import Aligned, Legs, aligned, is_missing, legs
from quantforge.numpy_backend.price import PAST, price_of_legs
from quantforge.numpy_backend.tables import INV_SQRT_2PI

__all__ = ["Level", "finished", "greeks", "level"]


class Level(NamedTuple):
    """1/v, 1/sigma and 1/sqrt(T), with their limits at the money without volatility."""

    per_v: Array
    per_sigma: Array
    per_root: Array


class _Parts(NamedTuple):
    """What the greeks are made of; the operands are among them."""

    both: Legs
    strike: Array
    time: Array
    r: Array
    q: Array
    sigma: Array
    sign: Array
    root: Array
    density: Array
    a_share: Array
    b_share: Array
    delta: Array
    dual_delta: Array
    d1: Array
    d2: Array
    d1_v: Array
    d2_v: Array
    per_spot: Array
    per_sigma: Array
    per_root: Array
    gamma: Array
    vega: Array


def greeks(*inputs: Any, outputs: Sequence[str], out: Any = None) -> Any:
    """The named outputs for (spot, strike, time, rate, dividend, sigma, sign), like a ufunc."""
    return run(partial(_greeks, outputs), inputs, "d" * len(outputs), out)


def _greeks(names: Sequence[str], *operands: Array) -> tuple[Sequence[Array], bool]:
    sign = operands[-1]
    both = legs(*operands[:-1])
    missing, outside = is_missing(*operands), both.outside | (np.abs(sign) != 1)
    parts = _parts(both, operands)
    return finished([_FORMULAS[name](parts) for name in names], missing, outside)


def finished(values: Sequence[Array], missing: Mask, outside: Mask) -> tuple[Sequence[Array], bool]:
    """NaN where there is no result, 0 for a product of 0 and infinity everywhere else."""
    bad = missing | outside
    held = [np.where(bad, np.nan, np.where(np.isnan(value), 0.0, value)) for value in values]
    return held, bool((outside & ~missing).any())


def level(is_level: Mask, density: Array, v: Array, time: Array, sigma: Array) -> Level:
    """The reciprocals; sigma and T both zero count as T > 0."""
    root = np.sqrt(time)
    per_v = np.where(density == 0, 0.0, 1.0 / v)  # nothing depends on what is so far off
    per_root = np.where(time > 0, 1.0 / root, np.where(sigma > 0, np.inf, 1.0))
    return Level(
        per_v,
        np.where(is_level, np.where(sigma > 0, 1.0 / sigma, np.inf), root * per_v),
        np.where(is_level, per_root, sigma * per_v),
    )


def _shares(
    both: Legs, side: Aligned, h: Array, ends: Mask, sign: Array
) -> tuple[Array, Array, Array]:
    """The density, and tails of the normal distribution times the legs, from the Mills ratio."""
    t = 0.5 * both.v
    near, far = h - t, np.fmin(h + t, 2.0**50)
    x = np.fmin(np.abs(near), PAST)
    e = gauss_exponent(x)
    exponent = np.where(side.below, both.a_exponent, both.b_exponent) + e.n
    m, m0 = mills(far), mills(x)
    density = np.where(side.below, both.a, both.b) * np.exp(e.r)
    part = density / (m.q * m0.q)
    far_tail = np.where(ends, 0.0, times_power(part * (m.p * m0.q), exponent))
    near_tail = np.where(ends, 0.0, times_power(part * (m0.p * m.q), exponent))
    a, b = times_power(both.a, both.a_exponent), times_power(both.b, both.b_exponent)
    least, most = np.where(side.below, a, b), np.where(side.below, b, a)
    inside = np.where(side.below, -sign, sign)
    least = np.where(inside * np.copysign(1.0, near) > 0, least - near_tail, near_tail)
    most = np.where(inside > 0, most - far_tail, far_tail)
    return (
        np.where(ends, 0.0, times_power(density, exponent) * INV_SQRT_2PI),
        np.where(side.below, least, most),
        np.where(side.below, most, least),
    )


def _parts(both: Legs, operands: Sequence[Array]) -> _Parts:
    spot, strike, time, rate, dividend, sigma, sign = operands
    side, t, root = aligned(both), 0.5 * both.v, np.sqrt(time)
    is_level = (side.a == side.b) & (both.v == 0)
    h = np.where(is_level, 0.0, both.h)
    ends = (spot == 0) | (strike == 0) | np.isinf(spot) | np.isinf(strike)
    density, a_share, b_share = _shares(both, side, h, ends, sign)
    per = level(is_level, density, both.v, time, sigma)
    some = (per.per_v != 0) & ~is_level
    d1 = np.where(some, np.where(side.below, t - h, h + t), 0.0)
    d2 = np.where(some, np.where(side.below, -(h + t), h - t), 0.0)
    inside = np.where(side.below, -sign, sign) > 0
    delta = np.where(inside, times_power(np.exp(both.q.r), both.q.n), 0.0)
    dual = np.where(inside, times_power(np.exp(both.r.r), both.r.n), 0.0)
    raised = np.where(spot < 2.0**-1022, 2.0**54, 1.0)  # 1/S of a subnormal S is infinite
    per_spot = 1.0 / spot
    return _Parts(
        both, strike, time, rate, dividend, sigma, sign, root, density, a_share, b_share,
        delta=np.where(ends, delta, a_share * raised * (1.0 / (spot * raised))),
        dual_delta=np.where(ends, dual, b_share / strike),
        d1=d1,
        d2=d2,
        d1_v=np.where(is_level, 0.5, d1 * per.per_v),
        d2_v=np.where(is_level, -0.5, d2 * per.per_v),
        per_spot=per_spot,
        per_sigma=per.per_sigma,
        per_root=per.per_root,
        gamma=density * per_spot * (per_spot * (per.per_root * per.per_sigma)),
        vega=density * root,
    )  # fmt: skip


def _theta(p: _Parts) -> Array:
    carried = p.sign * (p.q * p.a_share - p.r * p.b_share)
    return carried - 0.5 * p.density * (p.sigma * p.per_root)


def _charm(p: _Parts) -> Array:
    spread = p.per_root * ((p.r - p.q) * p.per_sigma - 0.5 * p.d2_v * p.sigma)
    return p.sign * p.q * p.delta - p.density * p.per_spot * spread


def _drift(p: _Parts) -> Array:
    return p.q + (p.r - p.q) * p.d1_v


def _curvature(p: _Parts) -> Array:
    return p.d1_v * p.d2_v * (p.sigma * p.sigma)


def _dual_gamma(p: _Parts) -> Array:
    per_strike = 1.0 / p.strike
    return p.density * per_strike * (per_strike * (p.per_root * p.per_sigma))


def _ultima(p: _Parts) -> Array:
    squares = p.d1_v * p.d1_v + p.d2_v * p.d2_v
    return -p.vega * p.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares)


_FORMULAS: Final[Mapping[str, Callable[[_Parts], Array]]] = {
    "price": lambda p: price_of_legs(p.both, p.sign),
    "delta": lambda p: p.sign * p.delta,
    "gamma": lambda p: p.gamma,
    "vega": lambda p: p.vega,
    "theta": _theta,
    "rho": lambda p: p.sign * p.time * p.b_share,
    "phi": lambda p: -p.sign * p.time * p.a_share,
    "vanna": lambda p: -(p.vega * p.per_spot) * p.d2_v,
    "volga": lambda p: p.vega * p.root * (p.d1 * p.d2_v),
    "charm": _charm,
    "veta": lambda p: p.vega * (_drift(p) - 0.5 * (p.per_root * p.per_root + _curvature(p))),
    "dual_delta": lambda p: -p.sign * p.dual_delta,
    "dual_gamma": _dual_gamma,
    "speed": lambda p: -p.gamma * p.per_spot * (p.d1_v + 1.0),
    "color": lambda p: p.gamma * (_drift(p) + 0.5 * (p.per_root * p.per_root - _curvature(p))),
    "zomma": lambda p: p.gamma * p.per_sigma * (p.d1 * p.d2 - 1.0),
    "ultima": _ultima,
}
