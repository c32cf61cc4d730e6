"""The edge cases of the exercise boundary of American options."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mpmath import mpf

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
from quantforge_conformance.edge_cases.price import PLAIN as EUROPEAN
from quantforge_conformance.edge_cases.price import undefined
from quantforge_conformance.reference.exercise_boundary import start
from quantforge_conformance.special import INFINITY

STYLE = 2.0
PLAIN = {name: value for name, value in EUROPEAN.items() if name != "spot"}
_ROUNDING = mpf(2) ** -50
_NEVER = {CALL: INFINITY, PUT: 0.0}

# Changes with which there is the limit just before expiry; and how near it is, by the strike.
_AT_THE_START = {
    "time 0.0": _ROUNDING,
    "time -0.0": _ROUNDING,
    "time 0.0, rate 0.03, dividend 0.05": _ROUNDING,
    "time 0.0, rate 0.03, dividend 0.03": _ROUNDING,
    "time 0.0, sigma 0.0": _ROUNDING,
    "time 0.0, strike 0.0": _ROUNDING,
    "sigma 0.0": _ROUNDING,
    "sigma 0.0, rate 0.03, dividend 0.05": _ROUNDING,
    "sigma 0.0, time 50.0": _ROUNDING,
    "time 1e-20": mpf(2) ** -30,
    "time 1e-20, rate 0.03, dividend 0.05": mpf(2) ** -30,
}

# Changes with which exercise before expiry never pays.
_NEVER_EARLY = (
    ("dividend 0.0", CALL),
    ("dividend -0.02", CALL),
    ("dividend 0.0, time 0.0", CALL),
    ("dividend 0.0, sigma 0.0", CALL),
    ("dividend 0.0, sigma inf", CALL),
    ("dividend 0.0, time inf", CALL),
    ("dividend 0.0, strike 0.0", CALL),
    ("rate 0.0", PUT),
    ("rate -0.02", PUT),
    ("rate -0.02, dividend -0.02", PUT),
    ("rate 0.0, dividend 0.0, sigma 0.0", PUT),
    ("rate 0.0, strike inf", PUT),
    ("rate 1e-200, dividend 1e-200", PUT),
    ("rate 1e-200, dividend 1e-200", CALL),
)
_NOT_ONE = (
    ("rate -0.02, dividend -0.05", PUT),
    ("rate -0.05, dividend -0.02", CALL),
    ("rate -0.02, dividend -0.05, time 0.0", PUT),
    ("rate -0.02, dividend -0.05, sigma 0.0", PUT),
    ("sigma 1e-5", CALL),
    *(
        (name, sign)
        for name in ("sigma 1e-200", "sigma inf", "sigma 1e150")
        for sign in (CALL, PUT)
    ),
)
_MULTIPLES = ("strike 0.0", "strike 1e-300", "strike 1e300", "strike inf")


@cache
def exercise_boundary() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `exercise_boundary`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for name, tolerance in _AT_THE_START.items():
        for sign in (CALL, PUT):
            _, (strike, _, rate, dividend, _, _) = changed(PLAIN, name, sign)
            exact = start(strike, rate, dividend, sign)
            yield _case(name, sign, Near(exact, tolerance * strike * 2))
    for name, sign in _NEVER_EARLY:
        yield _case(name, sign, _NEVER[sign])
    for name in ("time inf", "time 2000.0, rate 0.03", "sigma 0.0005, time 60.0"):
        for sign in (CALL, PUT):
            _, operands = changed(PLAIN, name, sign)
            exact = mpf(reference.exercise_boundary(*operands))
            yield _case(name, sign, Near(exact, 100 * _ROUNDING * exact))
    for name, sign in _NOT_ONE:
        yield _case(name, sign, NAN, invalid=True)
    for name in _MULTIPLES:
        for sign in (CALL, PUT):
            _, operands = changed(PLAIN, name, sign)
            strike = operands[0]
            exact = strike * mpf(reference.exercise_boundary(1.0, *operands[1:]))
            yield _case(
                name, sign, strike if strike in (0.0, INFINITY) else Near(exact, exact / 10000)
            )
    for sign in (CALL, PUT):
        yield _case("", sign, _NEVER[sign], style=0.0)
        for style in (-1.0, 0.5, 4.0, INFINITY):
            yield _case("", sign, NAN, style=style, invalid=True)
        yield _case("", sign, NAN, style=NAN)
        yield _case("strike -1.0", sign, NAN, style=NAN)
    for name, sign, invalid in undefined():
        if "spot" not in name and not name.startswith("sign"):
            yield _case(name, sign, NAN, invalid=invalid)
    for name, sign, invalid in undefined():
        if name.startswith("sign"):
            yield _case("", sign, NAN, invalid=invalid)


def _case(
    name: str, sign: float, expected: Expected, style: float = STYLE, invalid: bool = False
) -> EdgeCase:
    said, operands = changed(PLAIN, name, sign)
    said = f"{said} style {style}" if style != STYLE else said or f"sign {sign}"
    return EdgeCase(said, (*operands, style), (expected,), invalid)
