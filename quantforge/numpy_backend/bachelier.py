"""Bachelier's model in NumPy: price, greeks and implied volatility (see the specification)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Codes, Mask, run
from quantforge.numpy_backend.elementary import (
    Reduced,
    Sum,
    finite_or_zero,
    gauss_exponent,
    half_ulp,
    log_ratio,
    loss,
    natural,
    power_of_two,
    reduce,
    sum_,
    tail_numerator,
    times_power,
    two_ulp,
    zero_times,
)
from quantforge.numpy_backend.greeks import finished, level
from quantforge.numpy_backend.implied_volatility import (
    SQRT_2PI,
    coded,
    householder,
    inverse_density,
    types_of,
)
from quantforge.numpy_backend.legs import (
    PAST,
    Deviation,
    deviation,
    discount_exponent,
    is_missing,
    magnitude,
    scaled,
)
from quantforge.numpy_backend.tables import INV_SQRT_2PI
from quantforge.results import Code

__all__ = ["greeks", "implied_volatility", "price"]


class _Normal(NamedTuple):
    """What price and greeks share."""

    d: Deviation  # h at most PAST
    inside: Sum  # > 0: in the money
    r: Reduced  # the discount exponent -rT
    e: Reduced  # -h^2/2
    h: Array  # h itself
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
    x = discount_exponent(rate, time)
    apart = sum_(forward, -strike)
    inside = Sum(sign * apart.high, finite_or_zero(sign * apart.low))
    d = deviation(magnitude(inside), time, sigma)
    held = d._replace(h=np.fmin(d.h, PAST), h_low=np.where(d.h < PAST, d.h_low, 0.0))
    outside = d.outside | (time < 0) | np.isnan(apart.high) | np.isinf(rate) | (np.abs(sign) != 1)
    return _Normal(
        held, inside, reduce(x.value, x.low), gauss_exponent(held.h, held.h_low), d.h, outside
    )


def _price_of(n: _Normal, time: Array, rate: Array) -> Array:
    d, e, rest = n.d, n.e, loss(n.d.h)
    worth = n.inside.high > 0
    settled = (d.v == 0) | np.isinf(n.inside.high)
    share = rest.p / rest.q
    term = np.where(settled, 0.0, (d.v * share + d.v_low * share) * np.exp(e.r))
    value = np.where(worth, n.inside.high + (n.inside.low + term * power_of_two(e.n)), term)
    exponent = np.where(worth, n.r.n, n.r.n + e.n)
    value = times_power(value * np.exp(n.r.r), exponent)
    endless = np.where(np.isinf(time) & (rate > 0), 0.0, np.inf)
    return np.where(np.isinf(d.v) & ~settled, endless, value)


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
    d, e, grown = n.d, n.e, np.exp(n.r.r)
    m, power = tail_numerator(d.h) / loss(d.h).q, np.exp(e.r)
    beyond, is_level = np.isinf(n.h), (n.inside.high == 0) & (d.v < 2.0**-1000)
    most = times_power((1.0 - m * power * power_of_two(e.n)) * grown, n.r.n)
    least, density = (
        np.where(beyond, 0.0, times_power(x * power * grown, e.n + n.r.n))
        for x in (m, INV_SQRT_2PI)
    )
    per = level(is_level, density, d, time, sigma)
    return _Parts(
        n,
        time,
        rate,
        sigma,
        sign,
        chance=np.where(n.inside.high > 0, most, least),
        density=density,
        d=np.where((per.per_v == 0) | is_level, 0.0, (forward - strike) * per.per_v),
        per_v=per.per_v,
        per_sigma=per.per_sigma,
        per_root=np.where(np.isinf(d.v), 1.0 / d.root, per.per_root),
        vega=density * d.root,
        gamma=density * per.per_v,
    )


def _theta(p: _Parts) -> Array:
    price, root = _price_of(p.lane, p.time, p.rate), p.lane.d.root
    theta = p.rate * price - 0.5 * p.density * zero_times(p.sigma, p.per_root)
    # Endless volatility makes both terms endless; their sum is a multiple of it.
    drift = zero_times(p.rate, root) - 0.5 * p.per_root
    return np.where(np.isinf(p.lane.d.v), p.density * (p.sigma * drift), theta)


def _charm(p: _Parts) -> Array:
    per_time = p.per_root * p.per_root
    return p.rate * p.sign * p.chance + zero_times(p.d, 0.5 * p.density * per_time)


def _veta(p: _Parts) -> Array:
    spread = 0.5 * p.per_root * (1.0 + p.d * p.d)
    return p.density * (p.lane.d.root * p.rate - spread)


def _color(p: _Parts) -> Array:
    return p.gamma * (p.rate + 0.5 * (1.0 - p.d * p.d) * (p.per_root * p.per_root))


def _ultima(p: _Parts) -> Array:
    return p.vega * (p.per_sigma * p.per_sigma * (p.d * p.d * (p.d * p.d - 3.0)))


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
    price, forward, strike, time, rate, sign = operands
    apart, x = forward - strike, discount_exponent(rate, time)
    r, (mantissa, exponent) = reduce(-x.value, -x.low), scaled(price)
    exponent = exponent + r.n  # of the undiscounted price
    unit = np.maximum(exponent, scaled(apart)[1]) - 300.0  # room for the lesser of the two
    paid = times_power(mantissa * np.exp(r.r), exponent - unit)
    f, g, gap = (times_power(amount, -unit) for amount in (forward, strike, apart))
    k, inside = np.abs(gap), sign * apart > 0
    c = np.where(inside, paid - k, paid)
    s = _step(c, k, _step(c, k, _seed(c, k)))
    sigma = times_power(s / np.sqrt(time), unit)
    limit = _attainable(c, k, s, (price, f, g, time, rate), inside) + 2.0 * half_ulp(sigma)
    wrong = (time < 0) | np.isinf(time) | np.isinf(rate) | ~np.isfinite(apart)
    wrong |= np.abs(sign) != 1
    return coded(names, sigma, limit, _bound(c, f, g, inside, time), wrong, operands)


def _bound(c: Array, forward: Array, strike: Array, inside: Mask, time: Array) -> Codes:
    """The code of a price at or beyond a bound, OK between them."""
    two = two_ulp(np.fmax(np.abs(forward), np.abs(strike)))
    reached = {
        Code.BELOW_INTRINSIC: c < -two,
        Code.AT_INTRINSIC: c <= np.where(inside, two, 0.0),
        Code.ABOVE_MAXIMUM: time == 0,
    }
    return np.select(list(reached.values()), list(reached), Code.OK).astype(np.int8)


def _seed(c: Array, k: Array) -> Array:
    total = k + 2.0 * c
    nu = k / total
    eta = np.where(nu < 2.0**-10, 1.0, 2.0 * nu / natural(log_ratio(k + c, c)))
    g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta)
    return 1.2533141373155003 * total * (np.sqrt(eta) * g)


def _step(c: Array, k: Array, s: Array) -> Array:
    """A step of order 4 on ln c."""
    h = k / s
    hh, rest = h * h, loss(h)
    log = log_ratio(rest.p * s, rest.q * c)
    f = natural(log._replace(r=log.r - 0.5 * hh))
    newton = -f * SQRT_2PI * (rest.p / rest.q)
    return s * householder(f, newton, hh, hh * hh - 3.0 * hh) + s


def _attainable(c: Array, k: Array, s: Array, operands: Sequence[Array], inside: Mask) -> Array:
    """What half a unit in the last place of each input costs, over sigma."""
    price, forward, strike, time, rate = operands
    h = np.fmin(k / s, 38.0)
    per_density, tail = inverse_density(h), SQRT_2PI * (tail_numerator(h) / loss(h).q)
    chance = np.where(inside, per_density - tail, tail)
    e = reduce(0.5 * h * h)
    value = times_power(np.where(inside, c + k, c) * SQRT_2PI * np.exp(e.r), e.n)
    rt = rate * time
    cost = (
        half_ulp(price) * value
        + half_ulp(forward) * np.abs(forward) * chance
        + half_ulp(strike) * np.abs(strike) * chance
        + half_ulp(time) * np.abs(rt * value - 0.5 * s)
        + half_ulp(rate) * np.abs(rt) * value
    )
    return cost / s
