"""European price on a normally distributed forward."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from quantforge_jax.formulas.elementary import (
    Sum,
    add,
    exp_minus_1,
    finite_or_zero,
    gauss_exponent,
    is_negative,
    loss,
    power_of_two,
    reduce,
    times_exp,
    times_power,
)
from quantforge_jax.formulas.legs import PAST, deviation, discount_exponent, is_missing, magnitude

__all__ = ["price"]


@jax.jit
def price(*operands: Array) -> tuple[list[Array], Array]:
    """A list of the prices alone, and whether an option is outside the domain.

    The operands are forward, strike, time, rate, sigma and sign, in float64.
    """
    forward, strike, time, rate, sigma, sign = operands
    x, distance = discount_exponent(rate, time), add(forward, -strike)
    r = reduce(x.value, x.low)
    moneyness = Sum(sign * distance.high, finite_or_zero(sign * distance.low))
    d = deviation(magnitude(moneyness), time, sigma)
    past = ~(d.h < PAST)
    h = jnp.where(past, PAST, d.h)
    e, rest = gauss_exponent(h, jnp.where(past, 0.0, d.h_low)), loss(h)

    worth, share = moneyness.high > 0, rest.p / rest.q
    settled = (d.v == 0) | jnp.isinf(moneyness.high)
    term = d.v * share + d.v_low * share
    term = jnp.where(settled, 0.0, term + term * exp_minus_1(e.r))
    above = moneyness.high + (moneyness.low + term * power_of_two(e.n))
    value = times_exp(jnp.where(worth, above, term), r.r)
    value = jnp.where(jnp.isinf(moneyness.high) & worth, jnp.inf, value)
    value = times_power(value, jnp.where(worth, r.n, r.n + e.n))
    endless = jnp.where(jnp.isinf(time) & (rate > 0), 0.0, jnp.inf)
    value = jnp.where(jnp.isinf(d.v) & ~settled, endless, value)

    missing = is_missing(*operands)
    outside = d.outside | is_negative(time) | jnp.isnan(distance.high) | jnp.isinf(rate)
    outside |= jnp.abs(sign) != 1
    return [jnp.where(outside | missing, jnp.nan, value)], (outside & ~missing).any()
