"""Volatility implied by a price on a lognormal underlying, in NumPy (see the specification)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Codes, Mask, run
from quantforge.numpy_backend.elementary import (
    half_ulp,
    log_ratio,
    mills,
    natural,
    power_of_two,
    product_error,
    reduce,
    times_power,
    two_ulp,
)
from quantforge.numpy_backend.legs import PAST, Sides, beside, is_missing, magnitude, scaled, sides
from quantforge.numpy_backend.tables import LN2_HI, MILLS_FROM
from quantforge.results import Code

__all__ = ["SQRT_2PI", "coded", "householder", "implied_volatility", "inverse_density", "types_of"]

SQRT_2PI: Final = float.fromhex("0x1.40d931ff62706p+1")
STEPS: Final = 3  # from the seed to full precision


class _Target(NamedTuple):
    """The equation to solve: see the specification."""

    c: Array
    shift: Array
    rest: Array
    k: Array
    k_low: Array
    share: Array
    gap: Array


class _Bounds(NamedTuple):
    """How far a price lies from its bounds, and how near counts as at a bound."""

    otm: Array  # the out-of-the-money price
    intrinsic_unit: Array
    below_unit: Array
    left: Array  # to the maximum
    maximum_unit: Array


def implied_volatility(*inputs: Any, outputs: Sequence[str], out: Any = None) -> Any:
    """The named outputs for (price, spot, strike, time, rate, dividend, sign), like a ufunc."""
    return run(partial(_implied, outputs), inputs, types_of(outputs), out)


def types_of(outputs: Sequence[str]) -> str:
    """NumPy's type characters of the named outputs."""
    return "".join("b" if name == "code" else "d" for name in outputs)


def _implied(names: Sequence[str], *operands: Array) -> tuple[Sequence[Array], bool]:
    price, spot, strike, time, rate, dividend, sign = operands
    apart = sides(spot, strike, time, rate, dividend)
    to, bounds, inside = _target(apart, price, sign)
    s = _seed(to)
    for _ in range(STEPS):
        s = _step(to, s)
    sigma = s / np.sqrt(time)
    limit = _attainable(to, s, apart.y.high < 0, inside, operands) + 2.0 * half_ulp(sigma)
    code = _bound(bounds, time)
    wrong = apart.outside | (np.abs(sign) != 1)
    wrong |= np.isinf(spot) | np.isinf(strike) | np.isinf(time)
    return coded(names, sigma, limit, code, wrong, operands)


def coded(
    names: Sequence[str],
    sigma: Array,
    limit: Array,
    code: Codes,
    wrong: Mask,
    operands: Sequence[Array],
) -> tuple[Sequence[Array], bool]:
    """The outputs, with the value that belongs to each code; a NaN that came in signals nothing."""
    missing = is_missing(*operands)
    beyond = (code == Code.OK) & np.isnan(sigma)  # the inputs are beyond all range
    code = np.where((code == Code.OK) & ~(limit <= 1e-8), Code.LOW_PRECISION, code)
    code = np.where(beyond | wrong | missing, Code.INVALID_INPUT, code)
    code = np.where(np.isfinite(operands[0]), code, Code.NOT_FINITE)
    sigma = np.where(code == Code.AT_INTRINSIC, 0.0, sigma)
    sigma = np.where(code == Code.AT_MAXIMUM, np.inf, sigma)
    none = ~np.isin(code, (Code.OK, Code.LOW_PRECISION, Code.AT_INTRINSIC, Code.AT_MAXIMUM))
    found = {"sigma": np.where(none, np.nan, sigma), "code": code}
    return [found[name] for name in names], bool((none & ~missing).any())


def _target(apart: Sides, price: Array, sign: Array) -> tuple[_Target, _Bounds, Mask]:
    """The equation to solve, the bounds of the price, and whether it is in the money."""
    side, (mantissa, exponent) = beside(apart), scaled(np.abs(price))
    value = np.copysign(mantissa * power_of_two(exponent - side.top), price)
    below = apart.y.high < 0
    less, most = np.where(below, side.a, side.b), np.where(below, side.b, side.a)
    low = apart.a_low * side.a_scale - apart.b_low * side.b_scale
    low = np.where(below, -low, low)
    gap = most - less
    inside = (np.where(below, -sign, sign) > 0) & (apart.y.high != 0)
    otm = np.where(inside, (value - gap) - low, value)
    # From here on in the lesser leg's power of two: in the greater's it may be too small.
    least, least_low = np.where(below, apart.a, apart.b), np.where(below, apart.a_low, apart.b_low)
    scale = np.where(below, side.a_scale, side.b_scale)
    shift = exponent - np.where(below, apart.a_exponent, apart.b_exponent)
    own = np.where(inside, otm / scale, mantissa * power_of_two(shift))
    left = (least - own) + least_low
    target = _Target(
        c=np.where(inside, own, mantissa) / least,
        shift=np.where(inside, 0.0, shift),
        rest=left / least,
        k=magnitude(apart.y).high,
        k_low=magnitude(apart.y).low,
        share=less / most,
        gap=(gap + low) / most,
    )
    unit = two_ulp(most)
    maximum_unit = np.where(inside, unit / scale, two_ulp(least))
    return target, _Bounds(otm, np.where(inside, unit, 0.0), unit, left, maximum_unit), inside


