"""Volatility implied by a price on a lognormal underlying, in NumPy (see the specification)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.inversion import Code
from quantforge.numpy_backend.blocks import Array, Codes, Mask, run
from quantforge.numpy_backend.elementary import (
    Difference,
    Ratio,
    Reduced,
    aligning,
    gauss_exponent,
    half_ulp,
    log_ratio,
    mills,
    mills_difference,
    mills_series,
    natural,
    times_power,
)
from quantforge.numpy_backend.legs import Sides, aligned, is_missing, sides
from quantforge.numpy_backend.tables import INV_SQRT_2PI, LN2_HI

__all__ = ["SQRT_2PI", "coded", "implied_volatility", "inverse_density", "log_step", "types_of"]

SQRT_2PI: Final = float.fromhex("0x1.40d931ff62706p+1")


class _Target(NamedTuple):
    """What is solved: see the specification."""

    c: Array
    shift: Array
    rest: Array
    k: Array
    share: Array
    gap: Array


def implied_volatility(*inputs: Any, outputs: Sequence[str], out: Any = None) -> Any:
    """The named outputs for (price, spot, strike, time, rate, dividend, sign), like a ufunc."""
    return run(partial(_implied, outputs), inputs, types_of(outputs), out)


def types_of(outputs: Sequence[str]) -> str:
    """NumPy's type characters of the named outputs."""
    return "".join("b" if name == "code" else "d" for name in outputs)


def _implied(names: Sequence[str], *operands: Array) -> tuple[Sequence[Array], bool]:
    price, spot, strike, time, rate, dividend, sign = operands
    apart = sides(spot, strike, time, rate, dividend)
    to, code, inside = _target(apart, price, sign)
    s = _solved(to)
    sigma = s / np.sqrt(time)
    limit = _attainable(to, s, apart.y < 0, inside, operands[:-1]) + 2.0 * half_ulp(sigma)
    code[(code == Code.OK) & ~(limit <= 1e-8)] = Code.LOW_PRECISION
    solved = np.isin(code, (Code.OK, Code.LOW_PRECISION, Code.AT_MAXIMUM))
    code[(time == 0) & solved] = Code.ABOVE_MAXIMUM
    wrong = apart.outside | (np.abs(sign) != 1)
    wrong |= np.isinf(spot) | np.isinf(strike) | np.isinf(time)
    return coded(names, sigma, code, wrong, operands)


def coded(
    names: Sequence[str], sigma: Array, code: Codes, wrong: Mask, operands: Sequence[Array]
) -> tuple[Sequence[Array], bool]:
    """The outputs, with the values that go with codes; a NaN that came in signals nothing."""
    missing = is_missing(*operands)
    code = np.where(wrong | missing, Code.INVALID_INPUT, code)
    code = np.where(np.isfinite(operands[0]), code, Code.NOT_FINITE)
    sigma = np.where(code == Code.AT_INTRINSIC, 0.0, sigma)
    sigma = np.where(code == Code.AT_MAXIMUM, np.inf, sigma)
    none = ~np.isin(code, (Code.OK, Code.LOW_PRECISION, Code.AT_INTRINSIC, Code.AT_MAXIMUM))
    found = {"sigma": np.where(none, np.nan, sigma), "code": code}
    return [found[name] for name in names], bool((none & ~missing).any())


def _target(apart: Sides, price: Array, sign: Array) -> tuple[_Target, Codes, Mask]:
    """What is to be solved, the codes of prices at a bound, and what is in the money."""
    side = aligned(apart)
    mantissa, exponent = np.frexp(np.abs(price))
    exponent = np.where(price == 0, -20000.0, exponent)
    value = np.copysign(mantissa * aligning(exponent - side.top), price)
    a_low, b_low = apart.a_low * side.a_scale, apart.b_low * side.b_scale
    below = (side.a - side.b) + (a_low - b_low) < 0
    least, most = np.where(below, side.a, side.b), np.where(below, side.b, side.a)
    low = np.where(below, b_low - a_low, a_low - b_low)
    gap = most - least
    inside = (np.where(below, -sign, sign) > 0) & (gap > 0)
    otm = np.where(inside, (value - gap) - low, value)
    # From here on beside the lesser leg's mantissa, which may be too small beside the other.
    own, own_low = np.where(below, apart.a, apart.b), np.where(below, apart.a_low, apart.b_low)
    scale = np.where(below, side.a_scale, side.b_scale)
    shift = exponent - np.where(below, apart.a_exponent, apart.b_exponent)
    paid = np.where(inside, otm / scale, mantissa * aligning(shift))
    left = (own - paid) + own_low
    target = _Target(
        c=np.where(inside, paid, mantissa) / own,
        shift=np.where(inside, 0.0, shift),
        rest=left / own,
        k=np.abs(apart.y),
        share=least / most,
        gap=(gap + low) / most,
    )
    unit = _two_ulp(most)
    whole = np.where(inside, unit / scale, _two_ulp(own))
    code = np.zeros(price.shape, np.int8)
    code[left <= whole] = Code.AT_MAXIMUM
    code[left < -whole] = Code.ABOVE_MAXIMUM
    code[otm <= np.where(inside, unit, 0.0)] = Code.AT_INTRINSIC
    code[otm < -unit] = Code.BELOW_INTRINSIC
    return target, code, inside


