"""The boundary of a block of puts by its equation, Andersen, Lake and Offengenden's B.

Turns of the fixed point from the table's boundary, then Newton's steps for all points at once.
"""

from math import fabs
from typing import NamedTuple

from quantforge_numba.american_equation import (
    LEAST_SAMPLE,
    boundary_density,
    depth_of,
    depth_slope,
    sample_of,
    turn_of,
)
from quantforge_numba.elementary import at_most
from quantforge_numba.intrinsics import fma, inlined, outlined, spliced
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.boundary import (
    ANGLES,
    AT_COSINES,
    AT_GRIDS,
    F_THIRD,
    NODES_16,
    NODES_20,
    NODES_32,
    NODES_64,
    NODES_96,
    ROWS_F,
    ROWS_G,
    ROWS_W,
    W_THIRD,
    F,
    G,
    Nodes,
    W,
    contract,
    cosine_of,
    sine_of,
    w_of_first,
    w_of_second,
    weight_of,
)
from quantforge_numba.loops.few import (
    few_at,
    few_of,
    fma_few,
    negative,
    product,
    put_few,
    quotient,
    sum_of,
)
from quantforge_numba.loops.lanes import BLOCK, LANES, lane_at, whole
from quantforge_numba.loops.memory import at, boundary, doubles
from quantforge_numba.loops.vectors import interleave, vectorise
from quantforge_numba.tables import AMERICAN_W_START


class Grid(NamedTuple):
    """Where the equation is solved.

    At so many points, those of Chebyshev in u^(1/4), beside its start; with nodes before each
    point; and nodes of the premium. Matrices lead from samples at the points to those at the nodes,
    a row for each node; and to their slopes in ln u.
    """

    points: int
    nodes: Nodes
    premium: Nodes
    start: int
    at_slopes: int


def matrices(points, nodes, premium):
    return (points * nodes + premium) * (points + 1)


AT_MEDIUM = AT_GRIDS + matrices(16, 16, 64)
AT_FINE = AT_MEDIUM + matrices(24, 20, 64)
AT_SLOPES = AT_FINE + matrices(32, 32, 96)
COARSE = Grid(16, NODES_16, NODES_64, AT_GRIDS, AT_SLOPES)
MEDIUM = Grid(24, NODES_20, NODES_64, AT_MEDIUM, COARSE.at_slopes + 64 * 17)
FINE = Grid(32, NODES_32, NODES_96, AT_FINE, MEDIUM.at_slopes + 64 * 25)
MOST_POINTS, MOST_BEFORE = 32, 32

ROWS_CURVE = (MOST_POINTS + 1) * BLOCK
FEW = 8 * LANES  # bytes of a row of eight lanes
COLUMN, MATRIX = MOST_POINTS * LANES, MOST_POINTS * MOST_POINTS * LANES
RATES = 2 * COLUMN  # how the residual follows a, and b
BEFORE = MOST_BEFORE * LANES


