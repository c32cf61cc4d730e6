"""The borders of implied volatility on a lognormal underlying: codes, and the values with them.

At S = 100, K = 95 without rates the bounds are round numbers: a call is worth 5 to 100, a put 0 to
95, and 2 units in the last place of either leg are 2^-45.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from quantforge_conformance import reference
from quantforge_conformance.limits.case import NAN, Limit, Near, changed
from quantforge_conformance.spec.implied_volatility import (
    ABOVE_MAXIMUM,
    AT_INTRINSIC,
    AT_MAXIMUM,
    BELOW_INTRINSIC,
    INVALID_INPUT,
    LOW_PRECISION,
    NOT_FINITE,
    OK,
)
from quantforge_conformance.special import INFINITY, LEAST

PLAIN = {
    "price": 10.0,
    "spot": 100.0,
    "strike": 95.0,
    "time": 0.75,
    "rate": 0.0,
    "dividend": 0.0,
}
UNIT = 2.0**-46  # in the last place of 64 to 128
CALL, PUT = 1.0, -1.0
VALUES = {AT_INTRINSIC: 0.0, AT_MAXIMUM: INFINITY}

# By changes to the plain call and put: the code.
CALLS = {
    "price 4.0": BELOW_INTRINSIC,
    f"price {5 - 3 * UNIT!r}": BELOW_INTRINSIC,
    f"price {5 - 2 * UNIT!r}": AT_INTRINSIC,
    "price 5.0": AT_INTRINSIC,
    f"price {5 + 2 * UNIT!r}": AT_INTRINSIC,
    f"price {5 + 3 * UNIT!r}": LOW_PRECISION,
    "price 10.0": OK,
    f"price {100 - 3 * UNIT!r}": LOW_PRECISION,
    f"price {100 - 2 * UNIT!r}": AT_MAXIMUM,
    "price 100.0": AT_MAXIMUM,
    f"price {100 + 2 * UNIT!r}": AT_MAXIMUM,
    f"price {100 + 3 * UNIT!r}": ABOVE_MAXIMUM,
    "price 1e300": ABOVE_MAXIMUM,
    "price -1e300": BELOW_INTRINSIC,
    "price -1.0": BELOW_INTRINSIC,
    "price 0.0": BELOW_INTRINSIC,
    "price 5.0, time 0.0": AT_INTRINSIC,
    "price 6.0, time 0.0": ABOVE_MAXIMUM,
    "price 4.0, time 0.0": BELOW_INTRINSIC,
    "price 0.0, strike 100.0": AT_INTRINSIC,
    "price 0.0, spot 0.0": AT_INTRINSIC,
    "price 1.0, spot 0.0": ABOVE_MAXIMUM,
    "price 100.0, strike 0.0": AT_INTRINSIC,
    "price 101.0, strike 0.0": ABOVE_MAXIMUM,
    "price 99.0, strike 0.0": BELOW_INTRINSIC,
    # one leg beyond all range of the other
    "price 5e-301, spot 1e-300": OK,
    "price 1.5e-300, spot 1e-300": ABOVE_MAXIMUM,
    f"price {LEAST!r}, strike 300.0": LOW_PRECISION,
    # next to no volatility or time, and next to no price
    "price 6.360470705140001e-16, strike 100.00000000000006": LOW_PRECISION,
    "price 1e-198, strike 100.0": LOW_PRECISION,
    "price 3e-160, strike 100.0, time 1e-310": LOW_PRECISION,
}
PUTS = {
    f"price {-3 * UNIT!r}": BELOW_INTRINSIC,
    f"price {-2 * UNIT!r}": AT_INTRINSIC,
    "price -0.0": AT_INTRINSIC,
    "price 0.0": AT_INTRINSIC,
    f"price {LEAST!r}": LOW_PRECISION,
    "price 1e-300": OK,
    "price 1.0": OK,
    f"price {95 - 2 * UNIT!r}": AT_MAXIMUM,
    "price 95.0": AT_MAXIMUM,
    f"price {95 + 2 * UNIT!r}": AT_MAXIMUM,
    f"price {95 + 3 * UNIT!r}": ABOVE_MAXIMUM,
    "price 0.0, time 0.0": AT_INTRINSIC,
    f"price {LEAST!r}, time 0.0": ABOVE_MAXIMUM,
    "price 95.0, spot 0.0": AT_INTRINSIC,
    "price 0.0, strike 0.0": AT_INTRINSIC,
}

# By changes: the code of a NaN, and whether *invalid* is signalled: not where NaN came in.
_UNDEFINED = {
    "price nan": (NOT_FINITE, False),
    "price inf": (NOT_FINITE, True),
    "price -inf": (NOT_FINITE, True),
    "price nan, strike -1.0": (NOT_FINITE, False),
    "price inf, strike nan": (NOT_FINITE, False),
    "price inf, time 0.0": (NOT_FINITE, True),
    "spot -1.0": (INVALID_INPUT, True),
    f"spot {-LEAST!r}": (INVALID_INPUT, True),
    "spot inf": (INVALID_INPUT, True),
    "spot -inf": (INVALID_INPUT, True),
    "spot nan": (INVALID_INPUT, False),
    "strike -1.0": (INVALID_INPUT, True),
    f"strike {-LEAST!r}": (INVALID_INPUT, True),
    "strike inf": (INVALID_INPUT, True),
    "strike nan": (INVALID_INPUT, False),
    "time -1.0": (INVALID_INPUT, True),
    f"time {-LEAST!r}": (INVALID_INPUT, True),
    "time inf": (INVALID_INPUT, True),
    "time nan": (INVALID_INPUT, False),
    "rate inf": (INVALID_INPUT, True),
    "rate -inf, time 0.0": (INVALID_INPUT, True),
    "rate nan": (INVALID_INPUT, False),
    "dividend inf": (INVALID_INPUT, True),
    "dividend -inf": (INVALID_INPUT, True),
    "dividend nan": (INVALID_INPUT, False),
    "price -1.0, spot -1.0": (INVALID_INPUT, True),
}


@cache
def implied_volatility() -> tuple[Limit, ...]:
    """The table of `implied_volatility`."""
    return tuple(_limits())


def _limits() -> Iterator[Limit]:
    for sign, table in ((CALL, CALLS), (PUT, PUTS)):
        for name, code in table.items():
            yield _case(name, sign, code)
    for name, (code, invalid) in _UNDEFINED.items():
        for sign in (CALL, PUT):
            yield Limit(*changed(PLAIN, name, sign), (NAN, code), invalid)
    for sign, invalid in ((0.0, True), (2.0, True), (INFINITY, True), (NAN, False)):
        yield Limit(*changed(PLAIN, f"sign {sign}", sign), (NAN, INVALID_INPUT), invalid)


def _case(name: str, sign: float, code: int) -> Limit:
    name, operands = changed(PLAIN, name, sign)
    if code in (OK, LOW_PRECISION):
        exact = reference.implied_volatility(*operands)
        return Limit(name, operands, (Near(exact.sigma, 4 * exact.attainable), code))
    value = VALUES.get(code, NAN)
    return Limit(name, operands, (value, code), code in (BELOW_INTRINSIC, ABOVE_MAXIMUM))
