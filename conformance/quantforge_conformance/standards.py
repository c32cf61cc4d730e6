"""What each operation's results are measured against: the suite's counterpart of the catalogue.

Everything in the suite is driven by `quantforge.operations` and this table; a new operation is one
entry here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from mpmath import exp, mp, mpf
from numpy.typing import NDArray

import quantforge
from quantforge_conformance import limits, reference, regions, special
from quantforge_conformance.spec import price as price_specification

Lane = tuple[float, ...]


@dataclass(frozen=True)
class Bound:
    """One half of an accuracy contract: the error is at most `limit` times ``unit(lane, exact)``.

    `name` is the unit's, as the report at the end of a run words it.
    """

    name: str
    limit: float
    unit: Callable[[Lane, mpf], mpf]


@dataclass(frozen=True)
class Standard:
    """What one operation is measured against.

    Attributes
    ----------
    golden : callable
        From one option's inputs to the exact results, one mpf per output.
    bounds : mapping of str to tuple of Bound
        The accuracy contract of each output.
    rounding : callable
        From arrays of inputs to one array per output: the unit of unavoidable rounding. Results
        of a backend that is not exact may differ by 4 of these from path to path.
    specification : callable
        From one option's inputs to the bits' authority, one float per output.
    regions : tuple of Region
        Where accuracy is promised.
    special : mapping of str to tuple of float
        By input: values at which code goes wrong.
    limits : tuple of Limit
        The table of limits, a case each.
    public : callable
        ``public(operands, **options)`` calls the user's function on a kernel's operands.
    """

    golden: Callable[..., tuple[mpf, ...]]
    bounds: Mapping[str, tuple[Bound, ...]]
    rounding: Callable[..., tuple[NDArray[np.float64], ...]]
    specification: Callable[..., tuple[float, ...]]
    regions: tuple[regions.Region, ...]
    special: Mapping[str, tuple[float, ...]]
    limits: tuple[limits.Limit, ...]
    public: Callable[..., Any]


def larger_leg(lane: Lane) -> mpf:
    """Return max(S e^(-qT), K e^(-rT))."""
    spot, strike, time, rate, dividend, _, _ = map(mpf, lane)
    with mp.workdps(reference.DIGITS):
        return max(spot * exp(-dividend * time), strike * exp(-rate * time))


def ulp(x: mpf) -> mpf:
    """Return the spacing of doubles at x, of the largest ones where x is beyond them."""
    return mpf(math.ulp(min(float(x), 1.7e308)))


def _ulp_of_larger_leg(lane: Lane, exact: mpf) -> mpf:
    return ulp(larger_leg(lane))


def _conditioned(lane: Lane, exact: mpf) -> mpf:
    return (4 + 4 * reference.condition(*lane)) * mpf(2) ** -53 * exact + mpf(2) ** -1074


def _price_rounding(*operands: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    spot, strike, time, rate, dividend, _, _ = operands
    with np.errstate(all="ignore"):
        legs = np.fmax(spot * np.exp(-dividend * time), strike * np.exp(-rate * time))
        return (np.spacing(np.fmin(legs, 1.7e308)),)


def _public_price(operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    return quantforge.price(
        spot, strike, time, rate, sigma, dividend=dividend, kind=sign, **options
    )


PRICE = Standard(
    golden=lambda *lane: (reference.price(*lane),),
    bounds={
        "price": (
            Bound("ulp of max(Se^-qT, Ke^-rT)", 4, _ulp_of_larger_leg),
            Bound("of (4 + 4 cond) 2^-53 P + 2^-1074", 1, _conditioned),
        )
    },
    rounding=_price_rounding,
    specification=lambda *lane: (price_specification.price(*lane),),
    regions=regions.REGIONS,
    special=special.PRICE,
    limits=limits.PRICE,
    public=_public_price,
)

STANDARDS: Mapping[str, Standard] = MappingProxyType({"price": PRICE})
