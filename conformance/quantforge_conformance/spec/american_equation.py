"""The exercise boundary of American options by its equation, B of Andersen, Lake and Offengenden.

It is solved at points of Chebyshev in u^(1/4), from the table's boundary on: by turns of the fixed
point, then by steps of Newton's method for all points at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from quantforge_conformance.spec.american_boundary import (
    ANGLES,
    AT_COSINES,
    AT_GRIDS,
    DiscountedTails,
    Put,
    TabulatedBoundary,
    discounted_tails,
    logarithm,
    nodes,
    table,
)
from quantforge_conformance.spec.elementary import at_least, at_most, divide, fma, log_ratio
from quantforge_conformance.spec.tables import AMERICAN_W_START

LEAST_DEPTH, LEAST_SAMPLE = 2.0**-46, 2.0**-92


class Grid(NamedTuple):
    """Points, nodes before each of them, nodes of the premium; and how the equation is solved."""

    points: int
    nodes: int
    premium: int

    @property
    def size(self) -> int:
        """How many numbers the matrices to its nodes have."""
        return (self.points * self.nodes + self.premium) * (self.points + 1)


GRIDS = COARSE, MEDIUM, FINE = Grid(16, 16, 64), Grid(24, 20, 64), Grid(32, 32, 96)


class Method(NamedTuple):
    """How the equation of a boundary is solved."""

    grid: Grid
    turns: int
    steps: int


METHODS: Final = {
    (True, False, False): Method(COARSE, 1, 1),
    (True, True, False): Method(MEDIUM, 2, 1),
    (True, True, True): Method(MEDIUM, 0, 1),
    (False, False, False): Method(FINE, 4, 2),
    (False, True, False): Method(FINE, 4, 3),
    (False, True, True): Method(FINE, 2, 2),
}
"""By whether the table holds the boundary, the region, and whether it starts smoothly."""

Rows = list[tuple[float, ...]]


class Matrices(NamedTuple):
    """Where a grid's points lie, sqrt(u / x), and rows from samples at the points to its nodes."""

    place: list[float]
    before: list[Rows]
    premium: Rows
    slopes: Rows


