"""Option pricing on interchangeable native backends that all return the same bits."""

from quantforge.api import price
from quantforge.binding import bind
from quantforge.contract import Backend, Loop, hookimpl, instruction_set
from quantforge.dispatch import Decision, explain, using
from quantforge.errors import BackendError, QuantForgeError, QuantForgeWarning
from quantforge.inversion import Code, implied_volatility
from quantforge.operations import ALL, CONTRACT, FIRST_ORDER, SECOND_ORDER, THIRD_ORDER
from quantforge.plugins import BackendInfo, backends
from quantforge.results import Greeks
from quantforge.sensitivities import greeks

__version__ = "0.1.0"

__all__ = [
    "ALL",
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
    "QuantForgeError",
    "QuantForgeWarning",
    "__version__",
    "backends",
    "bind",
    "explain",
    "greeks",
    "hookimpl",
    "implied_volatility",
    "instruction_set",
    "price",
    "using",
]
