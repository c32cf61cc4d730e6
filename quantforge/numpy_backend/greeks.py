"""Price and greeks on a lognormal underlying, in NumPy; only what is asked for is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask, run
from quantforge.numpy_backend.elementary import times_power, zero_times
from quantforge.numpy_backend.legs import (
    Apart,
    Deviation,
    Sides,
    Tails,
    apart,
    beside,
    is_missing,
    scaled,
    sides,
)
from quantforge.numpy_backend.price import price_of_sides
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
    in_unit: Array  # the price
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
    *market, sigma, sign = operands
    of = sides(*market)
    by = apart(of, operands[2], sigma)
    missing, outside = is_missing(*operands), of.outside | by.d.outside | (np.abs(sign) != 1)
    parts = _parts(of, by, operands)
    back = [
        times_power(_FORMULAS[name](parts), _DEGREES.get(name, 0) * parts.unit) for name in names
    ]
    return finished(back, missing, outside)


def finished(values: Sequence[Array], missing: Mask, outside: Mask) -> tuple[Sequence[Array], bool]:
    """NaN where there is no result, 0 for a product of 0 and infinity everywhere else."""
    bad = missing | outside
    held = [np.where(bad, np.nan, np.where(np.isnan(value), 0.0, value)) for value in values]
    return held, bool((outside & ~missing).any())


def level(is_level: Mask, density: Array, d: Deviation, time: Array, sigma: Array) -> Level:
    """The reciprocals; where sigma and T are both zero, sigma goes to zero first."""
    per_v = np.where(density == 0, 0.0, d.per_v)  # nothing depends on what is so far off
    per_sigma = np.where(is_level, 1.0 / np.abs(sigma), zero_times(per_v, d.root))
    return Level(per_v, per_sigma, np.where(is_level, 1.0 / np.abs(d.root), sigma * per_v))


def _amounts(spot: Array, strike: Array) -> _Amounts:
    (s, i), (k, j) = scaled(spot), scaled(strike)
    ends = (np.abs(i) == 20000) | (np.abs(j) == 20000)
    high, low = np.maximum(i, j), np.minimum(i, j)
    unit = np.where(high < -500, high, np.where(low > 500, low, 0.0))
    unit = np.where(ends, 0.0, unit)
    spot, strike = (
        np.where(ends, spot, times_power(s, i - unit)),
        np.where(ends, strike, times_power(k, j - unit)),
    )
    return _Amounts(spot, strike, unit, ends)


class _Shares(NamedTuple):
    """The density and the legs' shares."""

    density: Array
    a: Array
    b: Array


def _shares(
    of: Sides, at: Tails, amounts: _Amounts, below: Mask, is_level: Mask, settled: Mask, sign: Array
) -> _Shares:
    """Tails of the normal distribution times the legs, from the Mills ratios.

    The leg that is less has the near one.
    """
    a, b = (
        times_power(leg, exponent - amounts.unit)
        for leg, exponent in ((of.a, of.a_exponent), (of.b, of.b_exponent))
    )
    least, most = np.where(below, a, b), np.where(below, b, a)
    exponent = np.where(below, of.a_exponent, of.b_exponent) - amounts.unit
    exponent = np.where(is_level, exponent, exponent + at.e.n)
    density = np.where(below, of.a, of.b) * np.where(is_level, 1.0, at.grown)
    moved = at.near_loss * np.where(at.within, at.near_low, -at.near_low)
    near_tail, far_tail = (
        np.where(settled, 0.0, times_power(density * np.where(is_level, 0.5, m), exponent))
        for m in (at.m.near - moved, at.m.far - at.far_loss * at.far_low)
    )
    inside = np.where(below, -sign, sign)
    near_inside = np.where(at.within | amounts.ends, inside, -inside)
    near_share = np.where(near_inside > 0, least - near_tail, near_tail)
    far_share = np.where(inside > 0, most - far_tail, far_tail)
    return _Shares(
        np.where(settled, 0.0, times_power(density, exponent) * INV_SQRT_2PI),
        np.where(below, near_share, far_share),
        np.where(below, far_share, near_share),
    )


