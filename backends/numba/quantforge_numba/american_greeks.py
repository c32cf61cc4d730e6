"""Greeks of an American option: those of the European one, and of the premium for early exercise.

In the scaled put of `american_boundary` everything follows from derivatives by ln m, a, b and ln x.
Under the integral, with c the distance ln m - ln B, u = s^2 and n+- = m e^(-bu) phi(-d+) and
e^(-au) phi(-d-),

    f       = a E - b M,  E = e^(-au) N(-d-),  M = m e^(-bu) N(-d+),  k = a n- - b n+
    df / dc = -k / s

and the boundary moves with a, b and x: its depth has slopes by a, by b and by the logarithm of the
time that is left. All of it is exact for the boundary that the price is made of, but for the slopes
of the depth, which have errors of their own: those of the table's derivatives, or of the
differentiated equation. No greek is a difference of prices.
"""

from math import fabs
from typing import NamedTuple

from quantforge_numba.american_boundary import discounted_tails, exp_of, logarithm
from quantforge_numba.elementary import at_least, at_most, log_ratio
from quantforge_numba.intrinsics import fma, inlined, sqrt
from quantforge_numba.tables import AMERICAN_REACH, AMERICAN_T


class Directions(NamedTuple):
    """How the coordinates of the table follow a and b."""

    t_a: float
    t_b: float
    share_a: float
    share_b: float
    bend_a: float
    bend_b: float
    reach_a: float
    reach_b: float


@inlined
def directions_of(p):
    second = p.second != 0
    apart = fabs(p.a - p.b)
    scale = p.b if second else p.a + apart
    per_scale = 1.0 / scale
    share = apart * per_scale
    scale_a = 0.0 if second else 2.0
    scale_b = 1.0 if second else -1.0
    turned = -per_scale if second else per_scale
    share_a = turned * (1.0 if second else p.b * per_scale)
    share_b = -turned * (p.a * per_scale)
    bend = 0.5 / p.bend
    total = p.bend + 1.0
    per_sum = 1.0 / fma(p.bend, share, 1.0)
    t = AMERICAN_T / (total * total) * bend
    by_share = 2.0 * total * (per_sum * per_sum)
    by_bend = 2.0 * share * (1.0 - share) * (per_sum * per_sum) * bend
    reach = 0.5 * AMERICAN_REACH * p.reach / fma(scale, AMERICAN_REACH, 0.15)
    return Directions(
        t_a=t * scale_a,
        t_b=t * scale_b,
        share_a=fma(by_share, share_a, by_bend * scale_a),
        share_b=fma(by_share, share_b, by_bend * scale_b),
        bend_a=bend * scale_a,
        bend_b=bend * scale_b,
        reach_a=reach * scale_a,
        reach_b=reach * scale_b,
    )


class Slopes(NamedTuple):
    """A depth, and its slopes: by a, by b, by the logarithm of the time that is left."""

    depth: float
    by_a: float
    by_b: float
    by_time: float


class Sloped(NamedTuple):
    """A series at a point, and its slope."""

    value: float
    slope: float


class Tabulated(NamedTuple):
    """A value of the table: by a, by b, and z times its slope by z."""

    value: float
    by_a: float
    by_b: float
    by_z: float


@inlined
def bent(p, to, z, cosine, at, by_a, by_b):
    """A value with the third coordinate bent as in `third_coordinate`."""
    per = 1.0 / fma(p.bend, z, 1.0)
    twice = 2.0 * per * per * at.slope
    by_z = twice * (p.bend + 1.0)
    by_bend = twice * (z * (1.0 - z))
    return Tabulated(
        value=at.value,
        by_a=fma(by_z * cosine, to.reach_a, fma(by_bend, to.bend_a, by_a)),
        by_b=fma(by_z * cosine, to.reach_b, fma(by_bend, to.bend_b, by_b)),
        by_z=by_z * z,
    )


@inlined
def unbent(to, z, cosine, at, by_a, by_b):
    """The same with one that is not bent."""
    by_z = 2.0 * at.slope
    return Tabulated(
        value=at.value,
        by_a=fma(by_z * cosine, to.reach_a, by_a),
        by_b=fma(by_z * cosine, to.reach_b, by_b),
        by_z=by_z * z,
    )


@inlined
def slopes_of(w, s):
    """The depth's from w's."""
    return Slopes(
        depth=w.value * s,
        by_a=w.by_a * s,
        by_b=w.by_b * s,
        by_time=0.5 * s * (w.by_z + w.value),
    )


