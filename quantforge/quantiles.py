"""Quantiles of the normal distribution, and the same with an exponential beside it.

Both solve

    f(s) = ln N(s) - b s - b^2/2 - ln p = 0

for s, with b = 0 for the quantile of p. For s <= 0 and x = -s it is ln M(x) - (s + b)^2/2 - ln p
with the Mills ratio M, in which nothing large is left to cancel. Squares and ln p are sums of two
numbers. f is concave: wherever it increases Newton's steps from the left of a root stay there, and
those from its right go there. The last step is not added to s but carried beside it.

f increases for b <= 0. For b > 0 it does so up to s*, where its slope n(s)/N(s) - b is 0. The root
that is wanted is the one below s*. By the slope of the slope, which increases from right to left
and is less than 1, it is between s* - sqrt(2 f(s*) / curvature(s*)) and s* - sqrt(2 f(s*)).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask
from quantforge.numpy_backend.elementary import Sum, finite_or_zero, mills, product_error, two_sum
from quantforge.numpy_backend.tables import INV_SQRT_2PI

__all__ = ["Normal", "Root", "minus", "normal", "plus", "quantile", "tilt", "tilted_quantile"]

_LN2: Final = float(np.log(2.0))
_STEPS: Final = 100  # far more than any root takes
_DONE: Final = 2.0**-30  # of a step: the error after it is its square
_SEED_ERROR: Final = 4.5e-4


class Normal(NamedTuple):
    """The normal distribution at s, by the Mills ratio at |s|."""

    m: Array
    beyond: Array  # N(-|s|)
    hazard: Array  # n(s)/N(s)


class Root(NamedTuple):
    """A solution, and whether there is one."""

    s: Sum
    exists: Mask


def plus(x: Sum, y: Sum) -> Sum:
    """x + y, to twice the precision."""
    whole = two_sum(x.high, y.high)
    low = whole.low + (x.low + y.low)
    high = whole.high + low
    return Sum(high, low - (high - whole.high))


def minus(x: Sum) -> Sum:
    """-x."""
    return Sum(-x.high, -x.low)


def normal(s: Array) -> Normal:
    """What the solutions are made of."""
    x = np.abs(s)
    m, density = mills(x, x).near, np.exp(-0.5 * x * x)
    beyond = m * density
    return Normal(m, beyond, INV_SQRT_2PI * np.where(s > 0, density / (1.0 - beyond), 1.0 / m))


def tilt(b: Sum, s: Sum, share: float) -> Sum:
    """-b (s + share b), to twice the precision."""
    whole = two_sum(s.high, share * b.high)
    rest = finite_or_zero(whole.low) + (s.low + share * b.low)
    product = -b.high * whole.high
    low = product_error(-b.high, whole.high, product)
    return Sum(product, finite_or_zero(low - b.high * rest - b.low * whole.high))


def quantile(log: Sum) -> Root:
    """The s with N(s) = p, for ln p <= 0; infinite where p is 1.

    Beyond the median it is minus that of 1 - p, whose digits are those of ln p.
    """
    upper = log.high > -_LN2
    rest = -np.expm1(log.high) - np.exp(log.high) * log.low
    tail = Sum(np.where(upper, np.log(rest), log.high), np.where(upper, 0.0, log.low))
    tail = Sum(np.fmax(tail.high, -1e6), tail.low)
    zero = np.zeros_like(rest)
    s = _seed(tail.high)
    for _ in range(2):
        s = s + _step(s, Sum(zero, zero), tail)
    low = _step(s, Sum(zero, zero), tail)
    turn = np.where(upper, -1.0, 1.0)
    end = upper & (rest == 0)
    found = Sum(np.where(end, np.inf, turn * s), np.where(end, 0.0, turn * low))
    return Root(found, ~upper | (rest >= 0))


def tilted_quantile(log: Sum, b: Sum) -> Root:
    """The s with N(s) e^(-b s - b^2/2) = p; for b > 0 the lower one of two, or none.

    |b| is from 1e-150 to 1e150.
    """
    top, most = _maximum(log, b)
    exists = (b.high < 0) | (most >= 0)
    s = np.where(b.high > 0, _below_the_maximum(log, b.high, top, most), _left(log, -b.high))
    top = np.where(b.high > 0, top, np.inf)
    moving = exists
    for _ in range(_STEPS):
        step = np.where(moving, _step(s, b, log), 0.0)
        s = np.fmin(s + step, top)
        moving = _is_long(step, s)
        if not moving.any():
            break
    low = _step(s, b, log)
    return Root(Sum(s, np.fmin(low, top - s)), exists)


def _is_long(step: Array, s: Array) -> Mask:
    """Which lanes need another step: no result may depend on its neighbours."""
    return np.asarray(np.abs(step) > _DONE * (1.0 + np.abs(s)))


def _step(s: Array, b: Sum, log: Sum) -> Array:
    """Newton's step; none at a maximum."""
    at = normal(s)
    slope = at.hazard - b.high
    step = -_residual(s, at, b, log) / slope
    return np.where((slope > 0) & np.isfinite(step), step, 0.0)


