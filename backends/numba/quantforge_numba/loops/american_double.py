"""The prices of a block of puts that are exercised between two boundaries."""

from math import nan

from quantforge_numba.american_boundary import Put
from quantforge_numba.american_double import (
    Between,
    apart_of,
    below_of,
    double_value,
    early_w,
    first_meeting,
    is_settled,
    next_meeting,
    outside_below,
    sine_until,
    turn_below,
    up_to,
)
from quantforge_numba.american_equation import boundary_density, depth_of
from quantforge_numba.american_price import premium_density
from quantforge_numba.intrinsics import fma, outlined
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.boundary import cosine_of, sine_of, weight_of
from quantforge_numba.loops.equation import (
    MEDIUM,
    ROWS_CURVE,
    interpolate,
    point,
    row_before,
    row_of_premium,
    step_once,
    turn_once,
)
from quantforge_numba.loops.lanes import BLOCK, LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.memory import at, doubles
from quantforge_numba.loops.vectors import interleave, vectorise
from quantforge_numba.tables import AMERICAN_W_START

DOUBLE_TURNS, DOUBLE_STEPS = 6, 3


@outlined
def begin_double(upper, lower, apart, until, up, puts, grid, n):
    """Where the boundaries may meet, and these before that as they are soon before expiry.

    Squared depths of the upper one, w of the lower.
    """
    vectorise("upper lower apart until")
    interleave(LANES)
    n = whole(n)
    points = grid.points
    for i in range(n):
        p = lane_at(puts, i)
        apart[i] = apart_of(p)
        until[i] = first_meeting(p, apart[i])
        put(up, i, up_to(p, until[i]))
    for j in range(points):
        place, above, below = point(points, j), at(upper, j * BYTES), at(lower, j * BYTES)
        for i in range(n):
            p = lane_at(up, i)
            s = p.root * place
            depth = early_w(p, s) * s
            above[i] = depth * depth
            below[i] = AMERICAN_W_START
    above, below = at(upper, points * BYTES), at(lower, points * BYTES)
    for i in range(n):
        above[i] = 0.0
        below[i] = AMERICAN_W_START


@outlined
def turn_below_once(lower, grid, up, n):
    """One turn of the fixed point for the lower boundary."""
    vectorise("lower")
    interleave(LANES)
    n = whole(n)
    points, nodes = grid.points, grid.nodes
    following, sample = doubles(ROWS_CURVE), doubles(BLOCK)
    minus, plus = doubles(BLOCK), doubles(BLOCK)
    for j in range(points):
        place = point(points, j)
        row, to = at(lower, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            minus[i] = 0.0
            plus[i] = 0.0
        for v in range(nodes.count):
            sine, cosine, weight = sine_of(nodes, v), cosine_of(nodes, v), weight_of(nodes, v)
            interpolate(sample, lower, points, row_before(grid, j, v), n)
            for i in range(n):
                below = below_of(lane_at(up, i))
                root = below.root * place
                before = sample[i] * (root * cosine)
                gain = boundary_density(below, row[i] * root, before, root, sine, cosine)
                minus[i] = fma(weight, gain.minus, minus[i])
                plus[i] = fma(weight, gain.plus, plus[i])
        for i in range(n):
            below = below_of(lane_at(up, i))
            to[i] = turn_below(below, row[i], below.root * place, minus[i], plus[i])
    for j in range(points):
        row, to = at(lower, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            row[i] = to[i]


@outlined
def move_meeting(upper, lower, until, settled, apart, up, puts, above, below, grid, n):
    """Let the time follow the boundaries, which were `above` and `below` before."""
    vectorise("upper lower until settled apart above below")
    interleave(LANES)
    n = whole(n)
    by, unit = doubles(BLOCK), doubles(BLOCK)
    for i in range(n):
        p = lane_at(puts, i)
        root = until[i]
        following = next_meeting(p, apart[i], upper[i], lower[i], root)
        settled[i] = 1.0 if is_settled(root, following, root) else 0.0
        until[i] = following
        by[i] = following / root
        unit[i] = upper[i]
        put(up, i, up_to(p, following))
    for j in range(grid.points):
        high, low = at(upper, j * BYTES), at(lower, j * BYTES)
        was_high, was_low = at(above, j * BYTES), at(below, j * BYTES)
        for i in range(n):
            sample = high[i]
            little = is_settled(was_high[i], sample, unit[i])
            little &= is_settled(was_low[i], low[i], 1.0)
            settled[i] = settled[i] if little else 0.0
            high[i] = by[i] * by[i] * sample


@outlined
def solve_double(upper, lower, apart, until, settled, puts, n):
    """Both boundaries up to where they meet."""
    grid, up = MEDIUM, block_of(Put)
    above, below = doubles(ROWS_CURVE), doubles(ROWS_CURVE)
    begin_double(upper, lower, apart, until, up, puts, grid, n)
    for k in range(DOUBLE_TURNS + DOUBLE_STEPS):
        for i in range(ROWS_CURVE):
            above[i] = upper[i]
            below[i] = lower[i]
        if k < DOUBLE_TURNS:
            turn_once(upper, grid, up, False, n)
        else:
            step_once(upper, grid, up, False, n)
        turn_below_once(lower, grid, up, n)
        move_meeting(upper, lower, until, settled, apart, up, puts, above, below, grid, n)


@outlined
def find_double(upper, lower, apart, until, settled, puts, alike, lanes):
    """The boundaries of all lanes; they are found once where they are the same."""
    solve_double(upper, lower, apart, until, settled, puts, LANES if alike else lanes)
    if alike:
        for j in range(MEDIUM.points + 1):
            above, below = at(upper, j * BYTES), at(lower, j * BYTES)
            sample, w = above[0], below[0]
            for i in range(lanes):
                above[i] = sample
                below[i] = w
        its_apart, its_until, its_settled = apart[0], until[0], settled[0]
        for i in range(lanes):
            apart[i] = its_apart
            until[i] = its_until
            settled[i] = its_settled


@outlined
def price_double(price, upper, lower, apart, until, settled, puts, now, european, n):
    """The prices: what exercise brings between the boundaries, and what it will bring outside."""
    vectorise("price")
    interleave(LANES)
    n = whole(n)
    grid = MEDIUM
    nodes = grid.premium
    above, below = doubles(BLOCK), doubles(BLOCK)
    samples, rises = doubles(BLOCK), doubles(BLOCK)
    for i in range(n):
        above[i] = 0.0
        below[i] = 0.0
    for v in range(nodes.count):
        cosine, weight = cosine_of(nodes, v), weight_of(nodes, v)
        interpolate(samples, upper, grid.points, row_of_premium(grid, v), n)
        interpolate(rises, lower, grid.points, row_of_premium(grid, v), n)
        for i in range(n):
            p = lane_at(puts, i)
            outside = outside_below(p, apart[i])
            sine = sine_until(p.root, until[i], cosine)
            depth = depth_of(samples[i], False, until[i])
            rise = rises[i] * (until[i] * cosine)
            above[i] = fma(weight, premium_density(p, depth, sine), above[i])
            below[i] = fma(weight, premium_density(outside, -rise, sine), below[i])
    for i in range(n):
        y = until[i] * until[i]
        now_above = depth_of(upper[i], False, until[i])
        now_below = -lower[i] * until[i]
        x = Between(apart[i], until[i], now_above, now_below, y * above[i], y * below[i])
        value = double_value(lane_at(puts, i), x, now[i], european[i])
        price[i] = value if settled[i] != 0.0 else nan
