"""Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.

With the legs A and B of legs.py, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
sqrt(T).

Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < 0 on
ln(1 - c); their logarithms are those of M - M or M + M, so that nothing under- or overflows. In
the last step M - M is its Taylor series for small s/2. Error: a few times what the rounding of
the inputs costs, see docs/numerics.md.

Codes: see below; a lane without a volatility is NaN, at the bounds 0 or infinity.
"""

from math import copysign, fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.attainable import attainable
from quantforge_numba.blocks import BLOCK, whole
from quantforge_numba.elementary import log_ratio, mills, power_of_two
from quantforge_numba.intrinsics import blocks, fma, inlined, outlined, sqrt, vectorise, words
from quantforge_numba.legs import INVALID, sides_general, sides_ordinary, sign_state
from quantforge_numba.tables import INV_SQRT_2PI, LN2_HI, LN2_LO
from quantforge_numba.target import SQRT_2PI, Target, target_general, target_ordinary

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM = 0.0, 1.0, 2.0, 3.0
ABOVE_MAXIMUM, NOT_FINITE, INVALID_INPUT, LOW_PRECISION = 4.0, 5.0, 6.0, 7.0


@inlined
def seed(to):
    """Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %."""
    c = to.c * power_of_two(to.shift if to.shift > -1000.0 else -1000.0)
    ce = c * to.share
    both = 2.0 * ce + to.gap
    side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both)  # p - 1/2
    log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)))
    w = fma(log.n - to.shift, LN2_HI, log.r)
    small = 4.0 * side * side
    w = small if small < 2.0**-18 else w
    dd = w * (1.5707963267948966 + 0.21616672 * w) / (1.0 + 0.10832933 * w)
    d = sqrt(dd)
    total = d + sqrt(fma(2.0, to.k, dd))
    s = 2.0 * to.k / total if side < 0.0 else total
    least = SQRT_2PI * c
    return s if s > least else least  # c is at most what it is at the money


class Difference(NamedTuple):
    """M(x) - M(f), for x < 0 -(M(-x) + M(f)), over sqrt(2 pi), as numerator and denominator."""

    p: float
    q: float
    near: float


@inlined
def mills_difference(h, t):
    near = h - t
    m = mills(h + t)
    m0 = mills(fabs(near))
    p = fma(copysign(m0.p, near), m.q, -(m.p * m0.q))
    return Difference(p, m.q * m0.q, near)


@inlined
def householder(f, d, h, per_s, s):
    """Householder's step of order 4 for ln(p/q) - x^2/2 = ln(z 2^shift); f is its residual."""
    per = 1.0 / (d.p * d.q)
    newton = -f * SQRT_2PI * (d.p * d.p * per)
    g = INV_SQRT_2PI * (d.q * d.q * per)
    hs = h * per_s
    u1 = fma(h, hs, -0.25 * s)
    u2 = fma(u1, u1, fma(-3.0 * hs, hs, -0.25))
    a = u1 - g
    b = fma(g, fma(2.0, g, -3.0 * u1), u2)
    below = fma(newton, fma(b * (1.0 / 6.0), newton, a), 1.0)
    return fma(newton, fma(0.5, a * newton, 1.0) / below, s)


@inlined
def step(to, s):
    per_s = 1.0 / s
    h = to.k * per_s
    t = 0.5 * s
    d = mills_difference(h, t)
    above = d.near < 0.0
    log = log_ratio(fabs(d.p), d.q * (to.rest if above else to.c))
    n = log.n - (0.0 if above else to.shift)
    return householder(fma(n, LN2_HI, log.r) - 0.5 * d.near * d.near, d, h, per_s, s)


@inlined
def long_series(h, t):
    """Return (M(h - t) - M(h + t)) / sqrt(2 pi) for t max(h, 2) < 1/2."""
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
    m8 = fma(h, m7, 7.0 * m6)
    m9 = fma(h, m8, 8.0 * m7)
    m10 = fma(h, m9, 9.0 * m8)
    m11 = fma(h, m10, 10.0 * m9)
    m12 = fma(h, m11, 11.0 * m10)
    m13 = fma(h, m12, 12.0 * m11)
    m14 = fma(h, m13, 13.0 * m12)
    m15 = fma(h, m14, 14.0 * m13)
    series = fma(m15, u * (1.0 / 210.0), m13)
    series = fma(series, u * (1.0 / 156.0), m11)
    series = fma(series, u * (1.0 / 110.0), m9)
    series = fma(series, u * (1.0 / 72.0), m7)
    series = fma(series, u * (1.0 / 42.0), m5)
    series = fma(series, u * (1.0 / 20.0), m3)
    series = fma(series, u * (1.0 / 6.0), m1)
    return -2.0 * t * series


class Solution(NamedTuple):
    """s, and 1 / (sqrt(2 pi) phi(x)) times c or 1 - c."""

    s: float
    per_density: float


@inlined
def last_step(to, s):
    """The last step, to full precision."""
    per_s = 1.0 / s
    h = to.k * per_s
    t = 0.5 * s
    d = mills_difference(h, t)
    close = t * (h if h > 2.0 else 2.0) < 0.5
    above = (d.near < 0.0) & (not close)
    series = long_series(h, t)
    d = Difference(series if close else d.p, 1.0 if close else d.q, d.near)
    z = to.rest if above else to.c
    log = log_ratio(fabs(d.p), d.q * z)
    n = log.n - (0.0 if above else to.shift)
    f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - 0.5 * d.near * d.near)
    return Solution(householder(f, d, h, per_s, s), fabs(d.p) / (d.q * z))


