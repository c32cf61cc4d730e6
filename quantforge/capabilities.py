"""What a backend can do of what is asked for, and how near its results are."""

from __future__ import annotations

from typing import Final, NamedTuple

from quantforge.contract import ANY_SIZE, Backend
from quantforge.conventions import model
from quantforge.operations import OPERATIONS, Operation

__all__ = ["TIERS", "Needs", "check", "lacks", "models", "outputs", "sizes", "takes", "tier"]

TIERS: Final = ("exact", "contract", "approximate")
"""How near results are, best first: the specification's bits; within the documented bounds; within
a bound that the backend states itself."""


class Needs(NamedTuple):
    """What a request needs of a backend beside an operation.

    `wanted` is a set of outputs, as of `Operation.wanted`, None for any; `array` is the type of
    another library's arrays, which are to be taken and returned.
    """

    wanted: int | None = None
    model: str = ""
    array: str = ""


def tier(described: Backend, operation: Operation) -> str:
    """How near a backend's results of an operation are."""
    if operation.name in described.approximate:
        return "approximate"
    follows = described.numerics.get(operation.name) == operation.numerics
    return "exact" if described.exact and follows else "contract"


def outputs(described: Backend, operation: Operation) -> int:
    """The set of outputs that a backend can write."""
    names = described.outputs.get(operation.name)
    return operation.all_outputs if names is None else operation.wanted(names)


def models(described: Backend) -> frozenset[str]:
    """The models that a backend serves, each by its first name; empty for all."""
    return frozenset(model(name).name for name in described.models)


def check(described: Backend) -> None:
    """Raise ValueError if a backend restricts itself to an output or a model that there is not."""
    models(described)
    for name in described.outputs:
        if name in OPERATIONS:
            outputs(described, OPERATIONS[name])


def lacks(described: Backend, operation: Operation, needs: Needs) -> str:
    """What a backend lacks for a request, in words that follow its name; empty if nothing."""
    if operation.name not in described.numerics:
        return f"does not implement {operation.name!r}"
    missing = (needs.wanted or 0) & ~outputs(described, operation)
    if missing:
        names = ", ".join(output.name for output in operation.written(missing))
        return f"does not compute {names} of {operation.name!r}"
    if needs.model and described.models and needs.model not in models(described):
        return f"does not serve the model {needs.model!r}"
    if needs.array and needs.array not in described.arrays:
        return f"does not take {needs.array}"
    return ""


def takes(described: Backend, n: int, threads: int = 1) -> bool:
    """Whether a backend takes a batch of `n` options, split over so many threads."""
    return described.min_size <= n <= described.max_size and (threads == 1 or described.threads)


def sizes(described: Backend) -> str:
    """The batches that a backend takes, in words; empty if it takes all."""
    if described.max_size < ANY_SIZE:
        return f"takes batches of {described.min_size:,} to {described.max_size:,} options"
    return f"takes batches of {described.min_size:,} options or more" * (described.min_size > 1)
