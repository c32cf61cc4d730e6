"""Price and greeks on a lognormal underlying; XLA computes what the wanted ones need."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from quantforge_jax.formulas.elementary import (
    END,
    Reduced,
    scaled,
    times,
    times_exp,
    times_power,
    zero_times,
)
from quantforge_jax.formulas.legs import (
    Deviation,
    Legs,
    Separation,
    is_missing,
    on_common_scale,
    separation,
)
from quantforge_jax.formulas.price import price_of_legs
from quantforge_jax.formulas.tables import INV_SQRT_2PI

__all__ = ["OUTPUTS", "greeks"]


class _Level(NamedTuple):
    """1/v, 1/sigma and 1/sqrt(T), with their limits at the money without volatility."""

    per_v: Array
    per_sigma: Array
    per_root: Array


class _Amounts(NamedTuple):
    """Spot and strike in units of 2^unit where both are very small or very large."""

    spot: Array
    strike: Array
    unit: Array
    lift: Array  # whatever is made of shares and density is in units of 2^-lift besides
    ends: Array  # spot or strike is 0 or infinite


class _Shares(NamedTuple):
    """The density and the legs' shares."""

    density: Array
    a: Array
    b: Array


def greeks(*operands: Array) -> tuple[list[Array], Array]:
    """A row for each of `OUTPUTS`, and whether an option is outside the domain.

    The operands are spot, strike, time, rate, dividend, sigma and sign, in float64.
    """
    return _derived(*separation(*operands[:6]), operands)


@jax.jit
def _derived(of: Legs, by: Separation, operands: tuple[Array, ...]) -> tuple[list[Array], Array]:
    missing = is_missing(*operands)
    outside = of.outside | by.d.outside | (jnp.abs(operands[6]) != 1)
    values = _values(of, by, operands)
    valid = jnp.where(jnp.isnan(values), 0.0, values)  # a product of 0 and infinity
    return list(jnp.where(missing | outside, jnp.nan, valid)), (outside & ~missing).any()


def _level(is_level: Array, density: Array, d: Deviation, time: Array, sigma: Array) -> _Level:
    """The reciprocals; where sigma and T are both zero, sigma goes to zero first."""
    per_v = jnp.where(density == 0, 0.0, d.per_v)  # nothing depends on what is so far off
    per_sigma = jnp.where(is_level, 1.0 / jnp.abs(sigma), zero_times(per_v, d.root))
    return _Level(per_v, per_sigma, jnp.where(is_level, 1.0 / jnp.abs(d.root), sigma * per_v))


def _amounts(spot: Array, strike: Array, e: Reduced) -> _Amounts:
    """Amounts by which nothing on the way is subnormal that is not so at the end."""
    (s, i), (k, j) = scaled(spot), scaled(strike)
    ends = (jnp.abs(i) == END) | (jnp.abs(j) == END)
    high, low = jnp.maximum(i, j), jnp.minimum(i, j)
    unit = jnp.where(high < -500, high, jnp.where(low > 500, low, 0.0))
    unit = jnp.where(ends, 0.0, unit)
    return _Amounts(
        jnp.where(ends, spot, times_power(s, i - unit)),
        jnp.where(ends, strike, times_power(k, j - unit)),
        unit,
        jnp.where(~ends & (e.n < -500) & (high - unit < 500), 500.0, 0.0),
        ends,
    )


def _shares(
    of: Legs, by: Separation, amounts: _Amounts, below: Array, is_level: Array, sign: Array
) -> _Shares:
    """Tails of the normal distribution times the legs, from the Mills ratios.

    The leg that is less has the near one.
    """
    at, settled = by.at, amounts.ends | jnp.isinf(by.d.v)
    a, b = (
        times_power(leg, exponent + (amounts.lift - amounts.unit))
        for leg, exponent in ((of.a, of.a_exponent), (of.b, of.b_exponent))
    )
    least, most = jnp.where(below, a, b), jnp.where(below, b, a)
    exponent = jnp.where(below, of.a_exponent, of.b_exponent) + (amounts.lift - amounts.unit)
    exponent = jnp.where(is_level, exponent, exponent + at.e.n)
    own = jnp.where(below, of.a, of.b)
    density = jnp.where(is_level, own, own + own * at.growth)
    moved = at.near_loss * jnp.where(at.within, at.near_low, -at.near_low)
    near_tail, far_tail = (
        jnp.where(settled, 0.0, times_power(density * jnp.where(is_level, 0.5, m), exponent))
        for m in (at.m.near - moved, at.m.far - at.far_loss * at.far_low)
    )
    in_the_money = jnp.where(below, -sign, sign)
    near_in_the_money = jnp.where(at.within | amounts.ends, in_the_money, -in_the_money)
    near_share = jnp.where(near_in_the_money > 0, least - near_tail, near_tail)
    far_share = jnp.where(in_the_money > 0, most - far_tail, far_tail)
    return _Shares(
        jnp.where(settled, 0.0, times_power(density, exponent) * INV_SQRT_2PI),
        jnp.where(below, near_share, far_share),
        jnp.where(below, far_share, near_share),
    )


