"""The loaded kernels, each an attribute ``<operation>_<backend>``, so that they pickle by name."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from quantforge.operations import OPERATIONS
from quantforge.plugins import registry

__all__ = ["kernel"]


def kernel(backend: str, operation: str, wanted: int | None = None) -> Any:
    """A backend's kernel, loaded on first use, as `Registry.kernel` makes it."""
    made = registry().kernel(backend, operation, wanted)
    if made.__name__.startswith(f"{operation}_{backend}"):  # not a ufunc of the backend's own
        globals()[made.__name__] = made
        with suppress(AttributeError):  # without it, pickle asks every module for the name
            made.__module__ = __name__
    return made


def __getattr__(name: str) -> Any:
    """Load the backend that a pickled kernel belongs to."""
    backends = registry().names()  # plugins declare operations too
    for operation in OPERATIONS:
        for backend in backends:
            full = f"{operation}_{backend}"
            if name == full:
                return kernel(backend, operation)
            if name.startswith(f"{full}_"):
                with suppress(ValueError):  # no set of outputs: another backend's name goes on so
                    return kernel(backend, operation, int(name.removeprefix(f"{full}_"), 16))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
