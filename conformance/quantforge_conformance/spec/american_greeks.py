"""Greeks of an American option: those of the European one, and of the premium for early exercise.

In the scaled put of `american_boundary` everything follows from derivatives by ln m, a, b and ln x.
Under the integral, with c the distance ln m - ln B, u = s^2 and n+- = m e^(-bu) phi(-d+) and
e^(-au) phi(-d-),

    f       = a E - b M,  E = e^(-au) N(-d-),  M = m e^(-bu) N(-d+),  k = a n- - b n+
    df / dc = -k / s

and the boundary moves with a, b and x: its depth has slopes by a, by b and by the logarithm of the
time that is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from quantforge_conformance.spec import greeks as european
from quantforge_conformance.spec.american_boundary import (
    AT_F,
    AT_G,
    AT_W,
    F_FAST,
    F_SHAPE,
    G_SHAPE,
    W_FAST,
    W_SHAPE,
    Put,
    chebyshev,
    contract,
    discounted_tails,
    exp_of,
    logarithm,
    nodes,
    put_of,
    series_at,
    third_coordinate,
)
from quantforge_conformance.spec.american_equation import (
    LEAST_SAMPLE,
    Boundary,
    depth_of,
    depth_slope,
    interpolated,
)
from quantforge_conformance.spec.american_perpetual import (
    Perpetual,
    perpetual_of,
    perpetual_price,
)
from quantforge_conformance.spec.american_price import (
    FAST,
    HIGH,
    KnownPath,
    Settling,
    is_looked_for,
    known_path,
    settling_of,
)
from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    log_ratio,
)
from quantforge_conformance.spec.legs import NOT_A_NUMBER
from quantforge_conformance.spec.tables import AMERICAN_REACH, AMERICAN_T


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


def directions_of(p: Put) -> Directions:
    """The slopes of the table's coordinates."""
    apart = abs(p.a - p.b)
    scale = p.b if p.second else p.a + apart
    per_scale = divide(1.0, scale)
    share = apart * per_scale
    scale_a, scale_b = (0.0, 1.0) if p.second else (2.0, -1.0)
    turned = -per_scale if p.second else per_scale
    share_a = turned * (1.0 if p.second else p.b * per_scale)
    share_b = -turned * (p.a * per_scale)
    bend, total = divide(0.5, p.bend), p.bend + 1.0
    per_sum = divide(1.0, fma(p.bend, share, 1.0))
    t = divide(AMERICAN_T, total * total) * bend
    by_share = 2.0 * total * (per_sum * per_sum)
    by_bend = 2.0 * share * (1.0 - share) * (per_sum * per_sum) * bend
    reach = divide(0.5 * AMERICAN_REACH * p.reach, fma(scale, AMERICAN_REACH, 0.15))
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


def bent(
    p: Put, to: Directions, z: float, cosine: float, at: Sloped, by_a: float, by_b: float
) -> Tabulated:
    """A value with the third coordinate bent as in `third_coordinate`."""
    per = divide(1.0, fma(p.bend, z, 1.0))
    twice = 2.0 * per * per * at.slope
    by_z, by_bend = twice * (p.bend + 1.0), twice * (z * (1.0 - z))
    return Tabulated(
        at.value,
        fma(by_z * cosine, to.reach_a, fma(by_bend, to.bend_a, by_a)),
        fma(by_z * cosine, to.reach_b, fma(by_bend, to.bend_b, by_b)),
        by_z * z,
    )


def unbent(
    to: Directions, z: float, cosine: float, at: Sloped, by_a: float, by_b: float
) -> Tabulated:
    """The same with one that is not bent."""
    by_z = 2.0 * at.slope
    return Tabulated(
        at.value,
        fma(by_z * cosine, to.reach_a, by_a),
        fma(by_z * cosine, to.reach_b, by_b),
        by_z * z,
    )


def slopes_of(w: Tabulated, s: float) -> Slopes:
    """The depth's from w's."""
    return Slopes(w.value * s, w.by_a * s, w.by_b * s, 0.5 * s * (w.by_z + w.value))


