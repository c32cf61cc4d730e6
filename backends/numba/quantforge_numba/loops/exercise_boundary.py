"""The loop of the exercise boundary, by the ways of `american_price`."""

from math import fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.american_boundary import (
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    Put,
    exp_of,
    put_of,
)
from quantforge_numba.american_equation import depth_of
from quantforge_numba.american_perpetual import perpetual_of
from quantforge_numba.american_price import EUROPEAN, FAST, STANDARD
from quantforge_numba.exercise_boundary import (
    LEAST_AMOUNT,
    amount_of,
    boundary_of,
    boundary_state,
    faded,
    is_slight,
    never_exercised,
    put_now,
    scale_of,
    start_of,
)
from quantforge_numba.intrinsics import inlined, outlined
from quantforge_numba.legs import INVALID
from quantforge_numba.loops.american_price import (
    FAST_FIRST,
    FAST_SECOND,
    HIGH_FIRST,
    NO_WAY,
    NONE,
    STANDARD_FIRST,
    WAYS,
    gather_way,
    method_of,
    padded_count,
    polynomials_of,
    way_of,
)
from quantforge_numba.loops.boundary import (
    F_OF_FAST,
    ROWS_F,
    ROWS_G,
    ROWS_SHARE,
    ROWS_T,
    ROWS_W,
    W_OF_FAST,
    F,
    G,
    W,
    contract,
    w_of_first,
    w_of_second,
)
from quantforge_numba.loops.equation import ROWS_CURVE, solve
from quantforge_numba.loops.lanes import BLOCK, LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.memory import doubles, words
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.vectors import interleave, vectorise


class BoundaryOption(NamedTuple):
    """The inputs of one lane."""

    strike: float
    time: float
    rate: float
    dividend: float
    sigma: float
    sign: float
    style: float


class BoundaryNow(NamedTuple):
    """The output."""

    boundary: float


def depths_now_by_first(part):
    """Return the function that finds depths now by a part of the table, in the first region."""
    terms = part.third

    @outlined
    def find(depths, puts, t, share, n):
        vectorise("depths")
        interleave(LANES)
        n = whole(n)
        f = doubles(ROWS_F)
        contract(f, part, t, share, n)
        for i in range(n):
            p = lane_at(puts, i)
            depths[i] = w_of_first(f, terms, p, p.reach, i) * p.root

    return find


def depths_now_by_second(part):
    """Return the function that finds depths now by a part of the table, in the second."""
    terms = part.third

    @outlined
    def find(depths, puts, t, share, n):
        vectorise("depths")
        interleave(LANES)
        n = whole(n)
        w0, g = doubles(ROWS_W), doubles(ROWS_G)
        contract(w0, part, t, share, n)
        contract(g, G, t, share, n)
        for i in range(n):
            p = lane_at(puts, i)
            depths[i] = w_of_second(w0, terms, g, p, p.reach, p.root, i) * p.root

    return find


depths_now_by_fast_first = depths_now_by_first(F_OF_FAST)
depths_now_by_fast_second = depths_now_by_second(W_OF_FAST)
depths_now_by_standard_first = depths_now_by_first(F)
depths_now_by_standard_second = depths_now_by_second(W)


@outlined
def depths_now_by_equation(depths, puts, t, share, grid, second, smooth, turns, steps, n):
    """Find depths now by the equation."""
    vectorise("depths")
    interleave(LANES)
    n = whole(n)
    curve = doubles(ROWS_CURVE)
    solve(curve, puts, t, share, grid, second, smooth, turns, steps, n)
    for i in range(n):
        depths[i] = depth_of(curve[i], smooth, lane_at(puts, i).root)


@outlined
def find_depths_now(depths, puts, way, lanes):
    """The depths of all lanes; they are found once where they are the same."""
    t, share = doubles(ROWS_T), doubles(ROWS_SHARE)
    n = polynomials_of(t, share, puts, lanes)
    if way == FAST_FIRST:
        depths_now_by_fast_first(depths, puts, t, share, n)
    elif way == FAST_SECOND:
        depths_now_by_fast_second(depths, puts, t, share, n)
    elif way == STANDARD_FIRST:
        depths_now_by_standard_first(depths, puts, t, share, n)
    elif way < HIGH_FIRST:
        depths_now_by_standard_second(depths, puts, t, share, n)
    else:
        m = method_of(way)
        depths_now_by_equation(
            depths, puts, t, share, m.grid, m.second, m.smooth, m.turns, m.steps, n
        )
    if n < lanes:
        depth = depths[0]
        for i in range(lanes):
            depths[i] = depth


