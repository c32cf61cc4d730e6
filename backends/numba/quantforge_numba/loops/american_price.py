"""The loop of the American price.

The European price, and over a block of lanes the premium for early exercise: lanes that go the same
way to it are gathered and go together, and share the boundary where they have the same one.
"""

from math import fabs, inf, nan
from typing import NamedTuple

import numpy as np

from quantforge_numba.american_boundary import (
    LEAST_APART,
    LEAST_SCALE,
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    Put,
    is_near,
    put_of,
)
from quantforge_numba.american_equation import is_smooth
from quantforge_numba.american_perpetual import perpetual_of, perpetual_price
from quantforge_numba.american_price import (
    FAST,
    HIGH,
    STANDARD,
    known_path,
    premium_density,
    value_without_volatility,
)
from quantforge_numba.elementary import at_least, at_most
from quantforge_numba.intrinsics import fma, inlined, outlined, spliced
from quantforge_numba.legs import INVALID, MISSING, Legs
from quantforge_numba.loops.american_double import find_double, price_double
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.boundary import (
    MOST_NODES,
    NODES_15,
    NODES_26,
    NODES_64,
    NODES_96,
    ROWS_SHARE,
    ROWS_T,
    F,
    chebyshev,
    depths_by_fast_first,
    depths_by_fast_second,
    depths_by_standard_first,
    depths_by_standard_second,
    sine_of,
    weight_of,
)
from quantforge_numba.loops.equation import (
    COARSE,
    FINE,
    MEDIUM,
    ROWS_CURVE,
    Grid,
    depths_by_equation,
)
from quantforge_numba.loops.forms import general_form, ordinary_form
from quantforge_numba.loops.lanes import BLOCK, LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.memory import at, doubles, words
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.price import Price, general, legs_of, price_of
from quantforge_numba.loops.vectors import interleave, vectorise

# The ways to a boundary.
NO_WAY, FAST_FIRST, FAST_SECOND, STANDARD_FIRST, STANDARD_SECOND = 0, 1, 2, 3, 4
HIGH_FIRST, HIGH_NEAR, HIGH_SECOND, FAR_FIRST, FAR_NEAR, FAR_SECOND, WAYS = 5, 6, 7, 8, 9, 10, 11
TWOFOLD = 11  # beyond those to one boundary

ROWS_DEPTHS = (MOST_NODES + 1) * BLOCK
NONE = np.int64(0)  # no literal


class AmericanOption(NamedTuple):
    """The inputs of one lane."""

    spot: float
    strike: float
    time: float
    rate: float
    dividend: float
    sigma: float
    sign: float
    style: float


@inlined
def nodes_of(way):
    """The nodes at which a way has the boundary's depth."""
    equation = NODES_64 if way <= HIGH_SECOND else NODES_96
    table = NODES_15 if way <= FAST_SECOND else NODES_26
    return table if way <= STANDARD_SECOND else equation


@inlined
def is_style(style):
    return (style == FAST) | (style == STANDARD) | (style == HIGH)


@inlined
def way_of(p, style):
    """The way of an option for which exercise before expiry may pay."""
    second = 1 if p.second != 0 else 0
    kind = 2 if is_smooth(p) else second
    high = HIGH_FIRST + kind if style == HIGH else NO_WAY
    standard = STANDARD_FIRST + second if style == STANDARD else high
    asked = FAST_FIRST + second if style == FAST else standard
    other = TWOFOLD if p.twofold != 0 else FAR_FIRST + kind
    held = (p.tabulated != 0) & (p.twofold == 0)
    return asked if (asked == NO_WAY) | held else other


class Method(NamedTuple):
    """How the equation of a way is solved."""

    grid: Grid
    second: bool
    smooth: bool
    turns: int
    steps: int


@inlined
def method_of(way):
    far = way >= FAR_FIRST
    kind = way - (FAR_FIRST if far else HIGH_FIRST)
    grid = COARSE if kind == 0 else MEDIUM
    turns = 1 if kind == 0 else 2 if kind == 1 else 0
    steps = NONE + 1
    if far:
        grid = FINE
        turns = 2 if kind == 2 else 4
        steps = 3 if kind == 1 else 2
    return Method(grid, kind > 0, kind == 2, turns + NONE, steps)


@spliced
def depths_of(depths, puts, t, share, way, n):
    """The depths of a way."""
    if way == FAST_FIRST:
        depths_by_fast_first(depths, puts, t, share, NODES_15, n)
    elif way == FAST_SECOND:
        depths_by_fast_second(depths, puts, t, share, NODES_15, n)
    elif way == STANDARD_FIRST:
        depths_by_standard_first(depths, puts, t, share, NODES_26, n)
    elif way == STANDARD_SECOND:
        depths_by_standard_second(depths, puts, t, share, NODES_26, n)
    else:
        m = method_of(way)
        depths_by_equation(depths, puts, t, share, m.grid, m.second, m.smooth, m.turns, m.steps, n)


