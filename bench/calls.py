"""The calls that are timed, made once; arrays and results are ready before the clock runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import quantforge
from bench.peers import PEERS
from quantforge.operations import OPERATIONS
from quantforge.tuning.inputs import operands, ready

Options = Mapping[str, Any]
"""Operands by name, and `kind`: +1.0 or -1.0 for each option."""

Call = Callable[[], Any]


def options(operation: str, n: int) -> dict[str, Any]:
    """Ordinary options, half of them puts."""
    signs = np.random.default_rng(7).choice([1.0, -1.0], size=n)
    return {**operands(operation, n), "kind": signs}


def _output(operation: str, n: int) -> dict[str, Any]:
    """An `out` for operations that write a single one."""
    return {"out": np.empty(n)} if len(OPERATIONS[operation].outputs) == 1 else {}


def mixed(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """The public function on calls and puts, or with another `kind` among the settings."""
    views = {name: array[:n] for name, array in given.items()}
    function = getattr(quantforge, operation)
    return ready(function, {**views, **_output(operation, n), **settings})


def bound(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """What `bind` returns, on calls and puts."""
    views = {name: array[:n] for name, array in given.items()}
    function = quantforge.bind(operation, kind=views.pop("kind"), n=n, **settings)
    return ready(function, {**views, **_output(operation, n)})


def of_one_kind(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """The public function on calls alone."""
    return mixed(operation, given, n, kind="call", **settings)


def of_one_spot(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """One number for every operand but the second: one spot, many strikes."""
    return _of_one_spot(operation, given, n, float, settings)


def of_one_spot_ready(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """The same with arrays of no dimension, whose conversion NumPy is spared."""
    return _of_one_spot(operation, given, n, np.asarray, settings)


def _of_one_spot(
    operation: str, given: Options, n: int, number: Callable[[Any], Any], settings: Any
) -> Call:
    many = OPERATIONS[operation].inputs[1].name
    views = {name: number(array[0]) for name, array in given.items()}
    views.update({many: given[many][:n], "kind": "call"})
    function = getattr(quantforge, operation)
    return ready(function, {**views, **_output(operation, n), **settings})


def of_one_option(operation: str, way: str, shape: tuple[int, ...] | None, backend: str) -> Call:
    """A single call option by the function or by `bind`, as arrays of some shape or as floats.

    With ``"auto"`` as its backend nothing is given that could be left out.
    """
    given = {name: float(array[0]) for name, array in operands(operation, 1).items()}
    if shape is not None:
        given = {name: np.full(shape, value) for name, value in given.items()}
    given.pop("dividend", None)
    settings = {} if backend == "auto" else {"backend": backend, "threads": 1}
    if way == "bind":
        return ready(quantforge.bind(operation, **settings), given)
    return ready(getattr(quantforge, operation), {**given, **settings})


def peer(operation: str, given: Options, n: int) -> Call:
    """The operation's peer on calls and puts."""
    views = {name: array[:n] for name, array in given.items()}
    sign = views.pop("kind")
    return PEERS[operation][1](**views, sign=sign)
