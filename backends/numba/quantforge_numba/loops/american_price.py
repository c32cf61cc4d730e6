"""The loop of the American price.

The European price, and over a block of lanes the premium for early exercise: the boundary from the
table, or from the fixed-point equation, and the integral over it. Of what a block has many numbers
a lane, row k has its lanes from k BLOCK on.
"""

from math import fabs, inf, nan
from typing import NamedTuple

import numpy as np

from quantforge_numba.american_price import (
    EUROPEAN,
    FAST,
    HIGH,
    LEAST_SCALE,
    LEAST_X,
    MOST_SCALE,
    MOST_X,
    STANDARD,
    Put,
    boundary_density,
    first_w,
    is_near,
    next_depth,
    premium_density,
    put_of,
    second_w,
    third_coordinate,
    value_without_volatility,
)
from quantforge_numba.elementary import at_least, at_most
from quantforge_numba.intrinsics import fma, inlined, outlined, spliced, sqrt
from quantforge_numba.legs import INVALID, MISSING, Legs
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.forms import general_form, ordinary_form
from quantforge_numba.loops.lanes import BLOCK, LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.memory import at, boundary, doubles, words
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.price import Price, general, legs_of, price_of
from quantforge_numba.loops.vectors import alternating, clenshaw, interleave, vectorise
from quantforge_numba.tables import AMERICAN_W_START


class Part(NamedTuple):
    """What of the table is taken: where it starts, the coefficients, and how many there are.

    Of first x seconds x thirds coefficients the leading first x second x third. Numba compiles a
    function anew for each literal argument, for those in a tuple it does not.
    """

    start: int
    first: int
    second: int
    third: int
    seconds: int
    thirds: int


# The table: coefficients of f, w0 and g in the first coordinate, the second and the third.
F_FIRST, F_SECOND, F_THIRD = 28, 20, 12
W_FIRST, W_SECOND, W_THIRD = 12, 12, 12
G_FIRST, G_SECOND, G_THIRD = 14, 12, 14
AT_W = F_FIRST * F_SECOND * F_THIRD
AT_G = AT_W + W_FIRST * W_SECOND * W_THIRD
F = Part(0, F_FIRST, F_SECOND, F_THIRD, F_SECOND, F_THIRD)
W = Part(AT_W, W_FIRST, W_SECOND, W_THIRD, W_SECOND, W_THIRD)
G = Part(AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD)
# Behind them sines, cosines and weights at so many nodes, and the cosines of pi k / 32.
NODES_FAST, NODES_STANDARD, NODES_BOUNDARY, NODES_HIGH = 15, 23, 32, 96
AT_FAST = AT_G + G_FIRST * G_SECOND * G_THIRD
AT_STANDARD = AT_FAST + 3 * NODES_FAST
AT_BOUNDARY = AT_STANDARD + 3 * NODES_STANDARD
AT_HIGH = AT_BOUNDARY + 3 * NODES_BOUNDARY
AT_COSINES = AT_HIGH + 3 * NODES_HIGH

# Of the table's coefficients the fast way takes these.
F_OF_FAST = Part(0, 12, 12, 8, F_SECOND, F_THIRD)
W_OF_FAST = Part(AT_W, 8, 8, 8, W_SECOND, W_THIRD)

# Points of the boundary that the fixed point is found for, beside its start; and turns.
POINTS, TURNS_TABULATED, TURNS = 32, 8, 24

ROWS_F, ROWS_W, ROWS_G = F_THIRD * BLOCK, W_THIRD * BLOCK, G_THIRD * BLOCK
ROWS_T, ROWS_SHARE = F_FIRST * BLOCK, F_SECOND * BLOCK
ROWS_DEPTH, ROWS_SERIES = POINTS * BLOCK, (POINTS + 1) * BLOCK
POWERS = POINTS + 1
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


@outlined
def chebyshev(out, y, terms, n):
    """T_0, T_1, ... of y in [-1, 1]."""
    vectorise("out")
    interleave(LANES)
    n = whole(n)
    for i in range(n):
        out[i] = 1.0
        out[BLOCK + i] = y[i]
    for k in range(2, terms):
        to, last, other = at(out, k * BYTES), at(out, (k - 1) * BYTES), at(out, (k - 2) * BYTES)
        for i in range(n):
            to[i] = fma(2.0 * y[i], last[i], -other[i])


