"""The standards of the operations on a normally distributed forward: Bachelier's model."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mpmath import exp, mp, mpf

import quantforge
from quantforge_conformance import limits, reference, regions, special
from quantforge_conformance.spec import bachelier_greeks as greeks_specification
from quantforge_conformance.spec import bachelier_implied_volatility as inversion_specification
from quantforge_conformance.spec import bachelier_price as price_specification
from quantforge_conformance.standards import sensitivity
from quantforge_conformance.standards.contract import Bound, Lane, Standard, ulp

MODEL = "bachelier"


def _ulp_of_larger_amount(lane: Lane, exact: mpf) -> mpf:
    forward, strike, time, rate, *_ = map(mpf, lane)
    with mp.workdps(reference.DIGITS):
        discount = exp(-rate * time)
    return ulp(discount * max(abs(forward), abs(strike), exact / discount))


def _conditioned(lane: Lane, exact: mpf) -> mpf:
    return (4 + 4 * reference.normal_condition(*lane)) * mpf(2) ** -53 * exact + mpf(2) ** -1074


def _public_price(operands: Any, **options: Any) -> Any:
    *inputs, sign = operands
    return quantforge.price(*inputs, kind=sign, model=MODEL, **options)


BACHELIER_PRICE = Standard(
    golden=lambda *lane: (reference.normal_price(*lane),),
    bounds={
        "price": (
            Bound("ulp of max(|F|, |K|)e^-rT or P", 4, _ulp_of_larger_amount),
            Bound("of (4 + 4 cond) 2^-53 P + 2^-1074", 1, _conditioned),
        )
    },
    specification=lambda *lane: (price_specification.price(*lane),),
    regions=regions.NORMAL,
    special=special.NORMAL,
    limits=limits.bachelier_price,
    public=_public_price,
    points=30,
)


def _public_greeks(operands: Any, **options: Any) -> Any:
    *inputs, sign = operands
    found = quantforge.greeks(*inputs, kind=sign, model=MODEL, which=quantforge.ALL, **options)
    return tuple(found.values())


BACHELIER_GREEKS = Standard(
    golden=lambda *lane: sensitivity.sensitive(reference.normal_greeks, lane).values,
    bounds=sensitivity.bounds(reference.normal_greeks, 8),
    specification=greeks_specification.greeks,
    regions=regions.NORMAL,
    special=special.NORMAL,
    limits=limits.bachelier_greeks,
    public=_public_greeks,
    points=10,
)


@lru_cache(maxsize=1024)
def _implied(*lane: float) -> reference.Implied:
    return reference.normal_implied_volatility(*lane)


def _public_implied_volatility(operands: Any, **options: Any) -> Any:
    *inputs, sign = operands
    return quantforge.implied_volatility(*inputs, kind=sign, model=MODEL, status=True, **options)


BACHELIER_IMPLIED_VOLATILITY = Standard(
    golden=lambda *lane: _implied(*lane)[:2],
    bounds={
        "sigma": (Bound("of the attainable limit", 4, lambda lane, _: _implied(*lane).attainable),),
        "code": (Bound("codes off", 0, lambda lane, exact: mpf(1)),),
    },
    specification=inversion_specification.implied_volatility,
    regions=regions.NORMAL_TO_INVERT,
    special=special.NORMAL_QUOTE,
    limits=limits.bachelier_implied_volatility,
    public=_public_implied_volatility,
    points=8,
)
