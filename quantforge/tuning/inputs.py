"""Ordinary operands for any operation of the catalogue, and calls through the public path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import api
from quantforge.operations import OPERATIONS, STYLE, WORDS
from quantforge.plugins import registry

__all__ = ["call", "choice", "operands", "ready"]

_SEED: Final = 20230914

Arrays = Mapping[str, NDArray[np.float64]]


def operands(
    operation: str, n: int, kind: Any = "call", seed: int = _SEED
) -> dict[str, NDArray[np.float64]]:
    """Draw `n` options from the ranges that the catalogue calls typical, by argument.

    What an inversion starts from is computed by the operation that it inverts, where anything can
    run that: prices that do not fit the other inputs would send every option through the code for
    bad input.
    """
    asked = OPERATIONS[operation]
    random = np.random.default_rng(seed)
    drawn = {
        operand.argument: random.uniform(*operand.typical, size=n)
        for operand in asked.inputs
        if operand not in WORDS
    }
    if asked.inverse_of and registry().candidates(asked.inverse_of, exact=False):
        result = asked.inputs[0].argument
        priced = OPERATIONS[asked.inverse_of]
        its = {**operands(priced.name, n, seed=seed), **drawn, **choice(priced.name), "kind": kind}
        del its[result]
        drawn[result] = api.function(priced.function)(**its)
    return drawn


def choice(operation: str) -> dict[str, Any]:
    """What tells the public function to run this operation."""
    asked = OPERATIONS[operation]
    chosen = "exercise" in inspect.signature(api.function(asked.function)).parameters
    exercise = {"exercise": asked.exercise} if chosen and STYLE in asked.inputs else {}
    return {"model": asked.model, **exercise}


def call(
    operation: str, arrays: Arrays, n: int, backend: str = "auto", threads: int | None = None
) -> Callable[[], Any]:
    """A call of the public function on the first `n` options, dispatch and all.

    An operation of one result writes into an array allocated beforehand: what the memory allocator
    does is the same for every backend, and noisy.
    """
    asked = OPERATIONS[operation]
    settings: dict[str, Any] = {
        "kind": "call",
        **choice(operation),
        "backend": backend,
        "threads": threads,
    }
    written = asked.default_outputs or tuple(output.name for output in asked.outputs)
    if len(written) == 1:
        [name], out = written, np.empty(n)
        settings["out"] = {name: out} if asked.is_named else out
    views = {name: array[:n] for name, array in arrays.items()}
    return ready(api.function(asked.function), {**views, **settings})


def ready(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[[], Any]:
    """Bind all arguments, by position where possible: passing names costs 0.2 µs a call."""
    named = dict(arguments)
    positional = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY or name not in named:
            break
        positional.append(named.pop(name))
    return partial(function, *positional, **named)
