"""What the edge cases of both inversions share: what is expected beside a code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from quantforge import Code
from quantforge_conformance.edge_cases.edge_case import (
    NAN,
    UNDEFINED_SIGNS,
    EdgeCase,
    Near,
    changed,
)
from quantforge_conformance.reference import Implied
from quantforge_conformance.special import INFINITY

_VALUES = {Code.AT_INTRINSIC: 0.0, Code.AT_MAXIMUM: INFINITY}


def edge_cases(
    plain: Mapping[str, float],
    tables: Mapping[float, Mapping[str, Code]],
    undefined: Mapping[str, tuple[Code, bool]],
    implied: Callable[..., Implied],
) -> Iterator[EdgeCase]:
    """Return the cases of a table for each sign, of what has no volatility, and of other signs.

    A table says, by what is changed in the plain option, which code its price has.
    """
    for sign, table in tables.items():
        for name, code in table.items():
            yield _priced(*changed(plain, name, sign), code, implied)
    for name, (code, invalid) in undefined.items():
        for sign in tables:
            yield EdgeCase(*changed(plain, name, sign), (NAN, code), invalid)
    for sign, invalid in UNDEFINED_SIGNS:
        yield EdgeCase(*changed(plain, f"sign {sign}", sign), (NAN, Code.INVALID_INPUT), invalid)


def _priced(
    name: str, operands: tuple[float, ...], code: Code, implied: Callable[..., Implied]
) -> EdgeCase:
    """Return the case of a price that has this code, with the volatility of the reference."""
    if code in (Code.OK, Code.LOW_PRECISION):
        exact = implied(*operands)
        return EdgeCase(name, operands, (Near(exact.sigma, 4 * exact.attainable), code))
    invalid = code in (Code.BELOW_INTRINSIC, Code.ABOVE_MAXIMUM)
    return EdgeCase(name, operands, (_VALUES.get(code, NAN), code), invalid)