@inlined
def first_slopes(f, s):
    """The depth from f in the first region."""
    held = at_most(at_least(f.value, 2.0**-996), 1.0)
    h = at_least(-logarithm(log_ratio(held, 1.0)), 0.0)
    root = sqrt(fma(h, h, 1.0))
    slope = -sqrt(0.5 * (1.0 + root)) / (root * held)
    by_f = slope if f.value == held else 0.0
    w = Tabulated(
        value=h * sqrt(2.0 / (1.0 + root)),
        by_a=by_f * f.by_a,
        by_b=by_f * f.by_b,
        by_z=by_f * f.by_z,
    )
    return slopes_of(w, s)


@inlined
def second_slopes(p, w0, g, s):
    """The depth from w0 and g in the second."""
    per_u = 1.0 / (s * s)
    exponent = g.value * per_u
    start = p.log_start
    late = exp_of(at_most(exponent, 2.0))
    bell = exp_of((-0.5 * start) * start * per_u)
    per_b = 1.0 / p.b
    felt = bell * (2.0 + per_u / p.b)
    tail = bell * per_u * per_b
    moved = late * per_u if exponent < 2.0 else 0.0
    pulled = felt * start * per_u
    held = felt < late
    held_a = -pulled / p.a
    held_b = fma(pulled, per_b, -(tail * per_b))
    held_z = fma(pulled, start, -2.0 * tail)
    late_a = moved * g.by_a
    late_b = moved * g.by_b
    late_z = moved * fma(-2.0, g.value, g.by_z)
    w = Tabulated(
        value=w0.value + at_most(late, felt),
        by_a=w0.by_a + (held_a if held else late_a),
        by_b=w0.by_b + (held_b if held else late_b),
        by_z=w0.by_z + (held_z if held else late_z),
    )
    return slopes_of(w, s)


class PremiumSlopes(NamedTuple):
    """The premium over the strike, and its derivatives.

    By ln m, twice by ln m, by ln x, a and b, and those three by ln m.
    """

    value: float
    by_m: float
    by_mm: float
    by_x: float
    by_a: float
    by_b: float
    by_mx: float
    by_ma: float
    by_mb: float


