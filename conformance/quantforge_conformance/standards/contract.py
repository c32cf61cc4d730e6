"""What a standard is: the suite's counterpart of an operation in the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mpmath import mpf

from quantforge_conformance import limits, regions

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
    specification : callable
        From one option's inputs to the bits' authority, one float per output.
    regions : tuple of Region
        Where accuracy is promised.
    special : mapping of str to tuple of float
        By input: values at which code goes wrong.
    limits : callable
        Returns the table of limits, a case each.
    public : callable
        ``public(operands, **options)`` calls the user's function on a kernel's operands; a result
        per output, alone or in a tuple.
    points : int
        How many options of each region the suite compares with the exact values.
    """

    golden: Callable[..., tuple[mpf, ...]]
    bounds: Mapping[str, tuple[Bound, ...]]
    specification: Callable[..., tuple[float, ...]]
    regions: tuple[regions.Region, ...]
    special: Mapping[str, tuple[float, ...]]
    limits: Callable[[], tuple[limits.Limit, ...]]
    public: Callable[..., Any]
    points: int = 50


def ulp(x: mpf) -> mpf:
    """Return the spacing of doubles at x, of the largest ones where x is beyond them."""
    return mpf(math.ulp(min(float(abs(x)), 1.7e308)))
