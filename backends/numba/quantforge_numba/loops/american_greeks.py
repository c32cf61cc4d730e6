"""The loop of American greeks.

The European ones, and over a block of lanes those of the premium for early exercise, by the ways of
`american_price`.
"""

from math import nan

from quantforge_numba.american_boundary import Put, third_coordinate
from quantforge_numba.american_equation import LEAST_SAMPLE, depth_of, depth_slope
from quantforge_numba.american_greeks import (
    AmericanGreeks,
    Directions,
    PremiumSlopes,
    Sloped,
    Slopes,
    bent,
    directions_of,
    first_slopes,
    greeks_of_endless_time,
    greeks_of_exercise,
    greeks_without_volatility,
    premium_greeks,
    premium_slopes,
    second_slopes,
    unbent,
)
from quantforge_numba.american_perpetual import perpetual_of, perpetual_price
from quantforge_numba.elementary import at_least, at_most
from quantforge_numba.greeks import Greeks
from quantforge_numba.intrinsics import fma, inlined, outlined
from quantforge_numba.loops import greeks
from quantforge_numba.loops.american_price import (
    FAST_FIRST,
    FAST_SECOND,
    HIGH_FIRST,
    LEFT,
    NOTHING,
    PATH,
    PERPETUAL,
    STANDARD_FIRST,
    WAYS,
    AmericanOption,
    choose_ways,
    exercised_now,
    gather_way,
    method_of,
    nodes_of,
    padded_count,
    path_of,
    polynomials_of,
    put_of_option,
    settling_of,
)
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.boundary import (
    F_OF_FAST,
    G_THIRD,
    MOST_NODES,
    NODES_15,
    NODES_26,
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
    cosine_of,
    sine_of,
    weight_of,
)
from quantforge_numba.loops.equation import (
    ROWS_CURVE,
    differentiate,
    interpolate,
    row_of_premium,
    row_of_slopes,
    solve,
)
from quantforge_numba.loops.lanes import BLOCK, LANES, block_of, lane_at, put, whole
from quantforge_numba.loops.memory import at, doubles, words
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.vectors import clenshaw, interleave, sloped_clenshaw, vectorise

ROWS_SLOPES = 4 * (MOST_NODES + 1) * BLOCK
NODE = 4 * BYTES  # of slopes, those of one node


@inlined
def slopes_at(slopes, v):
    """The rows of a node."""
    rows = at(slopes, v * NODE)
    return Slopes(
        depth=rows, by_a=at(rows, BYTES), by_b=at(rows, 2 * BYTES), by_time=at(rows, 3 * BYTES)
    )


@outlined
def chebyshev_slopes(out, of, y, terms, n):
    """The slopes of Chebyshev's polynomials, from these."""
    vectorise("out")
    interleave(LANES)
    n = whole(n)
    for i in range(n):
        out[i] = 0.0
        out[BLOCK + i] = 1.0
    for k in range(2, terms):
        to, last, other = at(out, k * BYTES), at(out, (k - 1) * BYTES), at(out, (k - 2) * BYTES)
        its = at(of, (k - 1) * BYTES)
        for i in range(n):
            to[i] = fma(2.0, fma(y[i], last[i], its[i]), -other[i])


@outlined
def contract_slopes(value, by_a, by_b, part, t, share, by_t, by_share, to, n):
    """A part of the table as series in the third coordinate, and how these follow a and b."""
    vectorise("by_a by_b")
    interleave(LANES)
    n = whole(n)
    contract(value, part, t, share, n)
    contract(by_a, part, by_t, share, n)
    contract(by_b, part, t, by_share, n)
    for k in range(part.third):
        row_a, row_b = at(by_a, k * BYTES), at(by_b, k * BYTES)
        for i in range(n):
            its = lane_at(to, i)
            along = row_a[i]
            across = row_b[i]
            row_a[i] = fma(its.t_a, along, its.share_a * across)
            row_b[i] = fma(its.t_b, along, its.share_b * across)


@inlined
def sloped_series(value, terms, y, i):
    """A lane's series at y, and its slope."""
    both = sloped_clenshaw(value, terms, BLOCK, i, y)
    return Sloped(value=both[0], slope=both[1])


