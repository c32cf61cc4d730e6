"""European price on a lognormal underlying.

With the legs A and B, h and v as in legs.py, t = v/2 and M(x) = N(-x)/phi(x):

    price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))

where nothing cancels but M - M, and that no worse than the problem's own condition. For h < t
M(h - t) grows without bound and the complement is taken, the factor of min(A, B) being
1 - phi(t - h) (M(t - h) + M(t + h)). For t max(h, 2) < 1/64 the difference of M is its Taylor
series, from M' = x M - 1.

Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.

Error at most 4 ulp of max(A, B), and (4 + 4 cond) 2^-53 relatively, see docs/numerics.md.
"""

from math import copysign, fabs, inf, nan
from typing import NamedTuple

from numba import njit

from quantforge_numba.blocks import BLOCK
from quantforge_numba.elementary import (
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
)
from quantforge_numba.intrinsics import doubles, fma, inlined, prefer_wide_vectors
from quantforge_numba.legs import INVALID, MISSING, legs_general, legs_ordinary
from quantforge_numba.tables import INV_SQRT_2PI, ROUND_MAGIC

PRICE_INPUTS = 7


class OrdinaryPrice(NamedTuple):
    """The price; `special` is 1 where this form may not hold."""

    price: float
    special: int


@inlined
def price_ordinary(a, b, h, v, sign):
    t = 0.5 * v
    far = h + t
    near = h - t
    x = fabs(near)
    xx = x * x
    e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx))
    least = a if a < b else b
    m = mills(far)
    m0 = mills(x)
    difference = fma(copysign(m0.p, near), m.q, -(m.p * m0.q)) / (m.q * m0.q)

    intrinsic = sign * (a - b)
    intrinsic = intrinsic if intrinsic > 0.0 else 0.0
    factor = shift_exponent(times_exp(difference, e.r), e.n_magic)
    factor = 1.0 + factor if near < 0.0 else factor
    price = fma(least, factor, intrinsic)

    holds = (
        (least > 2.0**-64)
        & (a + b < 2.0**300)
        & (v > 2.0**-60)
        & (v < 16.0)
        & (x < 34.0)
        & (t * (h if h > 2.0 else 2.0) >= 2.0**-6)
        & (fabs(sign) == 1.0)
    )
    return OrdinaryPrice(price if price > 0.0 else 0.0, 0 if holds else 1)


@inlined
def mills_difference_series(h, t):
    """Return (M(h - t) - M(h + t)) / sqrt(2 pi) for small t: the odd derivatives at h."""
    ratio = mills(h)
    m0 = ratio.p / ratio.q
    u = t * t
    m1 = fma(h, m0, -INV_SQRT_2PI)
    m2 = fma(h, m1, m0)
    m3 = fma(h, m2, 2.0 * m1)
    m4 = fma(h, m3, 3.0 * m2)
    m5 = fma(h, m4, 4.0 * m3)
    m6 = fma(h, m5, 5.0 * m4)
    m7 = fma(h, m6, 6.0 * m5)
    series = fma(fma(fma(m7, u * (1.0 / 42.0), m5), u * (1.0 / 20.0), m3), u * (1.0 / 6.0), m1)
    return -2.0 * t * series


@inlined
def general_price(legs, sign):
    h = legs.h
    t = 0.5 * legs.v
    far = h + t
    near = h - t
    x = fabs(near)
    h_held = h if h < 54.0 else 54.0  # past 54 phi M is less than the least double
    far = far if far < 54.0 else 54.0
    x = x if x < 54.0 else 54.0
    top = legs.a_exponent if legs.a_exponent > legs.b_exponent else legs.b_exponent
    a_apart = legs.a_exponent - top
    b_apart = legs.b_exponent - top
    a = legs.a * power_of_two(a_apart if a_apart > -1000.0 else -1000.0)
    b = legs.b * power_of_two(b_apart if b_apart > -1000.0 else -1000.0)

    xx = x * x
    e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx))
    least = legs.a if a < b else legs.b
    least_exponent = legs.a_exponent if a < b else legs.b_exponent
    m = mills(far)
    m0 = mills(x)
    difference = fma(copysign(m0.p, near), m.q, -(m.p * m0.q)) / (m.q * m0.q)
    close = t * (h_held if h_held > 2.0 else 2.0) < 2.0**-6
    difference = mills_difference_series(h_held, t) if close else difference

    # At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    settled = (legs.v == 0.0) | (a == 0.0) | (b == 0.0) | (a == inf) | (b == inf)
    complement = (near < 0.0) & (not close)
    factor = times_exp(difference, e.r)
    all_but = 1.0 + factor * power_of_two(e.n if e.n > -1000.0 else -1000.0)
    factor = all_but if complement else factor
    factor = 0.0 if settled else factor
    term_exponent = least_exponent if complement else least_exponent + e.n
    intrinsic = sign * (a - b)
    intrinsic = intrinsic if intrinsic > 0.0 else 0.0
    exponent = top if intrinsic > 0.0 else term_exponent
    apart = term_exponent - exponent
    apart = apart if apart > -1000.0 else -1000.0
    apart = apart if apart < 1000.0 else 1000.0
    price = fma(least * power_of_two(apart), factor, intrinsic)
    price = price if price > 0.0 else 0.0

    # Endless volatility leaves all of one leg, and not a rounding error of the other.
    endless = (legs.v == inf) & (not settled)
    whole = legs.a if sign > 0.0 else legs.b
    whole_exponent = legs.a_exponent if sign > 0.0 else legs.b_exponent
    price = whole if endless else price
    exponent = whole_exponent if endless else exponent
    exponent = exponent if exponent > -2040.0 else -2040.0
    exponent = exponent if exponent < 2040.0 else 2040.0
    half = (0.5 * exponent + ROUND_MAGIC) - ROUND_MAGIC
    return price * power_of_two(half) * power_of_two(exponent - half)


@njit(error_model="numpy", forceinline=False)
def price_block_general(inputs, out, n):
    """Price the block in its general form; return the MISSING | INVALID seen."""
    prefer_wide_vectors()
    spot, strike, time, rate = inputs[0], inputs[1], inputs[2], inputs[3]
    dividend, sigma, signs = inputs[4], inputs[5], inputs[6]
    seen = 0
    for i in range(n):
        sign = signs[i]
        legs = legs_general(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        state = (
            legs.state | (MISSING if sign != sign else 0) | (0 if fabs(sign) == 1.0 else INVALID)
        )
        price = general_price(legs, sign)
        out[i] = nan if state else price
        seen |= INVALID if state == INVALID else 0  # a NaN that came in is no signal
    return seen


@inlined
def price_block(inputs, out, n):
    """Price `n` lanes, a multiple of LANES and at most BLOCK.

    The two halves run one after the other over the block: each is short enough for the processor
    to overlap several vectors of it. Special lanes are counted, for LLVM makes no vectors of a loop
    that combines conditions by `or`.
    """
    prefer_wide_vectors()
    a, b, h, v = doubles(BLOCK), doubles(BLOCK), doubles(BLOCK), doubles(BLOCK)
    spot, strike, time, rate = inputs[0], inputs[1], inputs[2], inputs[3]
    dividend, sigma, sign = inputs[4], inputs[5], inputs[6]
    special = 0
    for i in range(n):
        legs = legs_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        a[i], b[i], h[i], v[i] = legs.a, legs.b, legs.h, legs.v
        special += legs.special
    for i in range(n):
        lane = price_ordinary(a[i], b[i], h[i], v[i], sign[i])
        out[i] = lane.price
        special += lane.special
    return price_block_general(inputs, out, n) if special else 0