@inlined
def padded_count(n):
    return (n + LANES - 1) & -LANES


@outlined
def gather_way(some, lanes, puts, ways, way, n):
    """The lanes of one way, filled up with copies of the first; returns how many there are."""
    count = NONE
    for i in range(n):
        lanes[count] = i
        count += ways[i] == way
    if count:
        for k in range(count, padded_count(count)):
            lanes[k] = lanes[0]
        for k in range(padded_count(count)):
            put(some, k, lane_at(puts, lanes[k]))
    return count


@inlined
def are_alike(puts, n):
    """Whether all puts have the same boundary."""
    one, alike = lane_at(puts, 0), True
    for i in range(n):
        p = lane_at(puts, i)
        alike &= (p.a == one.a) & (p.b == one.b) & (p.x == one.x) & (p.root == one.root)
    return alike


@outlined
def polynomials_of(t, share, puts, lanes):
    """The Chebyshev polynomials of the first coordinates; returns for how many lanes.

    Eight are enough where all have the same boundary.
    """
    vectorise("t share")
    interleave(LANES)
    y = doubles(BLOCK)
    n = NONE + LANES if (lanes > LANES) and are_alike(puts, lanes) else lanes
    for i in range(n):
        y[i] = lane_at(puts, i).t
    chebyshev(t, y, F.first, n)
    for i in range(n):
        y[i] = lane_at(puts, i).share
    chebyshev(share, y, F.second, n)
    return n


@spliced
def find_depths(depths, puts, way, lanes):
    """The depths of all lanes; they are found once where they are the same."""
    t, share = doubles(ROWS_T), doubles(ROWS_SHARE)
    n = polynomials_of(t, share, puts, lanes)
    depths_of(depths, puts, t, share, way, n)
    if n < lanes:
        for v in range(nodes_of(way).count + 1):
            row = at(depths, v * BYTES)
            depth = row[0]
            for i in range(lanes):
                row[i] = depth


@outlined
def integrate(premium, distance, depths, puts, way, n):
    """The premium: the integral over the depths, nothing where the option is exercised.

    And ln m - ln B now.
    """
    vectorise("premium distance")
    interleave(LANES)
    n = whole(n)
    nodes = nodes_of(way)
    for i in range(n):
        premium[i] = 0.0
    for v in range(nodes.count):
        sine, weight, row = sine_of(nodes, v), weight_of(nodes, v), at(depths, v * BYTES)
        for i in range(n):
            p = lane_at(puts, i)
            premium[i] = fma(weight, premium_density(p, row[i], sine), premium[i])
    now = at(depths, nodes.count * BYTES)
    for i in range(n):
        p = lane_at(puts, i)
        distance[i] = (p.log_m - p.log_start) + now[i]
        premium[i] = p.x * premium[i] if distance[i] > 0.0 else 0.0


@spliced
def put_of_option(x):
    return put_of(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma, x.sign)


@inlined
def exercised_now(x):
    """What exercise at once brings."""
    gain = x.spot - x.strike
    return at_least(gain if x.sign > 0.0 else -gain, 0.0)


# What becomes of a lane for which no boundary is looked for: left as it is, the greater of the
# European price and of exercise now, exercise now, the best on a known path, that of endless time,
# or nothing at all.
LEFT, GREATER, NOW, PATH, PERPETUAL, NOTHING = 0, 1, 2, 3, 4, 5


@outlined
def settling_of(x, european, states, both, i):
    """What becomes of lane i, and its state.

    `both` says whether options with two boundaries are done too.
    """
    missing = x.style != x.style
    if missing:
        states[i] |= MISSING
    if missing | (european != european):
        return NOTHING
    if (x.style != 0.0) & (not is_style(x.style)):
        states[i] |= INVALID
        return NOTHING
    p = put_of_option(x)
    e = perpetual_of(p)
    done = both | (not p.twofold)
    found = p.covered & done & (not (e.reached | e.worthless))
    if (not p.early) | found | (x.style == 0.0):
        return LEFT
    if x.time == 0.0:
        return NOW
    single = p.b if p.second else p.a + fabs(p.a - p.b)
    scale = -p.b if p.twofold else single
    near = is_near(x.spot) & is_near(x.strike)
    closed = p.twofold & (p.a - p.b <= LEAST_APART * scale)
    soon = (closed | (p.x <= LEAST_X)) & (scale < MOST_SCALE)
    tiny = (soon | (scale <= LEAST_SCALE)) & (p.x < MOST_X)
    if (x.sigma == 0.0) & (x.time < inf) & near:
        return PATH
    if (not near) | (tiny & done):
        return GREATER
    if e.reached:
        return PERPETUAL
    if e.worthless:
        return GREATER
    states[i] |= INVALID  # beyond all measure
    return NOTHING


