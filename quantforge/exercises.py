"""When an option may be exercised: what users say as `exercise`, turned into what kernels take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from quantforge.errors import did_you_mean
from quantforge.kinds import at, first

__all__ = ["AMERICAN", "EUROPEAN", "STANDARD", "STYLES", "flags", "is_null", "style", "word"]

Floats = np.ndarray[Any, np.dtype[np.float64]]

EUROPEAN: Final = "european"
AMERICAN: Final = "american"
STANDARD: Final = "standard"

# Ready 0-d operands, as those of `kinds`.
STYLES: Final[Mapping[str, Floats]] = MappingProxyType(
    {"fast": np.full((), 1.0), STANDARD: np.full((), 2.0), "high": np.full((), 3.0)}
)
"""The kernel's style operand of an American option, by accuracy; a European one's is 0."""
for _style in STYLES.values():
    _style.flags.writeable = False

_FLAGS: Final = {EUROPEAN: 0.0, AMERICAN: 1.0}
_UNKNOWN: Final = -1.0
_VALID: Final = f"valid: {', '.join(map(repr, _FLAGS))}"


def style(accuracy: str) -> Floats:
    """The style operand of American options; an unknown accuracy raises ValueError."""
    try:
        return STYLES[accuracy]
    except (KeyError, TypeError):
        valid = ", ".join(map(repr, STYLES))
        hint = did_you_mean(accuracy, STYLES)
        raise ValueError(f"unknown accuracy {accuracy!r}; valid: {valid}{hint}") from None


def word(exercise: Any) -> str:
    """The exercise that an operation has to serve: where options differ in it, the American one.

    Raises
    ------
    ValueError
        It is an unknown word; the message names the valid ones.
    """
    if not isinstance(exercise, str):
        return AMERICAN
    said = exercise.rstrip(" ").lower()
    if said not in _FLAGS:
        raise ValueError(f"unknown exercise {exercise!r}; {_VALID}{did_you_mean(exercise, _FLAGS)}")
    return said


def flags(exercise: Any, *, nulls: bool = False) -> Floats:
    """Read an array of exercises: 0.0 for a European option, 1.0 for an American one.

    Parameters
    ----------
    exercise : array_like of str
        Words may be in any case, and blanks may follow them.
    nulls : bool
        Whether None and NaN stand for no exercise at all, which is NaN.

    Raises
    ------
    ValueError
        An element is no exercise; the message names the first one and its index.
    """
    try:
        words = np.asarray(exercise, dtype=object)
    except ValueError as error:
        raise ValueError(f"exercise is not an array of exercises: {error}") from None
    elements = words.ravel().tolist()
    try:
        found = np.fromiter(map(_FLAGS.__getitem__, elements), np.float64, len(elements))
    except (KeyError, TypeError):
        read = (_flag_of(each, nulls) for each in elements)
        found = np.fromiter(read, np.float64, len(elements))
    found = found.reshape(words.shape)
    unknown = found == _UNKNOWN
    if not unknown.any():
        return found
    index = first(unknown)
    where = f" at index {', '.join(map(str, index))}" if index else ""
    hint = did_you_mean(words[index], _FLAGS)
    raise at(index, ValueError(f"unknown exercise {words[index]!r}{where}; {_VALID}{hint}"))


def _flag_of(element: Any, nulls: bool) -> float:
    if isinstance(element, bytes):
        element = element.decode("ascii", "replace")
    if isinstance(element, str):
        return _FLAGS.get(element.rstrip(" ").lower(), _UNKNOWN)
    return math.nan if nulls and is_null(element) else _UNKNOWN


def is_null(element: Any) -> bool:
    """Whether an element of a container stands for a word that is missing."""
    try:
        return element is None or bool(element != element)
    except TypeError:  # pandas.NA is neither equal to itself nor not
        return True
