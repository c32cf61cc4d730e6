"""Ordinary operands for any operation of the catalogue, and calls through the public path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.operations import OPERATIONS

__all__ = ["call", "operands", "ready"]

_SEED: Final = 20230914


def operands(operation: str, n: int) -> dict[str, NDArray[np.float64]]:
    """Draw `n` options from the ranges that the catalogue calls typical."""
    random = np.random.default_rng(_SEED)
    return {
        operand.name: random.uniform(*operand.typical, size=n)
        for operand in OPERATIONS[operation].inputs
        if operand.name != "sign"  # what the public functions call `kind`
    }


def call(
    operation: str,
    arrays: Mapping[str, NDArray[np.float64]],
    n: int,
    backend: str = "auto",
    threads: int | None = None,
) -> Callable[[], Any]:
    """A call of the public function on the first `n` options, dispatch and all.

    An operation of one result writes it into an array that is there already: what the memory
    allocator does is the same for every backend, and noisy.
    """
    settings: dict[str, Any] = {"kind": "call", "backend": backend, "threads": threads}
    if len(OPERATIONS[operation].outputs) == 1:
        settings["out"] = np.empty(n)
    views = {name: array[:n] for name, array in arrays.items()}
    return ready(getattr(quantforge, operation), {**views, **settings})


def ready(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[[], Any]:
    """Bind all arguments; by position where that is possible, for names cost 0.2 µs a call."""
    named = dict(arguments)
    positional = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY or name not in named:
            break
        positional.append(named.pop(name))
    return partial(function, *positional, **named)