@inlined
def path_of(x):
    return known_path(x.spot, x.strike, x.time, x.rate, x.dividend, x.sign)


@outlined
def settle_american(inputs, out, states, n):
    """What is left where no boundary is found: limits, and NaN where there is none."""
    for i in range(n):
        x = lane_at(inputs, i)
        settling = settling_of(x, out[i], states, True, i)
        if settling == GREATER:
            out[i] = at_least(out[i], exercised_now(x))
        elif settling == NOW:
            out[i] = exercised_now(x)
        elif settling == PATH:
            out[i] = value_without_volatility(path_of(x), out[i])
        elif settling == PERPETUAL:
            p = put_of_option(x)
            out[i] = perpetual_price(p, perpetual_of(p), exercised_now(x), out[i])
        elif settling == NOTHING:
            out[i] = nan


@outlined
def choose_ways(puts, ways, inputs, european, marks, everything, n):
    """The puts that options are, and their ways.

    The ordinary form leaves to the general one, and marks, what is not done by the table.
    """
    vectorise("ways marks")
    interleave(LANES)
    n = whole(n)
    for i in range(n):
        put(puts, i, put_of_option(lane_at(inputs, i)))
    for i in range(n):
        p = lane_at(puts, i)
        style = lane_at(inputs, i).style
        way = way_of(p, style)
        early = (p.early != 0) & (way != NO_WAY) & (european[i] == european[i])
        its = way if early & (p.covered != 0) else NO_WAY
        left = early & (p.covered == 0)
        left |= (its >= HIGH_FIRST) | ((way == NO_WAY) & (style != 0.0))
        rest = left & (not everything)
        marks[i] |= 1 if rest else 0
        ways[i] = NO_WAY if rest else its
    if everything:
        for i in range(n):
            e = perpetual_of(lane_at(puts, i))
            if e.reached | e.worthless:
                ways[i] = NO_WAY


@outlined
def add_double(inputs, out, marks, puts, ways, n):
    """The prices of lanes with two boundaries."""
    some, lanes = block_of(Put), words(BLOCK)
    upper, lower = doubles(ROWS_CURVE), doubles(ROWS_CURVE)
    apart, until, settled = doubles(BLOCK), doubles(BLOCK), doubles(BLOCK)
    now, european, price = doubles(BLOCK), doubles(BLOCK), doubles(BLOCK)
    count = gather_way(some, lanes, puts, ways, TWOFOLD, n)
    if count:
        padded = padded_count(count)
        for k in range(padded):
            now[k] = exercised_now(lane_at(inputs, lanes[k]))
            european[k] = out[lanes[k]]
        alike = are_alike(some, padded)
        find_double(upper, lower, apart, until, settled, some, alike, padded)
        price_double(price, upper, lower, apart, until, settled, some, now, european, padded)
        for k in range(count):
            out[lanes[k]] = price[k]
            marks[lanes[k]] |= 0 if price[k] == price[k] else INVALID  # not settled


@outlined
def add_premium(inputs, outputs, distances, marks, everything, n):
    """Add the premium to European prices in `outputs`, where exercise before expiry may pay.

    There `distances` has ln m - ln B now.
    """
    vectorise("outputs distances marks")
    interleave(LANES)
    out = outputs.price
    puts, some, ways, lanes = block_of(Put), block_of(Put), words(BLOCK), words(BLOCK)
    depths, premium, distance = doubles(ROWS_DEPTHS), doubles(BLOCK), doubles(BLOCK)
    choose_ways(puts, ways, inputs, out, marks, everything, n)
    for way in range(FAST_FIRST, WAYS if everything else HIGH_FIRST):
        count = gather_way(some, lanes, puts, ways, way, n)
        if count == 0:
            continue
        padded = padded_count(count)
        find_depths(depths, some, way, padded)
        integrate(premium, distance, depths, some, way, padded)
        for k in range(count):
            i = lanes[k]
            strike = lane_at(some, k).strike
            value = fma(strike, at_least(premium[k], 0.0), out[i])
            out[i] = at_most(at_least(value, exercised_now(lane_at(inputs, i))), strike)
            distances[i] = distance[k]
    if everything:
        add_double(inputs, out, marks, puts, ways, n)
        settle_american(inputs, out, marks, n)


@inlined
def finish(inputs, outputs, marks, everything, n):
    add_premium(inputs, outputs, doubles(BLOCK), marks, everything, n)


OPERATION = Operation(
    option=AmericanOption,
    results=Price,
    ordinary=ordinary_form(legs_of, price_of, passing=Legs),
    general=general_form(general),
    finish=finish,
)
