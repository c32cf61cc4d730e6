"""Price and greeks on a lognormal underlying, in NumPy: what is asked for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask, run
from quantforge.numpy_backend.elementary import gauss_exponent, mills, times_power, zero_times
from quantforge.numpy_backend.legs import Aligned, Legs, aligned, is_missing, legs
from quantforge.numpy_backend.price import PAST, price_of_legs
from quantforge.numpy_backend.tables import INV_SQRT_2PI

__all__ = ["Level", "finished", "greeks", "level"]


class Level(NamedTuple):
    """1/v, 1/sigma and 1/sqrt(T), with their limits at the money without volatility."""

    per_v: Array
    per_sigma: Array
    per_root: Array


class _Amounts(NamedTuple):
    """Spot and strike in units of 2^unit where both are very small or very large."""

    spot: Array
    strike: Array
    unit: Array
    ends: Mask  # spot or strike is 0 or infinite


class _Parts(NamedTuple):
    """What the greeks are made of; the operands are among them, amounts in units of 2^unit."""

    price: Array
    unit: Array
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
    values = (_FORMULAS[name](parts) for name in names)
    back = [
        times_power(value, _DEGREES.get(name, 0) * parts.unit)
        for name, value in zip(names, values, strict=True)
    ]
    return finished(back, missing, outside)


def finished(values: Sequence[Array], missing: Mask, outside: Mask) -> tuple[Sequence[Array], bool]:
    """NaN where there is no result, 0 for a product of 0 and infinity everywhere else."""
    bad = missing | outside
    held = [np.where(bad, np.nan, np.where(np.isnan(value), 0.0, value)) for value in values]
    return held, bool((outside & ~missing).any())


def level(is_level: Mask, density: Array, v: Array, time: Array, sigma: Array) -> Level:
    """The reciprocals; with sigma and T both zero sigma goes first."""
    root = np.sqrt(time)
    per_v = np.where(density == 0, 0.0, 1.0 / v)  # nothing depends on what is so far off
    per_sigma = np.where(is_level, 1.0 / np.abs(sigma), zero_times(per_v, root))
    return Level(per_v, per_sigma, np.where(is_level, 1.0 / np.abs(root), sigma * per_v))


def _amounts(spot: Array, strike: Array) -> _Amounts:
    (s, i), (k, j) = np.frexp(spot), np.frexp(strike)
    high, low = np.maximum(i, j), np.minimum(i, j)
    ends = (spot == 0) | (strike == 0) | np.isinf(spot) | np.isinf(strike)
    unit = np.where(high < -500, high, np.where(low > 500, low, 0))
    unit = np.where(ends, 0, unit)
    return _Amounts(np.ldexp(s, i - unit), np.ldexp(k, j - unit), unit, ends)


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
    settled = ends | np.isinf(both.v)
    far_tail = np.where(settled, 0.0, times_power(part * (m.p * m0.q), exponent))
    near_tail = np.where(settled, 0.0, times_power(part * (m0.p * m.q), exponent))
    a, b = times_power(both.a, both.a_exponent), times_power(both.b, both.b_exponent)
    least, most = np.where(side.below, a, b), np.where(side.below, b, a)
    inside = np.where(side.below, -sign, sign)
    near_inside = np.where(ends, inside, inside * np.copysign(1.0, near))
    least = np.where(near_inside > 0, least - near_tail, near_tail)
    most = np.where(inside > 0, most - far_tail, far_tail)
    return (
        np.where(settled, 0.0, times_power(density, exponent) * INV_SQRT_2PI),
        np.where(side.below, least, most),
        np.where(side.below, most, least),
    )


def _parts(unscaled: Legs, operands: Sequence[Array]) -> _Parts:
    amounts, time, r, q, sigma, sign = _amounts(*operands[:2]), *operands[2:]
    spot, strike, unit, ends = amounts
    both = unscaled._replace(
        a_exponent=unscaled.a_exponent - unit, b_exponent=unscaled.b_exponent - unit
    )
    side, t, root = aligned(both), 0.5 * both.v, np.sqrt(time)
    is_level = ((side.a == side.b) | (both.h == 0)) & (both.v < 2.0**-1000)
    h = np.where(is_level, 0.0, both.h)
    density, a_share, b_share = _shares(both, side, h, ends, sign)
    per = level(is_level, density, both.v, time, sigma)
    some = (per.per_v != 0) & ~is_level
    d1 = np.where(some, np.where(side.below, t - h, h + t), 0.0)
    d2 = np.where(some, np.where(side.below, -(h + t), h - t), 0.0)
    inside = np.where(side.below, -sign, sign) > 0
    delta = np.where(inside, times_power(np.exp(both.q.r), both.q.n), 0.0)
    dual = np.where(inside, times_power(np.exp(both.r.r), both.r.n), 0.0)
    raised = np.where(spot < 2.0**-1022, 2.0**54, 1.0)  # 1/S of a subnormal S is infinite
    per_spot = np.where(density == 0, 0.0, 1.0 / spot)
    drift = np.where((time > 0) | (sigma == 0), 0.0, (r - q) / sigma / sigma)  # at expiry
    return _Parts(
        price_of_legs(unscaled, sign), unit, strike, time, r, q,
        np.where(density == 0, 0.0, sigma),  # it may be infinite
        sign, root, density, a_share, b_share,
        delta=np.where(ends, delta, a_share * raised * (1.0 / (spot * raised))),
        dual_delta=np.where(ends, dual, b_share / strike),
        d1=d1,
        d2=d2,
        d1_v=np.where(is_level, drift + 0.5, d1 * per.per_v),
        d2_v=np.where(is_level, drift - 0.5, d2 * per.per_v),
        per_spot=per_spot,
        per_sigma=per.per_sigma,
        per_root=per.per_root,
        gamma=density * per_spot * (per_spot * (per.per_root * per.per_sigma)),
        vega=density * root,
    )  # fmt: skip


def _theta(p: _Parts) -> Array:
    carried = p.sign * (zero_times(p.q, p.a_share) - zero_times(p.r, p.b_share))
    return carried - 0.5 * p.density * zero_times(p.sigma, p.per_root)


def _charm(p: _Parts) -> Array:
    decay = zero_times(p.r - p.q, p.per_sigma) - 0.5 * p.d2_v * p.sigma
    return p.sign * p.q * p.delta - p.density * p.per_spot * zero_times(decay, p.per_root)


def _drift(p: _Parts) -> Array:
    return p.q + (p.r - p.q) * p.d1_v


def _veta(p: _Parts) -> Array:
    spread = 0.5 * p.per_root * (1.0 + p.d1 * p.d2)
    return p.density * (p.root * _drift(p) - spread)


def _color(p: _Parts) -> Array:
    return p.gamma * (_drift(p) + 0.5 * (p.per_root * p.per_root) * (1.0 - p.d1 * p.d2))


def _dual_gamma(p: _Parts) -> Array:
    per_strike = 1.0 / p.strike
    return p.density * per_strike * (per_strike * (p.per_root * p.per_sigma))


def _ultima(p: _Parts) -> Array:
    squares = p.d1_v * p.d1_v + p.d2_v * p.d2_v
    return -p.vega * p.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares)


_FORMULAS: Final[Mapping[str, Callable[[_Parts], Array]]] = {
    "price": lambda p: p.price,
    "delta": lambda p: p.sign * p.delta,
    "gamma": lambda p: p.gamma,
    "vega": lambda p: p.vega,
    "theta": _theta,
    "rho": lambda p: p.sign * p.time * p.b_share,
    "phi": lambda p: -p.sign * p.time * p.a_share,
    "vanna": lambda p: -(p.vega * p.per_spot) * p.d2_v,
    "volga": lambda p: p.vega * p.root * (p.d1 * p.d2_v),
    "charm": _charm,
    "veta": _veta,
    "dual_delta": lambda p: -p.sign * p.dual_delta,
    "dual_gamma": _dual_gamma,
    "speed": lambda p: -p.gamma * p.per_spot * (p.d1_v + 1.0),
    "color": _color,
    "zomma": lambda p: p.gamma * p.per_sigma * (p.d1 * p.d2 - 1.0),
    "ultima": _ultima,
}

# By which power of the unit of all amounts a greek changes; the price is not in that unit.
_DEGREES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("vega", "theta", "rho", "phi", "volga", "veta", "ultima"), 1),
    **dict.fromkeys(("gamma", "dual_gamma", "color", "zomma"), -1),
    "speed": -2,
}