@cache
def matrices(grid: Grid) -> Matrices:
    """Read a grid's matrices from the table."""
    numbers, place = table(), GRIDS.index(grid)
    at = AT_GRIDS + sum(each.size for each in GRIDS[:place])
    slopes_before = sum(each.premium * (each.points + 1) for each in GRIDS[:place])
    at_slopes = AT_GRIDS + sum(each.size for each in GRIDS) + slopes_before

    def rows(start: int, count: int) -> Rows:
        width = grid.points + 1
        return [numbers[start + k * width : start + (k + 1) * width] for k in range(count)]

    all_rows = rows(at, grid.points * grid.nodes + grid.premium)
    roots = [
        fma(0.5, numbers[AT_COSINES + j * (ANGLES // grid.points)], 0.5) for j in range(grid.points)
    ]
    return Matrices(
        [root * root for root in roots],
        [all_rows[j * grid.nodes : (j + 1) * grid.nodes] for j in range(grid.points)],
        all_rows[grid.points * grid.nodes :],
        rows(at_slopes, grid.premium),
    )


def is_smooth(p: Put) -> bool:
    """Whether w starts smoothly, the strike being far from where the boundary starts."""
    return p.second and -p.log_start > 0.4 * p.root


def sample_of(depth: float, smooth: bool, s: float) -> float:
    """What the equation is solved for: the depth over sqrt(u) if that is smooth, else squared."""
    return divide(depth, s) if smooth else depth * depth


def depth_of(sample: float, smooth: bool, s: float) -> float:
    """The depth of a sample where sqrt(u) = s."""
    return sample * s if smooth else math.sqrt(at_least(sample, LEAST_SAMPLE))


def depth_slope(depth: float, smooth: bool, s: float) -> float:
    """How the depth follows its sample."""
    return s if smooth else divide(0.5, depth)


def interpolated(curve: Sequence[float], row: Sequence[float]) -> float:
    """The sample at a node, from a row of its matrix."""
    points = len(curve) - 1
    even, odd = curve[points] * row[points], 0.0
    for k in range(0, points, 2):
        even = fma(curve[k], row[k], even)
        odd = fma(curve[k + 1], row[k + 1], odd)
    return even + odd


def boundary_density(
    p: Put, here: float, before: float, root: float, sine: float, cosine: float
) -> DiscountedTails:
    """What is gained by waiting for the time of the node, on either side of the equation.

    The boundary has the depth `here` after root^2 and had the depth `before` after
    (root cosine)^2.
    """
    s, since = root * sine, root * cosine
    u, v = s * s, since * since
    plus = fma(fma(p.a - p.b, u, before - here), divide(1.0, s), 0.5 * s)
    return discounted_tails(s - plus, -plus, p.a * v, p.b * v)


class Turn(NamedTuple):
    """Both sides of the equation, and the next depth."""

    depth: float
    above: float
    below: float
    minus_density: float
    plus_density: float


def turn_of(p: Put, here: float, root: float, minus: float, plus: float) -> Turn:
    """Both sides at x = root^2, from their integrals, and the next depth.

    B = X e^-depth solves B e^((a - b) x) = (N(d - root) + a integral) / (N(d) + b integral).
    """
    x = root * root
    drift = (p.a - p.b) * x
    d = fma((p.log_start - here) + drift, divide(1.0, root), 0.5 * root)
    tails = discounted_tails(root - d, -d, 0.0, 0.0)
    above, below = fma(p.a * x, minus, tails.minus), fma(p.b * x, plus, tails.plus)
    least = float.fromhex("0x1p-900")
    if not (above > least and below > least):
        return Turn(here, 1.0, 1.0, tails.minus_density, tails.plus_density)
    ratio = logarithm(log_ratio(above, below))
    depth = at_least(p.log_start - (ratio - drift), LEAST_DEPTH)
    return Turn(depth, above, below, tails.minus_density, tails.plus_density)


class Node(NamedTuple):
    """One node of a point's integrals, and how its depth follows the samples."""

    gain: DiscountedTails
    weight: float
    slope: float  # weight / s
    follows: float
    u: float
    since: float  # time before the node


class Linear(NamedTuple):
    """The equation at a point about a curve."""

    slopes: list[float]  # of its residual in all samples
    residual: float
    turned: float
    by_a: float  # how the residual follows a and b
    by_b: float


class Boundary:
    """The boundary of a put by its equation."""

    def __init__(self, p: Put) -> None:
        self.p, self.smooth = p, is_smooth(p)
        self.grid, turns, steps = METHODS[p.tabulated, p.second, self.smooth]
        self.matrices = matrices(self.grid)
        self.curve = self._first_guess()
        for _ in range(turns):
            self._turn()
        for _ in range(steps):
            self._step()

    def _first_guess(self) -> list[float]:
        """The table's boundary, the third coordinate held within it."""
        p, tabulated, curve = self.p, TabulatedBoundary(self.p), []
        for at in self.matrices.place:
            s = p.root * at
            w = tabulated.w(at_most(p.reach * at, 1.0), s)
            curve.append(w if self.smooth else (w * s) * (w * s))
        return [*curve, AMERICAN_W_START if self.smooth else 0.0]

    def _turn(self) -> None:
        """One turn of the fixed point at all points."""
        turned = []
        for j, at in enumerate(self.matrices.place):
            root = self.p.root * at
            here = depth_of(self.curve[j], self.smooth, root)
            minus = plus = 0.0
            for node in self._nodes(j, here, root):
                minus = fma(node.weight, node.gain.minus, minus)
                plus = fma(node.weight, node.gain.plus, plus)
            depth = turn_of(self.p, here, root, minus, plus).depth
            turned.append(sample_of(depth, self.smooth, root))
        self.curve[:-1] = turned

    def _nodes(self, j: int, here: float, root: float) -> list[Node]:
        found = []
        quadrature = nodes(self.grid.nodes)
        for (sine, cosine, weight), row in zip(quadrature, self.matrices.before[j], strict=True):
            sample = interpolated(self.curve, row)
            s, since = root * sine, root * cosine
            before = depth_of(sample, self.smooth, since)
            gain = boundary_density(self.p, here, before, root, sine, cosine)
            slope = divide(divide(weight, sine), root)
            follows = depth_slope(before, self.smooth, since) if sample > LEAST_SAMPLE else 0.0
            found.append(Node(gain, weight, slope, follows, s * s, since * since))
        return found

    def _linear(self, j: int) -> Linear:
        """The equation about the curve at point j."""
        p = self.p
        root = p.root * self.matrices.place[j]
        here = depth_of(self.curve[j], self.smooth, root)
        minus = plus = own_minus = own_plus = 0.0
        moved_minus = moved_plus = since_minus = since_plus = 0.0
        its_nodes = self._nodes(j, here, root)
        for gain, weight, slope, _, u, since in its_nodes:
            minus_slope, plus_slope = slope * gain.minus_density, slope * gain.plus_density
            minus = fma(weight, gain.minus, minus)
            plus = fma(weight, gain.plus, plus)
            own_minus += minus_slope
            own_plus += plus_slope
            moved_minus = fma(u, minus_slope, moved_minus)
            moved_plus = fma(u, plus_slope, moved_plus)
            since_minus = fma(weight * since, gain.minus, since_minus)
            since_plus = fma(weight * since, gain.plus, since_plus)
        turn = turn_of(p, here, root, minus, plus)
        x = root * root
        above_share, below_share = divide(1.0, turn.above), divide(1.0, turn.below)
        ax, bx = p.a * x, p.b * x
        minus_own, plus_own = divide(turn.minus_density, root), divide(turn.plus_density, root)
        above = fma(ax, own_minus, minus_own) * above_share
        below = fma(bx, own_plus, plus_own) * below_share
        own = (1.0 - (above - below)) * depth_slope(here, self.smooth, root)
        move_a = (divide(1.0, p.a) if p.second else 0.0) + x
        move_b = (divide(-1.0, p.b) if p.second else 0.0) - x
        above_a, below_b = x * minus, x * plus
        above_a += ax * (since_minus + moved_minus)
        below_b += bx * (since_plus - moved_plus)
        above_a = fma(minus_own, move_a, above_a) * above_share
        below_b = fma(plus_own, move_b, below_b) * below_share
        above_b = fma(minus_own, move_b, -(ax * moved_minus)) * above_share
        below_a = fma(plus_own, move_a, bx * moved_plus) * below_share
        per_above, per_below = ax * above_share, bx * below_share
        slopes = [0.0] * self.grid.points
        slopes[j] = own
        for node, row in zip(its_nodes, self.matrices.before[j], strict=True):
            by_minus = (node.slope * node.gain.minus_density) * node.follows
            by_plus = (node.slope * node.gain.plus_density) * node.follows
            by = fma(per_above, by_minus, -(per_below * by_plus))
            slopes = [fma(share, by, slope) for slope, share in zip(slopes, row, strict=False)]
        return Linear(
            slopes,
            turn.depth - here,
            sample_of(turn.depth, self.smooth, root),
            move_a - (above_a - below_a),
            move_b - (above_b - below_b),
        )

    def _step(self) -> None:
        """One step of Newton's method, but for points that it would change by more than half."""
        equations = [self._linear(j) for j in range(self.grid.points)]
        (changes,) = eliminated(
            [each.slopes for each in equations], [[each.residual for each in equations]]
        )
        for j, (equation, change) in enumerate(zip(equations, changes, strict=True)):
            small = abs(change) <= 0.5 * self.curve[j]
            self.curve[j] = self.curve[j] + change if small else equation.turned

    def by_rates(self) -> tuple[list[float], list[float]]:
        """How the samples follow a and b."""
        equations = [self._linear(j) for j in range(self.grid.points)]
        by_a, by_b = eliminated(
            [each.slopes for each in equations],
            [[each.by_a for each in equations], [each.by_b for each in equations]],
        )
        return [*by_a, 0.0], [*by_b, 0.0]

    def depths(self) -> list[float]:
        """The depth at each node of the premium, and at last now."""
        p, found = self.p, []
        for (_, cosine, _), row in zip(
            nodes(self.grid.premium), self.matrices.premium, strict=True
        ):
            found.append(depth_of(interpolated(self.curve, row), self.smooth, p.root * cosine))
        return [*found, depth_of(self.curve[0], self.smooth, p.root)]


def eliminated(slopes: list[list[float]], wanted: list[list[float]]) -> list[list[float]]:
    """Solve for the changes that make up for what is wanted, from the last point to the first."""
    points = len(slopes)
    for k in range(points - 1, 0, -1):
        pivot = slopes[k][:k]
        per_pivot = divide(1.0, slopes[k][k])
        for j in range(k - 1, -1, -1):
            factor = -(slopes[j][k] * per_pivot)
            slopes[j][:k] = [
                fma(factor, one, its) for one, its in zip(pivot, slopes[j], strict=False)
            ]
            for column in wanted:
                column[j] = fma(factor, column[k], column[j])
    for column in wanted:
        for k in range(points):
            for before in range(k):
                column[k] = fma(-slopes[k][before], column[before], column[k])
            column[k] = divide(column[k], slopes[k][k])
    return wanted
