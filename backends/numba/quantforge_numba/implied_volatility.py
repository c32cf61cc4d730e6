"""Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.

With the legs A and B of legs.py, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
sqrt(T).

Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < -1/2
on ln(1 - c); their logarithms are those of M - M, which is s times its slope, or M + M, so that
nothing cancels, under- or overflows. Error: a few times what the rounding of the inputs costs,
see docs/numerics.md.

Codes: see below; a lane without a volatility is NaN, at the bounds 0 or infinity.
"""

from math import fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.attainable_error import attainable_error
from quantforge_numba.elementary import at_least, log_ratio, mills, power_of_two
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.legs import legs_general, sign_state, state_of
from quantforge_numba.normalized_price import SQRT_2PI, normalized_price_general
from quantforge_numba.tables import LN2_HI, LN2_LO, MILLS_FROM

OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM = 0.0, 1.0, 2.0, 3.0
ABOVE_MAXIMUM, NOT_FINITE, INVALID_INPUT, LOW_PRECISION = 4.0, 5.0, 6.0, 7.0

STEPS = 3  # from the seed to full precision


@inlined
def seed(to):
    """Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %."""
    c = to.c * power_of_two(at_least(to.shift, -1000.0))
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
    return at_least(s, least)  # c is at most what it is at the money


@inlined
def householder(f, newton, u1, u2):
    """Householder's step of order 4 for ln y(s) = ln z, over s.

    f is the residual, newton that of Newton's step, and u1, u2 are s y''/y' and s^2 y'''/y'.
    """
    bent = u1 * newton
    square = newton * newton
    third = fma(u2, square, f * fma(2.0, f, 3.0 * bent))
    below = fma(third, 1.0 / 6.0, 1.0 + (bent + f))
    return newton * fma(0.5, bent + f, 1.0) / below


class Step(NamedTuple):
    """The next s; 1 / (sqrt(2 pi) phi(h - t)) at the last, but for the factor by which c is off.

    Or that by which 1 - c is, where the step is for its logarithm.
    """

    s: float
    per_density: float


@inlined
def step(to, s, last):
    """A step for ln c, or for ln(1 - c) where h - t is below the range of the Mills ratio.

    The last one takes into account what rounding took from h - t.
    """
    per_s = 1.0 / s
    h = to.k * per_s
    t = 0.5 * s
    near = h - t
    far = h + t
    near_low = fma(per_s, fma(-h, s, to.k) + to.k_low, (h - near) - t)
    from_ = MILLS_FROM if far < 1.0 else 0.0  # where c is large what it lacks to 1 tells more
    within = near > from_
    m = mills(near if within else -near, far)
    rest = -(m.near + m.far)
    slope = m.slope if within else rest * per_s
    y = s * m.slope if within else -rest
    z = to.c if within else to.rest
    log = log_ratio(y, z)
    n = log.n - (to.shift if within else 0.0)
    gauss = 0.5 * near * near + (near * near_low if last else 0.0)
    f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - gauss)
    u1 = near * far
    u2 = fma(u1, u1, -fma(3.0 * h, h, t * t))
    moved = fma(s, householder(f, -f * SQRT_2PI * slope, u1, u2), s)
    return Step(s if moved <= 0.0 else moved, y / z)  # where the seed is far off


@inlined
def is_precise(s, per_density, load, tail, legs_share):
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


class OrdinaryImplied(NamedTuple):
    """The volatility; `special` where this form may not hold."""

    sigma: float
    special: bool


@inlined
def implied_volatility_ordinary(to, last, in_the_money, time, rate, dividend):
    load = (fabs(rate) + fabs(dividend)) * time
    tail = (not in_the_money) & (to.k >= 0.5 * last.s * last.s)
    holds = is_precise(last.s, last.per_density, load, tail, 1.0 / to.share)
    return OrdinaryImplied(last.s / sqrt(time), special=not (holds & (time > 2.0**-1000)))


@inlined
def implied_volatility_general(price, spot, strike, time, rate, dividend, sign):
    legs = legs_general(spot, strike, time, rate, dividend)
    lane = normalized_price_general(legs, price, sign)
    s = seed(lane.to)
    for _turn in range(1, STEPS):
        s = step(lane.to, s, last=False).s
    s = step(lane.to, s, last=True).s
    sigma = s / sqrt(time)

    endless = (spot == inf) | (strike == inf) | (time == inf)
    state = legs.state | sign_state(sign) | state_of(False, endless)
    given = price, spot, strike, time, rate, dividend, sign
    limit = attainable_error(legs, lane.to, s, *given, lane.in_the_money, sigma)
    code = OK if limit <= 1e-8 else LOW_PRECISION
    at_maximum = lane.left <= lane.whole_unit
    above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0)
    code = AT_MAXIMUM if at_maximum else code
    code = ABOVE_MAXIMUM if above_maximum else code
    at_intrinsic = lane.otm <= (lane.unit if lane.in_the_money else 0.0)
    below_intrinsic = lane.otm < -lane.unit
    code = AT_INTRINSIC if at_intrinsic else code
    code = BELOW_INTRINSIC if below_intrinsic else code
    code = INVALID_INPUT if state else code
    code = NOT_FINITE if (price != price) | (fabs(price) == inf) else code
    return Implied(sigma, code)


@inlined
def code_of_nan(code):
    """The code of a lane that came out as NaN: without another its inputs are beyond all range."""
    return INVALID_INPUT if (code == OK) | (code == LOW_PRECISION) else code


@inlined
def volatility_of(sigma, code):
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
