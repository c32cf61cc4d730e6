"""The normal model in NumPy: price, greeks and implied volatility (see the specification)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.inversion import Code
from quantforge.numpy_backend.blocks import Array, Mask, run
from quantforge.numpy_backend.elementary import (
    Ratio,
    Reduced,
    aligning,
    gauss_exponent,
    half_ulp,
    log_ratio,
    mills,
    natural,
    times_power,
    zero_times,
)
from quantforge.numpy_backend.greeks import finished, level
from quantforge.numpy_backend.implied_volatility import (
    SQRT_2PI,
    coded,
    inverse_density,
    log_step,
    types_of,
)
from quantforge.numpy_backend.legs import discount, is_missing
from quantforge.numpy_backend.price import PAST
from quantforge.numpy_backend.tables import INV_SQRT_2PI

__all__ = ["greeks", "implied_volatility", "price"]


class _Normal(NamedTuple):
    """How far forward and strike are apart, and the discount exponent -rT."""

    k: Array
    v: Array
    h: Array
    inside: Array
    r: Reduced
    outside: Mask


def price(*inputs: Any, out: Any = None) -> Any:
    """Price options from (forward, strike, time, rate, sigma, sign), like a ufunc."""
    return run(_price, inputs, "d", out)


def _price(*operands: Array) -> tuple[tuple[Array], bool]:
    lane, missing = _normal(*operands), is_missing(*operands)
    value = _price_of(lane, operands[2], operands[3])
    value = np.where(lane.outside | missing, np.nan, value)
    return (value,), bool((lane.outside & ~missing).any())


def _normal(
    forward: Array, strike: Array, time: Array, rate: Array, sigma: Array, sign: Array
) -> _Normal:
    r, _ = discount(rate, time)
    apart, v = forward - strike, np.abs(sigma * np.sqrt(time))
    k = np.abs(apart)
    outside = (time < 0) | (sigma < 0) | np.isnan(v) | np.isnan(apart) | np.isinf(rate)
    h = np.where(k == 0, 0.0, k / v)
    return _Normal(k, v, h, sign * apart, r, outside | (np.abs(sign) != 1))


def _loss(h: Array) -> Ratio:
    """1 - h M(h), over sqrt(2 pi)."""
    m = mills(h)
    return Ratio(INV_SQRT_2PI * m.q - h * m.p, m.q)


def _price_of(n: _Normal, time: Array, rate: Array) -> Array:
    h = np.fmin(n.h, PAST)
    e, loss = gauss_exponent(h), _loss(h)
    settled = (n.v == 0) | np.isinf(n.k)
    factor = np.where(settled, 0.0, (loss.p / loss.q) * np.exp(e.r))
    worth = n.inside > 0
    intrinsic = np.where(worth, n.inside, 0.0)
    value = np.where(worth, n.v * (factor * aligning(e.n)) + intrinsic, n.v * factor)
    value = np.where(settled, intrinsic, value)
    exponent = np.where(settled | worth, n.r.n, n.r.n + e.n)
    value = np.where(np.isinf(value), value, times_power(value * np.exp(n.r.r), exponent))
    endless = np.where(np.isinf(time) & (rate > 0), 0.0, np.inf)
    return np.where(np.isinf(n.v) & ~settled, endless, value)


class _Parts(NamedTuple):
    """What the greeks are made of."""

    lane: _Normal
    time: Array
    rate: Array
    sigma: Array
    sign: Array
    chance: Array
    density: Array
    d: Array
    per_v: Array
    per_sigma: Array
    per_root: Array
    vega: Array
    gamma: Array


def greeks(*inputs: Any, outputs: Sequence[str], out: Any = None) -> Any:
    """The named outputs for (forward, strike, time, rate, sigma, sign), like a ufunc."""
    return run(partial(_greeks, outputs), inputs, "d" * len(outputs), out)


def _greeks(names: Sequence[str], *operands: Array) -> tuple[Sequence[Array], bool]:
    lane = _normal(*operands)
    parts = _parts(lane, operands)
    values = [_FORMULAS[name](parts) for name in names]
    return finished(values, is_missing(*operands), lane.outside)


def _parts(n: _Normal, operands: Sequence[Array]) -> _Parts:
    forward, strike, time, rate, sigma, sign = operands
    h = np.fmin(n.h, PAST)
    e, m = gauss_exponent(h), mills(h)
    beyond, is_level = np.isinf(n.h), (n.k == 0) & (n.v < 2.0**-1000)
    tail, grown = m.p / m.q * np.exp(e.r), np.exp(n.r.r)
    most = times_power((1.0 - tail * aligning(e.n)) * grown, n.r.n)
    least = times_power(np.where(beyond, 0.0, tail) * grown, e.n + n.r.n)
    density = times_power(INV_SQRT_2PI * np.exp(e.r) * grown, e.n + n.r.n)
    density = np.where(beyond, 0.0, density)
    per = level(is_level, density, n.v, time, sigma)
    d = np.where((per.per_v == 0) | is_level, 0.0, (forward - strike) * per.per_v)
    return _Parts(
        n,
        time,
        rate,
        sigma,
        sign,
        chance=np.where(n.inside > 0, most, least),
        density=density,
        d=d,
        per_v=per.per_v,
        per_sigma=per.per_sigma,
        per_root=np.where(np.isinf(n.v), 1.0 / np.sqrt(time), per.per_root),
        vega=density * np.sqrt(time),
        gamma=density * per.per_v,
    )


def _theta(p: _Parts) -> Array:
    price, root = _price_of(p.lane, p.time, p.rate), np.sqrt(p.time)
    theta = p.rate * price - 0.5 * p.density * zero_times(p.sigma, p.per_root)
    # Endless volatility makes both terms endless; their sum is a multiple of it.
    drift = zero_times(p.rate, root) - 0.5 * p.per_root
    return np.where(np.isinf(p.lane.v), p.density * (p.sigma * drift), theta)


def _charm(p: _Parts) -> Array:
    per_time = p.per_root * p.per_root
    return p.rate * p.sign * p.chance + zero_times(p.d, 0.5 * p.density * per_time)


def _veta(p: _Parts) -> Array:
    spread = 0.5 * p.per_root * (1.0 + p.d * p.d)
    return p.density * (np.sqrt(p.time) * p.rate - spread)


def _color(p: _Parts) -> Array:
    return p.gamma * (p.rate + 0.5 * (1.0 - p.d * p.d) * (p.per_root * p.per_root))


def _ultima(p: _Parts) -> Array:
    return p.vega * (p.per_sigma * p.per_sigma) * (p.d * p.d * (p.d * p.d - 3.0))


_FORMULAS: Final[Mapping[str, Callable[[_Parts], Array]]] = {
    "price": lambda p: _price_of(p.lane, p.time, p.rate),
    "delta": lambda p: p.sign * p.chance,
    "gamma": lambda p: p.gamma,
    "vega": lambda p: p.vega,
    "theta": _theta,
    "rho": lambda p: -p.time * _price_of(p.lane, p.time, p.rate),
    "phi": lambda p: np.zeros_like(p.d),
    "vanna": lambda p: -p.density * (p.d * p.per_sigma),
    "volga": lambda p: p.vega * (p.d * p.d) * p.per_sigma,
    "charm": _charm,
    "veta": _veta,
    "dual_delta": lambda p: -p.sign * p.chance,
    "dual_gamma": lambda p: p.gamma,
    "speed": lambda p: -p.gamma * p.d * p.per_v,
    "color": _color,
    "zomma": lambda p: p.gamma * p.per_sigma * (p.d * p.d - 1.0),
    "ultima": _ultima,
}


def implied_volatility(*inputs: Any, outputs: Sequence[str], out: Any = None) -> Any:
    """The named outputs for (price, forward, strike, time, rate, sign), like a ufunc."""
    return run(partial(_implied, outputs), inputs, types_of(outputs), out)


def _implied(names: Sequence[str], *operands: Array) -> tuple[Sequence[Array], bool]:
    paid, forward, strike, time, rate, sign = operands
    apart = forward - strike
    r, _ = discount(rate, time)
    mantissa, exponent = np.frexp(paid)
    exponent = exponent - r.n  # of the undiscounted price
    unit = np.maximum(exponent, np.frexp(apart)[1]) - 300  # room for the lesser of the two
    paid = times_power(mantissa * np.exp(-r.r), exponent - unit)
    f, g, gap = (times_power(x, -unit) for x in (forward, strike, apart))
    k, inside = np.abs(gap), sign * apart > 0
    c = np.where(inside, paid - k, paid)
    s = _step(c, k, _step(c, k, _seed(c, k)))
    sigma = times_power(s / np.sqrt(time), unit)
    two = 2.0 * np.spacing(np.fmax(np.abs(f), np.abs(g)))
    quoted = (operands[0], f, g, time, rate)
    limit = _attainable(c, k, s, quoted, inside) + 2.0 * half_ulp(sigma)
    code = np.where(limit <= 1e-8, Code.OK, Code.LOW_PRECISION).astype(np.int8)
    code[time == 0] = Code.ABOVE_MAXIMUM
    code[c <= np.where(inside, two, 0.0)] = Code.AT_INTRINSIC
    code[c < -two] = Code.BELOW_INTRINSIC
    wrong = (time < 0) | np.isinf(time) | np.isinf(rate) | ~np.isfinite(apart)
    wrong |= np.abs(sign) != 1
    return coded(names, sigma, code, wrong, operands)


def _seed(c: Array, k: Array) -> Array:
    total = k + 2.0 * c
    nu = k / total
    eta = np.where(nu < 2.0**-10, 1.0, 2.0 * nu / natural(log_ratio(k + c, c)))
    g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta)
    return 1.2533141373155003 * total * (np.sqrt(eta) * g)


def _step(c: Array, k: Array, s: Array) -> Array:
    """A step of order 4 on ln c, by ln s."""
    h = k / s
    loss, e = _loss(np.fmin(h, PAST)), gauss_exponent(h)
    log = log_ratio(loss.p * s, loss.q * c)
    hh = h * h
    f = natural(Reduced(log.n + e.n, log.r + e.r))
    newton, factor = log_step(f, loss, hh, hh * hh - 3.0 * hh)
    return s * (newton * factor) + s


def _attainable(c: Array, k: Array, s: Array, operands: Sequence[Array], inside: Mask) -> Array:
    """What half a unit in the last place of each input costs, over sigma."""
    paid, forward, strike, time, rate = operands
    h = np.fmin(k / s, 38.0)
    per_density, m = inverse_density(h), mills(h)
    tail = SQRT_2PI * (m.p / m.q)
    chance = np.where(inside, per_density - tail, tail)
    value = np.where(inside, c + k, c) * per_density
    rt = rate * time
    cost = (
        half_ulp(paid) * value
        + half_ulp(forward) * np.abs(forward) * chance
        + half_ulp(strike) * np.abs(strike) * chance
        + half_ulp(time) * np.abs(rt * value - 0.5 * s)
        + half_ulp(rate) * np.abs(rt) * value
    )
    return cost / s
