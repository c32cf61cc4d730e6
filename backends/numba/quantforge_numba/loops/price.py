"""The loop of the price."""

from math import nan
from typing import NamedTuple

from quantforge_numba.elementary import times_power
from quantforge_numba.greeks import Option
from quantforge_numba.intrinsics import spliced
from quantforge_numba.legs import (
    Legs,
    deviation_ordinary,
    legs_general,
    legs_ordinary,
    magnitude,
    separation_general,
    sigma_state,
    sign_state,
    tails_ordinary,
)
from quantforge_numba.loops.forms import Row, general_form, ordinary_form
from quantforge_numba.loops.operation import Operation
from quantforge_numba.price import price_general, price_ordinary


class Price(NamedTuple):
    """The output."""

    price: float


@spliced
def legs_of(x, _):
    return legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend)


@spliced
def price_of(x, legs):
    d = deviation_ordinary(magnitude(legs.y), x.time, x.sigma)
    lane = price_ordinary(legs, d, tails_ordinary(d), x.sign)
    return Row(Price(lane.price), lane.special)


@spliced
def general(x):
    legs = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend)
    separation = separation_general(legs, x.time, x.sigma)
    state = legs.state | sigma_state(x.sigma, separation.d.v) | sign_state(x.sign)
    lane = price_general(legs, separation, x.sign)
    value = times_power(lane.value, lane.exponent)
    return Row(Price(nan if state else value), state)


OPERATION = Operation(
    option=Option,
    results=Price,
    ordinary=ordinary_form(legs_of, price_of, passing=Legs),
    general=general_form(general),
)
