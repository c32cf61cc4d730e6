"""The calls that are timed, made once; arrays and results are ready before the clock runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import quantforge
from bench.peers import PEERS
from quantforge.operations import OPERATIONS, PREMIUM
from quantforge.tuning.inputs import choice, operands, ready

Options = Mapping[str, Any]
"""Operands by argument, and `kind`: +1.0 or -1.0 for each option."""

Call = Callable[[], Any]


def options(operation: str, n: int, *, puts: bool = True) -> dict[str, Any]:
    """Ordinary options, half of them puts; with prices to invert, within some 3 deviations."""
    signs = np.ones(2 * n)
    if puts:
        signs = np.random.default_rng(7).choice([1.0, -1.0], size=2 * n)
    drawn: dict[str, Any] = {**operands(operation, 2 * n, signs), "kind": signs}
    kept = np.arange(n)
    if inverts(operation):
        model: dict[str, Any] = {"model": OPERATIONS[operation].model}
        its = {**drawn, "sigma": quantforge.implied_volatility(**drawn, **model)}
        del its["price"]
        deltas = [
            np.abs(quantforge.greeks(**{**its, "kind": kind}, which="delta", **model).delta)
            for kind in ("call", "put")
        ]
        kept = np.flatnonzero(np.minimum(*deltas) > 0.001)[:n]
    return {name: array[kept] for name, array in drawn.items()}


def inverts(operation: str) -> bool:
    """Whether a price is given."""
    return PREMIUM in OPERATIONS[operation].inputs


def _output(operation: str, n: int) -> dict[str, Any]:
    """An `out` for operations that write a single one."""
    asked = OPERATIONS[operation]
    return {"out": np.empty(n)} if len(asked.default_outputs or asked.outputs) == 1 else {}


def _function(operation: str, given: Mapping[str, Any]) -> Call:
    asked = OPERATIONS[operation]
    return ready(getattr(quantforge, asked.function), {**choice(operation), **given})


def mixed(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """The public function on calls and puts, or with another `kind` among the settings."""
    views = {name: array[:n] for name, array in given.items()}
    return _function(operation, {**views, **_output(operation, n), **settings})


def bound(operation: str, given: Options, n: int, **settings: Any) -> Call:
    """What `bind` returns, on calls and puts."""
    views = {name: array[:n] for name, array in given.items()}
    asked = OPERATIONS[operation]
    kind = views.pop("kind")
    said: dict[str, Any] = {**choice(operation), **settings}
    function = quantforge.bind(asked.function, kind=kind, n=n, **said)
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
    many = OPERATIONS[operation].inputs[1].argument
    views = {name: number(array[0]) for name, array in given.items()}
    views.update({many: given[many][:n], "kind": "call"})
    return _function(operation, {**views, **_output(operation, n), **settings})


def of_one_option(operation: str, way: str, shape: tuple[int, ...] | None, backend: str) -> Call:
    """A single call option by the function or by `bind`, as arrays of some shape or as floats.

    With ``"auto"`` as its backend nothing is given that could be left out.
    """
    asked = OPERATIONS[operation]
    drawn = options(operation, 1, puts=False)
    given: dict[str, Any] = {name: float(array[0]) for name, array in drawn.items()}
    del given["kind"]
    if not inverts(operation):  # there the price has it in
        given.pop("dividend", None)
    if shape is not None:
        given = {name: np.full(shape, value) for name, value in given.items()}
    settings: dict[str, Any] = {} if backend == "auto" else {"backend": backend, "threads": 1}
    if way == "bind":
        return ready(quantforge.bind(asked.function, **choice(operation), **settings), given)
    return _function(operation, {**given, **settings})


def peer(operation: str, given: Options, n: int) -> Call:
    """The operation's peer on calls and puts."""
    views = {name: array[:n] for name, array in given.items()}
    sign = views.pop("kind")
    return PEERS[operation][1](**views, sign=sign)
