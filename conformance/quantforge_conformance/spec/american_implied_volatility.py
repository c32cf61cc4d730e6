"""Volatility implied by an American price on a lognormal underlying.

A search between bounds by parabolas through three points. The European volatility of the price is
the first guess and the upper bound, for early exercise is worth something. With V the price and F
its limit without volatility, what is brought to 0 is sqrt(V - F) - sqrt(price - F): near the
boundary V - F grows as the square of what the volatility is beyond the largest at which the option
is exercised at once. At F itself, if that is what exercise brings, that largest one is the
volatility: the search is for the boundary, ln m - ln B.

How many prices a search takes depends on nothing but its option.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec import implied_volatility as european
from quantforge_conformance.spec.american_boundary import (
    discounted_tails,
    exp_of,
    is_near,
    logarithm,
    put_of,
)
from quantforge_conformance.spec.american_price import (
    EUROPEAN,
    FAST,
    HIGH,
    STANDARD,
    known_path,
    value_without_volatility,
    valued,
)
from quantforge_conformance.spec.elementary import (
    at_least,
    at_most,
    divide,
    fma,
    log_ratio,
    square_root,
)
from quantforge_conformance.spec.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    AT_MAXIMUM,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
    Implied,
)
from quantforge_conformance.spec.legs import NOT_A_NUMBER

MOST_TURNS = 48
SEARCHING = -1.0


class Search(NamedTuple):
    """Where the search for an option's volatility is."""

    code: float  # SEARCHING, or the result's
    at: float  # the volatility that is looked at next, in the end the result
    low: float
    high: float
    known: float  # whether a price stands behind `high`, and not the end of what can be priced
    last_at: float  # where it was looked before, NaN before the first
    last: float
    before: float  # and before that
    slope: float  # the secant's between the two
    floor: float
    goal: float
    start: float  # ln X - ln m, where the boundary is searched for
    by_boundary: float
    rounding: float  # what rounding the amounts costs
    told: float  # the European code, where it holds


def search_of(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
    style: float,
    sigma: float,
    code: float,
) -> Search:
    """How a search begins, from the European volatility and its code: it may be over at once."""
    path = known_path(spot, strike, time, rate, dividend, sign)
    s, k, r, q = path.spot, path.strike, path.rate, path.dividend
    end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))))
    floor, larger = value_without_volatility(path, end), at_least(s, k)
    unit = 2.0**-51 * larger if floor > 0.0 else 0.0
    most = 2.0**-51 * k
    solved = code in (OK, LOW_PRECISION) and sigma > 0.0
    near = is_near(s) and is_near(k)
    log_m = logarithm(log_ratio(s, k)) if near else 0.0
    late = q > r > 0.0
    log_start = logarithm(log_ratio(r, q)) if late else 0.0
    at_floor = floor - unit <= price <= floor + unit
    by_boundary = at_floor and path.now > 0.0 and path.now == floor
    root = square_root(time)
    at = sigma if solved else divide(2.0, root)
    at = divide(at_least(log_start - log_m, 2.0**-20), root) if by_boundary else at
    found = SEARCHING
    if at_floor and not by_boundary:
        found, at = AT_INTRINSIC, 0.0
    if solved and floor == 0.0 and price < 2.0**-960 * k:  # no premium is so small
        found, at = LOW_PRECISION, sigma
    if price >= k - most:
        found, at = AT_MAXIMUM, math.inf
    if price > k + most:
        found = ABOVE_MAXIMUM
    if price < floor - unit:
        found = BELOW_INTRINSIC
    early, single = r > 0.0 or q < r, not (r < 0.0 and q < r)
    if not (near and single and time < math.inf):
        found = INVALID_INPUT
    told = code in (NOT_FINITE, INVALID_INPUT, BELOW_INTRINSIC)
    if told or time == 0.0 or not early or style == EUROPEAN:
        found, at = code, sigma
    if style not in (EUROPEAN, FAST, STANDARD, HIGH):
        found = code if told else INVALID_INPUT
    return Search(
        code=found,
        at=at,
        low=0.0,
        high=math.inf,
        known=0.0,
        last_at=NOT_A_NUMBER,
        last=0.0,
        before=NOT_A_NUMBER,
        slope=0.0,
        floor=floor,
        goal=square_root(price - floor),
        start=log_start - log_m,
        by_boundary=float(by_boundary),
        rounding=2.0**-52 * larger,
        told=code if solved and path.now == 0.0 else SEARCHING,
    )