@outlined
def contract(out, part, t, share, n):
    """The series in the third coordinate that is left of a part of the table.

    Four of the second coordinate's at a time.
    """
    vectorise("out")
    interleave(LANES)
    n = whole(n)
    table, thirds = boundary(), part.thirds
    total = doubles(BLOCK)
    for k in range(part.third):
        row = at(out, k * BYTES)
        for i in range(n):
            row[i] = 0.0
    for j in range(part.first):
        factor = at(t, j * BYTES)
        for k in range(part.third):
            row = at(out, k * BYTES)
            for i in range(n):
                total[i] = 0.0
            for place in range(0, part.second, 4):
                c = part.start + (j * part.seconds + place) * thirds + k
                one, two = table[c], table[c + thirds]
                three, four = table[c + 2 * thirds], table[c + 3 * thirds]
                x = at(share, place * BYTES)
                for i in range(n):
                    before = fma(two, x[BLOCK + i], fma(one, x[i], total[i]))
                    total[i] = fma(four, x[3 * BLOCK + i], fma(three, x[2 * BLOCK + i], before))
            for i in range(n):
                row[i] = fma(factor[i], total[i], row[i])


def premium_from_table(nodes, at_nodes, f_part, w_part):
    """Return the function that computes the premium by the table.

    The integral at so many nodes, over as much of the table as is said.
    """
    f_third, w_third = f_part.third, w_part.third

    @outlined
    def premium_by_nodes(puts, t, share, first, second, premium, n):
        vectorise("premium")
        interleave(LANES)
        n = whole(n)
        table = boundary()
        f, w0, g, depth = doubles(ROWS_F), doubles(ROWS_W), doubles(ROWS_G), doubles(BLOCK)
        if first:
            contract(f, f_part, t, share, n)
        if second:
            contract(w0, w_part, t, share, n)
            contract(g, G, t, share, n)
        for i in range(n):
            premium[i] = 0.0
        for v in range(nodes):
            sine, cosine = table[at_nodes + v], table[at_nodes + nodes + v]
            weight = table[at_nodes + 2 * nodes + v]
            if first:
                for i in range(n):
                    p = lane_at(puts, i)
                    y = third_coordinate(p, p.reach * cosine)
                    depth[i] = first_w(clenshaw(f, f_third, BLOCK, i, y)) * (p.root * cosine)
            if second:
                for i in range(n):
                    p = lane_at(puts, i)
                    z = p.reach * cosine
                    s = p.root * cosine
                    begun = clenshaw(w0, w_third, BLOCK, i, third_coordinate(p, z))
                    late = clenshaw(g, G_THIRD, BLOCK, i, fma(2.0, z, -1.0))
                    its = second_w(p, begun, late, 1.0 / (s * s)) * s
                    other = depth[i]
                    depth[i] = its if p.second else other
            for i in range(n):
                p = lane_at(puts, i)
                premium[i] = fma(weight, premium_density(p, depth[i], sine), premium[i])
        for i in range(n):
            premium[i] *= lane_at(puts, i).x

    return premium_by_nodes


premium_fast = premium_from_table(NODES_FAST, AT_FAST, F_OF_FAST, W_OF_FAST)
premium_standard = premium_from_table(NODES_STANDARD, AT_STANDARD, F, W)


@inlined
def turned(j):
    """Where the points lie: (u / x)^(1/4) of point j."""
    return fma(0.5, boundary()[AT_COSINES + j], 0.5)


@inlined
def point(j):
    """Where the points lie: sqrt(u / x) of point j."""
    root = turned(j)
    return root * root


@inlined
def depth_at(series, smooth, powers, s, i):
    """A lane's depth from its series at a point where sqrt(u) = s.

    `powers` are the point's Chebyshev polynomials.
    """
    value = alternating(series, POWERS, BLOCK, i, powers)
    its = value * s
    other = sqrt(at_least(value, 0.0))
    return its if smooth[i] else other


@inlined
def powers_at(out, y):
    """The Chebyshev polynomials up to the last one, at one point for all lanes."""
    out[0] = 1.0
    out[1] = y
    for k in range(2, POWERS):
        out[k] = fma(2.0 * y, out[k - 1], -out[k - 2])


@outlined
def first_guess(depth, smooth, puts, t, share, n):
    """The table's boundary, its coordinates held within it."""
    vectorise("depth smooth")
    interleave(LANES)
    n = whole(n)
    f, w0, g = doubles(ROWS_F), doubles(ROWS_W), doubles(ROWS_G)
    contract(f, F, t, share, n)
    contract(w0, W, t, share, n)
    contract(g, G, t, share, n)
    for i in range(n):
        p = lane_at(puts, i)
        smooth[i] = (p.second != 0) & (-p.log_start > 0.25 * p.root)
    for j in range(POINTS):
        place = point(j)
        row = at(depth, j * BYTES)
        for i in range(n):
            p = lane_at(puts, i)
            z = at_most(p.reach * place, 1.0)
            s = p.root * place
            y = third_coordinate(p, z)
            one = first_w(clenshaw(f, F_THIRD, BLOCK, i, y))
            begun = clenshaw(w0, W_THIRD, BLOCK, i, y)
            late = clenshaw(g, G_THIRD, BLOCK, i, fma(2.0, z, -1.0))
            two = second_w(p, begun, late, 1.0 / (s * s))
            row[i] = (two if p.second else one) * s


