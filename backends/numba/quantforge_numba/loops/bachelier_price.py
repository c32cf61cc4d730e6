"""The loop of Bachelier's price."""

from math import nan

from quantforge_numba.bachelier_greeks import BachelierOption
from quantforge_numba.bachelier_price import (
    bachelier_price_general,
    bachelier_price_ordinary,
    bachelier_terms_general,
)
from quantforge_numba.intrinsics import spliced
from quantforge_numba.loops.forms import Row, general_form, ordinary_form
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.price import Price


@spliced
def price_of(x, _):
    lane = bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign)
    return Row(Price(lane.price), lane.special)


@spliced
def general(x):
    terms = bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign)
    value = bachelier_price_general(terms, x.time, x.rate)
    return Row(Price(nan if terms.state else value), terms.state)


OPERATION = Operation(
    option=BachelierOption,
    results=Price,
    ordinary=ordinary_form(price_of),
    general=general_form(general),
)
