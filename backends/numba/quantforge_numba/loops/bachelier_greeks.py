"""The loop of Bachelier's price and greeks."""

from quantforge_numba.bachelier_greeks import (
    BachelierOption,
    bachelier_greeks_of,
    bachelier_parts_general,
    bachelier_parts_ordinary,
)
from quantforge_numba.bachelier_price import bachelier_terms_general
from quantforge_numba.greeks import Greeks, swept
from quantforge_numba.intrinsics import spliced
from quantforge_numba.loops.forms import Row, ordinary_form
from quantforge_numba.loops.greeks import ORDERS, ScaledRow, general_form_of_greeks
from quantforge_numba.loops.operation import Operation


@spliced
def greeks_of_option(x, _):
    parts = bachelier_parts_ordinary(x)
    return Row(bachelier_greeks_of(x, parts), parts.special)


@spliced
def general(x):
    terms = bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign)
    greeks = bachelier_greeks_of(x, bachelier_parts_general(terms, x))
    return ScaledRow(greeks, terms.state, 0.0)


@spliced
def settled(x, greek, unit, state):
    return swept(x, state)


OPERATION = Operation(
    option=BachelierOption,
    results=Greeks,
    ordinary=ordinary_form(greeks_of_option, outputs=ORDERS),
    general=general_form_of_greeks(general, settled),
)