def slopes_by_first(part):
    """Return the function that finds the slopes by a part of the table, in the first region."""
    terms = part.third

    @outlined
    def find(slopes, puts, t, share, by_t, by_share, to, nodes, n):
        vectorise("slopes")
        interleave(LANES)
        n = whole(n)
        f, by_a, by_b = doubles(ROWS_F), doubles(ROWS_F), doubles(ROWS_F)
        contract_slopes(f, by_a, by_b, part, t, share, by_t, by_share, to, n)
        for v in range(nodes.count + 1):
            cosine, rows = cosine_of(nodes, v), slopes_at(slopes, v)
            for i in range(n):
                p = lane_at(puts, i)
                z = p.reach * cosine
                y = third_coordinate(p, z)
                along_a = clenshaw(by_a, terms, BLOCK, i, y)
                along_b = clenshaw(by_b, terms, BLOCK, i, y)
                its = sloped_series(f, terms, y, i)
                held = bent(p, lane_at(to, i), z, cosine, its, along_a, along_b)
                put(rows, i, first_slopes(held, p.root * cosine))

    return find


def slopes_by_second(part):
    """Return the function that finds the slopes by a part of the table, in the second."""
    terms = part.third

    @outlined
    def find(slopes, puts, t, share, by_t, by_share, to, nodes, n):
        vectorise("slopes")
        interleave(LANES)
        n = whole(n)
        w0, w0_a, w0_b = doubles(ROWS_W), doubles(ROWS_W), doubles(ROWS_W)
        g, g_a, g_b = doubles(ROWS_G), doubles(ROWS_G), doubles(ROWS_G)
        contract_slopes(w0, w0_a, w0_b, part, t, share, by_t, by_share, to, n)
        contract_slopes(g, g_a, g_b, G, t, share, by_t, by_share, to, n)
        for v in range(nodes.count + 1):
            cosine, rows = cosine_of(nodes, v), slopes_at(slopes, v)
            for i in range(n):
                p = lane_at(puts, i)
                its = lane_at(to, i)
                z = p.reach * cosine
                y = third_coordinate(p, z)
                along_a = clenshaw(w0_a, terms, BLOCK, i, y)
                along_b = clenshaw(w0_b, terms, BLOCK, i, y)
                begun = bent(p, its, z, cosine, sloped_series(w0, terms, y, i), along_a, along_b)
                y = fma(2.0, z, -1.0)
                along_a = clenshaw(g_a, G_THIRD, BLOCK, i, y)
                along_b = clenshaw(g_b, G_THIRD, BLOCK, i, y)
                late = unbent(its, z, cosine, sloped_series(g, G_THIRD, y, i), along_a, along_b)
                put(rows, i, second_slopes(p, begun, late, p.root * cosine))

    return find


slopes_by_fast_first = slopes_by_first(F_OF_FAST)
slopes_by_fast_second = slopes_by_second(W_OF_FAST)
slopes_by_standard_first = slopes_by_first(F)
slopes_by_standard_second = slopes_by_second(W)


@outlined
def slopes_by_equation(slopes, puts, t, share, grid, second, smooth, turns, steps, n):
    """The slopes by the equation."""
    vectorise("slopes")
    interleave(LANES)
    n = whole(n)
    curve, by_a, by_b = doubles(ROWS_CURVE), doubles(ROWS_CURVE), doubles(ROWS_CURVE)
    sample, sloped = doubles(BLOCK), doubles(BLOCK)
    along_a, along_b = doubles(BLOCK), doubles(BLOCK)
    solve(curve, puts, t, share, grid, second, smooth, turns, steps, n)
    differentiate(by_a, by_b, curve, grid, puts, smooth, n)
    for v in range(grid.premium.count):
        cosine, rows = cosine_of(grid.premium, v), slopes_at(slopes, v)
        interpolate(sample, curve, grid.points, row_of_premium(grid, v), n)
        interpolate(sloped, curve, grid.points, row_of_slopes(grid, v), n)
        interpolate(along_a, by_a, grid.points, row_of_premium(grid, v), n)
        interpolate(along_b, by_b, grid.points, row_of_premium(grid, v), n)
        for i in range(n):
            s = lane_at(puts, i).root * cosine
            depth = depth_of(sample[i], smooth, s)
            slope = depth_slope(depth, smooth, s)
            slope = slope if sample[i] > LEAST_SAMPLE else 0.0
            its = sloped[i]
            over = fma(0.5, sample[i], its)
            by_time = over if smooth else its
            found = Slopes(
                depth=depth,
                by_a=slope * along_a[i],
                by_b=slope * along_b[i],
                by_time=slope * by_time,
            )
            put(rows, i, found)
    rows = slopes_at(slopes, grid.premium.count)
    for i in range(n):
        depth = depth_of(curve[i], smooth, lane_at(puts, i).root)
        put(rows, i, Slopes(depth=depth, by_a=0.0, by_b=0.0, by_time=0.0))


