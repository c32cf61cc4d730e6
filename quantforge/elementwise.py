"""Public functions that no backend runs: their arguments, read and aligned like those of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quantforge import kinds, labels
from quantforge.evaluation import number, shape_of
from quantforge.labels import is_labelled
from quantforge.operations import SIGN, Operand

__all__ = ["elementwise"]


def elementwise(
    function: Callable[..., Any], inputs: Sequence[Operand], arguments: Mapping[str, Any], name: str
) -> Any:
    """Run `function` on public arguments by name, in the order of `inputs`.

    Parameters
    ----------
    function : callable
        From arrays of float64 that broadcast, to one of their common shape, or a number.
    inputs : sequence of Operand
    arguments : mapping of str to object
        Numbers, arrays or containers with labels, `time` among them if `kind` is.
    name : str
        What the result is called.

    Raises
    ------
    ValueError
        Shapes that do not broadcast, labels that cannot be aligned, an unknown kind.
    TypeError
        An argument that does not hold real numbers.
    """

    def run(given: Mapping[str, Any]) -> tuple[Any, ...]:
        operands = tuple(
            kinds.sign(given["kind"])
            if operand is SIGN
            else number(operand, given[operand.argument])
            for operand in inputs
        )
        shape_of(inputs, operands)
        return (function(*operands),)

    if any(map(is_labelled, arguments.values())):
        [found] = labels.call(run, {"kind": kinds.CALL, **arguments}, (name,))
    else:
        [found] = run(arguments)
    return found