def first_slopes(f: Tabulated, s: float) -> Slopes:
    """The depth from f in the first region."""
    held = at_most(at_least(f.value, float.fromhex("0x1p-996")), 1.0)
    h = at_least(-logarithm(log_ratio(held, 1.0)), 0.0)
    root = math.sqrt(fma(h, h, 1.0))
    by_f = -math.sqrt(0.5 * (1.0 + root)) / (root * held) if f.value == held else 0.0
    w = Tabulated(h * math.sqrt(2.0 / (1.0 + root)), by_f * f.by_a, by_f * f.by_b, by_f * f.by_z)
    return slopes_of(w, s)


def second_slopes(p: Put, w0: Tabulated, g: Tabulated, s: float) -> Slopes:
    """The depth from w0 and g in the second."""
    per_u = divide(1.0, s * s)
    exponent, start = g.value * per_u, p.log_start
    late = exp_of(at_most(exponent, 2.0))
    bell = exp_of((-0.5 * start) * start * per_u)
    per_b = divide(1.0, p.b)
    felt, tail = bell * (2.0 + divide(per_u, p.b)), bell * per_u * per_b
    moved = late * per_u if exponent < 2.0 else 0.0
    pulled = felt * start * per_u
    if felt < late:
        kink = (
            divide(-pulled, p.a),
            fma(pulled, per_b, -(tail * per_b)),
            fma(pulled, start, -2.0 * tail),
        )
    else:
        kink = moved * g.by_a, moved * g.by_b, moved * fma(-2.0, g.value, g.by_z)
    w = Tabulated(
        w0.value + at_most(late, felt), w0.by_a + kink[0], w0.by_b + kink[1], w0.by_z + kink[2]
    )
    return slopes_of(w, s)


class PremiumSlopes(NamedTuple):
    """The premium over the strike, and its derivatives.

    By ln m, twice by ln m, by ln x, a and b, and those three by ln m.
    """

    value: float = 0.0
    by_m: float = 0.0
    by_mm: float = 0.0
    by_x: float = 0.0
    by_a: float = 0.0
    by_b: float = 0.0
    by_mx: float = 0.0
    by_ma: float = 0.0
    by_mb: float = 0.0


def premium_slopes(
    p: Put, total: PremiumSlopes, at: Slopes, sine: float, weight: float
) -> PremiumSlopes:
    """The sum with what the integrand at u = x sine^2 adds to it at a weight."""
    s = p.root * sine
    u, per_s, drift = s * s, divide(1.0, s), (p.a - p.b) * s
    depth_a = at.by_a - (divide(1.0, p.a) if p.second else 0.0)
    depth_b = at.by_b + (divide(1.0, p.b) if p.second else 0.0)
    distance = (p.log_m - p.log_start) + at.depth
    plus = fma(fma(p.a - p.b, u, distance), per_s, 0.5 * s)
    minus = plus - s
    tails = discounted_tails(minus, plus, -(p.a * u), fma(-p.b, u, p.log_m))
    e, m = tails.minus, tails.plus
    own, other = p.a * tails.minus_density, p.b * tails.plus_density
    k, both = own - other, own + other
    k_s = k * per_s
    move_a, move_b = fma(depth_a, per_s, s), fma(-depth_b, per_s, s)
    left_a, left_b = fma(-p.a, u, 1.0), fma(-p.b, u, 1.0)
    apart = fma(-distance, per_s, drift)
    grown = u * fma(p.b * p.b, m, -(p.a * p.a * e))
    by_x = fma(-0.5 * k, apart, fma(0.25 * s, both, grown))
    slope = minus * k_s
    by_mx = fma(0.5, fma(slope, apart, k_s), -0.25 * minus * both)
    by_mx += fma(u * p.b * p.b, m, s * (p.a * own - p.b * other))
    gone = fma(-tails.plus_density, per_s, m)
    return PremiumSlopes(
        value=fma(weight, fma(p.a, e, -(p.b * m)), total.value),
        by_m=fma(weight, -fma(p.b, m, k_s), total.by_m),
        by_mm=fma(weight, fma(plus, k_s, other) * per_s, total.by_mm),
        by_x=fma(weight, fma(-k_s, at.by_time, by_x), total.by_x),
        by_a=fma(weight, fma(left_a, e, -(k * move_a)), total.by_a),
        by_b=fma(weight, fma(k, move_b, -(left_b * m)), total.by_b),
        by_mx=fma(weight, fma(slope * per_s, at.by_time, by_mx), total.by_mx),
        by_ma=fma(
            weight, fma(slope, move_a, -(left_a * (tails.minus_density * per_s))), total.by_ma
        ),
        by_mb=fma(weight, -fma(slope, move_b, left_b * gone), total.by_mb),
    )


