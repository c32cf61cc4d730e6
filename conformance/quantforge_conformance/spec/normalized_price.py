"""The price beside the legs: what is solved for an implied volatility."""

from __future__ import annotations

import math
from typing import NamedTuple

from quantforge_conformance.spec.elementary import at_least, at_most, divide, power_of_two, two_ulp
from quantforge_conformance.spec.legs import Legs, magnitude, on_common_scale, scaled

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")


class NormalizedPrice(NamedTuple):
    """What is solved.

    c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg over the
    greater and the complement of that.
    """

    c: float
    shift: float
    rest: float
    k: float
    k_low: float
    share: float
    gap: float


class Bounded(NamedTuple):
    """What is solved, and how far the price lies from its bounds."""

    to: NormalizedPrice
    otm: float  # the time value beside the legs
    unit: float  # two units in the last place of the greater leg there
    left: float  # what lacks to the maximum, beside the lesser leg
    whole_unit: float  # two units in the last place of the maximum there
    in_the_money: bool  # the option itself


def normalized_price_general(legs: Legs, price: float, sign: float) -> Bounded:
    """What is to be solved, and by how much the price misses its bounds."""
    common, paid = on_common_scale(legs), scaled(abs(price))
    mantissa = paid.x if paid.end else paid.mantissa
    shifted = at_most(at_least(paid.exponent - common.top, -1000.0), 1000.0)
    value = math.copysign(mantissa * power_of_two(shifted), price)
    a_low, b_low = legs.a_low * common.a_scale, legs.b_low * common.b_scale
    if legs.y.high < 0.0:
        most, least, low, moneyness = common.b, common.a, b_low - a_low, -sign
        own_leg, own_low, own_exponent, own_scale = (
            legs.a,
            legs.a_low,
            legs.a_exponent,
            common.a_scale,
        )
    else:
        most, least, low, moneyness = common.a, common.b, a_low - b_low, sign
        own_leg, own_low, own_exponent, own_scale = (
            legs.b,
            legs.b_low,
            legs.b_exponent,
            common.b_scale,
        )
    distance = most - least
    in_the_money = moneyness > 0.0 and legs.y.high != 0.0
    otm = (value - distance) - low if in_the_money else value
    unit, shift = two_ulp(most), paid.exponent - own_exponent
    # Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    own = divide(otm, own_scale)
    if not in_the_money:
        own = mantissa * power_of_two(at_most(at_least(shift, -1000.0), 1000.0))
    left = (own_leg - own) + own_low
    k = magnitude(legs.y)
    return Bounded(
        to=NormalizedPrice(
            c=divide(own if in_the_money else mantissa, own_leg),
            shift=0.0 if in_the_money else shift,
            rest=divide(left, own_leg),
            k=k.high,
            k_low=k.low,
            share=divide(least, most),
            gap=divide(distance + low, most),
        ),
        otm=otm,
        unit=unit,
        left=left,
        whole_unit=divide(unit, own_scale) if in_the_money else two_ulp(own_leg),
        in_the_money=in_the_money,
    )
