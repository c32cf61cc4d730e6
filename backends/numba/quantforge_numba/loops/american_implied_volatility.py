"""The loop of the volatility implied by an American price.

The European inversion, and over a block of lanes the searches, of which those that are left go
together from turn to turn.
"""

from math import fabs, nan
from typing import NamedTuple

from quantforge_numba.american_implied_volatility import (
    MOST_TURNS,
    SEARCHING,
    Search,
    advanced,
    american_volatility_of,
    offset_of,
    search_of,
    slope_at_first,
)
from quantforge_numba.implied_volatility import LOW_PRECISION, Implied
from quantforge_numba.intrinsics import inlined, outlined
from quantforge_numba.legs import state_of
from quantforge_numba.loops import american_price, implied_volatility
from quantforge_numba.loops.american_price import (
    AmericanOption,
    add_premium,
    exercised_now,
    padded_count,
)
from quantforge_numba.loops.implied_volatility import Quote
from quantforge_numba.loops.lanes import BLOCK, any_nan, block_of, lane_at, put
from quantforge_numba.loops.memory import doubles, words
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.price import Price

ordinary_price = american_price.OPERATION.ordinary
general_price = american_price.OPERATION.general
ordinary_inversion = implied_volatility.OPERATION.ordinary
general_inversion = implied_volatility.OPERATION.general


class AmericanQuote(NamedTuple):
    """The inputs of one lane."""

    price: float
    spot: float
    strike: float
    time: float
    rate: float
    dividend: float
    sign: float
    style: float


@inlined
def european_quote(x):
    """The inputs of the European inversion."""
    return Quote(x.price, x.spot, x.strike, x.time, x.rate, x.dividend, x.sign)


@outlined
def value_searched(given, values, distances, marks, everything, n):
    """Prices at the volatilities that are looked at next, and ln m - ln B.

    Or the sign of that, where no boundary is looked for.
    """
    for i in range(n):
        distances[i] = nan
    if everything:
        general_price(given, values, marks, n, 1)
    else:
        ordinary_price(given, values, marks, n, 1)
    add_premium(given, values, distances, marks, everything, n)
    for i in range(n):
        side = 1.0 if values.price[i] > exercised_now(lane_at(given, i)) else -1.0
        distances[i] = distances[i] if distances[i] == distances[i] else side


@outlined
def search_on(inputs, searches, marks, everything, n):
    """Search on until no lane is left; the ordinary form leaves, and marks, those beyond it."""
    given, some, values = block_of(AmericanOption), block_of(Search), block_of(Price)
    distances, special, lanes = doubles(BLOCK), words(BLOCK), words(BLOCK)
    for turn in range(MOST_TURNS):
        count = american_price.NONE
        for i in range(n):
            lanes[count] = i
            count += (searches.code[i] == SEARCHING) & (everything | (marks[i] == 0))
        if count == 0:
            return
        padded = padded_count(count)
        for k in range(count, padded):
            lanes[k] = lanes[0]
        for k in range(padded):
            x, search = lane_at(inputs, lanes[k]), lane_at(searches, lanes[k])
            put(some, k, search)
            option = AmericanOption(
                spot=x.spot,
                strike=x.strike,
                time=x.time,
                rate=x.rate,
                dividend=x.dividend,
                sigma=search.at,
                sign=x.sign,
                style=x.style,
            )
            put(given, k, option)
        value_searched(given, values, distances, special, everything, padded)
        for k in range(count):
            i = lanes[k]
            x, search = lane_at(inputs, i), lane_at(some, k)
            value = values.price[k]
            offset = offset_of(search, value, distances[k])
            first = 0.0
            if turn == 0:
                first = slope_at_first(
                    search, offset, x.spot, x.strike, x.time, x.rate, x.dividend, x.sign
                )
            put(searches, i, advanced(search, x.price, value, offset, first))
            if not everything:
                marks[i] |= special[k]


@outlined
def search_volatilities(inputs, outputs, marks, everything, n):
    """The search from what the European inversion has left, and its results.

    For a boundary it needs nothing of that: it goes on where that was special.
    """
    searches = block_of(Search)
    for i in range(n):
        x, found = lane_at(inputs, i), lane_at(outputs, i)
        search = search_of(
            x.price,
            x.spot,
            x.strike,
            x.time,
            x.rate,
            x.dividend,
            x.sign,
            x.style,
            found.sigma,
            found.code,
        )
        put(searches, i, search)
        by_boundary = (search.code == SEARCHING) & (search.by_boundary > 0.0)
        if by_boundary & (fabs(x.sign) == 1.0):
            marks[i] = 0
    search_on(inputs, searches, marks, everything, n)
    for i in range(n):
        search = lane_at(searches, i)
        code = LOW_PRECISION if search.code == SEARCHING else search.code
        sigma = american_volatility_of(search.at, code)
        put(outputs, i, Implied(sigma, code))
        none = sigma != sigma
        if everything:
            marks[i] = state_of(any_nan(lane_at(inputs, i)), none)
        else:
            marks[i] |= 1 if none else 0


@inlined
def ordinary(inputs, outputs, special, n, wanted):
    ordinary_inversion(inputs, outputs, special, n, 3)


@outlined
def general(inputs, outputs, states, n, wanted):
    general_inversion(european_quote(inputs), outputs, states, n, 3)


OPERATION = Operation(
    option=AmericanQuote,
    results=Implied,
    ordinary=ordinary,
    general=general,
    finish=search_volatilities,
    codes=True,
)
