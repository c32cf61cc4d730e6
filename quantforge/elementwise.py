"""Public functions that no backend runs: their arguments, read and aligned like those of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quantforge import kinds, labels
from quantforge.callables import Callee
from quantforge.evaluation import number, shape_of
from quantforge.labels import is_labelled
from quantforge.numpy_backend import blocks
from quantforge.numpy_backend.blocks import Array, Block
from quantforge.operations import SIGN, Operand, Output

__all__ = ["elementwise"]


def elementwise(
    block: Block, inputs: Sequence[Operand], arguments: Mapping[str, Any], name: str
) -> Any:
    """Run `block` on public arguments by name, in the order of `inputs`.

    Parameters
    ----------
    block : callable
        From arrays of float64 to their result, and whether it signals *invalid*.
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

    def kernel(*operands: Array, out: Any) -> Any:
        return blocks.run(block, operands, "d", out)

    callee = Callee(kernel, name, (Output(name, "", ""),))

    def run(given: Mapping[str, Any]) -> tuple[Any, ...]:
        operands = tuple(
            kinds.sign(given["kind"])
            if operand is SIGN
            else number(operand, given[operand.argument])
            for operand in inputs
        )
        shape_of(inputs, operands)
        return (callee(callee.operands(operands, (None,)), (None,)),)

    if any(map(is_labelled, arguments.values())):
        [found] = labels.call(run, {"kind": kinds.CALL, **arguments}, (name,))
    else:
        [found] = run(arguments)
    return found
