"""Exceptions and warnings; every one subclasses a builtin, so ordinary handlers work too.

What they say may come from files and plugins: `printable` makes it harmless to a terminal.
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Iterable
from typing import Final

__all__ = [
    "CONTROLS",
    "BackendError",
    "KernelError",
    "QuantForgeError",
    "QuantForgeWarning",
    "SizeError",
    "did_you_mean",
    "one_line",
    "printable",
    "warn_once",
]

CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""Control characters but for tab and line feed, and those that reorder the text around them."""


def printable(text: str) -> str:
    r"""Text whose control characters are written as Python writes them: ``\x1b``."""
    return CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


class QuantForgeError(Exception):
    """Base of every exception that QuantForge raises on its own account."""

    def __str__(self) -> str:
        """The message, harmless to the terminal that a traceback is printed on."""
        return printable(super().__str__())


class BackendError(QuantForgeError, RuntimeError):
    """A backend that was asked for by name cannot do the work.

    The message names the backend, the operation and the stored cause; ``__cause__`` is the
    original exception where there is one.
    """


class SizeError(BackendError):
    """None of the backends that may do the work takes a batch of this size."""


class KernelError(BackendError):
    """A kernel has raised; ``__cause__`` is what it raised."""

    backend: str = ""


class QuantForgeWarning(UserWarning):
    """Something did not go as asked; issued once per process and cause."""


def one_line(error: BaseException) -> str:
    """An exception's type and message in one line, whatever its own ``__str__`` does."""
    try:
        text = " ".join(str(error).split())
    except KeyboardInterrupt:
        raise
    except BaseException as another:
        text = f"its message cannot be shown ({type(another).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


_NEAR: Final = 0.7  # of two names alike: heston is no merton


def did_you_mean(given: object, valid: Iterable[object]) -> str:
    """What to add to a complaint about an unknown name: the valid one that is nearly it, if any."""
    from difflib import get_close_matches  # only whoever is wrong pays for it

    names = {str(name).casefold(): str(name) for name in valid}
    near = get_close_matches(given.casefold(), names, 1, _NEAR) if isinstance(given, str) else []
    return f"; did you mean {names[near[0]]!r}?" if near else ""


_said: set[str] = set()
_said_lock = threading.Lock()


def warn_once(cause: str, message: str) -> None:
    """Issue `message` as a `QuantForgeWarning`, the first time `cause` comes up in this process.

    The warning points at the line that called into QuantForge, however deep inside it arose.
    """
    with _said_lock:
        if cause in _said:
            return
        _said.add(cause)
    message = printable(message)
    frame = sys._getframe(1)
    inside = ("quantforge", "importlib", "contextlib")
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(inside):
        frame = frame.f_back
    warnings.warn_explicit(
        message,
        QuantForgeWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )
