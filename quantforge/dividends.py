"""Cash dividends: what users say as `dividends`, read into numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

__all__ = ["CHANGED", "Schedule", "schedule"]

Schedule = tuple[tuple[float, float], ...]
"""Time in years and amount of each dividend, in the order given."""

CHANGED: Final[Mapping[str, str]] = MappingProxyType(
    {"theta": "delta", "rho": "delta", "charm": "gamma", "veta": "vanna", "color": "speed"}
)
"""The greeks that are more than those at the reduced spot, and by what the rest is multiplied."""


def schedule(dividends: Any) -> Schedule:
    """Read pairs of time and amount.

    Parameters
    ----------
    dividends : iterable of (float, float), or None
        Years until a dividend is paid, > 0, and what it pays, >= 0. None is an empty schedule.

    Raises
    ------
    ValueError
        An element is no pair, or holds a number that is not finite or outside its domain; the
        message names the element.
    TypeError
        `dividends` is no collection, or an element does not hold real numbers.
    """
    if dividends is None:
        return ()
    if isinstance(dividends, str | bytes) or not isinstance(dividends, Iterable):
        raise TypeError(
            f"dividends must be pairs (time, amount), not {dividends!r} "
            f"({type(dividends).__name__})"
        )
    return tuple(_dividend(f"dividends[{place}]", pair) for place, pair in enumerate(dividends))


def _dividend(name: str, pair: Any) -> tuple[float, float]:
    try:
        time, amount = pair
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {pair!r}; it must be a pair (time, amount)") from None
    when, paid = _number(f"the time of {name}", time), _number(f"the amount of {name}", amount)
    if when <= 0.0:
        raise ValueError(
            f"the time of {name} is {when!r}; it must be > 0: leave out what has been paid already"
        )
    if paid < 0.0:
        raise ValueError(f"the amount of {name} is {paid!r}; it must be >= 0")
    return when, paid


def _number(name: str, given: Any) -> float:
    array = np.asarray(given)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must be a real number of at most double precision, "
            f"not {given!r} ({type(given).__name__})"
        )
    if array.ndim:
        raise ValueError(f"{name} has shape {array.shape}; it must be one number for all options")
    number = float(array)
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number!r}; it must be finite")
    return number
