"""The catalogue: one declaration per operation, the single source for all that follows from it.

Signatures, validation, documentation, command-line columns, tuning and conformance read these
declarations; adding an operation means one declaration here and one kernel in each backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CONTRACT", "OPERATIONS", "Operand", "Operation", "Output", "operation"]

CONTRACT = 1
"""Version of the agreement between core and backends; a backend states the one it was built for."""


@dataclass(frozen=True)
class Operand:
    """One float64 input of a kernel.

    Parameters
    ----------
    name : str
        The field's term, also the column name on the command line.
    meaning, unit : str
        One line each, for documentation.
    nonnegative, finite : bool
        The domain: a value outside it yields NaN and raises NumPy's *invalid* signal.
    typical : tuple of float
        Range of ordinary values, for tuning and examples.
    """

    name: str
    meaning: str
    unit: str
    typical: tuple[float, float]
    nonnegative: bool = False
    finite: bool = False

    @property
    def rule(self) -> str:
        """The domain in words."""
        words = ["finite"] * self.finite + [">= 0"] * self.nonnegative
        return " and ".join(words) or "any number"


@dataclass(frozen=True)
class Output:
    """One result of a kernel; `type` is NumPy's type character."""

    name: str
    meaning: str
    unit: str
    type: str = "d"


@dataclass(frozen=True)
class Operation:
    """What a kernel computes: inputs in the order it takes them, outputs in the order it writes.

    `numerics` is the version of the numerical specification: results keep their bits while it
    stays, and a backend is exact only if it implements this very version.
    """

    name: str
    summary: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Output, ...]
    numerics: int


SPOT = Operand("spot", "price of the underlying", "currency", (50.0, 150.0), nonnegative=True)
STRIKE = Operand("strike", "exercise price", "currency", (50.0, 150.0), nonnegative=True)
TIME = Operand("time", "time to expiry", "years", (0.05, 3.0), nonnegative=True)
RATE = Operand("rate", "risk-free rate", "1/year, continuous", (0.0, 0.08), finite=True)
DIVIDEND = Operand("dividend", "dividend yield", "1/year, continuous", (0.0, 0.04), finite=True)
SIGMA = Operand("sigma", "volatility", "1/sqrt(year)", (0.05, 0.8), nonnegative=True)
SIGN = Operand("sign", "+1 for a call, -1 for a put", "", (-1.0, 1.0))

PRICE = Operation(
    name="price",
    summary="European option on a lognormal underlying",
    inputs=(SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGMA, SIGN),
    outputs=(Output("price", "present value of the option", "currency"),),
    numerics=1,
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType({entry.name: entry for entry in (PRICE,)})


def operation(name: str) -> Operation:
    """Look `name` up; an unknown one raises ValueError naming the valid ones."""
    try:
        return OPERATIONS[name]
    except (KeyError, TypeError):
        valid = ", ".join(OPERATIONS)
        raise ValueError(f"unknown operation {name!r}; valid: {valid}") from None