@inlined
def premium_slopes(p, total, at, sine, weight):
    """The sum with what the integrand at u = x sine^2 adds to it at a weight."""
    s = p.root * sine
    u = s * s
    per_s = 1.0 / s
    drift = (p.a - p.b) * s
    second = p.second != 0
    depth_a = at.by_a - (1.0 / p.a if second else 0.0)
    depth_b = at.by_b + (1.0 / p.b if second else 0.0)
    distance = (p.log_m - p.log_start) + at.depth
    plus = fma(fma(p.a - p.b, u, distance), per_s, 0.5 * s)
    minus = plus - s
    tails = discounted_tails(minus, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    e = tails.minus
    m = tails.plus
    own = p.a * tails.minus_density
    other = p.b * tails.plus_density
    k = own - other
    both = own + other
    k_s = k * per_s
    move_a = fma(depth_a, per_s, s)
    move_b = fma(-depth_b, per_s, s)
    left_a = fma(-p.a, u, 1.0)
    left_b = fma(-p.b, u, 1.0)
    apart = fma(-distance, per_s, drift)
    grown = u * fma(p.b * p.b, m, -(p.a * p.a * e))
    by_x = fma(-0.5 * k, apart, fma(0.25 * s, both, grown))
    slope = minus * k_s  # minus that of k by ln m
    by_mx = fma(0.5, fma(slope, apart, k_s), -0.25 * minus * both)
    by_mx = by_mx + fma(u * p.b * p.b, m, s * (p.a * own - p.b * other))
    gone_a = left_a * (tails.minus_density * per_s)
    gone_b = fma(-tails.plus_density, per_s, m)
    return PremiumSlopes(
        value=fma(weight, fma(p.a, e, -(p.b * m)), total.value),
        by_m=fma(weight, -fma(p.b, m, k_s), total.by_m),
        by_mm=fma(weight, fma(plus, k_s, other) * per_s, total.by_mm),
        by_x=fma(weight, fma(-k_s, at.by_time, by_x), total.by_x),
        by_a=fma(weight, fma(left_a, e, -(k * move_a)), total.by_a),
        by_b=fma(weight, fma(k, move_b, -(left_b * m)), total.by_b),
        by_mx=fma(weight, fma(slope * per_s, at.by_time, by_mx), total.by_mx),
        by_ma=fma(weight, fma(slope, move_a, -gone_a), total.by_ma),
        by_mb=fma(weight, -fma(slope, move_b, left_b * gone_b), total.by_mb),
    )


class AmericanGreeks(NamedTuple):
    """The outputs."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    phi: float
    vanna: float
    charm: float
    dual_delta: float
    dual_gamma: float


@inlined
def premium_greeks(p, by, spot, strike, time, sigma, sign):
    """The premium over the strike, and its greeks, from derivatives in the scaled put."""
    call = sign > 0.0
    k = p.strike
    s = strike if call else spot
    per_m = k / s
    per_sigma = 1.0 / sigma
    value = p.x * by.value
    first = p.x * by.by_m
    twice = p.x * by.by_mm
    x = fma(p.x, by.by_x, value)
    mx = fma(p.x, by.by_mx, first)
    a = p.x * by.by_a
    b = p.x * by.by_b
    ma = p.x * by.by_ma
    mb = p.x * by.by_mb
    vega = 2.0 * (x - fma(p.a, a, p.b * b)) * per_sigma
    vanna = 2.0 * (mx - fma(p.a, ma, p.b * mb)) * per_sigma
    own = first * per_m
    other = value - first
    per_time = 1.0 / time
    own_twice = twice * per_m / s
    other_twice = twice / k
    rate = k * a * per_sigma * per_sigma
    dividend = k * b * per_sigma * per_sigma
    vanna_put = vanna * per_m
    vanna_call = vega - vanna
    later_put = mx * per_m
    later_call = x - mx
    return AmericanGreeks(
        price=value,
        delta=other if call else own,
        gamma=other_twice if call else own_twice,
        vega=k * vega,
        theta=-(k * x * per_time),
        rho=dividend if call else rate,
        phi=rate if call else dividend,
        vanna=vanna_call if call else vanna_put,
        charm=-((later_call if call else later_put) * per_time),
        dual_delta=own if call else other,
        dual_gamma=own_twice if call else other_twice,
    )


@inlined
def greeks_of_endless_time(e, value, x):
    """Those of an option whose time hardly ends: by g the value changes as -value ln (m / B)."""
    call = x.sign > 0.0
    s = x.strike if call else x.spot
    k = x.spot if call else x.strike
    more = 1.0 + e.power
    square = x.sigma * x.sigma
    curved = e.power * more
    per_root = value / e.root
    pull = per_root * e.distance
    turn = curved * per_root / x.sigma
    by_spot = -(e.power * value) / s
    by_strike = more * value / k
    twice = curved * value / s / s
    other = curved * value / k / k
    by_rate = -(more * pull) / square
    by_dividend = e.power * pull / square
    vanna = turn * fma(-e.power, e.distance, 1.0) / s
    dual_vanna = turn * fma(more, e.distance, -1.0) / k
    return AmericanGreeks(
        price=value,
        delta=by_strike if call else by_spot,
        gamma=other if call else twice,
        vega=curved * pull / x.sigma,
        theta=0.0,
        rho=by_dividend if call else by_rate,
        phi=by_rate if call else by_dividend,
        vanna=dual_vanna if call else vanna,
        charm=0.0,
        dual_delta=by_spot if call else by_strike,
        dual_gamma=twice if call else other,
    )


@inlined
def greeks_of_exercise(now, sign):
    """Those of an option that is exercised: nothing changes but what exercise brings."""
    return AmericanGreeks(
        price=now,
        delta=sign,
        gamma=0.0,
        vega=0.0,
        theta=0.0,
        rho=0.0,
        phi=0.0,
        vanna=0.0,
        charm=0.0,
        dual_delta=-sign,
        dual_gamma=0.0,
    )


@inlined
def greeks_without_volatility(p, sign):
    """Those of an option that is best exercised at a time between now and expiry."""
    call = sign > 0.0
    by_strike = exp_of(-(p.rate * p.t))
    by_spot = -exp_of(-(p.dividend * p.t))
    twice = p.dividend * by_spot / (p.spot * (p.rate - p.dividend))
    ratio = p.spot / p.strike
    other = twice * ratio * ratio
    rate = -(p.t * p.strike * by_strike)
    dividend = -(p.t * p.spot * by_spot)
    return AmericanGreeks(
        price=p.then,
        delta=by_strike if call else by_spot,
        gamma=other if call else twice,
        vega=0.0,
        theta=0.0,
        rho=dividend if call else rate,
        phi=rate if call else dividend,
        vanna=0.0,
        charm=0.0,
        dual_delta=by_spot if call else by_strike,
        dual_gamma=twice if call else other,
    )
