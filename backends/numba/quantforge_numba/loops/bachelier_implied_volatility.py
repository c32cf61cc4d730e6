"""The loop of Bachelier's implied volatility."""

from typing import NamedTuple

from quantforge_numba.bachelier_implied_volatility import (
    BachelierQuote,
    Undiscounted,
    bachelier_implied_volatility_general,
    bachelier_implied_volatility_ordinary,
    bachelier_seed,
    bachelier_step,
    undiscounted_ordinary,
)
from quantforge_numba.implied_volatility import OK, Implied
from quantforge_numba.intrinsics import spliced
from quantforge_numba.loops.forms import Row, general_form, ordinary_form
from quantforge_numba.loops.implied_volatility import Seed, row_of
from quantforge_numba.loops.operation import Operation


class BachelierSearch(NamedTuple):
    """What is solved, and where the search has come to."""

    to: Undiscounted
    s: float


@spliced
def seeded(x, _):
    to = undiscounted_ordinary(x)
    return BachelierSearch(to, bachelier_seed(to.c, to.k))


@spliced
def stepped(_, search):
    return Seed(bachelier_step(search.to.c, search.to.k, search.s).s)


@spliced
def solved(x, search):
    last = bachelier_step(search.to.c, search.to.k, search.s)
    lane = bachelier_implied_volatility_ordinary(x, search.to, last)
    return Row(Implied(lane.sigma, OK), lane.special)


@spliced
def general(x):
    lane = bachelier_implied_volatility_general(*x)
    return row_of(x, lane)


OPERATION = Operation(
    option=BachelierQuote,
    results=Implied,
    ordinary=ordinary_form(seeded, stepped, solved, passing=BachelierSearch, outputs=(2,)),
    general=general_form(general),
    codes=True,
)