@outlined
def fit_series(depth, series, smooth, puts, n):
    """The Chebyshev series through the points."""
    vectorise("series")
    interleave(LANES)
    n = whole(n)
    sample = doubles(ROWS_SERIES)
    for j in range(POINTS):
        place = point(j)
        row, to = at(depth, j * BYTES), at(sample, j * BYTES)
        for i in range(n):
            its = row[i] / (lane_at(puts, i).root * place)
            other = row[i] * row[i]
            to[i] = its if smooth[i] else other
    to = at(sample, POINTS * BYTES)
    for i in range(n):
        to[i] = AMERICAN_W_START if smooth[i] else 0.0
    for k in range(POINTS + 1):
        c = at(series, k * BYTES)
        for i in range(n):
            c[i] = 0.5 * sample[i]
        for j in range(1, POINTS + 1):
            angle = j * k % (2 * POINTS)
            weight = boundary()[AT_COSINES + (2 * POINTS - angle if angle > POINTS else angle)]
            weight *= 0.5 if j == POINTS else 1.0
            row = at(sample, j * BYTES)
            for i in range(n):
                c[i] = fma(weight, row[i], c[i])
        scale = 1.0 / POINTS if k % POINTS == 0 else 2.0 / POINTS
        for i in range(n):
            c[i] *= scale


