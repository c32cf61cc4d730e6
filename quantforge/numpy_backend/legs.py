"""The two legs of a European option and how far apart they are (see the specification)."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from quantforge.numpy_backend.blocks import Array, Mask
from quantforge.numpy_backend.elementary import (
    Argument,
    Mills,
    Reduced,
    Sum,
    finite_or_zero,
    gauss_exponent,
    log_argument,
    log_ratio_fine,
    log_ratio_sum,
    mills,
    power_of_two,
    product_error,
    reduce,
    sum_,
)
from quantforge.numpy_backend.tables import INV_SQRT_2PI, MILLS_FROM

__all__ = [
    "PAST",
    "Apart",
    "Beside",
    "Deviation",
    "Sides",
    "Tails",
    "apart",
    "beside",
    "deviation",
    "discount_exponent",
    "is_missing",
    "magnitude",
    "scaled",
    "sides",
    "tails",
]

PAST: Final = 54.0  # beyond it phi and phi M are less than the least double


class Sides(NamedTuple):
    """A = S e^(-qT) and B = K e^(-rT) as mantissa, exponent and rounding error; y = ln(A/B)."""

    a: Array
    a_exponent: Array
    a_low: Array
    b: Array
    b_exponent: Array
    b_low: Array
    y: Sum
    argument: Argument  # of the logarithm, for a finer one
    rx: Exponent  # the discount exponents rT and qT, and reduced with the other sign
    qx: Exponent
    r: Reduced
    q: Reduced
    finite: Mask  # y, and not at an end of the range
    outside: Mask


class Deviation(NamedTuple):
    """h = k / v, and what rounding took from it and from v = sigma sqrt(T)."""

    h: Array
    h_low: Array
    v: Array
    v_low: Array
    per_v: Array
    root: Array  # sqrt(T)
    outside: Mask


class Exponent(NamedTuple):
    """x t and the rest that rounding took from it; and -x t for the exponential."""

    product: Array
    rest: Array
    value: Array
    low: Array


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
    grown: Array
    near_loss: Array  # -M' at |near|, or near within, and at far
    far_loss: Array
    within: Mask


class Apart(NamedTuple):
    """How far the legs are apart."""

    y: Sum
    d: Deviation
    at: Tails


class Beside(NamedTuple):
    """Both legs times 2^-top, and what the factors were."""

    a: Array
    b: Array
    a_scale: Array
    b_scale: Array
    top: Array


def is_missing(*operands: Array) -> Mask:
    """Where NaN came in."""
    missing: Mask = np.isnan(operands[0])
    for operand in operands[1:]:
        missing = missing | np.isnan(operand)
    return missing


def magnitude(x: Sum) -> Sum:
    """|x|."""
    return Sum(np.abs(x.high), np.where(x.high < 0, -x.low, x.low))


def discount_exponent(x: Array, time: Array) -> Exponent:
    """x t, and -x t held within +-4000, past which e^-xt is 0 or infinite for every leg.

    A zero rate discounts nothing, however long the time.
    """
    xt = np.where(x == 0, 0.0, x * time)
    rest = product_error(x, time, xt)
    within = np.abs(xt) < 4000
    cut = np.where(within, xt, np.copysign(4000.0, xt))
    return Exponent(xt, rest, -cut, np.where(within, -rest, 0.0))


def scaled(x: Array) -> tuple[Array, Array]:
    """Mantissa and exponent; zero and infinity have an exponent beyond all others."""
    mantissa, exponent = np.frexp(x)
    return mantissa, np.where(x == 0, -20000.0, np.where(np.isinf(x), 20000.0, exponent))


def _discounted(mantissa: Array, r: Array) -> tuple[Array, Array]:
    """The mantissa times e^r and what rounding took from it; infinity stays what it is."""
    growth = np.expm1(r)
    value = np.where(np.isinf(mantissa), mantissa, mantissa * growth + mantissa)
    return value, product_error(mantissa, growth, value - mantissa)


def _log_moneyness(ratio: Sum, r: Exponent, q: Exponent) -> Sum:
    """ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last."""
    carry = sum_(r.product, -q.product)
    whole = sum_(ratio.high, carry.high)
    low = ((whole.low + carry.low) + (r.rest - q.rest)) + ratio.low
    high = whole.high + low
    return Sum(high, low - (high - whole.high))


def sides(spot: Array, strike: Array, time: Array, rate: Array, dividend: Array) -> Sides:
    """The legs of options and their distance, for whatever volatility."""
    rx, qx = discount_exponent(rate, time), discount_exponent(dividend, time)
    r, q = reduce(rx.value, rx.low), reduce(qx.value, qx.low)
    (s, s_exponent), (k, k_exponent) = scaled(spot), scaled(strike)
    argument = log_argument(s, k)
    argument = argument._replace(n=argument.n + (s_exponent - k_exponent))
    ratio = log_ratio_sum(*argument)
    y = _log_moneyness(ratio, rx, qx)
    (a, a_low), (b, b_low) = _discounted(s, q.r), _discounted(k, r.r)
    a_exponent, b_exponent = s_exponent + q.n, k_exponent + r.n
    ends = (np.abs(s_exponent) == 20000) | (np.abs(k_exponent) == 20000)
    coarse = ratio.high + (rx.product - qx.product)  # no NaN where that is infinite
    coarse = np.where(np.isnan(coarse), 0.0, coarse)  # both legs are 0 or infinite
    coarse = np.where(ends, a_exponent - b_exponent, coarse)
    finite = np.isfinite(y.high) & ~ends
    y = Sum(np.where(finite, y.high, coarse), np.where(finite, y.low, 0.0))
    outside = (
        (np.minimum(np.minimum(spot, strike), time) < 0)
        | (np.isinf(spot) & np.isinf(strike))
        | np.isinf(rate)
        | np.isinf(dividend)
    )
    return Sides(
        a, a_exponent, a_low, b, b_exponent, b_low, y, argument, rx, qx, r, q, finite, outside
    )


def apart(of: Sides, time: Array, sigma: Array) -> Apart:
    """How far the legs are apart, by a finer logarithm where the error of the other would show.

    That error is less than 2^-55 |s|^3, and the price multiplies it by |near| / v.
    """
    d = deviation(magnitude(of.y), time, sigma)
    at = tails(d)
    s = of.argument.s.high
    bent = of.finite & ~(np.abs(s) * (s * s) * (1.0 + np.abs(at.near)) < 4.0 * d.v)
    if not bent.any():
        return Apart(of.y, d, at)
    fine = _log_moneyness(log_ratio_fine(*of.argument), of.rx, of.qx)
    y = Sum(*(np.where(bent, new, old) for new, old in zip(fine, of.y, strict=True)))
    d = deviation(magnitude(y), time, sigma)
    return Apart(y, d, tails(d))


def deviation(k: Sum, time: Array, sigma: Array) -> Deviation:
    """How many standard deviations k is, with the remainders of root, product and division.

    h is 0 at the money, even without volatility, and where the volatility is infinite.
    """
    root = np.sqrt(time)
    v = np.abs(sigma * root)  # -0 is 0
    scale = np.where(v < 2.0**-500, 2.0**500, 1.0)  # remainders vanish below the least double
    sigma_up, v_up, k_up = sigma * scale, v * scale, k.high * scale
    per = 1.0 / v_up
    h = np.where(np.isinf(v) | (k.high == 0), 0.0, k_up * per)
    root_rest = (sigma_up * per) * -product_error(root, root, time)
    low = finite_or_zero(0.5 * sigma_up * root_rest + product_error(sigma_up, root, v_up))
    h_low = finite_or_zero(per * ((k.low * scale - product_error(h, v_up, k_up)) - h * low))
    return Deviation(h, h_low, v, low / scale, per * scale, root, (sigma < 0) | np.isnan(v))


def tails(d: Deviation) -> Tails:
    """Both tails; M holds for every finite argument, but not at infinity."""
    t = 0.5 * d.v
    (near, near_slip), (far, far_slip) = sum_(d.h, -t), sum_(d.h, t)
    held = (np.abs(near) < PAST) & (far < 2.0**50)
    near_low = np.where(held, d.h_low + (near_slip - 0.5 * d.v_low), 0.0)
    far_low = np.where(held, d.h_low + (far_slip + 0.5 * d.v_low), 0.0)
    near, far = np.fmin(np.fmax(near, -PAST), PAST), np.fmin(far, 2.0**50)
    within = near > MILLS_FROM
    x = np.where(within, near, -near)
    e, m = gauss_exponent(near, near_low), mills(x, far)
    return Tails(
        m,
        e,
        near,
        near_low,
        far,
        far_low,
        width=np.where(held, near_slip - far_slip, 0.0),
        grown=np.exp(e.r),
        near_loss=INV_SQRT_2PI - x * m.near,
        far_loss=INV_SQRT_2PI - far * m.far,
        within=within,
    )


def beside(of: Sides) -> Beside:
    """Both legs scaled by the exponent of the greater one."""
    top = np.maximum(of.a_exponent, of.b_exponent)
    a_scale, b_scale = power_of_two(of.a_exponent - top), power_of_two(of.b_exponent - top)
    return Beside(of.a * a_scale, of.b * b_scale, a_scale, b_scale, top)