def slope_at_first(
    search: Search,
    offset: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
) -> float:
    """The offset's slope where the search begins.

    It is that of the European price. A depth grows as the volatility does.
    """
    p = put_of(spot, strike, time, rate, dividend, search.at, sign)
    plus = fma(divide(1.0, p.root), fma(p.a - p.b, p.x, p.log_m), 0.5 * p.root)
    tails = discounted_tails(plus - p.root, plus, -(p.a * p.x), fma(-p.b, p.x, p.log_m))
    vega = p.strike * (tails.plus_density * square_root(time))
    if search.by_boundary:
        return divide(offset + search.start, search.at)
    return divide(0.5 * vega, offset + search.goal)


def offset_of(search: Search, value: float, distance: float) -> float:
    """What is to be brought to 0, infinite where nothing can be priced."""
    over = square_root(at_least(value - search.floor, 0.0)) - search.goal
    offset = distance if search.by_boundary else over
    return offset if value == value else math.inf


def advanced(search: Search, price: float, value: float, offset: float, first: float) -> Search:
    """The search a turn on, `first` being the slope of the first one."""
    is_first = search.last_at != search.last_at
    close = not search.by_boundary and abs(value - price) <= 2.0**-48 * price
    low = search.at if offset < 0.0 else search.low
    high = search.at if offset > 0.0 else search.high
    known = 1.0 if 0.0 < offset < math.inf else search.known
    moved = search.at - search.last_at
    slope = first if is_first else divide(offset - search.last, moved)
    bend = divide(slope - search.slope, search.at - search.before)
    own = fma(bend, moved, slope)
    root = square_root(fma(own, own, -4.0 * (offset * bend)))
    by_parabola = search.at - divide(2.0 * offset, own - root if own < 0.0 else own + root)
    to = search.at - divide(offset, slope)
    middle = 0.5 * (low + high) if high < math.inf else 2.0 * search.at
    end = at_most(high, 4.0 * search.at)
    to = to if low < to < end else middle
    to = by_parabola if low < by_parabola < end else to
    still = (2.0**-13 if search.by_boundary else 2.0**-20) * search.at
    over = close or offset == 0.0 or abs(to - search.at) <= still or high - low <= still
    lost = high < math.inf and known == 0.0 and not close
    result = math.inf if lost else search.at if close or offset == 0.0 else to
    poor = not search.rounding <= 1e-8 * search.at * (2.0 * search.goal * slope)
    code = search.told if search.told != SEARCHING else LOW_PRECISION if poor else OK
    code = AT_MAXIMUM if lost else code
    code = AT_INTRINSIC if search.by_boundary else code
    return search._replace(
        code=code if over else SEARCHING,
        at=result if over else to,
        low=low,
        high=high,
        known=known,
        last_at=search.at,
        last=offset,
        before=search.last_at,
        slope=slope,
    )


def american_volatility_of(sigma: float, code: float) -> float:
    """The value that goes with a code."""
    none = code in (BELOW_INTRINSIC, ABOVE_MAXIMUM, NOT_FINITE, INVALID_INPUT)
    return NOT_A_NUMBER if none else sigma


def american_implied_volatility(
    price: float,
    spot: float,
    strike: float,
    time: float,
    rate: float,
    dividend: float,
    sign: float,
    style: float,
) -> Implied:
    """The volatility of one option and its code, `style` as for its price."""
    option = spot, strike, time, rate, dividend, sign
    found = european.implied_volatility(price, *option)
    search = search_of(price, *option, style, *found)
    for turn in range(MOST_TURNS):
        if search.code != SEARCHING:
            break
        value, distance = valued(spot, strike, time, rate, dividend, search.at, sign, style)
        offset = offset_of(search, value, distance)
        first = slope_at_first(search, offset, *option) if turn == 0 else 0.0
        search = advanced(search, price, value, offset, first)
    code = LOW_PRECISION if search.code == SEARCHING else search.code
    return Implied(american_volatility_of(search.at, code), int(code))