@outlined
def turn_once(depth, series, smooth, puts, turn, n):
    """One turn of the fixed point at all points, for lanes that are still to be turned."""
    vectorise("depth")
    interleave(LANES)
    n = whole(n)
    table = boundary()
    following, powers = doubles(ROWS_DEPTH), doubles(POWERS)
    minus, plus = doubles(BLOCK), doubles(BLOCK)
    for j in range(POINTS):
        place, root = point(j), turned(j)
        here, to = at(depth, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            minus[i] = 0.0
            plus[i] = 0.0
        for v in range(NODES_BOUNDARY):
            sine, cosine = table[AT_BOUNDARY + v], table[AT_BOUNDARY + NODES_BOUNDARY + v]
            weight = table[AT_BOUNDARY + 2 * NODES_BOUNDARY + v]
            powers_at(powers, fma(2.0 * root, sqrt(cosine), -1.0))
            for i in range(n):
                p = lane_at(puts, i)
                its = p.root * place
                before = depth_at(series, smooth, powers, its * cosine, i)
                tails = boundary_density(p, here[i], before, its, sine, cosine)
                minus[i] = fma(weight, tails.minus, minus[i])
                plus[i] = fma(weight, tails.plus, plus[i])
        for i in range(n):
            p = lane_at(puts, i)
            last = here[i]
            its = next_depth(p, last, p.root * place, minus[i], plus[i])
            to[i] = its if (turn < TURNS_TABULATED) | (p.tabulated == 0) else last
    for j in range(POINTS):
        here, to = at(depth, j * BYTES), at(following, j * BYTES)
        for i in range(n):
            here[i] = to[i]


@outlined
def premium_high(puts, t, share, turns, premium, n):
    """The premium by the fixed point."""
    vectorise("premium")
    interleave(LANES)
    n = whole(n)
    table = boundary()
    depth, series, smooth = doubles(ROWS_DEPTH), doubles(ROWS_SERIES), words(BLOCK)
    powers = doubles(POWERS)
    first_guess(depth, smooth, puts, t, share, n)
    fit_series(depth, series, smooth, puts, n)
    for turn in range(turns):
        turn_once(depth, series, smooth, puts, turn, n)
        fit_series(depth, series, smooth, puts, n)
    for i in range(n):
        premium[i] = 0.0
    for v in range(NODES_HIGH):
        sine, cosine = table[AT_HIGH + v], table[AT_HIGH + NODES_HIGH + v]
        weight = table[AT_HIGH + 2 * NODES_HIGH + v]
        powers_at(powers, fma(2.0, sqrt(cosine), -1.0))
        for i in range(n):
            p = lane_at(puts, i)
            its = depth_at(series, smooth, powers, p.root * cosine, i)
            premium[i] = fma(weight, premium_density(p, its, sine), premium[i])
    for i in range(n):
        p = lane_at(puts, i)
        held = p.log_m > p.log_start - depth[i]  # at the boundary it is exercised
        premium[i] = premium[i] * p.x if held else 0.0


@spliced
def put_of_option(x):
    return put_of(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma, x.sign)


@inlined
def exercised_now(x):
    """What exercise at once brings."""
    gain = x.spot - x.strike
    return at_least(gain if x.sign > 0.0 else -gain, 0.0)


@inlined
def way_asked(style):
    high = HIGH if style == 3.0 else EUROPEAN
    standard = STANDARD if style == 2.0 else high
    return FAST if style == 1.0 else standard


@outlined
def settle_american(inputs, out, states, n):
    """What is left where no boundary is found: limits, and NaN where there is none."""
    for i in range(n):
        x = lane_at(inputs, i)
        p = put_of_option(x)
        missing = x.style != x.style
        invalid = (not missing) & (x.style != 0.0) & (way_asked(x.style) == EUROPEAN)
        if missing:
            states[i] |= MISSING
        elif invalid & (out[i] == out[i]):
            states[i] |= INVALID
        if missing | invalid | (out[i] != out[i]):
            out[i] = nan
            continue
        if (not p.early) | p.covered | (x.style == 0.0):
            continue
        now = exercised_now(x)
        scale = p.b if p.second else p.a + fabs(p.a - p.b)
        near = is_near(x.spot) & is_near(x.strike)
        tiny = (scale <= LEAST_SCALE) & (p.x < MOST_X) | (p.x <= LEAST_X) & (scale < MOST_SCALE)
        if x.time == 0.0:
            out[i] = now
        elif (x.sigma == 0.0) & (x.time < inf) & near:
            out[i] = value_without_volatility(x.spot, x.strike, x.time, x.rate, x.dividend, x.sign)
        elif (not near) | tiny:
            out[i] = at_least(out[i], now)
        else:  # two boundaries, or volatility beyond all measure
            out[i] = nan
            states[i] |= INVALID


@outlined
def add_premium(inputs, outputs, marks, everything, n):
    """Add the premium to European prices in `outputs`, where exercise before expiry may pay.

    The ordinary form marks what the general one, which does everything, has to do.
    """
    vectorise("outputs marks")
    interleave(LANES)
    n = whole(n)
    out = outputs.price
    puts, way = block_of(Put), words(BLOCK)
    t, share, y = doubles(ROWS_T), doubles(ROWS_SHARE), doubles(BLOCK)
    premium, found = doubles(BLOCK), doubles(BLOCK)
    for i in range(n):
        put(puts, i, put_of_option(lane_at(inputs, i)))
    for i in range(n):
        p = lane_at(puts, i)
        style = lane_at(inputs, i).style
        asked = way_asked(style)
        exercised = (p.early != 0) & (asked != EUROPEAN) & (out[i] == out[i])
        covered = exercised & (p.covered != 0)
        its = asked if p.tabulated else HIGH
        its = its if covered else EUROPEAN
        left = (
            (exercised & (p.covered == 0)) | (its == HIGH) | ((asked == EUROPEAN) & (style != 0.0))
        )
        rest = left & (not everything)
        marks[i] |= 1 if rest else 0
        way[i] = EUROPEAN if rest else its
    seen = first = second = NONE
    turns = NONE + TURNS_TABULATED
    for i in range(n):
        p = lane_at(puts, i)
        seen |= 1 << way[i]
        if way[i] != EUROPEAN:
            first |= p.second == 0
            second |= p.second != 0
            if p.tabulated == 0:
                turns = TURNS
    if seen >> FAST:
        for i in range(n):
            y[i] = lane_at(puts, i).t
        chebyshev(t, y, F.first, n)
        for i in range(n):
            y[i] = lane_at(puts, i).share
        chebyshev(share, y, F.second, n)
        if seen >> STANDARD & 1:
            premium_standard(puts, t, share, first, second, premium, n)
        if seen >> FAST & 1:
            premium_fast(puts, t, share, first, second, found, n)
            for i in range(n):
                premium[i] = found[i] if way[i] == FAST else premium[i]
        if everything and seen >> HIGH & 1:
            premium_high(puts, t, share, turns, found, n)
            for i in range(n):
                premium[i] = found[i] if way[i] == HIGH else premium[i]
        for i in range(n):
            strike = lane_at(puts, i).strike
            now = exercised_now(lane_at(inputs, i))
            european = out[i]
            value = fma(strike, at_least(premium[i], 0.0), european)
            value = at_most(at_least(value, now), strike)
            out[i] = european if way[i] == EUROPEAN else value
    if everything:
        settle_american(inputs, out, marks, n)


OPERATION = Operation(
    option=AmericanOption,
    results=Price,
    ordinary=ordinary_form(legs_of, price_of, passing=Legs),
    general=general_form(general),
    finish=add_premium,
)