def _parts(of: Sides, by: Apart, operands: Sequence[Array]) -> _Parts:
    amounts, time, r, q, sigma, sign = _amounts(*operands[:2]), *operands[2:]
    spot, strike, unit, ends = amounts
    (y, d, at), legs = by, beside(of)
    is_level = ((legs.a == legs.b) | (y.high == 0)) & (d.v < 2.0**-1000)
    below = (y.high < 0) & ~is_level
    shares = _shares(of, at, amounts, below, is_level, ends | np.isinf(d.v), sign)
    per = level(is_level, shares.density, d, time, sigma)
    some = (per.per_v != 0) & ~is_level
    near = at.near + at.near_low  # a greek may be 0 where it is
    d1 = np.where(some, np.where(below, -near, at.far), 0.0)
    d2 = np.where(some, np.where(below, -at.far, near), 0.0)
    drift = np.where((time > 0) | (sigma == 0), 0.0, (r - q) / sigma / sigma)  # at expiry
    inside = np.where(below, -sign, sign) > 0
    delta = np.where(inside, times_power(np.exp(of.q.r), of.q.n), 0.0)
    dual = np.where(inside, times_power(np.exp(of.r.r), of.r.n), 0.0)
    raised = np.where(spot < 2.0**-1022, 2.0**54, 1.0)  # 1/S of a subnormal S is infinite
    per_spot = np.where(shares.density == 0, 0.0, 1.0 / spot)
    value, exponent = price_of_sides(of, by, sign)
    return _Parts(
        times_power(value, exponent), times_power(value, exponent - unit),
        unit, strike, time, r, q,
        np.where(shares.density == 0, 0.0, sigma),  # it may be infinite
        sign, d.root, *shares,
        delta=np.where(ends, delta, shares.a * raised * (1.0 / (spot * raised))),
        dual_delta=np.where(ends, dual, shares.b / strike),
        d1=d1,
        d2=d2,
        d1_v=np.where(is_level, drift + 0.5, d1 * per.per_v),
        d2_v=np.where(is_level, drift - 0.5, d2 * per.per_v),
        per_spot=per_spot,
        per_sigma=per.per_sigma,
        per_root=per.per_root,
        gamma=shares.density * per_spot * (per_spot * (per.per_root * per.per_sigma)),
        vega=shares.density * d.root,
    )  # fmt: skip


def _theta(p: _Parts) -> Array:
    """By the price and the lesser share, so that nearly equal rates do not cancel."""
    call = p.sign > 0
    own, other = np.where(call, p.q, p.r), np.where(call, p.r, p.q)
    share = np.where(call, p.b_share, p.a_share)
    carried = zero_times(own, p.in_unit) + zero_times(own - other, share)
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
    return -p.vega * (p.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares))


_FORMULAS: Final[Mapping[str, Callable[[_Parts], Array]]] = {
    "price": lambda p: p.price,
    "delta": lambda p: p.sign * p.delta,
    "gamma": lambda p: p.gamma,
    "vega": lambda p: p.vega,
    "theta": _theta,
    "rho": lambda p: p.sign * p.time * p.b_share,
    "phi": lambda p: -p.sign * p.time * p.a_share,
    "vanna": lambda p: -(p.vega * p.per_spot) * p.d2_v,
    "volga": lambda p: p.vega * (p.root * (p.d1 * p.d2_v)),
    "charm": _charm,
    "veta": _veta,
    "dual_delta": lambda p: -p.sign * p.dual_delta,
    "dual_gamma": _dual_gamma,
    "speed": lambda p: -p.gamma * p.per_spot * (p.d1_v + 1.0),
    "color": _color,
    "zomma": lambda p: p.gamma * p.per_sigma * (p.d1 * p.d2 - 1.0),
    "ultima": _ultima,
}

# The power of the unit of all amounts that a greek scales with; the price is not in that unit.
_DEGREES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("vega", "theta", "rho", "phi", "volga", "veta", "ultima"), 1),
    **dict.fromkeys(("gamma", "dual_gamma", "color", "zomma"), -1),
    "speed": -2,
}
