"""The edge cases of the greeks under Bachelier's model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from quantforge import ALL
from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import (
    CALL,
    NAN,
    PUT,
    UNDEFINED_SIGNS,
    EdgeCase,
    changed,
)
from quantforge_conformance.edge_cases.greeks import near
from quantforge_conformance.special import LEAST

PLAIN = {"forward": 100.0, "strike": 95.0, "time": 0.75, "rate": 0.05, "sigma": 20.0}

_CASES = (
    # without time or volatility: discounted intrinsic value
    "time 0.0",
    "time -0.0",
    "time 0.0, strike 105.0",
    "time 0.0, strike 100.0",
    "time 0.0, sigma 0.0",
    "time 0.0, sigma 0.0, strike 100.0",
    "sigma 0.0",
    "sigma -0.0",
    "sigma 0.0, strike 105.0",
    "sigma 0.0, strike 100.0",
    "sigma 0.0, strike 100.0, time 50.0",
    "sigma 0.0, forward -3.0, strike -5.0",
    # far away
    "forward inf",
    "forward -inf",
    "strike inf",
    "strike -inf",
    "forward inf, sigma 0.0",
    # endless volatility
    "sigma inf",
    "sigma inf, strike 100.0",
    "sigma inf, rate -0.05",
    "time inf, rate 0.0",
    "time inf",
    "time inf, rate -0.05",
)

_UNDEFINED = {
    "time -1.0": True,
    f"time {-LEAST!r}": True,
    "time -inf": True,
    "sigma -1.0": True,
    f"sigma {-LEAST!r}": True,
    "sigma -inf": True,
    "rate inf": True,
    "rate -inf": True,
    "rate inf, time 0.0": True,
    "sigma inf, time 0.0": True,
    "sigma 0.0, time inf": True,
    "forward inf, strike inf": True,
    "forward -inf, strike -inf": True,
    "forward nan": False,
    "strike nan": False,
    "time nan": False,
    "rate nan": False,
    "sigma nan": False,
    "forward nan, time -1.0": False,
}


@cache
def bachelier_greeks() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `bachelier_greeks`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for name in _CASES:
        for sign in (CALL, PUT):
            name_of, operands = changed(PLAIN, name, sign)
            values = reference.bachelier_greeks(*operands)
            yield EdgeCase(name_of, operands, near(values))
    nothing = (NAN,) * len(ALL)
    for name, invalid in _UNDEFINED.items():
        for sign in (CALL, PUT):
            yield EdgeCase(*changed(PLAIN, name, sign), nothing, invalid)
    for sign, invalid in UNDEFINED_SIGNS:
        yield EdgeCase(*changed(PLAIN, f"sign {sign}", sign), nothing, invalid)
