"""Ordinary operands for any operation of the catalogue, and calls through the public path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import api, conventions
from quantforge.capabilities import models, outputs
from quantforge.operations import OPERATIONS, SIGN, STYLE, WORDS
from quantforge.plugins import registry

__all__ = ["call", "choice", "model", "operands", "ready", "taken"]

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
    if asked.inverse_of and registry().candidates(asked.inverse_of, "contract"):
        result = asked.inputs[0].argument
        priced = OPERATIONS[asked.inverse_of]
        its = {**operands(priced.name, n, seed=seed), **drawn, **choice(priced.name), "kind": kind}
        del its[result]
        drawn[result] = api.function(priced.function)(**its)
    return drawn


def model(operation: str, backend: str) -> str:
    """The model on which a backend is timed: the operation's first one, or the first it serves."""
    asked = OPERATIONS[operation]
    served = () if backend == "auto" else models(registry().description(backend))
    return next((name for name in asked.models if name in served), asked.model)


def choice(operation: str, model: str = "") -> dict[str, Any]:
    """What tells the public function to run this operation."""
    asked = OPERATIONS[operation]
    chosen = "exercise" in inspect.signature(api.function(asked.function)).parameters
    exercise = {"exercise": asked.exercise} if chosen and STYLE in asked.inputs else {}
    return {"model": model or asked.model, **exercise}


def taken(arrays: Arrays, model: str) -> Arrays:
    """The arrays that a model takes."""
    if not conventions.model(model).on_forward:
        return arrays
    return {name: array for name, array in arrays.items() if name != "dividend"}


def call(
    operation: str, arrays: Arrays, n: int, backend: str = "auto", threads: int | None = None
) -> Callable[[], Any]:
    """A call of the public function on the first `n` options, dispatch and all.

    An operation of one result writes into an array allocated beforehand: what the memory allocator
    does is the same for every backend, and noisy.
    """
    asked = OPERATIONS[operation]
    served = model(operation, backend)
    settings: dict[str, Any] = {
        **({"kind": "call"} if SIGN in asked.inputs else {}),
        **choice(operation, served),
        "backend": backend,
        "threads": threads,
    }
    names = asked.default_outputs or tuple(output.name for output in asked.outputs)
    if backend != "auto" and asked.is_named and asked.default_outputs:
        can = asked.written(outputs(registry().description(backend), asked))
        names = tuple(each.name for each in can if each.name in names) or (can[0].name,)
        settings["which"] = names
    if len(names) == 1:
        out = np.empty(n)
        settings["out"] = {names[0]: out} if asked.is_named else out
    views = {name: array[:n] for name, array in taken(arrays, served).items()}
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
