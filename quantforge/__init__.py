"""Option pricing on interchangeable native backends that all return the same bits."""

from typing import TYPE_CHECKING, Any, Final

from quantforge import dispatch, plugins
from quantforge.api import bind, exercise_boundary, function, greeks, implied_volatility, price
from quantforge.boundary import boundary_table
from quantforge.contract import Backend, Loop, hookimpl, instruction_set
from quantforge.dispatch import using
from quantforge.errors import BackendError, QuantForgeError, QuantForgeWarning
from quantforge.explanation import Decision, explain
from quantforge.operations import (
    ALL,
    AMERICAN_GREEKS,
    CONTRACT,
    FIRST_ORDER,
    SECOND_ORDER,
    THIRD_ORDER,
    Operand,
    Operation,
    Output,
    register,
)
from quantforge.plugins import BackendInfo, backends
from quantforge.results import Code, Greeks
from quantforge.tuning import remembered, tune_on_first_use
from quantforge.version import __version__

if TYPE_CHECKING:
    from quantforge.daycounts import years_between
    from quantforge.deltas import strike_from_delta
    from quantforge.forwards import implied_forward, prepaid

__all__ = [
    "ALL",
    "AMERICAN_GREEKS",
    "CONTRACT",
    "FIRST_ORDER",
    "SECOND_ORDER",
    "THIRD_ORDER",
    "Backend",
    "BackendError",
    "BackendInfo",
    "Code",
    "Decision",
    "Greeks",
    "Loop",
    "Operand",
    "Operation",
    "Output",
    "QuantForgeError",
    "QuantForgeWarning",
    "__version__",
    "backends",
    "bind",
    "boundary_table",
    "exercise_boundary",
    "explain",
    "function",
    "greeks",
    "hookimpl",
    "implied_forward",
    "implied_volatility",
    "instruction_set",
    "prepaid",
    "price",
    "register",
    "strike_from_delta",
    "using",
    "years_between",
]

_LATER: Final = {
    "implied_forward": "forwards",
    "prepaid": "forwards",
    "strike_from_delta": "deltas",
    "years_between": "daycounts",
}
"""The modules of functions that most programs do without: imported when they are first used."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'quantforge' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"quantforge.{_LATER[name]}"), name)
    return found


dispatch.before_planning(tune_on_first_use)
plugins.on_finding(remembered)
