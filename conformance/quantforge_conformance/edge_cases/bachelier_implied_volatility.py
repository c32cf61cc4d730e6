"""The limits under Bachelier's model: prices, greeks, and the borders of implied volatility.

At F = 2, K = -1 without a rate a call is worth 3 or more, and 2 units in the last place of the
greater of F and K are 2^-50.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from quantforge_conformance import reference
from quantforge_conformance.limits.case import NAN, Limit, Near, changed
from quantforge_conformance.limits.greeks import near
from quantforge_conformance.limits.implied_volatility import CALL, PUT, VALUES
from quantforge_conformance.spec.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
)
from quantforge_conformance.special import INFINITY, LEAST

PLAIN = {"forward": 100.0, "strike": 95.0, "time": 0.75, "rate": 0.05, "sigma": 20.0}
QUOTED = {"price": 4.0, "forward": 2.0, "strike": -1.0, "time": 0.75, "rate": 0.0}
UNIT = 2.0**-51  # in the last place of 2

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

_CALLS = {
    "price 2.0": BELOW_INTRINSIC,
    f"price {3 - 3 * UNIT!r}": BELOW_INTRINSIC,
    f"price {3 - 2 * UNIT!r}": AT_INTRINSIC,
    "price 3.0": AT_INTRINSIC,
    f"price {3 + 2 * UNIT!r}": AT_INTRINSIC,
    f"price {3 + 3 * UNIT!r}": LOW_PRECISION,
    "price 4.0": OK,
    "price 1e300": OK,
    "price -1e300": BELOW_INTRINSIC,
    "price 3.0, time 0.0": AT_INTRINSIC,
    "price 4.0, time 0.0": ABOVE_MAXIMUM,
    "price 0.0, strike 2.0": AT_INTRINSIC,
    "price 1e-310, strike 2.0, rate 0.05": LOW_PRECISION,
    "price 1e307, rate 0.5": OK,
    "price 1e307, rate 100.0": LOW_PRECISION,  # infinite
}
_PUTS = {
    f"price {-3 * UNIT!r}": BELOW_INTRINSIC,
    f"price {-2 * UNIT!r}": AT_INTRINSIC,
    "price -0.0": AT_INTRINSIC,
    "price 0.0": AT_INTRINSIC,
    "price 1e-300": OK,
    "price 1.0": OK,
    "price 0.0, time 0.0": AT_INTRINSIC,
    f"price {LEAST!r}, time 0.0": ABOVE_MAXIMUM,
}
_NO_VOLATILITY = {
    "price nan": (NOT_FINITE, False),
    "price inf": (NOT_FINITE, True),
    "price -inf": (NOT_FINITE, True),
    "price nan, time -1.0": (NOT_FINITE, False),
    "forward inf": (INVALID_INPUT, True),
    "forward -inf": (INVALID_INPUT, True),
    "forward nan": (INVALID_INPUT, False),
    "strike inf": (INVALID_INPUT, True),
    "strike nan": (INVALID_INPUT, False),
    "time -1.0": (INVALID_INPUT, True),
    f"time {-LEAST!r}": (INVALID_INPUT, True),
    "time inf": (INVALID_INPUT, True),
    "time nan": (INVALID_INPUT, False),
    "rate inf": (INVALID_INPUT, True),
    "rate -inf, time 0.0": (INVALID_INPUT, True),
    "rate nan": (INVALID_INPUT, False),
}
_SIGNS = ((0.0, True), (2.0, True), (INFINITY, True), (NAN, False))


@cache
def bachelier_greeks() -> tuple[Limit, ...]:
    """The table of `bachelier_greeks`."""
    return tuple(_greeks())


@cache
def bachelier_price() -> tuple[Limit, ...]:
    """The table of `bachelier_price`: the first column of the greeks'."""
    return tuple(replace(one, expected=one.expected[:1]) for one in bachelier_greeks())


@cache
def bachelier_implied_volatility() -> tuple[Limit, ...]:
    """The table of `bachelier_implied_volatility`."""
    return tuple(_volatilities())


def _greeks() -> Iterator[Limit]:
    for name in _CASES:
        for sign in (CALL, PUT):
            name_of, operands = changed(PLAIN, name, sign)
            values = reference.normal_greeks(*operands)
            yield Limit(name_of, operands, near(values))
    nothing = (NAN,) * len(reference.GREEKS)
    for name, invalid in _UNDEFINED.items():
        for sign in (CALL, PUT):
            yield Limit(*changed(PLAIN, name, sign), nothing, invalid)
    for sign, invalid in _SIGNS:
        yield Limit(*changed(PLAIN, f"sign {sign}", sign), nothing, invalid)


def _volatilities() -> Iterator[Limit]:
    for sign, table in ((CALL, _CALLS), (PUT, _PUTS)):
        for name, code in table.items():
            yield _case(name, sign, code)
    for name, (code, invalid) in _NO_VOLATILITY.items():
        for sign in (CALL, PUT):
            yield Limit(*changed(QUOTED, name, sign), (NAN, code), invalid)
    for sign, invalid in _SIGNS:
        yield Limit(*changed(QUOTED, f"sign {sign}", sign), (NAN, INVALID_INPUT), invalid)


def _case(name: str, sign: float, code: int) -> Limit:
    name, operands = changed(QUOTED, name, sign)
    if code in (OK, LOW_PRECISION):
        exact = reference.normal_implied_volatility(*operands)
        return Limit(name, operands, (Near(exact.sigma, 4 * exact.attainable), code))
    value = VALUES.get(code, NAN)
    return Limit(name, operands, (value, code), code in (BELOW_INTRINSIC, ABOVE_MAXIMUM))
