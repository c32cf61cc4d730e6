"""Option pricing on interchangeable native backends that all return the same bits."""

from quantforge.api import price
from quantforge.binding import bind
from quantforge.contract import Backend, hookimpl, instruction_set
from quantforge.dispatch import Decision, explain, using
from quantforge.errors import BackendError, QuantForgeError, QuantForgeWarning
from quantforge.operations import CONTRACT
from quantforge.plugins import BackendInfo, backends

__version__ = "0.1.0"

__all__ = [
    "CONTRACT",
    "Backend",
    "BackendError",
    "BackendInfo",
    "Decision",
    "QuantForgeError",
    "QuantForgeWarning",
    "__version__",
    "backends",
    "bind",
    "explain",
    "hookimpl",
    "instruction_set",
    "price",
    "using",
]
