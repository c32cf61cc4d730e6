"""The edge cases of implied volatility under Bachelier's model.

At F = 2, K = -1 without a rate a call is worth 3 or more, and 2 units in the last place of the
greater of F and K are 2^-50.
"""

from __future__ import annotations

from functools import cache

from quantforge import Code
from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import CALL, PUT, EdgeCase
from quantforge_conformance.edge_cases.inversion import edge_cases
from quantforge_conformance.special import LEAST

PLAIN = {"price": 4.0, "forward": 2.0, "strike": -1.0, "time": 0.75, "rate": 0.0}
UNIT = 2.0**-51  # in the last place of 2

_CALLS = {
    "price 2.0": Code.BELOW_INTRINSIC,
    f"price {3 - 3 * UNIT!r}": Code.BELOW_INTRINSIC,
    f"price {3 - 2 * UNIT!r}": Code.AT_INTRINSIC,
    "price 3.0": Code.AT_INTRINSIC,
    f"price {3 + 2 * UNIT!r}": Code.AT_INTRINSIC,
    f"price {3 + 3 * UNIT!r}": Code.LOW_PRECISION,
    "price 4.0": Code.OK,
    "price 1e300": Code.OK,
    "price -1e300": Code.BELOW_INTRINSIC,
    "price 3.0, time 0.0": Code.AT_INTRINSIC,
    "price 4.0, time 0.0": Code.ABOVE_MAXIMUM,
    "price 0.0, strike 2.0": Code.AT_INTRINSIC,
    "price 1e-310, strike 2.0, rate 0.05": Code.LOW_PRECISION,
    "price 1e307, rate 0.5": Code.OK,
    "price 1e307, rate 100.0": Code.LOW_PRECISION,  # infinite
}
_PUTS = {
    f"price {-3 * UNIT!r}": Code.BELOW_INTRINSIC,
    f"price {-2 * UNIT!r}": Code.AT_INTRINSIC,
    "price -0.0": Code.AT_INTRINSIC,
    "price 0.0": Code.AT_INTRINSIC,
    "price 1e-300": Code.OK,
    "price 1.0": Code.OK,
    "price 0.0, time 0.0": Code.AT_INTRINSIC,
    f"price {LEAST!r}, time 0.0": Code.ABOVE_MAXIMUM,
}
_UNDEFINED = {
    "price nan": (Code.NOT_FINITE, False),
    "price inf": (Code.NOT_FINITE, True),
    "price -inf": (Code.NOT_FINITE, True),
    "price nan, time -1.0": (Code.NOT_FINITE, False),
    "forward inf": (Code.INVALID_INPUT, True),
    "forward -inf": (Code.INVALID_INPUT, True),
    "forward nan": (Code.INVALID_INPUT, False),
    "strike inf": (Code.INVALID_INPUT, True),
    "strike nan": (Code.INVALID_INPUT, False),
    "time -1.0": (Code.INVALID_INPUT, True),
    f"time {-LEAST!r}": (Code.INVALID_INPUT, True),
    "time inf": (Code.INVALID_INPUT, True),
    "time nan": (Code.INVALID_INPUT, False),
    "rate inf": (Code.INVALID_INPUT, True),
    "rate -inf, time 0.0": (Code.INVALID_INPUT, True),
    "rate nan": (Code.INVALID_INPUT, False),
}


@cache
def bachelier_implied_volatility() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `bachelier_implied_volatility`."""
    tables = {CALL: _CALLS, PUT: _PUTS}
    return tuple(edge_cases(PLAIN, tables, _UNDEFINED, reference.bachelier_implied_volatility))
