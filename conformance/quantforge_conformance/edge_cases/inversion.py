"""What the edge cases of both inversions share: what is expected beside a code."""

from __future__ import annotations

from collections.abc import Callable

from quantforge import Code
from quantforge_conformance.edge_cases.edge_case import NAN, EdgeCase, Near
from quantforge_conformance.reference import Implied
from quantforge_conformance.special import INFINITY

_VALUES = {Code.AT_INTRINSIC: 0.0, Code.AT_MAXIMUM: INFINITY}


def priced(
    name: str, operands: tuple[float, ...], code: Code, implied: Callable[..., Implied]
) -> EdgeCase:
    """Return the case of a price that has this code, with the volatility of the reference."""
    if code in (Code.OK, Code.LOW_PRECISION):
        exact = implied(*operands)
        return EdgeCase(name, operands, (Near(exact.sigma, 4 * exact.attainable), code))
    invalid = code in (Code.BELOW_INTRINSIC, Code.ABOVE_MAXIMUM)
    return EdgeCase(name, operands, (_VALUES.get(code, NAN), code), invalid)
