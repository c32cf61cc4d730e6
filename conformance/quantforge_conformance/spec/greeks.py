"""Price and greeks of a European option on a lognormal underlying.

With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.

Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
lane is NaN: a product of 0 and infinity counts as 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import (
    divide,
    mills,
    square_root,
    times_exp,
    times_power,
)
from quantforge_conformance.spec.legs import (
    NOT_A_NUMBER,
    Aligned,
    Legs,
    aligned,
    at_most,
    legs,
    sign_state,
)
from quantforge_conformance.spec.price import MOST_FAR, PAST, gauss_exponent, price_of_legs
from quantforge_conformance.spec.tables import INV_SQRT_2PI


class Greeks(NamedTuple):
    """The outputs, in the order of every kernel's."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    phi: float
    vanna: float
    volga: float
    charm: float
    veta: float
    dual_delta: float
    dual_gamma: float
    speed: float
    color: float
    zomma: float
    ultima: float


class Parts(NamedTuple):
    """What the greeks of one option are made of."""

    price: float
    density: float  # G
    a_share: float  # A N(+-d1)
    b_share: float  # B N(+-d2)
    delta: float  # but for their sign
    dual_delta: float
    d1: float
    d2: float
    d1_v: float  # d1/v, d2/v
    d2_v: float
    per_spot: float  # 1/S, 1/sigma, 1/sqrt(T)
    per_sigma: float
    per_root: float


def greeks(
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> Greeks:
    """The price and all greeks of one option, sign +1 for a call and -1 for a put."""
    both = legs(spot, strike, time, rate, dividend, sigma)
    if both.state | sign_state(sign):
        return Greeks(*[NOT_A_NUMBER] * len(Greeks._fields))
    parts = _parts(both, spot, strike, time, sigma, sign)
    found = _combined(parts, strike, time, rate, dividend, sigma, sign)
    return Greeks(*(x if x == x else 0.0 for x in found))


class Shares(NamedTuple):
    """The density and the legs' shares."""

    density: float
    a: float
    b: float


def _shares(both: Legs, side: Aligned, h: float, ends: bool, sign: float) -> Shares:
    """Tails of the normal distribution times the legs, from the Mills ratio.

    The leg that is less has the near one.
    """
    t = 0.5 * both.v
    near, far = h - t, at_most(h + t, MOST_FAR)
    x = at_most(abs(near), PAST)
    e = gauss_exponent(x)
    exponent = (both.a_exponent if side.below else both.b_exponent) + e.n
    m, m0 = mills(far), mills(x)
    density = times_exp(both.a if side.below else both.b, e.r)
    part = density / (m.q * m0.q)
    far_tail = 0.0 if ends else times_power(part * (m.p * m0.q), exponent)
    near_tail = 0.0 if ends else times_power(part * (m0.p * m.q), exponent)
    a, b = times_power(both.a, both.a_exponent), times_power(both.b, both.b_exponent)
    least, most = (a, b) if side.below else (b, a)
    inside = -sign if side.below else sign
    near_inside = inside if ends else inside * math.copysign(1.0, near)
    near_share = least - near_tail if near_inside > 0.0 else near_tail
    far_share = most - far_tail if inside > 0.0 else far_tail
    return Shares(
        0.0 if ends else times_power(density, exponent) * INV_SQRT_2PI,
        near_share if side.below else far_share,
        far_share if side.below else near_share,
    )


def _parts(both: Legs, spot: float, strike: float, time: float, sigma: float, sign: float) -> Parts:
    side, t, root = aligned(both), 0.5 * both.v, square_root(time)
    level = side.a == side.b and both.v == 0.0
    h = 0.0 if level else both.h
    ends = 0.0 in (spot, strike) or math.inf in (spot, strike)
    shares = _shares(both, side, h, ends, sign)
    # Nothing depends on what is so far off.
    per_v = 0.0 if shares.density == 0.0 else divide(1.0, both.v)
    d1 = d2 = 0.0
    if per_v != 0.0:
        d1, d2 = (t - h, -(h + t)) if side.below else (h + t, h - t)
    d1_v, d2_v = d1 * per_v, d2 * per_v
    per_sigma, per_root = root * per_v, sigma * per_v
    if level:  # the limits; both sigma and T zero count as T > 0
        d1, d2, d1_v, d2_v = 0.0, 0.0, 0.5, -0.5
        per_sigma = 1.0 / sigma if sigma > 0.0 else math.inf
        per_root = divide(1.0, root) if time > 0.0 else (math.inf if sigma > 0.0 else 1.0)
    delta, dual_delta = _deltas(both, shares, spot, strike, -sign if side.below else sign, ends)
    return Parts(
        price=price_of_legs(both, sign),
        density=shares.density,
        a_share=shares.a,
        b_share=shares.b,
        delta=delta,
        dual_delta=dual_delta,
        d1=d1,
        d2=d2,
        d1_v=d1_v,
        d2_v=d2_v,
        per_spot=divide(1.0, spot),
        per_sigma=per_sigma,
        per_root=per_root,
    )


def _deltas(
    both: Legs, shares: Shares, spot: float, strike: float, inside: float, ends: bool
) -> tuple[float, float]:
    """The shares over spot and strike; where one of these is 0 or infinite, their limits."""
    if not ends:
        # 1/S of a subnormal S is infinite.
        raised = float.fromhex("0x1p54") if spot < float.fromhex("0x1p-1022") else 1.0
        return shares.a * raised * (1.0 / (spot * raised)), shares.b / strike
    if not inside > 0.0:
        return 0.0, 0.0
    return (
        times_power(times_exp(1.0, both.q.r), both.q.n),
        times_power(times_exp(1.0, both.r.r), both.r.n),
    )


def _combined(
    p: Parts,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
) -> Greeks:
    """The greeks from the parts."""
    root, r, q = square_root(time), rate, dividend
    gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma))
    vega = p.density * root
    per_strike = divide(1.0, strike)
    variance, product = sigma * sigma, p.d1 * p.d2
    return Greeks(
        price=p.price,
        delta=sign * p.delta,
        gamma=gamma,
        vega=vega,
        theta=sign * (q * p.a_share - r * p.b_share) - 0.5 * p.density * (sigma * p.per_root),
        rho=sign * time * p.b_share,
        phi=-sign * time * p.a_share,
        vanna=-(vega * p.per_spot) * p.d2_v,
        volga=vega * root * (p.d1 * p.d2_v),
        charm=sign * q * p.delta
        - p.density * p.per_spot * (p.per_root * ((r - q) * p.per_sigma - 0.5 * p.d2_v * sigma)),
        veta=vega
        * ((q + (r - q) * p.d1_v) - 0.5 * (p.per_root * p.per_root + p.d1_v * p.d2_v * variance)),
        dual_delta=-sign * p.dual_delta,
        dual_gamma=p.density * per_strike * (per_strike * (p.per_root * p.per_sigma)),
        speed=-gamma * p.per_spot * (p.d1_v + 1.0),
        color=gamma
        * ((q + (r - q) * p.d1_v) + 0.5 * (p.per_root * p.per_root - p.d1_v * p.d2_v * variance)),
        zomma=gamma * p.per_sigma * (product - 1.0),
        ultima=-vega
        * time
        * (p.d1_v * p.d2_v * (1.0 - product) + (p.d1_v * p.d1_v + p.d2_v * p.d2_v)),
    )
