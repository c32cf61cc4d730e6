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

from quantforge_numba.blocks import BLOCK, whole
from quantforge_numba.elementary import (
    mills,
    power_of_two,
    reduce,
    shift_exponent,
    times_exp,
    times_power,
)
from quantforge_numba.intrinsics import blocks, fma, inlined, outlined, vectorise
from quantforge_numba.legs import INVALID, legs_general, legs_ordinary, sign_state
from quantforge_numba.tables import INV_SQRT_2PI

MOST_FAR = 2.0**50  # the Mills ratio itself is right to infinity


class OrdinaryPrice(NamedTuple):
    """The price; `special` is 1 where this form may not hold."""

    price: float
    special: int


@inlined
def ordinary_price(a, b, h, v, sign):
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
    far = far if far < MOST_FAR else MOST_FAR
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
    return times_power(price, exponent)


@outlined
def price_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    spot, strike, time, rate, dividend, sigma, sign = inputs
    (price,) = outputs
    for i in range(n):
        legs = legs_general(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        state = legs.state | sign_state(sign[i])
        value = general_price(legs, sign[i])
        price[i] = nan if state else value
        outside[i] = 1 if state == INVALID else 0  # a NaN that came in is no signal


@inlined
def price_ordinary(inputs, outputs, special, n, wanted):
    """Price `n` lanes, a multiple of LANES and at most BLOCK.

    The two halves run one after the other over the block: each is short enough for the processor
    to overlap several vectors of it.
    """
    vectorise("outputs special")
    n = whole(n)
    a, b, h, v = blocks(4, BLOCK)
    spot, strike, time, rate, dividend, sigma, sign = inputs
    (price,) = outputs
    for i in range(n):
        legs = legs_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i])
        a[i], b[i], h[i], v[i] = legs.a, legs.b, legs.h, legs.v
        special[i] = legs.special
    for i in range(n):
        lane = ordinary_price(a[i], b[i], h[i], v[i], sign[i])
        price[i] = lane.price
        special[i] += lane.special
