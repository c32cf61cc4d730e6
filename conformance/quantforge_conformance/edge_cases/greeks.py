"""The edge cases of the greeks on a lognormal underlying: those of the price, and some more."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import cache

from mpmath import isinf, mpf

from quantforge import ALL
from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import (
    CALL,
    NAN,
    PUT,
    EdgeCase,
    Expected,
    Near,
    changed,
)
from quantforge_conformance.edge_cases.price import CASES, PLAIN, TOLERANCE, undefined

# At the money the limits differ by which of sigma and T vanishes, and by the carry.
_AT_THE_MONEY = (
    "time 0.0, strike 100.0, dividend 0.05",
    "time 0.0, strike 100.0, dividend 0.08",
    "time 0.0, strike 100.0, sigma 0.0",
    "time 0.0, strike 100.0, sigma 0.0, dividend 0.05",
    "sigma 0.0, strike 100.0, dividend 0.05, time 50.0",
)
# Amounts and times that are subnormal numbers, and what is made of them on the way.
_SUBNORMAL = (
    "spot 3e-310, strike 2e-310",
    "time 1e-310, sigma 1e150, strike 100.0",
)
# Sums of two amounts over a year, of which the rates are less than a tenth.
_SUMS = ("theta",)


def near(values: Mapping[str, mpf], open_: Container[str] = ()) -> tuple[Expected, ...]:
    """Return what is expected of every output: of a price of 0 the bits, of open ones nothing."""
    price = values["price"]
    first = 0.0 if price == 0 else float(price) if isinf(price) else Near(price, TOLERANCE)
    others = [(name, value) for name, value in values.items() if name != "price"]
    return first, *(
        None if name in open_ else Near(value, _tolerance(name, value)) for name, value in others
    )


def _tolerance(name: str, value: mpf) -> mpf:
    """Return 4 to 8 units in the last place, for a sum those of its larger term."""
    relative = abs(value) * mpf(2) ** -50
    return max(relative, TOLERANCE / 10) if name in _SUMS else relative


def _open(name: str) -> Container[str]:
    """Return the outputs that are promised only to be numbers.

    Where nothing is paid for nothing, or both legs grow for ever, there is no limit.
    """
    endless = "spot 0.0, strike 0.0" in name or "rate -0.01, dividend -0.01" in name
    return ALL[1:] if endless else ()


@cache
def greeks() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `greeks`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for name in (*CASES, *_AT_THE_MONEY, *_SUBNORMAL):
        for sign in (CALL, PUT):
            name_of, operands = changed(PLAIN, name, sign)
            values = reference.greeks(*operands)
            yield EdgeCase(name_of, operands, near(values, _open(name)))
    for name, sign, invalid in undefined():
        nothing = (NAN,) * len(ALL)
        yield EdgeCase(*changed(PLAIN, name, sign), nothing, invalid)