@inlined
def point(points, j):
    """Where the points lie: sqrt(u / x) of point j."""
    root = fma(0.5, boundary()[AT_COSINES + j * (ANGLES // points)], 0.5)
    return root * root


@inlined
def row_before(grid, j, v):
    """Of the matrices the row of a node before point j, by its place."""
    return grid.start + (j * grid.nodes.count + v) * (grid.points + 1)


@inlined
def row_of_premium(grid, v):
    return row_before(grid, grid.points, v)


@inlined
def row_of_slopes(grid, v):
    return grid.at_slopes + v * (grid.points + 1)


@outlined
def interpolate(sample, curve, points, place, n):
    """The samples of lanes at a node, from its row."""
    vectorise("sample")
    row = at(boundary(), place * 8)
    for first in range(0, n, LANES):
        rows = at(curve, first * 8)
        even, odd = product(few_at(at(rows, points * BYTES)), row[points]), few_of(0.0)
        for k in range(0, points, 2):
            even = fma_few(few_at(at(rows, k * BYTES)), row[k], even)
            odd = fma_few(few_at(at(rows, (k + 1) * BYTES)), row[k + 1], odd)
        put_few(at(sample, first * 8), sum_of(even, odd))


@outlined
def first_guess(curve, grid, puts, t, share, second, smooth, n):
    """The table's boundary, the third coordinate held within it."""
    vectorise("curve")
    interleave(LANES)
    n = whole(n)
    points = grid.points
    f, w0, g = doubles(ROWS_F), doubles(ROWS_W), doubles(ROWS_G)
    start = at(curve, points * BYTES)
    for i in range(n):
        start[i] = AMERICAN_W_START if smooth else 0.0
    if second:
        contract(w0, W, t, share, n)
        contract(g, G, t, share, n)
    else:
        contract(f, F, t, share, n)
    for j in range(points):
        place, row = point(points, j), at(curve, j * BYTES)
        if second:
            for i in range(n):
                p = lane_at(puts, i)
                s = p.root * place
                w = w_of_second(w0, W_THIRD, g, p, at_most(p.reach * place, 1.0), s, i)
                squared = (w * s) * (w * s)
                row[i] = w if smooth else squared
        else:
            for i in range(n):
                p = lane_at(puts, i)
                s = p.root * place
                w = w_of_first(f, F_THIRD, p, at_most(p.reach * place, 1.0), i)
                row[i] = (w * s) * (w * s)


@outlined
def turn_once(curve, grid, puts, smooth, n):
    """One turn of the fixed point at all points."""
    vectorise("curve")
    interleave(LANES)
    n = whole(n)
    points, nodes = grid.points, grid.nodes
    following, sample = doubles(ROWS_CURVE), doubles(BLOCK)
    minus, plus = doubles(BLOCK), doubles(BLOCK)
    for j in range(points):
        place = point(points, j)
        row, to = at(curve, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            minus[i] = 0.0
            plus[i] = 0.0
        for v in range(nodes.count):
            sine, cosine, weight = sine_of(nodes, v), cosine_of(nodes, v), weight_of(nodes, v)
            interpolate(sample, curve, points, row_before(grid, j, v), n)
            for i in range(n):
                p = lane_at(puts, i)
                root = p.root * place
                here = depth_of(row[i], smooth, root)
                before = depth_of(sample[i], smooth, root * cosine)
                gain = boundary_density(p, here, before, root, sine, cosine)
                minus[i] = fma(weight, gain.minus, minus[i])
                plus[i] = fma(weight, gain.plus, plus[i])
        for i in range(n):
            p = lane_at(puts, i)
            root = p.root * place
            turn = turn_of(p, depth_of(row[i], smooth, root), root, minus[i], plus[i])
            to[i] = sample_of(turn.depth, smooth, root)
    for j in range(points):
        row, to = at(curve, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            row[i] = to[i]


@outlined
def linearise(slopes, residuals, turned, by_a, by_b, curve, grid, puts, smooth, first):
    """The equation about a curve, for eight lanes from `first` on.

    Slopes of each point's residual in all samples, the residual that is to be made up by changing
    them, the samples that one turn leads to, and how the residual follows a and b.
    """
    vectorise("slopes residuals turned by_a by_b")
    interleave(LANES)
    n = LANES
    points, nodes = grid.points, grid.nodes
    minus, plus, sample = doubles(BLOCK), doubles(BLOCK), doubles(BLOCK)
    own_minus, own_plus = doubles(LANES), doubles(LANES)
    own, per_above, per_below = doubles(LANES), doubles(LANES), doubles(LANES)
    moved_minus, moved_plus = doubles(LANES), doubles(LANES)
    since_minus, since_plus = doubles(LANES), doubles(LANES)
    by_minus, by_plus = doubles(BEFORE), doubles(BEFORE)
    lanes = at(curve, first * 8)
    for j in range(points):
        place, row = point(points, j), at(lanes, j * BYTES)
        for i in range(n):
            minus[i] = 0.0
            plus[i] = 0.0
            own_minus[i] = 0.0
            own_plus[i] = 0.0
            moved_minus[i] = 0.0
            moved_plus[i] = 0.0
            since_minus[i] = 0.0
            since_plus[i] = 0.0
        for v in range(nodes.count):
            sine, cosine, weight = sine_of(nodes, v), cosine_of(nodes, v), weight_of(nodes, v)
            per_sine = weight / sine
            to_minus, to_plus = at(by_minus, v * FEW), at(by_plus, v * FEW)
            interpolate(sample, lanes, points, row_before(grid, j, v), n)
            for i in range(n):
                p = lane_at(puts, first + i)
                root = p.root * place
                here = depth_of(row[i], smooth, root)
                before = depth_of(sample[i], smooth, root * cosine)
                gain = boundary_density(p, here, before, root, sine, cosine)
                per_s = per_sine / root
                slope = depth_slope(before, smooth, root * cosine)
                follows = slope if sample[i] > LEAST_SAMPLE else 0.0  # else it is held there
                minus_slope = per_s * gain.minus_density
                plus_slope = per_s * gain.plus_density
                minus[i] = fma(weight, gain.minus, minus[i])
                plus[i] = fma(weight, gain.plus, plus[i])
                own_minus[i] += minus_slope
                own_plus[i] += plus_slope
                to_minus[i] = minus_slope * follows
                to_plus[i] = plus_slope * follows
                s = root * sine
                u = s * s
                since = root * cosine
                rest = since * since
                moved_minus[i] = fma(u, minus_slope, moved_minus[i])
                moved_plus[i] = fma(u, plus_slope, moved_plus[i])
                since_minus[i] = fma(weight * rest, gain.minus, since_minus[i])
                since_plus[i] = fma(weight * rest, gain.plus, since_plus[i])
        residual, next_row = at(residuals, j * FEW), at(turned, j * FEW)
        along_a, along_b = at(by_a, j * FEW), at(by_b, j * FEW)
        for i in range(n):
            p = lane_at(puts, first + i)
            root = p.root * place
            here = depth_of(row[i], smooth, root)
            turn = turn_of(p, here, root, minus[i], plus[i])
            x = root * root
            above_share = 1.0 / turn.above
            below_share = 1.0 / turn.below
            ax = p.a * x
            bx = p.b * x
            minus_own = turn.minus_density / root
            plus_own = turn.plus_density / root
            above = fma(ax, own_minus[i], minus_own) * above_share
            below = fma(bx, own_plus[i], plus_own) * below_share
            own[i] = (1.0 - (above - below)) * depth_slope(here, smooth, root)
            per_above[i] = ax * above_share
            per_below[i] = bx * below_share
            residual[i] = turn.depth - here
            next_row[i] = sample_of(turn.depth, smooth, root)
            move_a = (1.0 / p.a if p.second != 0 else 0.0) + x
            move_b = (-1.0 / p.b if p.second != 0 else 0.0) - x
            above_a = x * minus[i] + ax * (since_minus[i] + moved_minus[i])
            below_b = x * plus[i] + bx * (since_plus[i] - moved_plus[i])
            above_a = fma(minus_own, move_a, above_a) * above_share
            below_b = fma(plus_own, move_b, below_b) * below_share
            above_b = fma(minus_own, move_b, -(ax * moved_minus[i])) * above_share
            below_a = fma(plus_own, move_a, bx * moved_plus[i]) * below_share
            along_a[i] = move_a - (above_a - below_a)
            along_b[i] = move_b - (above_b - below_b)
        for v in range(nodes.count):
            to_minus, to_plus = at(by_minus, v * FEW), at(by_plus, v * FEW)
            for i in range(n):
                to_minus[i] = fma(per_above[i], to_minus[i], -(per_below[i] * to_plus[i]))
        for k in range(points):
            slope = few_at(own) if k == j else few_of(0.0)
            for v in range(nodes.count):
                share = boundary()[row_before(grid, j, v) + k]
                slope = fma_few(share, few_at(at(by_minus, v * FEW)), slope)
            put_few(at(slopes, (j * MOST_POINTS + k) * FEW), slope)


@outlined
def eliminate(slopes, wanted, columns, points):
    """Solve the equations, from the last point to the first: what is wanted becomes the changes.

    It stands in so many columns, one behind the other.
    """
    vectorise("slopes wanted")
    for back in range(1, points):
        k = points - back
        pivots = at(slopes, k * MOST_POINTS * FEW)
        per_pivot = quotient(1.0, few_at(at(pivots, k * FEW)))
        for forth in range(k):
            j = k - 1 - forth
            rows = at(slopes, j * MOST_POINTS * FEW)
            factor = negative(product(few_at(at(rows, k * FEW)), per_pivot))
            for place in range(k):
                row = at(rows, place * FEW)
                put_few(row, fma_few(factor, few_at(at(pivots, place * FEW)), few_at(row)))
            for column in range(columns):
                own = few_at(at(wanted, (column * MOST_POINTS + k) * FEW))
                its = at(wanted, (column * MOST_POINTS + j) * FEW)
                put_few(its, fma_few(factor, own, few_at(its)))
    for column in range(columns):
        changes = at(wanted, column * MOST_POINTS * FEW)
        for k in range(points):
            rows, its = at(slopes, k * MOST_POINTS * FEW), few_at(at(changes, k * FEW))
            for place in range(k):
                row, change = few_at(at(rows, place * FEW)), few_at(at(changes, place * FEW))
                its = fma_few(negative(row), change, its)
            put_few(at(changes, k * FEW), quotient(its, few_at(at(rows, k * FEW))))


@spliced
def step_once(curve, grid, puts, smooth, lanes):
    """One step of Newton's method, eight lanes at a time.

    A point that it would change by more than half is turned once instead.
    """
    n = LANES
    slopes, residuals, turned = doubles(MATRIX), doubles(COLUMN), doubles(COLUMN)
    rates = doubles(RATES)
    by_a, by_b = rates, at(rates, MOST_POINTS * FEW)
    for first in range(0, lanes, LANES):
        linearise(slopes, residuals, turned, by_a, by_b, curve, grid, puts, smooth, first)
        eliminate(slopes, residuals, 1, grid.points)
        for j in range(grid.points):
            row, change = at(at(curve, j * BYTES), first * 8), at(residuals, j * FEW)
            turn = at(turned, j * FEW)
            for i in range(n):
                sample = row[i]
                moved = sample + change[i]
                row[i] = moved if fabs(change[i]) <= 0.5 * sample else turn[i]


@outlined
def differentiate(by_a, by_b, curve, grid, puts, smooth, lanes):
    """How the samples follow a and b."""
    vectorise("by_a by_b")
    interleave(LANES)
    n = LANES
    slopes, residuals, turned = doubles(MATRIX), doubles(COLUMN), doubles(COLUMN)
    rates = doubles(RATES)
    other = at(rates, MOST_POINTS * FEW)
    for first in range(0, lanes, LANES):
        linearise(slopes, residuals, turned, rates, other, curve, grid, puts, smooth, first)
        eliminate(slopes, rates, 2, grid.points)
        for j in range(grid.points + 1):
            to_a, to_b = at(at(by_a, j * BYTES), first * 8), at(at(by_b, j * BYTES), first * 8)
            from_a, from_b = at(rates, j * FEW), at(other, j * FEW)
            start = j == grid.points
            for i in range(n):
                to_a[i] = 0.0 if start else from_a[i]
                to_b[i] = 0.0 if start else from_b[i]


@outlined
def solve(curve, puts, t, share, grid, second, smooth, turns, steps, n):
    """The curve that solves the equation."""
    first_guess(curve, grid, puts, t, share, second, smooth, n)
    for _ in range(turns):
        turn_once(curve, grid, puts, smooth, n)
    for _ in range(steps):
        step_once(curve, grid, puts, smooth, n)


@outlined
def depths_by_equation(depths, puts, t, share, grid, second, smooth, turns, steps, n):
    """The depths by the equation."""
    vectorise("depths")
    interleave(LANES)
    n = whole(n)
    curve, sample = doubles(ROWS_CURVE), doubles(BLOCK)
    solve(curve, puts, t, share, grid, second, smooth, turns, steps, n)
    for v in range(grid.premium.count):
        cosine, row = cosine_of(grid.premium, v), at(depths, v * BYTES)
        interpolate(sample, curve, grid.points, row_of_premium(grid, v), n)
        for i in range(n):
            row[i] = depth_of(sample[i], smooth, lane_at(puts, i).root * cosine)
    row = at(depths, grid.premium.count * BYTES)
    for i in range(n):
        row[i] = depth_of(curve[i], smooth, lane_at(puts, i).root)
