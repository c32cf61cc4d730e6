"""The price beside the legs: what is solved for an implied volatility."""

from math import fabs
from typing import NamedTuple

from quantforge_numba.elementary import at_least, at_most, power_of_two, two_ulp
from quantforge_numba.intrinsics import inlined
from quantforge_numba.legs import magnitude, on_common_scale, scaled

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")


class NormalizedPrice(NamedTuple):
    """What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|.

    For the seed the lesser leg over the greater and the complement of that.
    """

    c: float
    shift: float
    rest: float
    k: float
    k_low: float
    share: float
    gap: float


class OrdinaryNormalizedPrice(NamedTuple):
    """The same; whether the option itself is in the money; where this form may not hold."""

    to: NormalizedPrice
    in_the_money: bool
    special: bool


CLEAR = 2.0**-50  # beyond two units in the last place of the greater leg, and of any bound


@inlined
def normalized_price_ordinary(legs, price, sign):
    below = legs.y.high < 0.0
    least = legs.a if below else legs.b
    most = legs.b if below else legs.a
    low = legs.b_low - legs.a_low if below else legs.a_low - legs.b_low
    least_low = legs.a_low if below else legs.b_low
    distance = most - least
    moneyness = -sign if below else sign
    in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0)
    otm = (price - distance) - low if in_the_money else price
    left = (least - otm) + least_low
    k = magnitude(legs.y)
    to = NormalizedPrice(
        c=otm / least,
        shift=0.0,
        rest=left / least,
        k=k.high,
        k_low=k.low,
        share=least / most,
        gap=(distance + low) / most,
    )
    holds = (
        (legs.load < 300.0)
        & (least > 2.0**-200)
        & (most > 2.0**-200)
        & (most < 2.0**200)
        & (otm > 2.0**-700)
        & (left > CLEAR * most)
        & ((not in_the_money) | (otm > CLEAR * most))
        & (fabs(sign) == 1.0)
    )
    return OrdinaryNormalizedPrice(to, in_the_money, special=not holds)


class GeneralNormalizedPrice(NamedTuple):
    """What is to be solved, and by how much the price misses its bounds.

    `otm` is its time value beside the legs, `left` what lacks to the maximum beside the lesser leg;
    `unit` and `whole_unit` are two units in the last place of the greater leg there, and of the
    maximum here. `in_the_money`: the option itself is in the money.
    """

    to: NormalizedPrice
    otm: float
    unit: float
    left: float
    whole_unit: float
    in_the_money: bool


@inlined
def normalized_price_general(legs, price, sign):
    paid = scaled(fabs(price))
    common = on_common_scale(legs)
    a = common.a
    a_low = legs.a_low * common.a_scale
    b = common.b
    b_low = legs.b_low * common.b_scale
    shifted = at_most(at_least(paid.exponent - common.top, -1000.0), 1000.0)
    mantissa = paid.x if paid.end else paid.mantissa
    value = mantissa * power_of_two(shifted)  # |price| beside the legs
    value = -value if price < 0.0 else value

    below = legs.y.high < 0.0
    least = a if below else b
    most = b if below else a
    low = b_low - a_low if below else a_low - b_low
    distance = most - least
    moneyness = -sign if below else sign
    in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0)
    otm = (value - distance) - low if in_the_money else value

    # CommonScale the lesser leg's mantissa, for it may vanish beside the greater leg.
    own_leg = legs.a if below else legs.b
    own_low = legs.a_low if below else legs.b_low
    own_exponent = legs.a_exponent if below else legs.b_exponent
    own_scale = common.a_scale if below else common.b_scale
    shift = paid.exponent - own_exponent
    held = at_most(at_least(shift, -1000.0), 1000.0)
    own = otm / own_scale if in_the_money else mantissa * power_of_two(held)
    unit = two_ulp(most)
    left = (own_leg - own) + own_low
    k = magnitude(legs.y)
    return GeneralNormalizedPrice(
        to=NormalizedPrice(
            c=(own if in_the_money else mantissa) / own_leg,
            shift=0.0 if in_the_money else shift,
            rest=left / own_leg,
            k=k.high,
            k_low=k.low,
            share=least / most,
            gap=(distance + low) / most,
        ),
        otm=otm,
        unit=unit,
        left=left,
        whole_unit=unit / own_scale if in_the_money else two_ulp(own_leg),
        in_the_money=in_the_money,
    )