def _bound(bounds: _Bounds, time: Array) -> Codes:
    """The code of a price at or beyond a bound, OK between them."""
    reached = {
        Code.BELOW_INTRINSIC: bounds.otm < -bounds.below_unit,
        Code.AT_INTRINSIC: bounds.otm <= bounds.intrinsic_unit,
        Code.ABOVE_MAXIMUM: (bounds.left < -bounds.maximum_unit) | (time == 0),
        Code.AT_MAXIMUM: bounds.left <= bounds.maximum_unit,
    }
    return np.select(list(reached.values()), list(reached), Code.OK).astype(np.int8)


def _seed(to: _Target) -> Array:
    c = to.c * power_of_two(to.shift)
    ce = c * to.share
    both = 2.0 * ce + to.gap
    side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both)  # p - 1/2
    log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)))
    small = 4.0 * side * side
    w = np.where(small < 2.0**-18, small, (log.n - to.shift) * LN2_HI + log.r)
    dd = w * (1.5707963267948966 + 0.21616672 * w) / (1.0 + 0.10832933 * w)
    total = np.sqrt(dd) + np.sqrt(2.0 * to.k + dd)
    # c is at most what it is at the money
    return np.fmax(np.where(side < 0, 2.0 * to.k / total, total), SQRT_2PI * c)


def householder(f: Array, newton: Array, u1: Array, u2: Array) -> Array:
    """Householder's step of order 4 for ln y(s) = ln z, over s.

    f is the residual, newton that of Newton's step, u1 and u2 are s y''/y' and s^2 y'''/y'.
    """
    bent, square = u1 * newton, newton * newton
    third = u2 * square + f * (2.0 * f + 3.0 * bent)
    return newton * (0.5 * (bent + f) + 1.0) / (third * (1.0 / 6.0) + (1.0 + (bent + f)))


def _step(to: _Target, s: Array) -> Array:
    """A step for ln c, or for ln(1 - c) where h - t is below the range of the Mills ratio."""
    per_s, t = 1.0 / s, 0.5 * s
    h = to.k * per_s
    near, far = h - t, h + t
    near_low = ((h - near) - t) + per_s * (to.k_low - product_error(h, s, to.k))
    # Where c is large, 1 - c says more.
    within = near > np.where(far < 1.0, MILLS_FROM, 0.0)
    m = mills(np.where(within, near, -near), far)
    rest = m.near + m.far
    log = log_ratio(np.where(within, s * m.slope, rest), np.where(within, to.c, to.rest))
    n = log.n - np.where(within, to.shift, 0.0)
    f = natural(log._replace(n=n, r=log.r - near * (0.5 * near + near_low)))
    newton = -f * SQRT_2PI * np.where(within, m.slope, -rest * per_s)
    u1 = near * far
    moved = s * householder(f, newton, u1, u1 * u1 - (3.0 * h * h + t * t)) + s
    return np.where(moved <= 0, s, moved)  # the seed knows no price below 2^-1000 of the leg


def inverse_density(x: Array) -> Array:
    """1 / phi(x)."""
    e = reduce(0.5 * x * x)
    return times_power(SQRT_2PI * np.exp(e.r), e.n)


def _attainable(
    to: _Target, s: Array, below: Mask, inside: Mask, operands: Sequence[Array]
) -> Array:
    """What half a unit in the last place of each input costs, over sigma."""
    price, spot, strike, time, rate, dividend, sign = operands
    h, t = to.k / s, 0.5 * s
    near, far = np.fmin(np.fmax(h - t, -PAST), PAST), np.fmin(h + t, PAST)
    within = near > MILLS_FROM
    per_density = inverse_density(near)
    m = mills(np.where(within, near, -near), far)
    far_tail, near_tail = SQRT_2PI * m.far, SQRT_2PI * m.near
    near_tail = np.where(within, near_tail, per_density - near_tail)
    most = per_density / to.share  # the greater leg over density
    least_share = np.where(inside, per_density - near_tail, near_tail)
    most_share = np.where(inside, most - far_tail, far_tail)
    a, b = np.where(below, least_share, most_share), np.where(below, most_share, least_share)
    c = np.where(within, SQRT_2PI * (s * m.slope), to.c * power_of_two(to.shift) * per_density)
    value = np.where(inside, c + most * to.gap, c)
    rate_cost, dividend_cost = rate * time * b, dividend * time * a
    theta = 0.5 * s + sign * (rate_cost - dividend_cost)
    cost = (
        half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * np.abs(theta)
        + half_ulp(rate) * np.abs(rate_cost)
        + half_ulp(dividend) * np.abs(dividend_cost)
    )
    return cost / s
