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

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.american_boundary import LEAST_X, Put, logarithm, nodes
from quantforge_conformance.spec.american_equation import (
    LEAST_SAMPLE,
    MEDIUM,
    Boundary,
    boundary_density,
    interpolated,
    matrices,
)
from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    log_ratio,
)
from quantforge_conformance.spec.tables import AMERICAN_W_START, INV_SQRT_2PI

DOUBLE_TURNS, DOUBLE_STEPS = 6, 3
LEAST_ROOT = math.sqrt(LEAST_X)
SETTLED = 2.0**-10
"""How much the last step may change."""


def apart_of(p: Put) -> float:
    """-ln X: how far apart the boundaries are at expiry."""
    return logarithm(log_ratio(-p.b, at_least(-p.a, float.fromhex("0x1p-900"))))


def up_to(p: Put, root: float) -> Put:
    """The same put with root^2 left."""
    return p._replace(x=root * root, root=root)


def below_of(p: Put) -> Put:
    """The put to whose boundary the lower one is the inverse, but for the kink."""
    return p._replace(a=p.b, b=p.a)


def early_w(p: Put, s: float) -> float:
    """W of the upper boundary where sqrt(u) = s is small: w^2 = -ln(8 pi ((a - b) s)^2)."""
    reach = at_least((p.a - p.b) * s, float.fromhex("0x1p-100"))
    return math.sqrt(at_least(2.0 * logarithm(log_ratio(0.5 * INV_SQRT_2PI, reach)), 0.4))


def meeting(p: Put, apart: float, w: float) -> float:
    """Sqrt(y), the sum of both w being this one."""
    return at_most(at_least(divide(apart, w), LEAST_ROOT), p.root)


def first_meeting(p: Put, apart: float) -> float:
    """A first guess of sqrt(y)."""
    return meeting(p, apart, early_w(p, at_most(0.25 * apart, p.root)) + AMERICAN_W_START)


def next_meeting(p: Put, apart: float, sample: float, w: float, root: float) -> float:
    """Sqrt(y) from the boundaries at root^2: the squared depth of the upper, w of the lower."""
    return meeting(p, apart, divide(math.sqrt(at_least(sample, LEAST_SAMPLE)), root) + w)


def turn_below(below: Put, w: float, root: float, minus: float, plus: float) -> float:
    """The next w of the lower boundary from the integrals of its equation."""
    least = float.fromhex("0x1p-900")
    if not (minus > least and plus > least):
        return w
    drift = (below.a - below.b) * root * root
    return divide(drift - logarithm(log_ratio(minus, plus)), root)


def is_settled(before: float, after: float, unit: float) -> bool:
    """Whether the last step has changed little."""
    return abs(after - before) <= SETTLED * unit


def sine_until(root: float, until: float, cosine: float) -> float:
    """Of a node before the boundaries meet: sqrt(u / x) for u = x - (until cosine)^2."""
    share = divide(until, root) * cosine
    return math.sqrt((1.0 - share) * (1.0 + share))


def outside_below(p: Put, apart: float) -> Put:
    """The same put for the premium's integrand below the lower boundary, whose depth is -w s."""
    return p._replace(log_start=-apart)


class Between(NamedTuple):
    """What is known of a put with two boundaries."""

    apart: float  # how far they are apart at expiry
    until: float  # the square root of the time when they meet
    now_above: float  # their depths now
    now_below: float
    upper: float  # the integrals over what lies below each
    lower: float


def double_value(p: Put, x: Between, now: float, european: float) -> float:
    """The value, from what exercise brings now and the European price."""
    alive = x.until < p.root
    above = fma(p.strike, at_least(x.upper - (x.lower if alive else 0.0), 0.0), european)
    below = fma(p.strike, at_least(-x.lower, 0.0), now)
    between = below if p.log_m < -x.apart - x.now_below else now
    value = above if alive or p.log_m > -x.now_above else between
    return at_least(at_least(value, now), european)


class TwoBoundaries(Boundary):
    """Both boundaries of a put up to where they meet."""

    def __init__(self, p: Put) -> None:
        self.whole, self.apart = p, apart_of(p)
        self.p = up_to(p, first_meeting(p, self.apart))
        self.smooth, self.grid, self.matrices = False, MEDIUM, matrices(MEDIUM)
        roots = [self.p.root * at for at in self.matrices.place]
        depths = [early_w(p, s) * s for s in roots]
        self.curve = [*(depth * depth for depth in depths), 0.0]
        self.lower = [AMERICAN_W_START] * (self.grid.points + 1)
        self.settled = False
        for k in range(DOUBLE_TURNS + DOUBLE_STEPS):
            upper, lower = list(self.curve), list(self.lower)
            self._turn() if k < DOUBLE_TURNS else self._step()
            self._turn_below()
            self._move(upper, lower)

    def _turn_below(self) -> None:
        """One turn of the fixed point for the lower boundary."""
        turned, below, quadrature = [], below_of(self.p), nodes(self.grid.nodes)
        for j, at in enumerate(self.matrices.place):
            root = below.root * at
            here = self.lower[j] * root
            minus = plus = 0.0
            rows = self.matrices.before[j]
            for (sine, cosine, weight), row in zip(quadrature, rows, strict=True):
                before = interpolated(self.lower, row) * (root * cosine)
                gain = boundary_density(below, here, before, root, sine, cosine)
                minus = fma(weight, gain.minus, minus)
                plus = fma(weight, gain.plus, plus)
            turned.append(turn_below(below, self.lower[j], root, minus, plus))
        self.lower[:-1] = turned

    def _move(self, upper: list[float], lower: list[float]) -> None:
        """Let the time follow the boundaries, which were these before."""
        root, points = self.p.root, self.grid.points
        following = next_meeting(self.whole, self.apart, self.curve[0], self.lower[0], root)
        self.settled = is_settled(root, following, root)
        for j in range(points):
            self.settled &= is_settled(upper[j], self.curve[j], self.curve[0])
            self.settled &= is_settled(lower[j], self.lower[j], 1.0)
        by = divide(following, root)
        self.curve[:-1] = [(by * by) * sample for sample in self.curve[:-1]]
        self.p = up_to(self.p, following)

    def depths_below(self) -> list[float]:
        """The depth of the lower boundary at each node of the premium, and at last now."""
        until = self.p.root
        quadrature = nodes(self.grid.premium)
        return [
            *(
                -interpolated(self.lower, row) * (until * cosine)
                for (_, cosine, _), row in zip(quadrature, self.matrices.premium, strict=True)
            ),
            -self.lower[0] * until,
        ]
