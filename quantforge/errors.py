"""Exceptions and warnings; every one subclasses a builtin, so ordinary handlers work too."""

from __future__ import annotations

import threading
import warnings

__all__ = ["BackendError", "QuantForgeError", "QuantForgeWarning", "warn_once"]


class QuantForgeError(Exception):
    """Base of every exception that QuantForge raises on its own account."""


class BackendError(QuantForgeError, RuntimeError):
    """A backend that was asked for by name cannot do the work.

    The message names the backend, the operation and the stored cause; ``__cause__`` is the
    original exception where there is one.
    """


class QuantForgeWarning(UserWarning):
    """Something went another way than asked; said once per process and cause."""


_said: set[str] = set()
_said_lock = threading.Lock()


def warn_once(cause: str, message: str, *, stacklevel: int = 3) -> None:
    """Issue `message` as a `QuantForgeWarning`, the first time `cause` comes up in this process."""
    with _said_lock:
        if cause in _said:
            return
        _said.add(cause)
    warnings.warn(message, QuantForgeWarning, stacklevel=stacklevel)