def _residual(s: Array, at: Normal, b: Sum, log: Sum) -> Array:
    """The function f."""
    t = two_sum(s, b.high)
    half = -0.5 * t.high
    square = half * t.high
    low = product_error(half, t.high, square) - t.high * (t.low + b.low)
    e = plus(Sum(square, low), minus(log))
    left = np.log(at.m * np.exp(np.clip(e.high, -700.0, 700.0))) + e.low
    rest = plus(tilt(b, Sum(s, np.zeros_like(s)), 0.5), minus(log))
    return np.where(s > 0, np.log1p(-at.beyond) + rest.high + rest.low, left)


def _seed(log: Array) -> Array:
    """The quantile of p <= 1/2 up to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23)."""
    t = np.sqrt(-2.0 * np.fmin(log, -_LN2))
    above = (0.010328 * t + 0.802853) * t + 2.515517
    below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    return above / below - t


def _maximum(log: Sum, b: Sum) -> tuple[Array, Array]:
    """s* and f(s*), of |b|; ln(n(s)/N(s)) is concave and decreases, so steps come from the right.

    n(s)/N(s) is below b at 1/b - b, since M(x) > 2 n(x) / (x + sqrt(x^2 + 4)) (Birnbaum 1942); and
    for s >= 0 where n(s) = b/2.
    """
    size = Sum(np.abs(b.high), np.copysign(b.low, b.low * b.high))
    by_density = np.sqrt(np.fmax(-2.0 * np.log(0.5 * size.high / INV_SQRT_2PI), 0.0))
    s = np.where(size.high < 2.0 * INV_SQRT_2PI, by_density, 1.0 / size.high - size.high)
    moving = np.ones(s.shape, bool)
    for _ in range(_STEPS):
        at = normal(s)
        step = np.log(at.hazard / size.high) / (s + at.hazard)
        step = np.where(moving & np.isfinite(step), step, 0.0)
        s = s + step
        moving = _is_long(step, s)
        if not moving.any():
            break
    return s, _residual(s, normal(s), size, log)


def _below_the_maximum(log: Sum, b: Array, top: Array, most: Array) -> Array:
    """A point at or to the left of the root below s*, but for rounding.

    If s >= t, then N(s) >= p e^(b t + b^2/2), which may be a better bound.
    """
    drop = np.sqrt(2.0 * np.fmax(most, 0.0))
    curvature = np.where(b < 1e3, b * (top + b), 1.0)
    first = top - drop / np.sqrt(np.clip(curvature, 1e-300, 1.0))
    second = _seed(log.high + b * (first + 0.5 * b)) - _SEED_ERROR
    return np.asarray(np.fmin(np.fmax(first, second), top - drop))


def _left(log: Sum, v: Array) -> Array:
    """A point to the left of the root for b = -v, by N(s) <= 1.

    If s <= 0, then also N(s) >= p e^(v^2/2).
    """
    first = np.fmin(log.high / v + 0.5 * v, 1e150)
    return np.fmax(first, _seed(log.high + 0.5 * v * v) - _SEED_ERROR)