@outlined
def find_slopes(slopes, puts, way, lanes):
    """The slopes of all lanes; they are found once where they are the same."""
    vectorise("slopes")
    interleave(LANES)
    t, share, to = doubles(ROWS_T), doubles(ROWS_SHARE), block_of(Directions)
    by_t, by_share, y = doubles(ROWS_T), doubles(ROWS_SHARE), doubles(BLOCK)
    n = polynomials_of(t, share, puts, lanes)
    if way < HIGH_FIRST:
        for i in range(n):
            y[i] = lane_at(puts, i).t
        chebyshev_slopes(by_t, t, y, F.first, n)
        for i in range(n):
            y[i] = lane_at(puts, i).share
        chebyshev_slopes(by_share, share, y, F.second, n)
        for i in range(n):
            put(to, i, directions_of(lane_at(puts, i)))
    if way == FAST_FIRST:
        slopes_by_fast_first(slopes, puts, t, share, by_t, by_share, to, NODES_15, n)
    elif way == FAST_SECOND:
        slopes_by_fast_second(slopes, puts, t, share, by_t, by_share, to, NODES_15, n)
    elif way == STANDARD_FIRST:
        slopes_by_standard_first(slopes, puts, t, share, by_t, by_share, to, NODES_26, n)
    elif way < HIGH_FIRST:
        slopes_by_standard_second(slopes, puts, t, share, by_t, by_share, to, NODES_26, n)
    else:
        m = method_of(way)
        slopes_by_equation(slopes, puts, t, share, m.grid, m.second, m.smooth, m.turns, m.steps, n)
    if n < lanes:
        for v in range(nodes_of(way).count + 1):
            rows = slopes_at(slopes, v)
            its = lane_at(rows, 0)
            for i in range(lanes):
                put(rows, i, its)


