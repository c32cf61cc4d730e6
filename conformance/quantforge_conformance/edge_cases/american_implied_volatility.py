"""The edge cases of the volatility implied by an American price on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from quantforge import Code
from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import CALL, NAN, PUT, EdgeCase, Near, changed
from quantforge_conformance.edge_cases.implied_volatility import PLAIN as EUROPEAN
from quantforge_conformance.edge_cases.implied_volatility import UNDEFINED
from quantforge_conformance.special import INFINITY

STYLE = 2.0
PLAIN = EUROPEAN | {"price": 10.0, "rate": 0.05, "dividend": 0.03}

# By changes to the plain option: the code, and the volatility where it is known exactly.
_CALLS = {
    "price 4.9": (Code.BELOW_INTRINSIC, NAN),
    "price -1.0": (Code.BELOW_INTRINSIC, NAN),
    "price 100.0": (Code.AT_MAXIMUM, INFINITY),
    "price 100.1": (Code.ABOVE_MAXIMUM, NAN),
    "price 0.0, strike 130.0": (Code.AT_INTRINSIC, 0.0),
    "price 5.0, time 0.0": (Code.AT_INTRINSIC, 0.0),
    "price 6.0, time 0.0": (Code.ABOVE_MAXIMUM, NAN),
    "price 99.999999999, dividend 0.2": (Code.LOW_PRECISION, None),
}
_PUTS = {
    "price -1e-9": (Code.BELOW_INTRINSIC, NAN),
    "price 24.9, strike 125.0": (Code.BELOW_INTRINSIC, NAN),
    "price 95.0": (Code.AT_MAXIMUM, INFINITY),
    "price 95.1": (Code.ABOVE_MAXIMUM, NAN),
    "price 0.0": (Code.AT_INTRINSIC, 0.0),
    "price 25.0, strike 125.0, time 0.0": (Code.AT_INTRINSIC, 0.0),
    "price 94.999999999": (Code.LOW_PRECISION, None),
}
_TWO_BOUNDARIES = (("rate -0.02, dividend -0.05", PUT), ("rate -0.05, dividend -0.02", CALL))
_NEVER_EARLY = (("dividend 0.0, price 12.0", CALL), ("rate 0.0, price 12.0", PUT))


@cache
def american_implied_volatility() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `american_implied_volatility`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for sign, table in ((CALL, _CALLS), (PUT, _PUTS)):
        for name, (code, sigma) in table.items():
            invalid = code in (Code.BELOW_INTRINSIC, Code.ABOVE_MAXIMUM)
            yield _case(name, sign, (sigma, code), invalid=invalid)
    for name, sign in _TWO_BOUNDARIES:
        yield _case(name, sign, (NAN, Code.INVALID_INPUT), invalid=True)
    for name, sign in _NEVER_EARLY:
        yield _case(name, sign, _european(name, sign))
    for sign in (CALL, PUT):
        yield _case("", sign, _european("", sign), style=0.0)
        for style in (-1.0, 0.5, 4.0, INFINITY):
            yield _case("", sign, (NAN, Code.INVALID_INPUT), style=style, invalid=True)
        yield _case("", sign, (NAN, Code.INVALID_INPUT), style=NAN)
    for name, (code, invalid) in UNDEFINED.items():
        for sign in (CALL, PUT):
            yield _case(name, sign, (NAN, code), invalid=invalid)


def _european(name: str, sign: float) -> tuple[Near, Code]:
    found = reference.implied_volatility(*changed(PLAIN, name, sign)[1])
    return Near(found.sigma, 4 * found.attainable), found.code


def _case(
    name: str,
    sign: float,
    expected: tuple[float | Near | None, Code],
    style: float = STYLE,
    invalid: bool = False,
) -> EdgeCase:
    said, operands = changed(PLAIN, name, sign)
    said = f"{said} style {style}" if style != STYLE else said
    return EdgeCase(said, (*operands, style), expected, invalid)