@inlined
def precise(s, per_density, load, tail, legs_share):
    """Whether rounding of the inputs surely costs less than 1e-8 of the volatility.

    The legs' shares are at most the legs, out of the money at most 2.6 densities; `load` bounds rT
    and qT.
    """
    cost = 2.0**-24 * (1.0 + load)  # 4 2^-53 / 1e-8 and some
    outside = 2.6 * cost
    within = SQRT_2PI * per_density * legs_share * cost
    return (outside if tail else within) < s


class Implied(NamedTuple):
    """The volatility and its code."""

    sigma: float
    code: float


@inlined
def solved(to):
    """Three steps from the seed.

    For tiny s the difference of M is nothing but rounding, and only its series tells. Where a step
    overflows the seed is as good as any.
    """
    first = seed(to)
    second = step(to, step(to, first))
    fine = last_step(to, first).s
    steps = first > 2.0**-450
    fine = fine if steps & (fine > 0.0) else first
    s = last_step(to, fine if first < 2.0**-44 else second).s
    return s if steps & (s > 0.0) else fine


@inlined
def implied_general(price, spot, strike, time, rate, dividend, sign):
    sides = sides_general(spot, strike, time, rate, dividend)
    lane = target_general(sides, price, sign)
    s = solved(lane.target)
    sigma = s / sqrt(time)

    endless = INVALID if (spot == inf) | (strike == inf) | (time == inf) else 0
    state = sides.state | sign_state(sign) | endless
    given = price, spot, strike, time, rate, dividend
    limit = attainable(sides, lane.target, s, *given, lane.inside, sigma)
    code = OK if limit <= 1e-8 else LOW_PRECISION
    at_maximum = lane.left <= lane.whole_unit
    above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0)
    code = AT_MAXIMUM if at_maximum else code
    code = ABOVE_MAXIMUM if above_maximum else code
    at_intrinsic = lane.otm <= (lane.unit if lane.inside else 0.0)
    below_intrinsic = lane.otm < -lane.unit
    code = AT_INTRINSIC if at_intrinsic else code
    code = BELOW_INTRINSIC if below_intrinsic else code
    code = INVALID_INPUT if state else code
    code = NOT_FINITE if (price != price) | (fabs(price) == inf) else code
    return Implied(sigma, code)


@inlined
def unsolved(code):
    """The code of a lane that came out as NaN: without another its inputs are beyond all range."""
    return INVALID_INPUT if (code == OK) | (code == LOW_PRECISION) else code


@inlined
def value_of(sigma, code):
    """The value that goes with a code other than OK and LOW_PRECISION."""
    sigma = 0.0 if code == AT_INTRINSIC else sigma
    sigma = inf if code == AT_MAXIMUM else sigma
    none = (
        (code == BELOW_INTRINSIC)
        | (code == ABOVE_MAXIMUM)
        | (code == NOT_FINITE)
        | (code == INVALID_INPUT)
    )
    return nan if none else sigma


@inlined
def finish_codes(inputs, sigma, code, outside, n):
    """Replace the values that codes stand for, and say which lanes lie outside the domain."""
    for i in range(n):
        code[i] = code[i] if sigma[i] == sigma[i] else unsolved(code[i])
        sigma[i] = value_of(sigma[i], code[i])
        outside[i] = 1 if sigma[i] != sigma[i] else 0
    for x in inputs:  # a NaN that came in is no signal
        for i in range(n):
            outside[i] &= 1 if x[i] == x[i] else 0


@outlined
def implied_volatility_general(inputs, outputs, outside, n, wanted):
    vectorise("outputs outside")
    n = whole(n)
    sigma, code = outputs
    price, spot, strike, time, rate, dividend, sign = inputs
    for i in range(n):
        lane = implied_general(price[i], spot[i], strike[i], time[i], rate[i], dividend[i], sign[i])
        sigma[i] = lane.sigma
        code[i] = lane.code
    finish_codes(inputs, sigma, code, outside, n)


@inlined
def implied_volatility_ordinary(inputs, outputs, special, n, wanted):
    """Five loops over the block, each short enough for several vectors of it to overlap."""
    vectorise("outputs special")
    n = whole(n)
    c, rest, k, share, gap, s, per_density = blocks(7, BLOCK)
    sigma, code = outputs
    tail = words(BLOCK)
    price, spot, strike, time, rate, dividend, sign = inputs
    for i in range(n):
        sides = sides_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i])
        lane = target_ordinary(sides, price[i], sign[i])
        c[i], rest[i], k[i] = lane.target.c, lane.target.rest, lane.target.k
        share[i], gap[i] = lane.target.share, lane.target.gap
        tail[i] = 0 if lane.inside else 1
        special[i] = lane.special
    for i in range(n):
        s[i] = seed(Target(c[i], 0.0, rest[i], k[i], share[i], gap[i]))
    for _turn in range(2):
        for i in range(n):
            s[i] = step(Target(c[i], 0.0, rest[i], k[i], share[i], gap[i]), s[i])
    for i in range(n):
        solution = last_step(Target(c[i], 0.0, rest[i], k[i], share[i], gap[i]), s[i])
        s[i] = solution.s
        per_density[i] = solution.per_density
    for i in range(n):
        load = (fabs(rate[i]) + fabs(dividend[i])) * time[i]
        outside = (tail[i] != 0) & (k[i] >= 0.5 * s[i] * s[i])
        holds = precise(s[i], per_density[i], load, outside, 1.0 / share[i])
        special[i] += 0 if holds & (time[i] > 2.0**-1000) else 1
        sigma[i] = s[i] / sqrt(time[i])
        code[i] = OK
