"""The critical price of the underlying: where an American option is exercised now.

Of the scaled put of `american_boundary` it is B = X e^-depth, and for a call 1 / B by symmetry,
times the strike. The depth comes from the table, or for the highest accuracy from the equation. For
rates so small that the table does not tell them from none it comes from the equation too. Where
they are smaller still, f of the table is in proportion to them: it is that of greater ones, scaled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.american_boundary import (
    LEAST_SCALE,
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    Put,
    TabulatedBoundary,
    exp_of,
    grows_little,
    logarithm,
    put_of,
)
from quantforge_conformance.spec.american_equation import Boundary, depth_of
from quantforge_conformance.spec.american_perpetual import perpetual_of
from quantforge_conformance.spec.american_price import EUROPEAN, FAST, HIGH, STANDARD
from quantforge_conformance.spec.elementary import at_least, at_most, divide, fma, log_ratio
from quantforge_conformance.spec.legs import NOT_A_NUMBER, state_of

SLIGHT, FAINT, FAINT_NEAR = (2.0**-16, 2.0**-11), (2.0**-21, 2.0**-18), 2.0**-12
"""By region: below the first amount the table is not believed, below the second nothing is, and
below the third nothing where the boundary starts near the strike."""
RAISED, LEAST_RAISED = 2.0**-18, 2.0**-36
LEAST_AMOUNT = 2.0**-600


def scale_of(p: Put) -> float:
    """The greatest of what the rates are over the variance."""
    return p.b if p.second else p.a + abs(p.a - p.b)


def amount_of(p: Put) -> float:
    """What is gained by exercise over a deviation: f is in proportion to it where it is small."""
    return (p.a if p.second else scale_of(p)) * p.root


def is_slight(p: Put, log_start: float) -> bool:
    """Whether rates are too small for the table; not where the kink at the strike is far away."""
    return -log_start < 8.0 * p.root and amount_of(p) < SLIGHT[p.second]


class PutNow(NamedTuple):
    """The put of strike 1 that has the boundary, and ln of how far its rates are raised."""

    put: Put
    fade: float
    looked_for: bool  # else there is a limit or nothing


def put_now(time: float, rate: float, dividend: float, sigma: float, sign: float) -> PutNow:
    """The put whose boundary is looked for."""
    r, q = (dividend, rate) if sign > 0.0 else (rate, dividend)
    p = put_of(1.0, 1.0, time, r, q, sigma, -1.0)
    scale, amount = scale_of(p), amount_of(p)
    single = not (r < 0.0 and q < r)
    believed = LEAST_X < p.x < MOST_X and scale < MOST_SCALE and grows_little(p.b, p.x)
    looked_for = p.early and single and believed and amount > LEAST_AMOUNT
    looked_for = looked_for and not perpetual_of(p).reached
    if not looked_for:
        return PutNow(p, 0.0, looked_for=False)
    log_start = logarithm(log_ratio(p.a, p.b)) if p.second else 0.0
    slight = is_slight(p, log_start)
    deviations = math.sqrt(at_least(-2.0 * logarithm(log_ratio(amount, 1.0)), 0.0))
    deep = not p.second or deviations * p.root > fma(1.8, p.root, -log_start)
    near = p.second and -log_start < 0.5 * p.root
    faint = slight and deep and amount < (FAINT_NEAR if near else FAINT[p.second])
    least = divide(RAISED, amount) if faint else divide(LEAST_RAISED, scale)
    raised = at_least(least, 1.0)
    if not faint and scale > LEAST_SCALE:
        return PutNow(p._replace(tabulated=p.tabulated and not slight), 0.0, looked_for=True)
    other = r if faint and p.second else q
    greater = put_of(1.0, 1.0, time, r * raised, other * raised, sigma, -1.0)
    if not faint:
        return PutNow(greater._replace(tabulated=not slight and greater.tabulated), 0.0, True)
    return PutNow(greater, logarithm(log_ratio(raised, 1.0)), looked_for=True)


def faded(depth: float, fade: float, root: float) -> float:
    """The depth where f = e^-h is less by e^-fade, h = sqrt(w^4 / 4 + w^2)."""
    w = divide(depth, root)
    square = w * w
    h = math.sqrt(fma(0.25 * square, square, square)) + fade
    return (h * math.sqrt(2.0 / (1.0 + math.sqrt(fma(h, h, 1.0))))) * root


def boundary_of(p: Put, depth: float, strike: float, sign: float) -> float:
    """The boundary of the option from its put's depth."""
    fallen = p.log_start - depth
    return strike * exp_of(-fallen if sign > 0.0 else fallen)


def never_exercised(sign: float) -> float:
    """The boundary where exercise before expiry never pays."""
    return math.inf if sign > 0.0 else 0.0


def start_of(strike: float, rate: float, dividend: float, sign: float) -> float:
    """The boundary just before expiry, and without volatility, if exercise then may pay."""
    r, q = (dividend, rate) if sign > 0.0 else (rate, dividend)
    start = divide(q, r) if sign > 0.0 else divide(r, q)
    least, most = float.fromhex("0x1p-1000"), float.fromhex("0x1p1000")
    return strike * (at_most(at_least(start, least), most) if q > r else 1.0)


def boundary_state(
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> int:
    """The state of a lane by its inputs."""
    inputs = strike, time, rate, dividend, sigma, sign, style
    v = sigma * (math.sqrt(time) if time >= 0.0 else time)
    return state_of(
        any(x != x for x in inputs),
        strike < 0.0
        or time < 0.0
        or math.inf in (abs(rate), abs(dividend))
        or sigma < 0.0
        or v != v
        or abs(sign) != 1.0
        or style not in (EUROPEAN, FAST, STANDARD, HIGH),
    )


def depth_now(p: Put, style: float) -> float:
    """The depth of a put's boundary."""
    if style == HIGH or not p.tabulated:
        boundary = Boundary(p)
        return depth_of(boundary.curve[0], boundary.smooth, p.root)
    return TabulatedBoundary(p, style == FAST).w(p.reach, p.root) * p.root


def exercise_boundary(
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> float:
    """The boundary of one option, `style` saying how close to come."""
    if boundary_state(strike, time, rate, dividend, sigma, sign, style):
        return NOT_A_NUMBER
    now = put_now(time, rate, dividend, sigma, sign)
    p = now.put
    if style == EUROPEAN or not p.early:
        return never_exercised(sign)
    if now.looked_for:
        depth = depth_now(p, STANDARD if now.fade > 0.0 else style)
        if now.fade > 0.0:
            depth = faded(depth, now.fade, p.root)
        return boundary_of(p, depth, strike, sign)
    r, q = (dividend, rate) if sign > 0.0 else (rate, dividend)
    if r < 0.0 and q < r:
        return NOT_A_NUMBER  # two boundaries
    if time == 0.0 or sigma == 0.0 or (p.x <= LEAST_X and scale_of(p) < MOST_SCALE):
        return start_of(strike, rate, dividend, sign)
    if p.x < MOST_X and amount_of(p) <= LEAST_AMOUNT:
        return never_exercised(sign)
    e = perpetual_of(p)
    if e.reached:
        return strike * exp_of(e.distance if sign > 0.0 else -e.distance)
    return NOT_A_NUMBER  # beyond all measure
