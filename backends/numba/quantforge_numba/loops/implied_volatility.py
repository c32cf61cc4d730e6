"""The loop of the implied volatility."""

from typing import NamedTuple

from quantforge_numba.implied_volatility import (
    OK,
    STEPS,
    Implied,
    Step,
    code_of_nan,
    implied_volatility_general,
    implied_volatility_ordinary,
    seed,
    step,
    volatility_of,
)
from quantforge_numba.intrinsics import spliced
from quantforge_numba.legs import legs_ordinary, state_of
from quantforge_numba.loops.forms import Row, general_form, ordinary_form
from quantforge_numba.loops.lanes import any_nan
from quantforge_numba.loops.operation import Operation
from quantforge_numba.normalized_price import NormalizedPrice, normalized_price_ordinary


class Quote(NamedTuple):
    """The inputs of one lane."""

    price: float
    spot: float
    strike: float
    time: float
    rate: float
    dividend: float
    sign: float


class Search(NamedTuple):
    """What is solved, and where the search has come to."""

    to: NormalizedPrice
    in_the_money: bool
    special: bool
    s: float
    per_density: float


class Seed(NamedTuple):
    """Where it begins, or has come to."""

    s: float


@spliced
def normalized(x, _):
    legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend)
    return normalized_price_ordinary(legs, x.price, x.sign)


@spliced
def unshifted(to):
    """Let the compiler know what the ordinary form leaves out: its prices are never shifted."""
    return NormalizedPrice(to.c, 0.0, to.rest, to.k, to.k_low, to.share, to.gap)


@spliced
def seeded(_, search):
    return Seed(seed(unshifted(search.to)))


@spliced
def stepped(_, search):
    return Seed(step(unshifted(search.to), search.s, last=False).s)


@spliced
def last_step(_, search):
    return step(unshifted(search.to), search.s, last=True)


@spliced
def solved(x, search):
    last = Step(search.s, search.per_density)
    lane = implied_volatility_ordinary(
        unshifted(search.to), last, search.in_the_money, x.time, x.rate, x.dividend
    )
    return Row(Implied(lane.sigma, OK), search.special | lane.special)


@spliced
def row_of(x, lane):
    """The values that codes stand for; a NaN that came in is no signal."""
    code = lane.code if lane.sigma == lane.sigma else code_of_nan(lane.code)
    sigma = volatility_of(lane.sigma, code)
    return Row(Implied(sigma, code), state_of(any_nan(x), sigma != sigma))


@spliced
def general(x):
    lane = implied_volatility_general(*x)
    return row_of(x, lane)


OPERATION = Operation(
    option=Quote,
    results=Implied,
    ordinary=ordinary_form(
        normalized,
        seeded,
        *[stepped] * (STEPS - 1),
        last_step,
        solved,
        passing=Search,
        outputs=(2,),
    ),
    general=general_form(general),
    codes=True,
)