def _two_ulp(x: Array) -> Array:
    return 2.0 * np.spacing(np.abs(x))


def _seed(to: _Target) -> Array:
    c = to.c * aligning(to.shift)
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


def _solved(to: _Target) -> Array:
    """Three steps; for tiny s M - M is nothing but rounding, and only its series tells."""
    first = _seed(to)
    steps = first > 2.0**-450
    fine = _last_step(to, first)
    fine = np.where(steps & (fine > 0), fine, first)
    s = _last_step(to, np.where(first < 2.0**-44, fine, _step(to, _step(to, first))))
    return np.where(steps & (s > 0), s, fine)


def log_step(f: Array, d: Ratio | Difference, u1: Array, u2: Array) -> tuple[Array, Array]:
    """Newton's step on a logarithm with the residual f, and Householder's factor of order 4."""
    per = 1.0 / (d.p * d.q)
    newton = -f * SQRT_2PI * (d.p * d.p * per)
    g = INV_SQRT_2PI * (d.q * d.q * per)
    a, b = u1 - g, g * (2.0 * g - 3.0 * u1) + u2
    return newton, (0.5 * a * newton + 1.0) / (newton * (b * (1.0 / 6.0) * newton + a) + 1.0)


def _householder(
    to: _Target, d: Difference, above: Mask, h: Array, per_s: Array, s: Array
) -> Array:
    log = log_ratio(np.abs(d.p), d.q * np.where(above, to.rest, to.c))
    e = gauss_exponent(np.abs(d.near))
    n = log.n - np.where(above, 0.0, to.shift) + e.n
    hs = h * per_s
    u1 = h * hs - 0.25 * s
    u2 = u1 * u1 + (-3.0 * hs * hs - 0.25)
    newton, factor = log_step(natural(Reduced(n, log.r + e.r)), d, u1, u2)
    return newton * factor + s


def _step(to: _Target, s: Array) -> Array:
    per_s = 1.0 / s
    h = to.k * per_s
    d = mills_difference(h, 0.5 * s)
    return _householder(to, d, d.near < 0, h, per_s, s)


def _last_step(to: _Target, s: Array) -> Array:
    per_s, t = 1.0 / s, 0.5 * s
    h = to.k * per_s
    d = mills_difference(h, t)
    close = t * np.fmax(h, 2.0) < 0.5
    if close.any():
        series = mills_series(np.fmin(h, 54.0), t, 15)
        d = Difference(np.where(close, series, d.p), np.where(close, 1.0, d.q), d.near)
    return _householder(to, d, (d.near < 0) & ~close, h, per_s, s)


def inverse_density(x: Array) -> Array:
    """1 / phi(x)."""
    e = gauss_exponent(x)
    return times_power(SQRT_2PI * np.exp(-e.r), -e.n)


def _attainable(
    to: _Target, s: Array, below: Mask, inside: Mask, operands: Sequence[Array]
) -> Array:
    """What half a unit in the last place of each input costs, over sigma."""
    price, spot, strike, time, rate, dividend = operands
    h, t = to.k / s, 0.5 * s
    near, far = h - t, np.fmin(h + t, 54.0)
    x = np.fmin(np.abs(near), 54.0)
    per_density = inverse_density(x)
    far_tail, near_tail = (SQRT_2PI * (m.p / m.q) for m in (mills(far), mills(x)))
    near_tail = np.where(near < 0, per_density - near_tail, near_tail)
    most = per_density / to.share  # the greater leg over density
    least_share = np.where(inside, per_density - near_tail, near_tail)
    most_share = np.where(inside, most - far_tail, far_tail)
    a, b = np.where(below, least_share, most_share), np.where(below, most_share, least_share)
    c = np.where(near < 0, to.c * aligning(to.shift) * per_density, near_tail - far_tail)
    value = np.where(inside, c + most * to.gap, c)
    rt, qt = np.abs(rate) * time, np.abs(dividend) * time
    cost = (
        half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * (0.5 * s + np.abs(qt * a - rt * b))
        + half_ulp(rate) * rt * b
        + half_ulp(dividend) * qt * a
    )
    return cost / s
