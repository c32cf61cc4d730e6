"""The edge cases of implied volatility on a lognormal underlying.

At S = 100, K = 95 without rates the bounds are round numbers: a call is worth 5 to 100, a put 0 to
95, and 2 units in the last place of either leg are 2^-45.
"""

from __future__ import annotations

from functools import cache

from quantforge import Code
from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import CALL, PUT, EdgeCase
from quantforge_conformance.edge_cases.inversion import edge_cases
from quantforge_conformance.special import LEAST

PLAIN = {
    "price": 10.0,
    "spot": 100.0,
    "strike": 95.0,
    "time": 0.75,
    "rate": 0.0,
    "dividend": 0.0,
}
UNIT = 2.0**-46  # in the last place of 64 to 128

# By changes to the plain call and put: the code.
_CALLS = {
    "price 4.0": Code.BELOW_INTRINSIC,
    f"price {5 - 3 * UNIT!r}": Code.BELOW_INTRINSIC,
    f"price {5 - 2 * UNIT!r}": Code.AT_INTRINSIC,
    "price 5.0": Code.AT_INTRINSIC,
    f"price {5 + 2 * UNIT!r}": Code.AT_INTRINSIC,
    f"price {5 + 3 * UNIT!r}": Code.LOW_PRECISION,
    "price 10.0": Code.OK,
    f"price {100 - 3 * UNIT!r}": Code.LOW_PRECISION,
    f"price {100 - 2 * UNIT!r}": Code.AT_MAXIMUM,
    "price 100.0": Code.AT_MAXIMUM,
    f"price {100 + 2 * UNIT!r}": Code.AT_MAXIMUM,
    f"price {100 + 3 * UNIT!r}": Code.ABOVE_MAXIMUM,
    "price 1e300": Code.ABOVE_MAXIMUM,
    "price -1e300": Code.BELOW_INTRINSIC,
    "price -1.0": Code.BELOW_INTRINSIC,
    "price 0.0": Code.BELOW_INTRINSIC,
    "price 5.0, time 0.0": Code.AT_INTRINSIC,
    "price 6.0, time 0.0": Code.ABOVE_MAXIMUM,
    "price 4.0, time 0.0": Code.BELOW_INTRINSIC,
    "price 0.0, strike 100.0": Code.AT_INTRINSIC,
    "price 0.0, spot 0.0": Code.AT_INTRINSIC,
    "price 1.0, spot 0.0": Code.ABOVE_MAXIMUM,
    "price 100.0, strike 0.0": Code.AT_INTRINSIC,
    "price 101.0, strike 0.0": Code.ABOVE_MAXIMUM,
    "price 99.0, strike 0.0": Code.BELOW_INTRINSIC,
    # one leg beyond all range of the other
    "price 5e-301, spot 1e-300": Code.OK,
    "price 1.5e-300, spot 1e-300": Code.ABOVE_MAXIMUM,
    f"price {LEAST!r}, strike 300.0": Code.LOW_PRECISION,
    # next to no volatility or time, and next to no price
    "price 6.360470705140001e-16, strike 100.00000000000006": Code.LOW_PRECISION,
    "price 1e-198, strike 100.0": Code.LOW_PRECISION,
    "price 3e-160, strike 100.0, time 1e-310": Code.LOW_PRECISION,
}
_PUTS = {
    f"price {-3 * UNIT!r}": Code.BELOW_INTRINSIC,
    f"price {-2 * UNIT!r}": Code.AT_INTRINSIC,
    "price -0.0": Code.AT_INTRINSIC,
    "price 0.0": Code.AT_INTRINSIC,
    f"price {LEAST!r}": Code.LOW_PRECISION,
    "price 1e-300": Code.OK,
    "price 1.0": Code.OK,
    f"price {95 - 2 * UNIT!r}": Code.AT_MAXIMUM,
    "price 95.0": Code.AT_MAXIMUM,
    f"price {95 + 2 * UNIT!r}": Code.AT_MAXIMUM,
    f"price {95 + 3 * UNIT!r}": Code.ABOVE_MAXIMUM,
    "price 0.0, time 0.0": Code.AT_INTRINSIC,
    f"price {LEAST!r}, time 0.0": Code.ABOVE_MAXIMUM,
    "price 95.0, spot 0.0": Code.AT_INTRINSIC,
    "price 0.0, strike 0.0": Code.AT_INTRINSIC,
}

# By changes: the code of a NaN, and whether *invalid* is signalled: not where NaN came in.
UNDEFINED = {
    "price nan": (Code.NOT_FINITE, False),
    "price inf": (Code.NOT_FINITE, True),
    "price -inf": (Code.NOT_FINITE, True),
    "price nan, strike -1.0": (Code.NOT_FINITE, False),
    "price inf, strike nan": (Code.NOT_FINITE, False),
    "price inf, time 0.0": (Code.NOT_FINITE, True),
    "spot -1.0": (Code.INVALID_INPUT, True),
    f"spot {-LEAST!r}": (Code.INVALID_INPUT, True),
    "spot inf": (Code.INVALID_INPUT, True),
    "spot -inf": (Code.INVALID_INPUT, True),
    "spot nan": (Code.INVALID_INPUT, False),
    "strike -1.0": (Code.INVALID_INPUT, True),
    f"strike {-LEAST!r}": (Code.INVALID_INPUT, True),
    "strike inf": (Code.INVALID_INPUT, True),
    "strike nan": (Code.INVALID_INPUT, False),
    "time -1.0": (Code.INVALID_INPUT, True),
    f"time {-LEAST!r}": (Code.INVALID_INPUT, True),
    "time inf": (Code.INVALID_INPUT, True),
    "time nan": (Code.INVALID_INPUT, False),
    "rate inf": (Code.INVALID_INPUT, True),
    "rate -inf, time 0.0": (Code.INVALID_INPUT, True),
    "rate nan": (Code.INVALID_INPUT, False),
    "dividend inf": (Code.INVALID_INPUT, True),
    "dividend -inf": (Code.INVALID_INPUT, True),
    "dividend nan": (Code.INVALID_INPUT, False),
    "price -1.0, spot -1.0": (Code.INVALID_INPUT, True),
}


@cache
def implied_volatility() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `implied_volatility`."""
    tables = {CALL: _CALLS, PUT: _PUTS}
    return tuple(edge_cases(PLAIN, tables, UNDEFINED, reference.implied_volatility))
