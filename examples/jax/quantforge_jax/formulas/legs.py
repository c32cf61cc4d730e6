"""The two legs of a European option and how far apart they are, as the specification has them."""

from __future__ import annotations

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from quantforge_jax.formulas.elementary import (
    END,
    Argument,
    Mills,
    Reduced,
    Sum,
    add,
    exp_minus_1,
    finite_or_zero,
    gauss_exponent,
    is_negative,
    log_argument,
    log_ratio,
    log_ratio_fine,
    mills,
    power_of_two,
    product,
    reduce,
    scaled,
    square_root,
    times_power,
)
from quantforge_jax.formulas.tables import INV_SQRT_2PI, MILLS_FROM

__all__ = [
    "PAST",
    "CommonScale",
    "Deviation",
    "Legs",
    "Separation",
    "Tails",
    "deviation",
    "discount_exponent",
    "is_missing",
    "magnitude",
    "on_common_scale",
    "separation",
]

PAST: Final = 54.0  # beyond it phi and phi M are less than the least double


class Exponent(NamedTuple):
    """x t and the rest that rounding took from it; and -x t for the exponential."""

    product: Array
    rest: Array
    value: Array
    low: Array


class Legs(NamedTuple):
    """A = S e^(-qT) and B = K e^(-rT) as mantissa, exponent and rounding error; y = ln(A/B)."""

    a: Array
    a_exponent: Array
    a_low: Array
    b: Array
    b_exponent: Array
    b_low: Array
    y: Sum
    fine: Sum  # y to twice the precision
    bend: Array  # |s|^3 of the logarithm: the error of y is less than 2^-55 of it
    r: Reduced
    q: Reduced
    finite: Array  # y, and not at an end of the range
    outside: Array


class Deviation(NamedTuple):
    """h = k / v, and what rounding took from it and from v = sigma sqrt(T)."""

    h: Array
    h_low: Array
    v: Array
    v_low: Array
    per_v: Array
    root: Array  # sqrt(T)
    outside: Array


class Tails(NamedTuple):
    """The normal distribution at near = h - t and far = h + t.

    -near^2/2 and e^r of it, and the Mills ratios, at |near| where near is not `within` their range.
    """

    m: Mills
    e: Reduced
    near: Array
    near_low: Array  # what rounding took from near
    far: Array
    far_low: Array
    width: Array  # what it took from far - near beside v
    growth: Array
    near_loss: Array  # -M' at |near|, or near within, and at far
    far_loss: Array
    within: Array


class Separation(NamedTuple):
    """How far the legs are apart."""

    y: Sum
    d: Deviation
    at: Tails


class CommonScale(NamedTuple):
    """Both legs times 2^-top, and what the factors were."""

    a: Array
    b: Array
    a_scale: Array
    b_scale: Array
    top: Array


def is_missing(*operands: Array) -> Array:
    """Where NaN came in."""
    missing = jnp.isnan(operands[0])
    for operand in operands[1:]:
        missing = missing | jnp.isnan(operand)
    return missing


def magnitude(x: Sum) -> Sum:
    return Sum(jnp.abs(x.high), jnp.where(x.high < 0, -x.low, x.low))


def discount_exponent(x: Array, time: Array) -> Exponent:
    """x t, and -x t held within +-4000, past which e^-xt is 0 or infinite for every leg.

    A zero rate discounts nothing, however long the time.
    """
    xt, rest = product(x, time)
    xt = jnp.where(x == 0, 0.0, xt)
    within = jnp.abs(xt) < 4000
    cut = jnp.where(within, xt, jnp.copysign(4000.0, xt))
    return Exponent(xt, rest, -cut, jnp.where(within, -rest, 0.0))


def _discounted(mantissa: Array, r: Array) -> Sum:
    """The mantissa times e^r; infinity stays what it is."""
    grown = product(mantissa, exp_minus_1(r))
    value = mantissa + grown.high
    low = finite_or_zero(((mantissa - value) + grown.high) + grown.low)
    return Sum(jnp.where(jnp.isinf(mantissa), mantissa, value), low)


def _log_moneyness(ratio: Sum, r: Exponent, q: Exponent) -> Sum:
    """ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last."""
    carry = add(r.product, -q.product)
    whole = add(ratio.high, carry.high)
    low = ((whole.low + carry.low) + (r.rest - q.rest)) + ratio.low
    high = whole.high + low
    return Sum(high, low - (high - whole.high))


