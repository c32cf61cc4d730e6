"""Two exercise boundaries: of a scaled put where b < a < 0, exercised between them.

Who comes from above meets the upper one first, who comes from below the lower one: neither knows
of the other. The upper boundary is that of an option with one. The lower one is X = a / b at expiry
and X e^(w sqrt(u)) before: 1 over the boundary of the payoff without a kink, rates exchanged. Where
they meet exercise before expiry begins: for longer times the premium is the integral over the
shorter ones,

    premium / K = integral over v from 0 to y of f(x - v, B(v)) - f(x - v, Y(v)),

f being the integrand of `american_price`. The boundaries and the time y when they meet, or x, are
found together. Source: Andersen and Lake (2021), Fast American option pricing: the double-boundary
case.
"""

from math import fabs
from typing import NamedTuple

from quantforge_numba.american_boundary import Put, logarithm
from quantforge_numba.american_equation import LEAST_SAMPLE
from quantforge_numba.elementary import at_least, at_most, log_ratio
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.tables import AMERICAN_W_START, INV_SQRT_2PI

# The square root of LEAST_X, and how much the last step may change.
LEAST_ROOT, SETTLED = 2.0**-20, 2.0**-10


@inlined
def changed(p, a, b, x, root, log_start):
    """The same put with other terms."""
    return Put(
        *(p.strike, p.log_m, a, b, x, root, log_start, p.t, p.share, p.bend, p.reach),
        *(p.second, p.early, p.tabulated, p.twofold, p.covered),
    )


@inlined
def apart_of(p):
    """-ln X: how far apart the boundaries are at expiry."""
    return logarithm(log_ratio(-p.b, at_least(-p.a, 2.0**-900)))


@inlined
def up_to(p, root):
    """The same put with root^2 left."""
    return changed(p, p.a, p.b, root * root, root, p.log_start)


@inlined
def below_of(p):
    """The put to whose boundary the lower one is the inverse, but for the kink."""
    return changed(p, p.b, p.a, p.x, p.root, p.log_start)


@inlined
def early_w(p, s):
    """W of the upper boundary where sqrt(u) = s is small: w^2 = -ln(8 pi ((a - b) s)^2)."""
    reach = at_least((p.a - p.b) * s, 2.0**-100)
    return sqrt(at_least(2.0 * logarithm(log_ratio(0.5 * INV_SQRT_2PI, reach)), 0.4))


@inlined
def meeting(p, apart, w):
    """Sqrt(y), the sum of both w being this one."""
    return at_most(at_least(apart / w, LEAST_ROOT), p.root)


@inlined
def first_meeting(p, apart):
    """A first guess of sqrt(y)."""
    return meeting(p, apart, early_w(p, at_most(0.25 * apart, p.root)) + AMERICAN_W_START)


@inlined
def next_meeting(p, apart, sample, w, root):
    """Sqrt(y) from the boundaries at root^2: the squared depth of the upper, w of the lower."""
    return meeting(p, apart, sqrt(at_least(sample, LEAST_SAMPLE)) / root + w)


@inlined
def turn_below(below, w, root, minus, plus):
    """The next w of the lower boundary from the integrals of its equation."""
    holds = (minus > 2.0**-900) & (plus > 2.0**-900)
    ratio = logarithm(log_ratio(minus if holds else 1.0, plus if holds else 1.0))
    drift = (below.a - below.b) * root * root
    following = (drift - ratio) / root
    return following if holds else w


@inlined
def is_settled(before, after, unit):
    """Whether the last step has changed little."""
    return fabs(after - before) <= SETTLED * unit


@inlined
def sine_until(root, until, cosine):
    """Of a node before the boundaries meet: sqrt(u / x) for u = x - (until cosine)^2."""
    share = until / root * cosine
    return sqrt((1.0 - share) * (1.0 + share))


@inlined
def outside_below(p, apart):
    """The same put for the premium's integrand below the lower boundary, whose depth is -w s."""
    return changed(p, p.a, p.b, p.x, p.root, -apart)


class Between(NamedTuple):
    """What is known of a put with two boundaries.

    How far they are `apart` at expiry, the square root of the time until they meet, their depths
    now, and the integrals over what lies below each.
    """

    apart: float
    until: float
    now_above: float
    now_below: float
    upper: float
    lower: float


@inlined
def double_value(p, x, now, european):
    """The value, from what exercise brings now and the European price."""
    alive = x.until < p.root
    lower = x.lower if alive else 0.0
    above = fma(p.strike, at_least(x.upper - lower, 0.0), european)
    below = fma(p.strike, at_least(-x.lower, 0.0), now)
    between = below if p.log_m < -x.apart - x.now_below else now
    value = above if alive | (p.log_m > -x.now_above) else between
    return at_least(at_least(value, now), european)
