"""Ordinary operands for any operation of the catalogue, and calls through the public path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.operations import OPERATIONS, SIGN, Operand, Operation
from quantforge.plugins import registry

__all__ = ["call", "operands", "ready"]

_SEED: Final = 20230914

Arrays = Mapping[str, NDArray[np.float64]]


def operands(operation: str, n: int, kind: Any = "call") -> dict[str, NDArray[np.float64]]:
    """Draw `n` options from the ranges that the catalogue calls typical, by argument.

    An operand that another operation computes, as that of a price, is what it computes: numbers
    that do not fit each other would send every option into the arms for bad input.
    """
    asked = OPERATIONS[operation]
    random = np.random.default_rng(_SEED)
    drawn = {
        operand.argument: random.uniform(*operand.typical, size=n)
        for operand in asked.inputs
        if operand is not SIGN  # what the public functions call `kind`
    }
    for operand in asked.inputs:
        source = _source(asked, operand)
        if source is not None:
            its = {**operands(source.name, n), **drawn, "kind": kind}
            del its[operand.argument]
            function = getattr(quantforge, source.function)
            drawn[operand.argument] = function(**its, model=source.model)
    return drawn


def _source(asked: Operation, operand: Operand) -> Operation | None:
    """The operation of the same model that has `operand` for its only result, if it can run."""
    for other in OPERATIONS.values():
        results = [output.name for output in other.outputs]
        if other.model == asked.model and results == [operand.name]:
            return other if registry().candidates(other.name, exact=False) else None
    return None


def call(
    operation: str, arrays: Arrays, n: int, backend: str = "auto", threads: int | None = None
) -> Callable[[], Any]:
    """A call of the public function on the first `n` options, dispatch and all.

    An operation of one result writes it into an array that is there already: what the memory
    allocator does is the same for every backend, and noisy.
    """
    asked = OPERATIONS[operation]
    settings: dict[str, Any] = {
        "kind": "call",
        "model": asked.model,
        "backend": backend,
        "threads": threads,
    }
    if len(asked.chosen or asked.outputs) == 1:
        settings["out"] = np.empty(n)
    views = {name: array[:n] for name, array in arrays.items()}
    return ready(getattr(quantforge, asked.function), {**views, **settings})


def ready(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[[], Any]:
    """Bind all arguments; by position where that is possible, for names cost 0.2 µs a call."""
    named = dict(arguments)
    positional = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY or name not in named:
            break
        positional.append(named.pop(name))
    return partial(function, *positional, **named)