class AmericanGreeks(NamedTuple):
    """The greeks, in the order of the operation's outputs."""

    price: float = 0.0
    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0
    rho: float = 0.0
    phi: float = 0.0
    vanna: float = 0.0
    charm: float = 0.0
    dual_delta: float = 0.0
    dual_gamma: float = 0.0


def premium_greeks(
    p: Put,
    by: PremiumSlopes,
    spot: float,
    strike: float,
    time: float,
    sigma: float,
    sign: float,
) -> AmericanGreeks:
    """The premium over the strike, and its greeks, from derivatives in the scaled put."""
    call = sign > 0.0
    k, s = p.strike, strike if call else spot
    per_m, per_sigma = divide(k, s), divide(1.0, sigma)
    value, first, second = p.x * by.value, p.x * by.by_m, p.x * by.by_mm
    x, mx = fma(p.x, by.by_x, value), fma(p.x, by.by_mx, first)
    a, b, ma, mb = p.x * by.by_a, p.x * by.by_b, p.x * by.by_ma, p.x * by.by_mb
    vega = 2.0 * (x - fma(p.a, a, p.b * b)) * per_sigma
    vanna = 2.0 * (mx - fma(p.a, ma, p.b * mb)) * per_sigma
    own, other, per_time = first * per_m, value - first, divide(1.0, time)
    own_twice, other_twice = divide(second * per_m, s), divide(second, k)
    rate, dividend = k * a * per_sigma * per_sigma, k * b * per_sigma * per_sigma
    return AmericanGreeks(
        price=value,
        delta=other if call else own,
        gamma=other_twice if call else own_twice,
        vega=k * vega,
        theta=-(k * x * per_time),
        rho=dividend if call else rate,
        phi=rate if call else dividend,
        vanna=vega - vanna if call else vanna * per_m,
        charm=-((x - mx if call else mx * per_m) * per_time),
        dual_delta=own if call else other,
        dual_gamma=own_twice if call else other_twice,
    )


def greeks_of_endless_time(
    e: Perpetual, value: float, spot: float, strike: float, sigma: float, sign: float
) -> AmericanGreeks:
    """Those of an option whose time hardly ends: by g the value changes as -value ln (m / B)."""
    call = sign > 0.0
    s, k = (strike, spot) if call else (spot, strike)
    more, square = 1.0 + e.power, sigma * sigma
    curved, per_root = e.power * more, divide(value, e.root)
    pull, turn = per_root * e.distance, divide(curved * per_root, sigma)
    by_spot, by_strike = divide(-(e.power * value), s), divide(more * value, k)
    twice, other = divide(divide(curved * value, s), s), divide(divide(curved * value, k), k)
    by_rate, by_dividend = divide(-(more * pull), square), divide(e.power * pull, square)
    vanna = divide(turn * fma(-e.power, e.distance, 1.0), s)
    dual_vanna = divide(turn * fma(more, e.distance, -1.0), k)
    return AmericanGreeks(
        price=value,
        delta=by_strike if call else by_spot,
        gamma=other if call else twice,
        vega=divide(curved * pull, sigma),
        rho=by_dividend if call else by_rate,
        phi=by_rate if call else by_dividend,
        vanna=dual_vanna if call else vanna,
        dual_delta=by_spot if call else by_strike,
        dual_gamma=twice if call else other,
    )