def _legs_of(spot: Array, strike: Array, time: Array, rate: Array, dividend: Array) -> Legs:
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = reduce(rx.value, rx.low), reduce(qx.value, qx.low)
    s, k = scaled(spot), scaled(strike)
    argument = log_argument(s.mantissa, k.mantissa)
    argument = Argument(argument.s, argument.n + (s.exponent - k.exponent))
    ratio, fine = log_ratio(*argument), log_ratio_fine(*argument)
    (a, a_low), (b, b_low) = _discounted(s.mantissa, q.r), _discounted(k.mantissa, r.r)
    a_exponent, b_exponent = s.exponent + q.n, k.exponent + r.n
    ends = (jnp.abs(s.exponent) == END) | (jnp.abs(k.exponent) == END)
    coarse = ratio.high + (rx.product - qx.product)  # no NaN where that is infinite
    coarse = jnp.where(jnp.isnan(coarse), 0.0, coarse)  # both legs are 0 or infinite
    coarse = jnp.where(ends, a_exponent - b_exponent, coarse)
    plain = _log_moneyness(ratio, rx, qx)
    finite = jnp.isfinite(plain.high) & ~ends
    y, y_fine = (
        Sum(jnp.where(finite, each.high, coarse), jnp.where(finite, each.low, 0.0))
        for each in (plain, _log_moneyness(fine, rx, qx))
    )
    outside = is_negative(spot) | is_negative(strike) | is_negative(time)
    outside |= (jnp.isinf(spot) & jnp.isinf(strike)) | jnp.isinf(rate) | jnp.isinf(dividend)
    bend = jnp.where(finite, jnp.abs(argument.s.high) ** 3, 0.0)
    return Legs(a, a_exponent, a_low, b, b_exponent, b_low, y, y_fine, bend, r, q, finite, outside)


@jax.jit
def separation(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array
) -> tuple[Legs, Separation]:
    """The legs and how far apart they are, by a finer logarithm where the other's error would show.

    This is a program of its own, for XLA would compute it anew for each result of the next one.
    """
    of = _legs_of(spot, strike, time, rate, dividend)
    d = deviation(magnitude(of.y), time, sigma)
    straight = of.bend * (1.0 + jnp.abs(_tails(d).near)) < 4.0 * d.v
    y = Sum(*(jnp.where(straight, old, new) for old, new in zip(of.y, of.fine, strict=True)))
    d = deviation(magnitude(y), time, sigma)
    return of, Separation(y, d, _tails(d))


def deviation(k: Sum, time: Array, sigma: Array) -> Deviation:
    """How many standard deviations k is, with the remainders of root, product and division.

    h is 0 at the money, even without volatility, and where the volatility is infinite.
    """
    root = square_root(time)
    tiny = jnp.abs(sigma * root) < 2.0**-500  # remainders vanish below the least double
    scale, power = jnp.where(tiny, 2.0**500, 1.0), jnp.where(tiny, 500.0, 0.0)
    upper = times_power(sigma, power)
    v = product(upper, root)
    v_high = jnp.abs(v.high)  # -0 is 0
    square = product(root, root)
    root_low = finite_or_zero(((time - square.high) - square.low) / (2.0 * root))
    v_low = finite_or_zero(v.low + upper * root_low)
    per = 1.0 / v_high
    flat = jnp.isinf(v_high) | (k.high == 0)
    h = jnp.where(flat, 0.0, (k.high * scale) / v_high)
    back = product(h, v_high)
    rest = (((k.high * scale - back.high) - back.low) + k.low * scale) - h * v_low
    return Deviation(
        h,
        finite_or_zero(rest * per),
        v_high / scale,
        v_low / scale,
        per * scale,
        root,
        is_negative(sigma) | jnp.isnan(v_high),
    )


def _tails(d: Deviation) -> Tails:
    """Both tails; M holds for every finite argument, but not at infinity."""
    t = 0.5 * d.v
    (near, near_slip), (far, far_slip) = add(d.h, -t), add(d.h, t)
    held = (jnp.abs(near) < PAST) & (far < 2.0**50)
    near_low = jnp.where(held, d.h_low + (near_slip - 0.5 * d.v_low), 0.0)
    far_low = jnp.where(held, d.h_low + (far_slip + 0.5 * d.v_low), 0.0)
    near, far = jnp.fmin(jnp.fmax(near, -PAST), PAST), jnp.fmin(far, 2.0**50)
    within = near > MILLS_FROM
    x = jnp.where(within, near, -near)
    e, m = gauss_exponent(near, near_low), mills(x, far)
    return Tails(
        m,
        e,
        near,
        near_low,
        far,
        far_low,
        width=jnp.where(held, near_slip - far_slip, 0.0),
        growth=exp_minus_1(e.r),
        near_loss=INV_SQRT_2PI - x * m.near,
        far_loss=INV_SQRT_2PI - far * m.far,
        within=within,
    )


def on_common_scale(of: Legs) -> CommonScale:
    """Both legs scaled by the exponent of the greater one."""
    top = jnp.maximum(of.a_exponent, of.b_exponent)
    a_scale, b_scale = power_of_two(of.a_exponent - top), power_of_two(of.b_exponent - top)
    return CommonScale(of.a * a_scale, of.b * b_scale, a_scale, b_scale, top)
