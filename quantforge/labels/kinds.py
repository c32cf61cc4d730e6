"""Kinds out of containers: signs, and where there is none.

An option without a kind is neither a call nor a put. It is priced as a call at no time at all,
NaN, so that its result is NaN by the rule for every missing number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from quantforge.exercises import is_null
from quantforge.kinds import at, first, sign

__all__ = ["FEW", "encoded", "listed", "plain"]

FEW: Final = 64
"""Up to this many words are looked up faster in Python than a library encodes them."""

Array = np.ndarray[Any, Any]


def encoded(codes: Array, kinds: Sequence[Any]) -> tuple[Array, Array | None]:
    """Read kinds given as places in `kinds`, -1 for none.

    Returns
    -------
    signs : ndarray of float64
        +1.0 for calls and for none, -1.0 for puts.
    absent : ndarray of bool or None
        Where there is none.
    """
    words = [*map(_sign, kinds)]
    signs = np.array([*words, 1.0])[codes]
    absent = codes < 0
    if any(map(math.isnan, words)):
        unknown = np.isnan(signs)
        if unknown.any():
            index = first(unknown)
            raise _unknown(kinds[int(codes[index])], index)
    return signs, absent if absent.any() else None


def listed(kinds: Array) -> tuple[Array, Array | None]:
    """Read a few kinds one by one, of which NaN, None or pandas.NA stand for none."""
    places: dict[Any, int] = {}
    codes = [
        -1 if is_null(kind) else places.setdefault(kind, len(places))
        for kind in kinds.ravel().tolist()
    ]
    return encoded(np.array(codes, np.intp).reshape(kinds.shape), list(places))


def plain(kind: Any) -> tuple[Any, Array | None]:
    """Read an array of kinds of which NaN or None stand for none; pass anything else on."""
    if not isinstance(kind, np.ndarray) or kind.dtype.kind not in "fO":
        return kind, None
    if kind.dtype.kind == "f":
        absent = np.isnan(kind)
    else:
        found = [is_null(element) for element in kind.ravel().tolist()]
        absent = np.array(found, bool).reshape(kind.shape)
    if not absent.any():
        return kind, None
    return sign(np.where(absent, np.array(1, kind.dtype), kind)), absent


def _sign(kind: Any) -> float:
    try:
        return float(sign(kind))
    except ValueError:
        return math.nan


def _unknown(kind: Any, index: tuple[int, ...]) -> ValueError:
    """What `sign` says of `kind`, with its place."""
    kind = kind.item() if isinstance(kind, np.generic) else kind
    try:
        sign(kind)
    except ValueError as error:
        where = f"{kind!r} at index {', '.join(map(str, index))}"
        return at(index, ValueError(str(error).replace(repr(kind), where, 1)))
    raise AssertionError(kind)