def greeks_of_exercise(now: float, sign: float) -> AmericanGreeks:
    """Those of an option that is exercised: nothing changes but what exercise brings."""
    return AmericanGreeks(price=now, delta=sign, dual_delta=-sign)


def greeks_without_volatility(p: KnownPath, sign: float) -> AmericanGreeks:
    """Those of an option that is best exercised at a time between now and expiry."""
    call = sign > 0.0
    by_strike, by_spot = exp_of(-(p.rate * p.t)), -exp_of(-(p.dividend * p.t))
    twice = divide(p.dividend * by_spot, p.spot * (p.rate - p.dividend))
    ratio = divide(p.spot, p.strike)
    other = twice * ratio * ratio
    rate, dividend = -(p.t * p.strike * by_strike), -(p.t * p.spot * by_spot)
    return AmericanGreeks(
        price=p.then,
        delta=by_strike if call else by_spot,
        gamma=other if call else twice,
        rho=dividend if call else rate,
        phi=rate if call else dividend,
        dual_delta=by_spot if call else by_strike,
        dual_gamma=twice if call else other,
    )


def chebyshev_slopes(of: Sequence[float], y: float) -> list[float]:
    """The slopes of Chebyshev's polynomials, from these."""
    found = [0.0, 1.0]
    for k in range(2, len(of)):
        found.append(fma(2.0, fma(y, found[k - 1], of[k - 1]), -found[k - 2]))
    return found


def sloped_series(c: Sequence[float], y: float) -> Sloped:
    """A series at y, and its slope."""
    one = two = slope = before = 0.0
    twice = y + y
    for k in range(len(c) - 1, 0, -1):
        following = fma(twice, one, c[k] - two)
        steeper = fma(twice, slope, fma(2.0, one, -before))
        two, one, before, slope = one, following, slope, steeper
    return Sloped(fma(y, one, c[0] - two), fma(y, slope, one - before))


class _SlopedPart:
    """A part of the table as series in the third coordinate, and how these follow a and b."""

    def __init__(
        self, p: Put, to: Directions, at: int, shape: Sequence[int], taken: Sequence[int]
    ) -> None:
        t, share = chebyshev(p.t, F_SHAPE[0]), chebyshev(p.share, F_SHAPE[1])
        by_t = contract(at, shape, taken, chebyshev_slopes(t, p.t), share)
        by_share = contract(at, shape, taken, t, chebyshev_slopes(share, p.share))
        both = list(zip(by_t, by_share, strict=True))
        self.p, self.to = p, to
        self.value = contract(at, shape, taken, t, share)
        self.by_a = [fma(to.t_a, one, to.share_a * other) for one, other in both]
        self.by_b = [fma(to.t_b, one, to.share_b * other) for one, other in both]

    def bent(self, z: float, cosine: float) -> Tabulated:
        y = third_coordinate(self.p, z)
        at, by_a, by_b = self._at(y)
        return bent(self.p, self.to, z, cosine, at, by_a, by_b)

    def unbent(self, z: float, cosine: float) -> Tabulated:
        at, by_a, by_b = self._at(fma(2.0, z, -1.0))
        return unbent(self.to, z, cosine, at, by_a, by_b)

    def _at(self, y: float) -> tuple[Sloped, float, float]:
        return sloped_series(self.value, y), series_at(self.by_a, y), series_at(self.by_b, y)


def slopes_by_table(p: Put, fast: bool) -> tuple[int, list[Slopes]]:
    """The number of nodes, and the slopes there and now."""
    to, count = directions_of(p), 15 if fast else 26
    found = []
    if p.second:
        w0 = _SlopedPart(p, to, AT_W, W_SHAPE, W_FAST if fast else W_SHAPE)
        g = _SlopedPart(p, to, AT_G, G_SHAPE, G_SHAPE)
    else:
        f = _SlopedPart(p, to, AT_F, F_SHAPE, F_FAST if fast else F_SHAPE)
    for cosine in (*(each[1] for each in nodes(count)), 1.0):
        z, s = p.reach * cosine, p.root * cosine
        if p.second:
            found.append(second_slopes(p, w0.bent(z, cosine), g.unbent(z, cosine), s))
        else:
            found.append(first_slopes(f.bent(z, cosine), s))
    return count, found


