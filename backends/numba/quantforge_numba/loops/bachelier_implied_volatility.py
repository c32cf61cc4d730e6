"""The loop of Bachelier's implied volatility."""

from typing import NamedTuple

from quantforge_numba.bachelier_implied_volatility import (
    bachelier_implied_volatility_general,
    bachelier_implied_volatility_ordinary,
)
from quantforge_numba.implied_volatility import OK, Implied
from quantforge_numba.intrinsics import spliced
from quantforge_numba.loops.forms import Row, general_form, ordinary_form
from quantforge_numba.loops.implied_volatility import row_of
from quantforge_numba.loops.operation import Operation


class BachelierQuote(NamedTuple):
    """The inputs of one lane."""

    price: float
    forward: float
    strike: float
    time: float
    rate: float
    sign: float


@spliced
def solved(x, _):
    lane = bachelier_implied_volatility_ordinary(*x)
    return Row(Implied(lane.sigma, OK), lane.special)


@spliced
def general(x):
    lane = bachelier_implied_volatility_general(*x)
    return row_of(x, lane)


OPERATION = Operation(
    option=BachelierQuote,
    results=Implied,
    ordinary=ordinary_form(solved, outputs=(2,)),
    general=general_form(general),
    codes=True,
)
