"""What is solved for an implied volatility: the price beside the legs."""

from math import fabs
from typing import NamedTuple

from quantforge_numba.elementary import at_least, at_most, power_of_two, two_ulp
from quantforge_numba.intrinsics import inlined
from quantforge_numba.legs import beside, magnitude, scaled

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")


class Target(NamedTuple):
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


class OrdinaryTarget(NamedTuple):
    """The target; whether the option itself is in the money; where this form may not hold."""

    target: Target
    inside: bool
    special: bool


CLEAR = 2.0**-50  # beyond two units in the last place of the greater leg, and of any bound


@inlined
def target_ordinary(sides, price, sign):
    below = sides.y.high < 0.0
    least = sides.a if below else sides.b
    most = sides.b if below else sides.a
    low = sides.b_low - sides.a_low if below else sides.a_low - sides.b_low
    least_low = sides.a_low if below else sides.b_low
    apart = most - least
    moneyness = -sign if below else sign
    inside = (moneyness > 0.0) & (sides.y.high != 0.0)
    otm = (price - apart) - low if inside else price
    left = (least - otm) + least_low
    k = magnitude(sides.y)
    target = Target(
        c=otm / least,
        shift=0.0,
        rest=left / least,
        k=k.high,
        k_low=k.low,
        share=least / most,
        gap=(apart + low) / most,
    )
    holds = (
        (sides.load < 300.0)
        & (least > 2.0**-200)
        & (most > 2.0**-200)
        & (most < 2.0**200)
        & (otm > 2.0**-700)
        & (left > CLEAR * most)
        & ((not inside) | (otm > CLEAR * most))
        & (fabs(sign) == 1.0)
    )
    return OrdinaryTarget(target, inside, special=not holds)


class GeneralTarget(NamedTuple):
    """What is to be solved, and by how much the price misses its bounds.

    `otm` is its time value beside the legs, `left` what lacks to the maximum beside the lesser leg;
    `unit` and `whole_unit` are two units in the last place of the greater leg there, and of the
    maximum here. `inside`: the option itself is in the money.
    """

    target: Target
    otm: float
    unit: float
    left: float
    whole_unit: float
    inside: bool


@inlined
def target_general(sides, price, sign):
    paid = scaled(fabs(price))
    legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent)
    a = legs.a
    a_low = sides.a_low * legs.a_scale
    b = legs.b
    b_low = sides.b_low * legs.b_scale
    paid_apart = at_most(at_least(paid.exponent - legs.top, -1000.0), 1000.0)
    mantissa = paid.x if paid.end else paid.mantissa
    value = mantissa * power_of_two(paid_apart)  # |price| beside the legs
    value = -value if price < 0.0 else value

    below = sides.y.high < 0.0
    least = a if below else b
    most = b if below else a
    low = b_low - a_low if below else a_low - b_low
    apart = most - least
    moneyness = -sign if below else sign
    inside = (moneyness > 0.0) & (sides.y.high != 0.0)
    otm = (value - apart) - low if inside else value

    # Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    own_leg = sides.a if below else sides.b
    own_low = sides.a_low if below else sides.b_low
    own_exponent = sides.a_exponent if below else sides.b_exponent
    own_scale = legs.a_scale if below else legs.b_scale
    shift = paid.exponent - own_exponent
    held = at_most(at_least(shift, -1000.0), 1000.0)
    own = otm / own_scale if inside else mantissa * power_of_two(held)
    unit = two_ulp(most)
    left = (own_leg - own) + own_low
    k = magnitude(sides.y)
    return GeneralTarget(
        target=Target(
            c=(own if inside else mantissa) / own_leg,
            shift=0.0 if inside else shift,
            rest=left / own_leg,
            k=k.high,
            k_low=k.low,
            share=least / most,
            gap=(apart + low) / most,
        ),
        otm=otm,
        unit=unit,
        left=left,
        whole_unit=unit / own_scale if inside else two_ulp(own_leg),
        inside=inside,
    )
