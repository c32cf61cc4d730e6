"""The standards of the operations on a lognormal underlying."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mpmath import exp, ln, mp, mpf

import quantforge
from quantforge_conformance import limits, reference, regions, special
from quantforge_conformance.spec import greeks as greeks_specification
from quantforge_conformance.spec import implied_volatility as inversion_specification
from quantforge_conformance.spec import price as price_specification
from quantforge_conformance.standards import sensitivity
from quantforge_conformance.standards.contract import (
    Inversion,
    Lane,
    Standard,
    in_the_money,
    out_of_the_money,
)


def larger_leg(lane: Lane, exact: mpf) -> mpf:
    """Return max(S e^(-qT), K e^(-rT))."""
    spot, strike, time, rate, dividend, *_ = map(mpf, lane)
    with mp.workdps(reference.DIGITS):
        return max(spot * exp(-dividend * time), strike * exp(-rate * time))


def moneyness(lane: Lane) -> mpf:
    """Return ln(A/B) of the legs, with the sign of the option."""
    spot, strike, time, rate, dividend, *_, sign = map(mpf, lane)
    with mp.workdps(reference.DIGITS):
        return sign * (ln(spot / strike) + (rate - dividend) * time)


def _public_price(operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    return quantforge.price(
        spot, strike, time, rate, sigma, dividend=dividend, kind=sign, **options
    )


PRICE = Standard(
    golden=lambda *lane: (reference.price(*lane),),
    bounds={
        "price": (
            out_of_the_money(11, moneyness),
            in_the_money(4, moneyness, larger_leg),
        )
    },
    specification=lambda *lane: (price_specification.price(*lane),),
    regions=regions.REGIONS,
    special=special.PRICE,
    limits=limits.price,
    public=_public_price,
)


def _public_greeks(operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    found = quantforge.greeks(
        spot,
        strike,
        time,
        rate,
        sigma,
        dividend=dividend,
        kind=sign,
        which=quantforge.ALL,
        **options,
    )
    return tuple(found.values())


GREEKS = Standard(
    golden=lambda *lane: sensitivity.sensitive(reference.greeks, lane).values,
    bounds=sensitivity.bounds(reference.greeks, moneyness, own_ulp=20),
    specification=greeks_specification.greeks,
    regions=regions.REGIONS,
    special=special.PRICE,
    limits=limits.greeks,
    public=_public_greeks,
    points=10,
)


@lru_cache(maxsize=1024)
def _implied(*lane: float) -> reference.Implied:
    return reference.implied_volatility(*lane)


def _public_implied_volatility(operands: Any, **options: Any) -> Any:
    price, spot, strike, time, rate, dividend, sign = operands
    return quantforge.implied_volatility(
        price, spot, strike, time, rate, dividend=dividend, kind=sign, status=True, **options
    )


IMPLIED_VOLATILITY = Standard(
    golden=lambda *lane: _implied(*lane)[:2],
    bounds=Inversion(_implied, larger_leg).bounds(3),
    specification=inversion_specification.implied_volatility,
    regions=regions.TO_INVERT,
    special=special.QUOTE,
    limits=limits.implied_volatility,
    public=_public_implied_volatility,
    points=8,
)