@outlined
def put_boundaries(inputs, out, puts, ways, fades, end, n):
    """The boundaries of lanes that go a way, in the place of what is in `out`.

    `fades` are 0 but where the rates of a lane are raised.
    """
    some, lanes, depths = block_of(Put), words(BLOCK), doubles(BLOCK)
    for way in range(FAST_FIRST, end):
        count = gather_way(some, lanes, puts, ways, way, n)
        if count == 0:
            continue
        find_depths_now(depths, some, way, padded_count(count))
        for k in range(count):
            i = lanes[k]
            p, x, depth = lane_at(some, k), lane_at(inputs, i), depths[k]
            if fades[i] > 0.0:
                depth = faded(depth, fades[i], p.root)
            out[i] = boundary_of(p, depth, x.strike, x.sign)


@outlined
def choose_by_table(puts, ways, fades, inputs, out, special, n):
    """The lanes that the table serves, and those never exercised; the rest is marked."""
    vectorise("ways fades out special")
    interleave(LANES)
    n = whole(n)
    for i in range(n):
        x = lane_at(inputs, i)
        put(puts, i, put_of(1.0, 1.0, x.time, x.rate, x.dividend, x.sigma, x.sign))
    for i in range(n):
        p, x = lane_at(puts, i), lane_at(inputs, i)
        ordinary = (x.strike > 0.0) & (x.strike < inf) & (x.time > 0.0) & (x.time < inf)
        ordinary &= (x.sigma > 0.0) & (x.sigma < inf) & (fabs(x.rate) < inf)
        ordinary &= (fabs(x.dividend) < inf) & (fabs(x.sign) == 1.0)
        ordinary &= (x.style == FAST) | (x.style == STANDARD)
        served = (p.covered != 0) & (p.twofold == 0) & (p.tabulated != 0)
        served &= not is_slight(p, p.log_start)
        served &= amount_of(p) > LEAST_AMOUNT
        early = p.early != 0
        way = way_of(p, x.style)
        special[i] = 0 if ordinary & (served | (not early)) else 1
        ways[i] = way if ordinary & served & early else NO_WAY
        fades[i] = 0.0
        out[i] = never_exercised(x.sign)


@inlined
def ordinary(inputs, outputs, special, n, wanted):
    puts, ways, fades = block_of(Put), words(BLOCK), doubles(BLOCK)
    choose_by_table(puts, ways, fades, inputs, outputs.boundary, special, n)
    put_boundaries(inputs, outputs.boundary, puts, ways, fades, NONE + HIGH_FIRST, n)


@inlined
def settled_boundary(p, x):
    """The boundary where none is looked for: a limit, or NaN where there is none."""
    r = x.dividend if x.sign > 0.0 else x.rate
    q = x.rate if x.sign > 0.0 else x.dividend
    two = (r < 0.0) & (q < r)
    tiny = (p.x <= LEAST_X) & (scale_of(p) < MOST_SCALE)
    if (not two) & ((x.time == 0.0) | (x.sigma == 0.0) | tiny):
        return start_of(x.strike, x.rate, x.dividend, x.sign)
    if (not two) & (p.x < MOST_X) & (amount_of(p) <= LEAST_AMOUNT):
        return never_exercised(x.sign)
    e = perpetual_of(p)
    if e.reached:
        return x.strike * exp_of(e.distance if x.sign > 0.0 else -e.distance)
    return nan  # two boundaries, or beyond all measure


@outlined
def general(inputs, outputs, states, n, wanted):
    """All lanes, with limits, and NaN where there is no boundary."""
    puts, ways, fades, out = block_of(Put), words(BLOCK), doubles(BLOCK), outputs.boundary
    for i in range(n):
        x = lane_at(inputs, i)
        state = boundary_state(x.strike, x.time, x.rate, x.dividend, x.sigma, x.sign, x.style)
        now = put_now(x.time, x.rate, x.dividend, x.sigma, x.sign)
        put(puts, i, now.put)
        fades[i] = now.fade
        ways[i] = NO_WAY
        if state != 0:
            out[i] = nan
        elif (x.style == EUROPEAN) | (not now.put.early):
            out[i] = never_exercised(x.sign)
        elif now.looked_for:
            ways[i] = way_of(now.put, 1.0 * STANDARD if now.fade > 0.0 else x.style)
        else:
            out[i] = settled_boundary(now.put, x)
            state = INVALID if out[i] != out[i] else state
        states[i] = state
    put_boundaries(inputs, out, puts, ways, fades, NONE + WAYS, n)


OPERATION = Operation(
    option=BoundaryOption,
    results=BoundaryNow,
    ordinary=ordinary,
    general=general,
)
