"""Calls and puts: what users say as `kind`, turned into the sign that kernels take."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

__all__ = ["CALL", "PUT", "at", "first", "sign"]

Signs = np.ndarray[Any, np.dtype[np.float64]]

# Ready 0-d operands: a Python float would cost a conversion in every call.
CALL: Final = np.full((), 1.0)
PUT: Final = np.full((), -1.0)
for _constant in (CALL, PUT):
    _constant.flags.writeable = False

_WORDS: Final = {"call": 1.0, "put": -1.0, "c": 1.0, "p": -1.0}
_VALID: Final = "valid: 'call', 'put', 'c', 'p', +1, -1, True for a call"
_DOUBLE: Final = np.dtype(np.float64)
_OF_BOOL: Final = np.array([-1.0, 1.0])
_IN_A_DOT: Final = 8192  # longer dot products may start threads of the BLAS's own
_FEW: Final = 256  # up to so many objects, reading each is faster than comparing addresses
_PIECE: Final = 8192  # words that are read at a time
_DISTINCT: Final = 4  # distinct objects to look for before each element is read by itself


def sign(kind: Any) -> Signs:
    """Turn `kind` into the kernel's sign operand, +1.0 for calls and -1.0 for puts.

    Parameters
    ----------
    kind : str, int, bool or array_like of them
        ``"call"``, ``"c"``, +1 or True for a call; ``"put"``, ``"p"``, -1 or False for a put.
        Words may be in any case, and blanks may follow them.

    Raises
    ------
    ValueError
        An element is none of these; the message names the first one and its index.
    """
    if kind is CALL or kind is PUT:
        return kind
    if type(kind) is np.ndarray:
        given = kind
        if (  # what `_are_signs` does, without the call
            given.dtype is _DOUBLE
            and given.ndim == 1
            and given.size <= _IN_A_DOT
            and given.dot(given) == given.size
        ):
            return given
    elif isinstance(kind, str):
        value = _sign_of(kind)
        if value != value:
            raise ValueError(f"unknown kind {kind!r}; {_VALID}")
        return CALL if value > 0 else PUT
    else:
        given = _array(kind)
    if given.dtype.kind == "b":
        return _OF_BOOL.take(given.view(np.int8))
    if given.dtype.kind in "iuf":
        signs, known = given.astype(np.float64, copy=False), False
    else:
        signs, known = _of_words(given)
    if known or _are_signs(signs):
        return signs
    unknown = ~(np.abs(signs) == 1)
    index = first(unknown)
    where = f" at index {', '.join(map(str, index))}" if index else ""
    raise at(index, ValueError(f"unknown kind {given.item(index)!r}{where}; {_VALID}"))


def _are_signs(numbers: Signs) -> bool:
    """Whether all numbers are +1 or -1, by the sum of their squares where that is quicker.

    Other numbers may have the same sum; a kernel makes NaN of those and signals *invalid*.
    """
    if numbers.ndim != 1:
        return not np.count_nonzero(np.abs(numbers) != 1)
    if numbers.size <= _IN_A_DOT:
        return bool(numbers.dot(numbers) == numbers.size)
    starts = range(0, numbers.size, _IN_A_DOT)
    parts = (numbers[start : start + _IN_A_DOT] for start in starts)
    return all(part.dot(part) == part.size for part in parts)


def at(index: tuple[int, ...], error: ValueError) -> ValueError:
    """Let an error say which element it is about, also to those who know that by a label."""
    error.index = index  # type: ignore[attr-defined]  # read by `quantforge.labels`
    return error


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


def _of_words(words: np.ndarray[Any, Any]) -> tuple[Signs, bool]:
    """Signs of texts or objects, NaN where one is no kind, and whether surely none is NaN.

    Long columns are read piece by piece, within the caches.
    """
    if words.dtype.kind not in "OSU":
        words = words.astype(object)
    read: Callable[[np.ndarray[Any, Any]], tuple[Signs, bool]]
    read = _read_objects if words.dtype.kind == "O" else _read_text
    if words.size <= _PIECE and words.ndim == 1:
        return read(words)
    flat = np.ascontiguousarray(words).reshape(-1)
    signs = np.empty(flat.size)
    for start in range(0, flat.size, _PIECE):
        piece = slice(start, start + _PIECE)
        signs[piece], _ = read(flat[piece])
    return signs.reshape(words.shape), False


def _read_text(text: np.ndarray[Any, Any]) -> tuple[Signs, bool]:
    """Signs of texts."""
    if text.size <= _FEW:  # few texts are sooner compared as they are
        call, put = ("call", "put") if text.dtype.kind == "U" else (b"call", b"put")
        is_call = text == call
        if np.count_nonzero(is_call) + np.count_nonzero(text == put) == text.size:
            return np.asarray(_OF_BOOL.take(is_call.view(np.int8))), True
    words = _packed(text)
    signs = np.full(text.size, np.nan)
    for word, value in _WORDS.items():
        np.copyto(signs, value, where=words == _packed_word(word))
    return signs, False


def _packed(text: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Texts of at most four ASCII characters as whole numbers, 0 for others.

    The bit that makes a letter lower case is set in every character. It turns the padding into
    blanks, and nothing but a letter into that letter.
    """
    native = np.ascontiguousarray(text, text.dtype.newbyteorder("="))
    codes: Any = native.view(np.uint32 if text.dtype.kind == "U" else np.uint8)
    codes = codes.reshape(text.size, -1)
    letters = np.zeros((text.size, 4), np.uint8)
    np.copyto(letters[:, : codes.shape[1]], codes[:, :4], casting="unsafe")
    packed: np.ndarray[Any, np.dtype[np.uint32]] = letters.view(np.uint32).reshape(-1)
    packed |= np.uint32(0x20202020)
    if codes.shape[1] > 4 or codes.max(initial=0) > 127:
        packed[((codes[:, 4:] | 32) != 32).any(axis=1) | (codes > 127).any(axis=1)] = 0
    return packed


def _packed_word(word: str) -> int:
    return int.from_bytes(word.ljust(4).encode(), sys.byteorder)


def _read_objects(objects: np.ndarray[Any, Any]) -> tuple[Signs, bool]:
    """Signs of objects, mostly words.

    A long column holds the same few objects again and again: each is read once, and found
    elsewhere by its address.
    """
    if objects.size > _FEW:
        signs, left = np.empty(objects.size), np.ones(objects.size, bool)
        addresses = _addresses(objects)
        for _ in range(_DISTINCT):
            place = int(left.argmax())
            same = addresses == addresses[place]
            np.copyto(signs, _sign_of(objects[place]), where=same)
            left &= ~same
            if not left.any():
                return signs, False
    words = objects.tolist()
    try:
        return np.fromiter(map(_WORDS.__getitem__, words), np.float64, len(words)), True
    except (KeyError, TypeError):
        return np.fromiter(map(_sign_of, words), np.float64, len(words)), False


def _addresses(objects: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The pointers that an array of objects consists of, as numbers, not copied."""
    interface = {**objects.__array_interface__, "typestr": np.dtype(np.intp).str}
    del interface["descr"]
    return np.asarray(SimpleNamespace(__array_interface__=interface))


def _sign_of(element: Any) -> float:
    if isinstance(element, str):
        return _WORDS.get(element.rstrip(" ").lower(), math.nan)
    if isinstance(element, bytes):
        return _sign_of(element.decode("ascii", "replace"))
    if isinstance(element, bool | np.bool_):
        return 1.0 if element else -1.0
    if isinstance(element, int | float | np.integer | np.floating):
        return float(element) if abs(element) == 1 else math.nan
    return math.nan
