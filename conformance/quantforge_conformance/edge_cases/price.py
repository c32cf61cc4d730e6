"""The edge cases of the price on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mpmath import exp, mp, mpf

from quantforge_conformance.edge_cases.edge_case import (
    CALL,
    NAN,
    PUT,
    UNDEFINED_SIGNS,
    EdgeCase,
    Near,
    changed,
)
from quantforge_conformance.special import INFINITY, LEAST

PLAIN = {
    "spot": 100.0,
    "strike": 95.0,
    "time": 0.75,
    "rate": 0.05,
    "dividend": 0.03,
    "sigma": 0.22,
}
TOLERANCE = 4 * mpf(2) ** -46  # 4 ulp of 100


def _discounted(amount: float, rate: float, time: float) -> mpf:
    with mp.workdps(50):
        return mpf(amount) * exp(-mpf(rate) * mpf(time))


def _difference(larger: mpf, smaller: mpf) -> mpf:
    with mp.workdps(50):
        return larger - smaller


S, K, T, R, Q = (PLAIN[name] for name in ("spot", "strike", "time", "rate", "dividend"))
A, B = _discounted(S, Q, T), _discounted(K, R, T)

# By changes to the plain option: the call's and the put's value.
_PRICES: dict[str, tuple[float | mpf, float | mpf]] = {
    # at expiry: intrinsic
    "time 0.0": (S - K, 0.0),
    "time -0.0": (S - K, 0.0),
    "time 0.0, strike 105.0": (0.0, 5.0),
    "time 0.0, strike 100.0": (0.0, 0.0),
    "time 0.0, sigma 0.0": (S - K, 0.0),
    "time 0.0, spot inf": (INFINITY, 0.0),
    "time 0.0, strike inf": (0.0, INFINITY),
    "time 0.0, spot 0.0": (0.0, K),
    "time 0.0, spot 0.0, strike 0.0": (0.0, 0.0),
    f"time 0.0, spot {LEAST!r}, strike 0.0": (LEAST, 0.0),
    # without volatility: discounted intrinsic
    "sigma 0.0": (_difference(A, B), 0.0),
    "sigma -0.0": (_difference(A, B), 0.0),
    "sigma 0.0, strike 105.0": (0.0, _difference(_discounted(105.0, R, T), A)),
    "sigma 0.0, rate 0.0, dividend 0.0": (S - K, 0.0),
    "sigma 0.0, strike 100.0, dividend 0.05": (0.0, 0.0),
    "sigma 0.0, spot 0.0": (0.0, B),
    "sigma 0.0, strike 0.0": (A, 0.0),
    # nothing to pay or nothing to get
    "spot 0.0": (0.0, B),
    "spot -0.0": (0.0, B),
    "strike 0.0": (A, 0.0),
    "strike -0.0": (A, 0.0),
    "spot 0.0, strike 0.0": (0.0, 0.0),
    "spot 0.0, sigma inf": (0.0, B),
    "strike 0.0, sigma inf": (A, 0.0),
    "spot 0.0, strike inf": (0.0, INFINITY),
    "spot inf, strike 0.0": (INFINITY, 0.0),
    # infinite amounts
    "spot inf": (INFINITY, 0.0),
    "strike inf": (0.0, INFINITY),
    "spot inf, sigma inf": (INFINITY, 0.0),
    "strike inf, sigma inf": (0.0, INFINITY),
    # for ever: each discount factor takes its limit
    "time inf": (0.0, 0.0),
    "time inf, dividend 0.0": (S, 0.0),
    "time inf, rate 0.0": (0.0, K),
    "time inf, rate 0.0, dividend 0.0": (S, K),
    "time inf, rate -0.0, dividend -0.0": (S, K),
    "time inf, rate -0.01": (0.0, INFINITY),
    "time inf, dividend -0.01": (INFINITY, 0.0),
    "time inf, rate -0.01, dividend -0.01": (INFINITY, INFINITY),
    "time inf, sigma inf": (0.0, 0.0),
    # infinite volatility
    "sigma inf": (A, B),
    "sigma 1e150": (A, B),
    "sigma inf, rate 0.0, dividend 0.0": (S, K),
}

# By changes: not a number, with *invalid* or, where NaN came in, without.
_UNDEFINED: dict[str, bool] = {
    "spot -1.0": True,
    "strike -1.0": True,
    "time -1.0": True,
    "sigma -1.0": True,
    f"spot {-LEAST!r}": True,
    f"strike {-LEAST!r}": True,
    f"time {-LEAST!r}": True,
    f"sigma {-LEAST!r}": True,
    "spot -inf": True,
    "strike -inf": True,
    "time -inf": True,
    "sigma -inf": True,
    "spot -1.0, sigma 0.0": True,
    "strike -1.0, time 0.0": True,
    "spot inf, strike inf": True,
    "sigma inf, time 0.0": True,
    "sigma 0.0, time inf": True,
    "rate inf": True,
    "rate -inf": True,
    "dividend inf": True,
    "dividend -inf": True,
    "rate inf, time 0.0": True,
    "spot nan": False,
    "strike nan": False,
    "time nan": False,
    "rate nan": False,
    "dividend nan": False,
    "sigma nan": False,
    "spot nan, strike -1.0": False,
    "sigma nan, time 0.0": False,
    "rate nan, dividend inf": False,
    "spot nan, strike inf": False,
}


@cache
def price() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `price`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for name, values in _PRICES.items():
        for sign, value in zip((CALL, PUT), values, strict=True):
            expected = Near(value, TOLERANCE) if isinstance(value, mpf) else value
            yield EdgeCase(*changed(PLAIN, name, sign), (expected,))
    for name, sign, invalid in undefined():
        yield EdgeCase(*changed(PLAIN, name, sign), (NAN,), invalid)


def undefined() -> Iterator[tuple[str, float, bool]]:
    """Yield the changes that leave no result, with the sign, and whether *invalid* is signalled."""
    for name, invalid in _UNDEFINED.items():
        for sign in (CALL, PUT):
            yield name, sign, invalid
    for sign, invalid in UNDEFINED_SIGNS:
        yield f"sign {sign}", sign, invalid


CASES = tuple(_PRICES)
