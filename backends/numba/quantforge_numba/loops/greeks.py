"""The loop of price and greeks."""

from math import fabs
from typing import NamedTuple

from quantforge_numba.greeks import (
    DEGREES,
    Greeks,
    Option,
    amounts_in_unit,
    greeks_of,
    parts_general,
    parts_ordinary,
    rescaled,
    swept,
)
from quantforge_numba.intrinsics import outlined, spliced, sqrt
from quantforge_numba.legs import Legs, legs_general, sigma_state, sign_state
from quantforge_numba.loops.forms import Row, ordinary_form
from quantforge_numba.loops.lanes import BLOCK, lane_at, put, whole
from quantforge_numba.loops.memory import doubles
from quantforge_numba.loops.operation import Operation
from quantforge_numba.loops.price import legs_of
from quantforge_numba.loops.vectors import vectorise

ORDERS = 7, 13, 17  # the number of greeks up to the first, second and third order


class ScaledRow(NamedTuple):
    """A row whose amounts are in units of 2^unit."""

    values: Greeks
    mark: int
    unit: float


def general_form_of_greeks(lane, settled):
    """The lanes one by one, then each wanted greek of all lanes."""

    @outlined
    def form(inputs, outputs, states, n, wanted):
        vectorise("outputs states")
        n = whole(n)
        unit = doubles(BLOCK)
        rows = ScaledRow(outputs, states, unit)
        for i in range(n):
            put(rows, i, lane(lane_at(inputs, i)))
        for greek in range(len(outputs)):
            if wanted >> greek & 1:
                x = outputs[greek]
                for i in range(n):
                    x[i] = settled(x[i], greek, unit[i], states[i])

    return form


@spliced
def greeks_of_legs(x, legs):
    parts = parts_ordinary(legs, x)
    return Row(greeks_of(x, parts), parts.special)


@spliced
def general(x):
    legs = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend)
    amounts = amounts_in_unit(x.spot, x.strike)
    parts = parts_general(legs, x, amounts)
    v = fabs(x.sigma * sqrt(x.time))
    state = legs.state | sigma_state(x.sigma, v) | sign_state(x.sign)
    return ScaledRow(greeks_of(x, parts), state, amounts.unit)


@spliced
def settled(x, greek, unit, state):
    return swept(rescaled(x, DEGREES[greek], unit), state)


OPERATION = Operation(
    option=Option,
    results=Greeks,
    ordinary=ordinary_form(legs_of, greeks_of_legs, passing=Legs, outputs=ORDERS),
    general=general_form_of_greeks(general, settled),
)
