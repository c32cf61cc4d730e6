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
from quantforge_conformance.standards.contract import (
    Inversion,
    Lane,
    Standard,
    in_the_money,
    out_of_the_money,
)

MODEL = "bachelier"


def larger_amount(lane: Lane, exact: mpf) -> mpf:
    """Return max(|F|, |K|) e^(-rT), or the price where that is more."""
    forward, strike, time, rate, *_ = map(mpf, lane)
    with mp.workdps(reference.DIGITS):
        discount = exp(-rate * time)
    return max(discount * max(abs(forward), abs(strike)), exact)


def moneyness(lane: Lane) -> mpf:
    """Return F - K, with the sign of the option."""
    return lane[-1] * (mpf(lane[0]) - mpf(lane[1]))


def _public_price(operands: Any, **options: Any) -> Any:
    *inputs, sign = operands
    return quantforge.price(*inputs, kind=sign, model=MODEL, **options)


BACHELIER_PRICE = Standard(
    golden=lambda *lane: (reference.normal_price(*lane),),
    bounds={
        "price": (
            out_of_the_money(11, moneyness),
            in_the_money(5, moneyness, larger_amount),
        )
    },
    specification=lambda *lane: (price_specification.bachelier_price(*lane),),
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
    bounds=sensitivity.bounds(reference.normal_greeks, moneyness, own_ulp=20),
    specification=greeks_specification.bachelier_greeks,
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
    bounds=Inversion(_implied, larger_amount).bounds(3.5),
    specification=inversion_specification.bachelier_implied_volatility,
    regions=regions.NORMAL_TO_INVERT,
    special=special.NORMAL_QUOTE,
    limits=limits.bachelier_implied_volatility,
    public=_public_implied_volatility,
    points=8,
)