def slopes_by_equation(p: Put) -> tuple[int, list[Slopes]]:
    """The number of nodes, and the slopes there; now the depth alone."""
    boundary, found = Boundary(p), []
    by_a, by_b = boundary.by_rates()
    count, smooth = boundary.grid.premium, boundary.smooth
    rows = zip(nodes(count), boundary.matrices.premium, boundary.matrices.slopes, strict=True)
    for (_, cosine, _), row, sloped in rows:
        s = p.root * cosine
        sample = interpolated(boundary.curve, row)
        depth = depth_of(sample, smooth, s)
        slope = depth_slope(depth, smooth, s) if sample > LEAST_SAMPLE else 0.0
        by_time = interpolated(boundary.curve, sloped)
        by_time = fma(0.5, sample, by_time) if smooth else by_time
        slopes = slope * interpolated(by_a, row), slope * interpolated(by_b, row), slope * by_time
        found.append(Slopes(depth, *slopes))
    found.append(Slopes(depth_of(boundary.curve[0], smooth, p.root), 0.0, 0.0, 0.0))
    return count, found


def american_greeks(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    style: float,
) -> AmericanGreeks:
    """The price and greeks of one option, `style` as for its price."""
    its = european.greeks(spot, strike, time, rate, dividend, sigma, sign)
    found = AmericanGreeks(*(getattr(its, name) for name in AmericanGreeks._fields))
    if found.price != found.price:
        return AmericanGreeks(*[NOT_A_NUMBER] * len(found))
    p = put_of(spot, strike, time, rate, dividend, sigma, sign)
    e = perpetual_of(p)
    now = at_least(spot - strike if sign > 0.0 else strike - spot, 0.0)
    if is_looked_for(p, e, style) and not p.twofold:
        return _with_premium(found, p, now, (spot, strike, time, sigma, sign), style)
    settling = settling_of(p, e, time, sigma, style, both=False)
    if settling is Settling.NOTHING:
        return AmericanGreeks(*[NOT_A_NUMBER] * len(found))
    if settling is Settling.PERPETUAL and e.distance > 0.0:
        value = perpetual_price(p, e, now, found.price)
        return greeks_of_endless_time(e, value, spot, strike, sigma, sign)
    path = known_path(spot, strike, time, rate, dividend, sign)
    if settling is Settling.PATH and path.t > 0.0 and path.then > at_least(found.price, path.now):
        return greeks_without_volatility(path, sign)
    if settling is not Settling.LEFT and now > 0.0 and found.price <= now:
        return greeks_of_exercise(now, sign)
    return found


def _with_premium(
    found: AmericanGreeks,
    p: Put,
    now: float,
    option: tuple[float, float, float, float, float],
    style: float,
) -> AmericanGreeks:
    """The European greeks and those of the premium."""
    if style == HIGH or not p.tabulated:
        count, (*slopes, at_once) = slopes_by_equation(p)
    else:
        count, (*slopes, at_once) = slopes_by_table(p, style == FAST)
    held = (p.log_m - p.log_start) + at_once.depth > 0.0
    total = PremiumSlopes()
    for (sine, _, weight), at in zip(nodes(count), slopes, strict=True):
        total = premium_slopes(p, total, at, sine, weight)
    greeks = premium_greeks(p, total, *option)
    premium = at_least(greeks.price, 0.0) if held else 0.0
    value = fma(p.strike, premium, found.price)
    if value <= now and now > 0.0:
        return greeks_of_exercise(now, option[-1])
    if held:
        pairs = zip(found, greeks, strict=True)
        found = AmericanGreeks(*(one + other for one, other in pairs))
    return found._replace(price=at_most(value, p.strike))
