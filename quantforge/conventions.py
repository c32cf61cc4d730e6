"""What users say, `model` and `kind`, turned into what kernels take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

__all__ = ["MODELS", "NO_DIVIDEND", "Model", "first", "model", "sign"]

NO_DIVIDEND: Final[float] = 0.0
"""The default of every `dividend` argument, told from a given one by identity."""

# Ready 0-d operands: a Python float would cost a conversion in every call.
ZERO: Final = np.full((), 0.0)
_CALL: Final = np.full((), 1.0)
_PUT: Final = np.full((), -1.0)
for _constant in (ZERO, _CALL, _PUT):
    _constant.flags.writeable = False


@dataclass(frozen=True)
class Model:
    """A pricing model as a mapping onto the operands of one kernel.

    `carry` says what the kernel receives as dividend yield: ``"dividend"``, the argument of that
    name, or ``"rate"``, which makes the first argument a forward price (Black 1976). `family` is
    the prefix of the operations' names, empty for the lognormal ones.
    """

    name: str
    summary: str
    carry: str
    family: str = ""

    def operation(self, function: str) -> str:
        """Name in the catalogue of what a public function runs with this model."""
        return self.family + function

    def dividend(self, rate: Any, dividend: Any) -> Any:
        """The kernel's dividend operand."""
        if self.carry == "rate":
            if dividend is not NO_DIVIDEND:
                raise ValueError(
                    f"model {self.name!r} takes a forward, which holds the dividends already; "
                    "leave `dividend` out, or use model 'black_scholes' with the spot price"
                )
            return rate
        return ZERO if dividend is NO_DIVIDEND else dividend


_BLACK_SCHOLES = Model("black_scholes", "spot with a continuous dividend yield", "dividend")
MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "black_scholes": _BLACK_SCHOLES,
        "merton": _BLACK_SCHOLES,
        "black76": Model("black76", "forward or future; spot is the forward price", "rate"),
        "bachelier": Model(
            "bachelier", "normally distributed forward; sigma is absolute", "rate", "bachelier_"
        ),
        "garman_kohlhagen": Model(
            "garman_kohlhagen", "exchange rate; dividend is the foreign rate", "dividend"
        ),
    }
)


def model(name: str) -> Model:
    """Look a model up by name; an unknown one raises ValueError naming the valid ones."""
    try:
        return MODELS[name]
    except (KeyError, TypeError):
        raise ValueError(f"unknown model {name!r}; valid: {', '.join(MODELS)}") from None


_WORDS: Final = MappingProxyType({"call": 1.0, "c": 1.0, "put": -1.0, "p": -1.0})
_VALID: Final = "valid: 'call', 'put', 'c', 'p', +1, -1"


def sign(kind: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Turn `kind` into the kernel's sign operand, +1.0 for calls and -1.0 for puts.

    Parameters
    ----------
    kind : str, int or array_like of them
        ``"call"``, ``"put"``, ``"c"``, ``"p"`` in any case, +1 or -1.

    Raises
    ------
    ValueError
        An element is none of these; the message names the first one and its index.
    """
    if isinstance(kind, str):
        value = _WORDS.get(kind.lower())
        if value is None:
            raise ValueError(f"unknown kind {kind!r}; {_VALID}")
        return _CALL if value > 0 else _PUT
    given = _array(kind)
    if given.dtype == np.float64 and not np.count_nonzero(np.abs(given) != 1):
        return given  # what the kernel takes
    signs = np.full(given.shape, np.nan)
    if given.dtype.kind in "US":
        lower = _lower(given)
        for word, value in _WORDS.items():
            signs[lower == (word if given.dtype.kind == "U" else word.encode())] = value
    elif given.dtype.kind in "iuf":
        np.copyto(signs, given, where=np.abs(given) == 1)
    else:
        signs.reshape(-1)[:] = [_element_sign(element) for element in given.ravel().tolist()]
    unknown = np.isnan(signs)
    if unknown.any():
        index = first(unknown)
        where = f" at index {', '.join(map(str, index))}" if index else ""
        raise ValueError(f"unknown kind {given.item(index)!r}{where}; {_VALID}")
    return signs


def first(mask: Any) -> tuple[int, ...]:
    """Index of the first True in C order; empty for a scalar."""
    return tuple(map(int, np.unravel_index(np.argmax(mask), np.shape(mask))))


def _array(kind: Any) -> np.ndarray[Any, Any]:
    try:
        given = np.asarray(kind)
    except ValueError as error:
        raise ValueError(f"kind is not an array of kinds: {error}") from None
    if given.dtype.kind in "US" and not hasattr(kind, "dtype"):
        return np.asarray(kind, dtype=object)  # NumPy has made text of the numbers among words
    return given


def _lower(text: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Make ASCII capitals small, in a tenth of the time of ``np.strings.lower``."""
    native = np.ascontiguousarray(text, text.dtype.newbyteorder("="))
    codes: Any = native.view(np.uint32 if text.dtype.kind == "U" else np.uint8)
    capital = codes - ord("A") < 26  # unsigned: what lies below A is beyond Z
    small: np.ndarray[Any, Any] = codes + (capital * codes.dtype.type(32))
    return small.view(native.dtype).reshape(text.shape)


def _element_sign(element: Any) -> float:
    if isinstance(element, str):
        return _WORDS.get(element.lower(), math.nan)
    if isinstance(element, bytes):
        return _element_sign(element.decode("ascii", "replace"))
    numbers = int | float | np.integer | np.floating
    if isinstance(element, numbers) and not isinstance(element, bool):
        return float(element) if abs(element) == 1 else math.nan
    return math.nan
