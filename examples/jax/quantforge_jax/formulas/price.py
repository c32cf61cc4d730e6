"""European price on a lognormal underlying."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from quantforge_jax.formulas.elementary import power_of_two, times_power
from quantforge_jax.formulas.legs import (
    Deviation,
    Legs,
    Separation,
    Tails,
    is_missing,
    on_common_scale,
    separation,
)

__all__ = ["price", "price_of_legs"]


def price(*operands: Array) -> tuple[list[Array], Array]:
    """A list of the prices alone, and whether an option is outside the domain.

    The operands are spot, strike, time, rate, dividend, sigma and sign, in float64.
    """
    return _priced(*separation(*operands[:6]), operands)


@jax.jit
def _priced(of: Legs, by: Separation, operands: tuple[Array, ...]) -> tuple[list[Array], Array]:
    missing = is_missing(*operands)
    outside = of.outside | by.d.outside | (jnp.abs(operands[6]) != 1)
    value = times_power(*price_of_legs(of, by, operands[6]))
    return [jnp.where(outside | missing, jnp.nan, value)], (outside & ~missing).any()


def _time_value(d: Deviation, at: Tails) -> Array:
    """phi(near) (M(near) - M(far)) over the power of two of the exponential.

    It is the out-of-the-money price over the lesser leg, c, or c - 1 where near is below the range
    of M. What rounding took from near and far enters by the slopes of M, and what it took from
    near in the exponential too.
    """
    m, low = at.m, at.far_loss * at.far_low - at.near_loss * at.near_low
    within = d.v * m.slope + (at.width * m.slope + low)
    factor = jnp.where(at.within, within, low - (m.near + m.far))
    return factor + factor * at.growth


def price_of_legs(of: Legs, by: Separation, sign: Array) -> tuple[Array, Array]:
    """The price of options inside the domain as value 2^exponent."""
    (y, d, at), common = by, on_common_scale(of)
    below = y.high < 0
    least, exponent = jnp.where(below, of.a, of.b), jnp.where(below, of.a_exponent, of.b_exponent)
    least_low = jnp.where(below, of.a_low, of.b_low)
    less, most = jnp.where(below, common.a, common.b), jnp.where(below, common.b, common.a)
    low = of.a_low * common.a_scale - of.b_low * common.b_scale
    low = jnp.where(below, -low, low)

    # At expiry, without volatility, or with a leg of 0 or infinity the intrinsic value is all.
    settled = (d.v == 0) | (less == 0) | (most == 0) | jnp.isinf(less) | jnp.isinf(most)
    factor = _time_value(d, at)
    factor = jnp.where(at.within, factor, 1.0 + factor * power_of_two(at.e.n))
    factor = jnp.where(settled, 0.0, factor)
    exponent = jnp.where(at.within, exponent + at.e.n, exponent)
    gap, scale = most - less, power_of_two(exponent - common.top)
    term = least_low * factor * scale + (((most - gap) - less) + low)
    in_the_money = gap + (least * scale * factor + term)
    in_the_money = jnp.where(jnp.isinf(most), jnp.inf, in_the_money)
    worth = jnp.where(below, -sign, sign) > 0
    value = jnp.where(worth, in_the_money, least * factor + least_low * factor)
    value = jnp.where(value > 0, value, 0.0)
    exponent = jnp.where(worth, common.top, exponent)

    # Endless volatility leaves all of one leg, and not a rounding error of the other.
    endless, call = jnp.isinf(d.v) & ~settled, sign > 0
    value = jnp.where(endless, jnp.where(call, of.a, of.b), value)
    return value, jnp.where(endless, jnp.where(call, of.a_exponent, of.b_exponent), exponent)