@outlined
def integrate_slopes(sums, slopes, puts, way, n):
    vectorise("sums")
    interleave(LANES)
    n = whole(n)
    nodes = nodes_of(way)
    for i in range(n):
        put(sums, i, PremiumSlopes(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    for v in range(nodes.count):
        sine, weight, rows = sine_of(nodes, v), weight_of(nodes, v), slopes_at(slopes, v)
        for i in range(n):
            p = lane_at(puts, i)
            total = premium_slopes(p, lane_at(sums, i), lane_at(rows, i), sine, weight)
            put(sums, i, total)


@outlined
def premium_greeks_of(greeks, sums, puts, given, n):
    vectorise("greeks")
    n = whole(n)
    for i in range(n):
        x = lane_at(given, i)
        p = lane_at(puts, i)
        its = premium_greeks(p, lane_at(sums, i), x.spot, x.strike, x.time, x.sigma, x.sign)
        put(greeks, i, its)


@outlined
def add_premium_greeks(inputs, outputs, marks, everything, n):
    """Add the premium's greeks to European ones, where exercise before expiry may pay."""
    puts, some, ways, lanes = block_of(Put), block_of(Put), words(BLOCK), words(BLOCK)
    slopes, sums = doubles(ROWS_SLOPES), block_of(PremiumSlopes)
    given, greeks = block_of(AmericanOption), block_of(AmericanGreeks)
    choose_ways(puts, ways, inputs, outputs.price, marks, everything, n)
    for way in range(FAST_FIRST, WAYS if everything else HIGH_FIRST):
        count = gather_way(some, lanes, puts, ways, way, n)
        if count == 0:
            continue
        padded = padded_count(count)
        for k in range(padded):
            put(given, k, lane_at(inputs, lanes[k]))
        find_slopes(slopes, some, way, padded)
        integrate_slopes(sums, slopes, some, way, padded)
        at_once = slopes_at(slopes, nodes_of(way).count)
        premium_greeks_of(greeks, sums, some, given, padded)
        for k in range(count):
            i = lanes[k]
            p, x, its = lane_at(some, k), lane_at(given, k), lane_at(greeks, k)
            gain = exercised_now(x)
            held = (p.log_m - p.log_start) + at_once.depth[k] > 0.0
            premium = at_least(its.price, 0.0) if held else 0.0
            european = lane_at(outputs, i)
            value = fma(p.strike, premium, european.price)
            if (value <= gain) & (gain > 0.0):
                put(outputs, i, greeks_of_exercise(gain, x.sign))
                continue
            if held:
                put(outputs, i, sum_of(european, its))
            outputs.price[i] = at_most(value, p.strike)
    if everything:
        settle_greeks(inputs, outputs, marks, n)


@inlined
def sum_of(one, other):
    return AmericanGreeks(
        price=one.price,
        delta=one.delta + other.delta,
        gamma=one.gamma + other.gamma,
        vega=one.vega + other.vega,
        theta=one.theta + other.theta,
        rho=one.rho + other.rho,
        phi=one.phi + other.phi,
        vanna=one.vanna + other.vanna,
        charm=one.charm + other.charm,
        dual_delta=one.dual_delta + other.dual_delta,
        dual_gamma=one.dual_gamma + other.dual_gamma,
    )


@outlined
def settle_greeks(inputs, outputs, states, n):
    """What is left where no boundary is found: limits, and NaN where there is none."""
    for i in range(n):
        x = lane_at(inputs, i)
        european = outputs.price[i]
        now = exercised_now(x)
        settling = settling_of(x, european, states, False, i)
        path = path_of(x)
        between = (path.t > 0.0) & (path.then > at_least(european, path.now))
        p = put_of_option(x)
        e = perpetual_of(p)
        if (settling == PERPETUAL) & (e.distance > 0.0):
            value = perpetual_price(p, e, now, european)
            put(outputs, i, greeks_of_endless_time(e, value, x))
        elif (settling == PATH) & between:
            put(outputs, i, greeks_without_volatility(path, x.sign))
        elif settling == NOTHING:
            put(outputs, i, AmericanGreeks(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan))
        elif (settling != LEFT) & (now > 0.0) & (european <= now):
            put(outputs, i, greeks_of_exercise(now, x.sign))


@inlined
def european_rows(outputs, rest):
    """The European greeks' rows: those of an American option have the same names."""
    return Greeks(
        price=outputs.price,
        delta=outputs.delta,
        gamma=outputs.gamma,
        vega=outputs.vega,
        theta=outputs.theta,
        rho=outputs.rho,
        phi=outputs.phi,
        vanna=outputs.vanna,
        volga=rest.volga,
        charm=outputs.charm,
        veta=rest.veta,
        dual_delta=outputs.dual_delta,
        dual_gamma=outputs.dual_gamma,
        speed=rest.speed,
        color=rest.color,
        zomma=rest.zomma,
        ultima=rest.ultima,
    )


ordinary_greeks, general_greeks = greeks.OPERATION.ordinary, greeks.OPERATION.general
FIRST, SECOND, ALL = greeks.ORDERS


@inlined
def ordinary(inputs, outputs, special, n, wanted):
    rows = european_rows(outputs, block_of(Greeks))
    ordinary_greeks(inputs, rows, special, n, 1 << FIRST if wanted >> FIRST else 1)


@outlined
def general(inputs, outputs, states, n, wanted):
    rows = european_rows(outputs, block_of(Greeks))
    general_greeks(inputs, rows, states, n, (1 << ALL) - 1)


OPERATION = Operation(
    option=AmericanOption,
    results=AmericanGreeks,
    ordinary=ordinary,
    general=general,
    finish=add_premium_greeks,
)