def _values(of: Legs, by: Separation, operands: tuple[Array, ...]) -> Array:
    time, r, q, sigma, sign = operands[2:]
    (y, d, at), common = by, on_common_scale(of)
    amounts = _amounts(operands[0], operands[1], at.e)
    spot, strike, unit, lift, ends = amounts
    is_level = ((common.a == common.b) | (y.high == 0)) & (d.v < 2.0**-1000)
    below = (y.high < 0) & ~is_level
    density, a_share, b_share = _shares(of, by, amounts, below, is_level, sign)
    per_v, per_sigma, per_root = _level(is_level, density, d, time, sigma)
    some = (per_v != 0) & ~is_level
    near = at.near + at.near_low  # a greek may be 0 where it is
    d1 = jnp.where(some, jnp.where(below, -near, at.far), 0.0)
    d2 = jnp.where(some, jnp.where(below, -at.far, near), 0.0)
    at_expiry = jnp.where((time > 0) | (sigma == 0), 0.0, (r - q) / sigma / sigma)
    d1_v = jnp.where(is_level, at_expiry + 0.5, d1 * per_v)
    d2_v = jnp.where(is_level, at_expiry - 0.5, d2 * per_v)

    in_the_money = jnp.where(below, -sign, sign) > 0
    one = jnp.ones_like(spot)
    of_all_a, of_all_b = (
        jnp.where(in_the_money, times_power(times_exp(one, x.r), x.n), 0.0) for x in (of.q, of.r)
    )
    a_chance = jnp.where(ends, of_all_a, a_share / spot)
    b_chance = jnp.where(ends, of_all_b, b_share / strike)
    per_spot, per_strike = jnp.where(density == 0, 0.0, 1.0 / spot), 1.0 / strike
    value, exponent = price_of_legs(of, by, sign)
    held = jnp.where(density == 0, 0.0, sigma)  # it may be infinite

    gamma = density * per_spot * (per_spot * (per_root * per_sigma))
    vega = density * d.root
    carry, drift = r - q, q + (r - q) * d1_v
    decay = zero_times(carry, per_sigma) - 0.5 * d2_v * held
    squares = d1_v * d1_v + d2_v * d2_v
    values = {  # by `times` where a short time alone makes them subnormal
        "delta": sign * a_chance,
        "gamma": gamma,
        "vega": vega,
        "theta": _carried(operands, times_power(value, exponent + (lift - unit)), a_share, b_share)
        - 0.5 * density * zero_times(held, per_root),
        "rho": times(time, sign * b_share),
        "phi": times(time, -sign * a_share),
        "vanna": -(vega * per_spot) * d2_v,
        "volga": times(vega, d.root * (d1 * d2_v)),
        "charm": sign * q * a_chance - density * per_spot * zero_times(decay, per_root),
        "veta": density * (d.root * drift - 0.5 * per_root * (1.0 + d1 * d2)),
        "dual_delta": -sign * b_chance,
        "dual_gamma": density * per_strike * (per_strike * (per_root * per_sigma)),
        "speed": -gamma * per_spot * (d1_v + 1.0),
        "color": gamma * (drift + 0.5 * (per_root * per_root) * (1.0 - d1 * d2)),
        "zomma": gamma * per_sigma * (d1 * d2 - 1.0),
        "ultima": times(time, -vega * (d1_v * d2_v * (1.0 - d1 * d2) + squares)),
    }
    rows = jnp.stack([value, *(values[name] for name in OUTPUTS[1:])])
    degrees = jnp.array([_DEGREES.get(name, 0.0) for name in OUTPUTS])[:, None]
    return times_power(rows, (degrees * unit - lift).at[0].set(exponent))


def _carried(operands: tuple[Array, ...], price: Array, a_share: Array, b_share: Array) -> Array:
    """What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call.

    By the price and the lesser share, so that nearly equal rates do not cancel.
    """
    (r, q), call = operands[3:5], operands[6] > 0
    own, other = jnp.where(call, q, r), jnp.where(call, r, q)
    share = jnp.where(call, b_share, a_share)
    return zero_times(own, price) + zero_times(own - other, share)


OUTPUTS = (
    "price", "delta", "gamma", "vega", "theta", "rho", "phi",
    "vanna", "volga", "charm", "veta", "dual_delta", "dual_gamma",
    "speed", "color", "zomma", "ultima",
)  # fmt: skip

# The power of the unit of all amounts that a greek scales with.
_DEGREES = {
    **dict.fromkeys(("vega", "theta", "rho", "phi", "volga", "veta", "ultima"), 1.0),
    **dict.fromkeys(("gamma", "dual_gamma", "color", "zomma"), -1.0),
    "speed": -2.0,
}
