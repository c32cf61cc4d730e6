"""The critical price of the underlying: where an American option is exercised now.

Of the scaled put of `american_boundary` it is B = X e^-depth, and for a call 1 / B by symmetry,
times the strike. The depth comes from the table, or for the highest accuracy from the equation. For
rates so small that the table does not tell them from none it comes from the equation too. Where
they are smaller still, f of the table is in proportion to them: it is that of greater ones, scaled.

Limits: just before expiry and without volatility K X, K / X for a call. 0 for a put and infinity
for a call that exercise before expiry never pays for.
"""

from math import fabs, inf
from typing import NamedTuple

from quantforge_numba.american_boundary import (
    LEAST_SCALE,
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    Put,
    exp_of,
    grows_little,
    logarithm,
    put_of,
)
from quantforge_numba.american_perpetual import perpetual_of
from quantforge_numba.american_price import EUROPEAN, FAST, HIGH, STANDARD
from quantforge_numba.elementary import at_least, at_most, log_ratio
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.legs import state_of

# By region: below the first amount the table is not believed, below the second nothing is, and
# below the third nothing where the boundary starts near the strike.
SLIGHT_FIRST, SLIGHT_SECOND = 2.0**-16, 2.0**-11
FAINT_FIRST, FAINT_SECOND, FAINT_NEAR = 2.0**-21, 2.0**-18, 2.0**-12
RAISED, LEAST_RAISED = 2.0**-18, 2.0**-36
LEAST_AMOUNT = 2.0**-600


@inlined
def scale_of(p):
    """The greatest of what the rates are over the variance."""
    first = p.a + fabs(p.a - p.b)
    return p.b if p.second != 0 else first


@inlined
def amount_of(p):
    """What is gained by exercise over a deviation: f is in proportion to it where it is small."""
    return (p.a if p.second != 0 else scale_of(p)) * p.root


@inlined
def is_slight(p, log_start):
    """Whether rates are too small for the table; not where the kink at the strike is far away."""
    least = SLIGHT_SECOND if p.second != 0 else SLIGHT_FIRST
    return (-log_start < 8.0 * p.root) & (amount_of(p) < least)


class PutNow(NamedTuple):
    """The put of strike 1 that has the boundary, and ln of how far its rates are raised.

    Where none is looked for there is a limit or nothing.
    """

    put: Put
    fade: float
    looked_for: bool


@inlined
def put_now(time, rate, dividend, sigma, sign):
    call = sign > 0.0
    r = dividend if call else rate
    q = rate if call else dividend
    p = put_of(1.0, 1.0, time, r, q, sigma, -1.0)
    scale = scale_of(p)
    amount = amount_of(p)
    single = not ((r < 0.0) & (q < r))
    looked_for = p.early & single & (p.x > LEAST_X) & (p.x < MOST_X)
    looked_for &= (scale < MOST_SCALE) & (amount > LEAST_AMOUNT) & grows_little(p.b, p.x)
    looked_for &= not perpetual_of(p).reached
    starts = looked_for & p.second
    log_start = logarithm(log_ratio(p.a if starts else 1.0, p.b if starts else 1.0))
    slight = looked_for & is_slight(p, log_start)
    square = -2.0 * logarithm(log_ratio(amount if looked_for else 1.0, 1.0))
    deviations = sqrt(at_least(square, 0.0))
    deep = (not p.second) | (deviations * p.root > fma(1.8, p.root, -log_start))
    near = FAINT_NEAR if -log_start < 0.5 * p.root else FAINT_SECOND
    faint = slight & deep & (amount < (near if p.second else FAINT_FIRST))
    least = looked_for & (scale <= LEAST_SCALE)
    raised = 1.0
    if least:
        raised = LEAST_RAISED / scale
    if faint:
        raised = at_least(RAISED / amount, 1.0)
    other = r if faint & p.second else q
    greater = put_of(1.0, 1.0, time, r * raised, other * raised, sigma, -1.0)
    tabulated = greater.tabulated & (faint | (not slight))
    return PutNow(
        put=Put(
            greater.strike,  # by position: Numba takes no call with more than 15 names
            greater.log_m,
            a=greater.a,
            b=greater.b,
            x=greater.x,
            root=greater.root,
            log_start=greater.log_start,
            t=greater.t,
            share=greater.share,
            bend=greater.bend,
            reach=greater.reach,
            second=greater.second,
            early=greater.early,
            tabulated=tabulated,
            twofold=greater.twofold,
            covered=greater.covered,
        ),
        fade=logarithm(log_ratio(raised, 1.0)) if faint else 0.0,
        looked_for=looked_for,
    )


@inlined
def faded(depth, fade, root):
    """Return the depth where f = e^-h is less by e^-fade, h = sqrt(w^4 / 4 + w^2)."""
    w = depth / root
    square = w * w
    h = sqrt(fma(0.25 * square, square, square)) + fade
    return (h * sqrt(2.0 / (1.0 + sqrt(fma(h, h, 1.0))))) * root


@inlined
def boundary_of(p, depth, strike, sign):
    """Return the boundary of the option from its put's depth."""
    fallen = p.log_start - depth
    return strike * exp_of(-fallen if sign > 0.0 else fallen)


@inlined
def never_exercised(sign):
    """Return the boundary where exercise before expiry never pays."""
    return inf if sign > 0.0 else 0.0


@inlined
def start_of(strike, rate, dividend, sign):
    """Return the boundary just before expiry, and without volatility, if exercise then may pay."""
    call = sign > 0.0
    r = dividend if call else rate
    q = rate if call else dividend
    start = q / r if call else r / q
    start = at_most(at_least(start, 2.0**-1000), 2.0**1000)
    return strike * (start if q > r else 1.0)


@inlined
def boundary_state(strike, time, rate, dividend, sigma, sign, style):
    """Return the state of a lane by its inputs."""
    v = sigma * sqrt(time)
    missing = (strike != strike) | (time != time) | (rate != rate) | (dividend != dividend)
    missing |= (sigma != sigma) | (sign != sign) | (style != style)
    known = (style == EUROPEAN) | (style == FAST) | (style == STANDARD) | (style == HIGH)
    invalid = (strike < 0.0) | (time < 0.0) | (fabs(rate) == inf) | (fabs(dividend) == inf)
    invalid |= (sigma < 0.0) | (v != v) | (fabs(sign) != 1.0) | (not known)
    return state_of(missing, invalid)
