"""The calls that are timed: the same options for everybody, half of them puts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import quantforge
from bench.peers import PEERS
from quantforge.operations import OPERATIONS
from quantforge.tuning.inputs import operands

Arrays = Mapping[str, Any]
Call = Callable[[], Any]


def arrays(operation: str, n: int) -> dict[str, Any]:
    """Operands by name, `kind` among them: +1.0 or -1.0 for each option."""
    signs = np.random.default_rng(7).choice([1.0, -1.0], size=n)
    return {**operands(operation, n), "kind": signs}


def first(given: Arrays, n: int) -> dict[str, Any]:
    """The first `n` options."""
    return {name: array[:n] for name, array in given.items()}


def output(operation: str, n: int) -> dict[str, Any]:
    """An `out` that is ready, for operations that write a single one."""
    return {"out": np.empty(n)} if len(OPERATIONS[operation].outputs) == 1 else {}


def public(operation: str, given: Arrays, n: int, **settings: Any) -> Call:
    """A call of the public function."""
    function = getattr(quantforge, operation)
    return partial(function, **first(given, n), **output(operation, n), **settings)


def bound(operation: str, given: Arrays, n: int, **settings: Any) -> Call:
    """A call of what `bind` returns."""
    views = first(given, n)
    function = quantforge.bind(operation, kind=views.pop("kind"), n=n, **settings)
    return partial(function, **views, **output(operation, n))


def broadcast(operation: str, given: Arrays, n: int, **settings: Any) -> Call:
    """A call with one number for every operand but the second: one spot, many strikes."""
    views: dict[str, Any] = {name: float(array[0]) for name, array in given.items()}
    second = OPERATIONS[operation].inputs[1].name
    views.update({second: given[second][:n], "kind": "call"})
    return partial(
        getattr(quantforge, operation), **views, **output(operation, n), **settings
    )


def peer(operation: str, given: Arrays, n: int) -> Call:
    """A call of the operation's peer."""
    views = first(given, n)
    return PEERS[operation][1](**views, sign=views.pop("kind"))
