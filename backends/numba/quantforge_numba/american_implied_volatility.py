"""Volatility implied by an American price on a lognormal underlying.

A search between bounds by parabolas through three points. The European volatility of the price is
the first guess and the upper bound, for early exercise is worth something. With V the price and F
its limit without volatility, what is brought to 0 is sqrt(V - F) - sqrt(price - F): near the
boundary V - F grows as the square of what the volatility is beyond the largest at which the option
is exercised at once. At F itself, if that is what exercise brings, that largest one is the
volatility: the search is for the boundary, ln m - ln B.

How many prices a search takes depends on nothing but its option.
"""

from math import fabs, inf, nan
from typing import NamedTuple

from quantforge_numba.american_boundary import discounted_tails, exp_of, is_near, logarithm, put_of
from quantforge_numba.american_price import (
    EUROPEAN,
    FAST,
    HIGH,
    STANDARD,
    known_path,
    value_without_volatility,
)
from quantforge_numba.elementary import at_least, at_most, log_ratio
from quantforge_numba.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    AT_MAXIMUM,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
)
from quantforge_numba.intrinsics import fma, inlined, sqrt

MOST_TURNS = 48
SEARCHING = -1.0


class Search(NamedTuple):
    """Where the search for an option's volatility is."""

    code: float  # SEARCHING, or the result's
    at: float  # where to look next, in the end the result
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
    rounding: float  # what rounding amounts costs
    told: float  # the European code, where it holds


@inlined
def search_of(price, spot, strike, time, rate, dividend, sign, style, sigma, code):
    """How a search begins, from the European volatility and its code: it may be over at once."""
    path = known_path(spot, strike, time, rate, dividend, sign)
    s, k, r, q = path.spot, path.strike, path.rate, path.dividend
    end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))))
    floor, larger = value_without_volatility(path, end), at_least(s, k)
    unit = 2.0**-51 * larger if floor > 0.0 else 0.0
    most = 2.0**-51 * k
    solved = ((code == OK) | (code == LOW_PRECISION)) & (sigma > 0.0)
    near, late = is_near(s) & is_near(k), (q > r) & (r > 0.0)
    log_m = logarithm(log_ratio(s if near else 1.0, k if near else 1.0))
    log_start = logarithm(log_ratio(r if late else 1.0, q if late else 1.0))
    at_floor = (floor - unit <= price) & (price <= floor + unit)
    by_boundary = at_floor & (path.now > 0.0) & (path.now == floor)
    root = sqrt(time)
    at = sigma if solved else 2.0 / root
    least = at_least(log_start - log_m, 2.0**-20) / root
    at = least if by_boundary else at
    at_once = at_floor & (not by_boundary)
    found = AT_INTRINSIC if at_once else SEARCHING
    at = 0.0 if at_once else at
    minute = solved & (floor == 0.0) & (price < 2.0**-960 * k)  # no premium is so small
    found = LOW_PRECISION if minute else found
    at = sigma if minute else at
    found = AT_MAXIMUM if price >= k - most else found
    at = inf if price >= k - most else at
    found = ABOVE_MAXIMUM if price > k + most else found
    found = BELOW_INTRINSIC if price < floor - unit else found
    early, double = (r > 0.0) | (q < r), (r < 0.0) & (q < r)
    found = found if near & (not double) & (time < inf) else INVALID_INPUT
    told = (code == NOT_FINITE) | (code == INVALID_INPUT) | (code == BELOW_INTRINSIC)
    european = told | (time == 0.0) | (not early) | (style == EUROPEAN)
    found = code if european else found
    at = sigma if european else at
    known = (style == EUROPEAN) | (style == FAST) | (style == STANDARD) | (style == HIGH)
    found = found if known | told else INVALID_INPUT
    return Search(
        code=found,
        at=at,
        low=0.0,
        high=inf,
        known=0.0,
        last_at=nan,
        last=0.0,
        before=nan,
        slope=0.0,
        floor=floor,
        goal=sqrt(price - floor),
        start=log_start - log_m,
        by_boundary=1.0 if by_boundary else 0.0,
        rounding=2.0**-52 * larger,
        told=code if solved & (path.now == 0.0) else SEARCHING,
    )


@inlined
def slope_at_first(search, offset, spot, strike, time, rate, dividend, sign):
    """The offset's slope where the search begins.

    It is that of the European price. A depth grows as the volatility does.
    """
    p = put_of(spot, strike, time, rate, dividend, search.at, sign)
    plus = fma(1.0 / p.root, fma(p.a - p.b, p.x, p.log_m), 0.5 * p.root)
    tails = discounted_tails(plus - p.root, plus, -(p.a * p.x), fma(-p.b, p.x, p.log_m))
    vega = p.strike * (tails.plus_density * sqrt(time))
    by_boundary = (offset + search.start) / search.at
    by_price = 0.5 * vega / (offset + search.goal)
    return by_boundary if search.by_boundary > 0.0 else by_price


@inlined
def offset_of(search, value, distance):
    """What is to be brought to 0, infinite where nothing can be priced."""
    over = sqrt(at_least(value - search.floor, 0.0)) - search.goal
    offset = distance if search.by_boundary > 0.0 else over
    return offset if value == value else inf


@inlined
def advanced(search, price, value, offset, first):
    """The search a turn on, `first` being the slope of the first one."""
    is_first = search.last_at != search.last_at
    by_boundary = search.by_boundary > 0.0
    close = (not by_boundary) & (fabs(value - price) <= 2.0**-48 * price)
    low = search.at if offset < 0.0 else search.low
    high = search.at if offset > 0.0 else search.high
    known = 1.0 if (offset > 0.0) & (offset < inf) else search.known
    moved = search.at - search.last_at
    secant = (offset - search.last) / moved
    slope = first if is_first else secant
    bend = (slope - search.slope) / (search.at - search.before)
    own = fma(bend, moved, slope)
    root = sqrt(fma(own, own, -4.0 * (offset * bend)))
    steep = own - root if own < 0.0 else own + root
    by_parabola = search.at - 2.0 * offset / steep
    to = search.at - offset / slope
    half, twice = 0.5 * (low + high), 2.0 * search.at
    middle = half if high < inf else twice
    end = at_most(high, 4.0 * search.at)
    to = to if (low < to) & (to < end) else middle
    to = by_parabola if (low < by_parabola) & (by_parabola < end) else to
    still = (2.0**-13 if by_boundary else 2.0**-20) * search.at
    hit = close | (offset == 0.0)
    over = hit | (fabs(to - search.at) <= still) | (high - low <= still)
    lost = (high < inf) & (known == 0.0) & (not close)
    result = search.at if hit else to
    result = inf if lost else result
    precise = search.rounding <= 1e-8 * search.at * (2.0 * search.goal * slope)
    code = OK if precise else LOW_PRECISION
    code = code if search.told == SEARCHING else search.told
    code = AT_MAXIMUM if lost else code
    code = AT_INTRINSIC if by_boundary else code
    return Search(
        code=code if over else SEARCHING,
        at=result if over else to,
        low=low,
        high=high,
        known=known,
        last_at=search.at,
        last=offset,
        before=search.last_at,
        slope=slope,
        floor=search.floor,
        goal=search.goal,
        start=search.start,
        by_boundary=search.by_boundary,
        rounding=search.rounding,
        told=search.told,
    )


@inlined
def american_volatility_of(sigma, code):
    """The value that goes with a code."""
    none = (code == BELOW_INTRINSIC) | (code == ABOVE_MAXIMUM)
    none |= (code == NOT_FINITE) | (code == INVALID_INPUT)
    return nan if none else sigma
