"""What is solved for an implied volatility: the price beside the legs."""

from math import fabs
from typing import NamedTuple

from quantforge_numba.elementary import power_of_two, two_ulp
from quantforge_numba.intrinsics import inlined
from quantforge_numba.legs import scaled

SQRT_2PI = float.fromhex("0x1.40d931ff62706p+1")

CLEAR = 2.0**-50  # beyond two units in the last place of the greater leg, and of any bound


class Target(NamedTuple):
    """What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|.

    For the seed the lesser leg over the greater and the complement of that.
    """

    c: float
    shift: float
    rest: float
    k: float
    share: float
    gap: float


class OrdinaryTarget(NamedTuple):
    """The target; whether the option itself is in the money; where this form may not hold."""

    target: Target
    inside: bool
    special: int


@inlined
def target_ordinary(sides, price, sign):
    below = (sides.a - sides.b) + (sides.a_low - sides.b_low) < 0.0
    least = sides.a if below else sides.b
    most = sides.b if below else sides.a
    low = sides.b_low - sides.a_low if below else sides.a_low - sides.b_low
    least_low = sides.a_low if below else sides.b_low
    apart = most - least
    signed_apart = -sign if below else sign
    inside = (signed_apart > 0.0) & (apart > 0.0)
    otm = (price - apart) - low if inside else price
    left = (least - otm) + least_low
    target = Target(
        c=otm / least,
        shift=0.0,
        rest=left / least,
        k=fabs(sides.y),
        share=least / most,
        gap=(apart + low) / most,
    )
    holds = (
        (least > 2.0**-200)
        & (most < 2.0**200)
        & (otm > 2.0**-700)
        & (left > CLEAR * most)
        & ((not inside) | (otm > CLEAR * most))
        & (fabs(sign) == 1.0)
    )
    return OrdinaryTarget(target, inside, sides.special + (0 if holds else 1))


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
    top = sides.a_exponent if sides.a_exponent > sides.b_exponent else sides.b_exponent
    a_apart = sides.a_exponent - top
    b_apart = sides.b_exponent - top
    a_scale = power_of_two(a_apart if a_apart > -1000.0 else -1000.0)
    b_scale = power_of_two(b_apart if b_apart > -1000.0 else -1000.0)
    a = sides.a * a_scale
    b = sides.b * b_scale
    a_low = sides.a_low * a_scale
    b_low = sides.b_low * b_scale
    paid_apart = paid.exponent - top
    paid_apart = paid_apart if paid_apart > -1000.0 else -1000.0
    paid_apart = paid_apart if paid_apart < 1000.0 else 1000.0
    mantissa = paid.x if paid.end else paid.mantissa
    value = mantissa * power_of_two(paid_apart)  # |price| beside the legs
    value = -value if price < 0.0 else value

    below = (a - b) + (a_low - b_low) < 0.0
    least = a if below else b
    most = b if below else a
    low = b_low - a_low if below else a_low - b_low
    apart = most - least
    signed_apart = -sign if below else sign
    inside = (signed_apart > 0.0) & (apart > 0.0)
    otm = (value - apart) - low if inside else value
    unit = two_ulp(most)

    # Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    own_leg = sides.a if below else sides.b
    own_low = sides.a_low if below else sides.b_low
    own_scale = a_scale if below else b_scale
    shift = paid.exponent - (sides.a_exponent if below else sides.b_exponent)
    held = shift if shift > -1000.0 else -1000.0
    held = held if held < 1000.0 else 1000.0
    own = otm / own_scale if inside else mantissa * power_of_two(held)
    left = (own_leg - own) + own_low
    return GeneralTarget(
        target=Target(
            c=(own if inside else mantissa) / own_leg,
            shift=0.0 if inside else shift,
            rest=left / own_leg,
            k=fabs(sides.y),
            share=least / most,
            gap=(apart + low) / most,
        ),
        otm=otm,
        unit=unit,
        left=left,
        whole_unit=unit / own_scale if inside else two_ulp(own_leg),
        inside=inside,
    )
