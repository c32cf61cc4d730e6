"""European options on a lognormal underlying.

Of a call and a put, one is out of the money. It is worth

    L phi(near) (M(near) - M(far)),   near = d - v / 2,   far = d + v / 2,

and the other one as much and the difference of the legs. L is the lesser leg of S exp(-q T) and
K exp(-r T), v = sigma sqrt(T), d = |ln(S / K) + (r - q) T| / v, phi the normal density, and
M(x) = N(-x) / phi(x) Mills' ratio. That is Black and Scholes' formula without the difference of
two numbers that are nearly equal, but for ln(S / K) + (r - q) T itself, whose error is divided
by v: it is kept below 1e-18.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from scipy.special import erfcx, ndtr

Array = np.ndarray

PAST = 54.0  # deviations, beyond which phi times any amount is less than the least double
SHORT = 1e-3  # v / 2, below which M(near) - M(far) is a series
SPLIT = 2.0**27 + 1.0


def price(*operands: Array, out: tuple[Array] | None = None) -> Array:
    """Price options from (spot, strike, time, rate, dividend, sigma, sign).

    Operands are arrays of float64 that broadcast; `out` is none of them. NaN that comes in goes
    out in silence. Outside the domain the result is NaN, and *invalid* is signalled.
    """
    with np.errstate(all="ignore"):
        value = _price(*operands)
        missing = np.isnan(sum(np.where(np.isnan(x), np.nan, 0.0) for x in operands))
    if out is not None:
        out[0][...] = value
        value = out[0]
    if (np.isnan(value) & ~missing).any():
        np.sqrt(np.float64(-1.0))  # signals *invalid*, as the caller's np.errstate wants it
    return value


def _price(
    spot: Array, strike: Array, time: Array, rate: Array, dividend: Array, sigma: Array, sign: Array
) -> Array:
    """NaN outside the domain, and where both legs are more than a double holds."""
    v = sigma * np.sqrt(time)
    inside = (spot >= 0.0) & (strike >= 0.0) & (time >= 0.0) & (sigma >= 0.0) & ~np.isnan(v)
    inside = inside & np.isfinite(rate) & np.isfinite(dividend) & (np.abs(sign) == 1.0)
    inside = inside & ~(np.isinf(spot) & np.isinf(strike))

    asset, cash = _discounted(spot, dividend, time), _discounted(strike, rate, time)
    least, most = np.minimum(asset, cash), np.maximum(asset, cash)
    gain = sign * (asset - cash)
    intrinsic = np.where(gain > 0.0, gain, 0.0)
    settled = (v == 0.0) | (least == 0.0) | np.isinf(most)
    y = _log_moneyness(spot, strike, time, rate, dividend)
    value = intrinsic + np.where(settled, 0.0, _time_value(least, np.abs(y) / v, v))

    endless = np.isinf(v) & (least > 0.0) & (np.isinf(asset) == np.isinf(cash))
    value = np.where(np.isinf(least), np.nan, value)
    value = np.where(endless, np.where(sign > 0.0, asset, cash), value)
    return np.where(inside, value, np.nan)


def _time_value(lesser: Array, d: Array, v: Array) -> Array:
    """The price of the option that is out of the money."""
    t = 0.5 * v
    near, far = d - t, d + t
    root = np.exp(-0.25 * near * near)  # of the density, which alone may underflow
    drop = np.where(t < SHORT, _drop(d, t), _mills(near) - _mills(far))
    value = np.where(
        (t < SHORT) | (near > 0.0),
        lesser * root * drop * root / sqrt(2.0 * pi),
        lesser * (ndtr(-near) - root * root / sqrt(2.0 * pi) * _mills(far)),
    )
    return np.where(near > PAST, 0.0, value)


def _mills(x: Array) -> Array:
    """Mills' ratio."""
    return sqrt(0.5 * pi) * erfcx(sqrt(0.5) * x)


def _drop(d: Array, t: Array) -> Array:
    """M(d - t) - M(d + t) for a small t: by M' = d M - 1 and its derivatives."""
    m = _mills(d)
    m1 = d * m - 1.0
    m2 = m + d * m1
    m3 = 2.0 * m1 + d * m2
    return -2.0 * t * (m1 + t * t / 6.0 * m3)


def _log_moneyness(spot: Array, strike: Array, time: Array, rate: Array, dividend: Array) -> Array:
    """ln(S / K) + (r - q) T. Two numbers may cancel here.

    Where S and K are near each other, what rounding takes from them is added last; the logarithm
    is 2 atanh(s) = 2 s + 2 s^3 / 3 + ...
    """
    grown, paid = rate * time, dividend * time
    carry = grown - paid
    gap, whole = spot - strike, spot + strike
    s = gap / whole
    lost = _product_error(rate, time) - _product_error(dividend, time) + _sum_error(grown, -paid)
    rest = (gap - s * whole) - _product_error(s, whole) - s * _sum_error(spot, strike)
    series = np.zeros_like(s)
    for n in range(29, 1, -2):
        series = series * s * s + 1.0 / n
    tail = 2.0 * s * s * s * series
    near = 2.0 * s + carry + (_sum_error(2.0 * s, carry) + (lost + 2.0 * rest / whole) + tail)
    far = 2.0 * np.log(np.sqrt(spot) / np.sqrt(strike)) + carry  # spot / strike may overflow
    return np.where((np.abs(gap) < 0.4 * strike) & np.isfinite(whole), near, far)


def _sum_error(a: Array, b: Array) -> Array:
    """What rounding takes from a + b, by Knuth."""
    total = a + b
    part = total - a
    return (a - (total - part)) + (b - part)


def _product_error(a: Array, b: Array) -> Array:
    """What rounding takes from a b, by Dekker: NumPy has no fused multiply-add."""
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return a_low * b_low - (((a * b - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _halves(x: Array) -> tuple[Array, Array]:
    """A number as the sum of two with half as many bits."""
    high = x * SPLIT - (x * SPLIT - x)
    return high, x - high


def _discounted(amount: Array, rate: Array, time: Array) -> Array:
    """Amount exp(-rate time). A rate of 0 discounts nothing, however long the time."""
    root = np.where(rate == 0.0, 1.0, np.exp(-0.5 * rate * time))  # exp itself may overflow
    return np.where((amount == 0.0) | np.isinf(amount), amount, amount * root * root)
