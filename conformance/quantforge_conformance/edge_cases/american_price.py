"""The edge cases of the American price on a lognormal underlying."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mpmath import mpf

from quantforge_conformance import reference
from quantforge_conformance.edge_cases.edge_case import CALL, NAN, PUT, EdgeCase, Near, changed
from quantforge_conformance.edge_cases.price import PLAIN as EUROPEAN
from quantforge_conformance.edge_cases.price import TOLERANCE, undefined
from quantforge_conformance.reference.american_price import without_volatility
from quantforge_conformance.special import INFINITY

STYLE = 2.0
S, K = EUROPEAN["spot"], EUROPEAN["strike"]
NOTHING = "not a number, and signalled"

# By changes to the plain option: the call's and the put's value.
_PRICES: dict[str, tuple[float | str | None, float | str | None]] = {
    # at expiry: intrinsic
    "time 0.0": (S - K, 0.0),
    "time 0.0, strike 105.0": (0.0, 5.0),
    "time 0.0, sigma 0.0": (S - K, 0.0),
    "time 1e-20": (S - K, 0.0),
    "time 1e-20, strike 105.0": (0.0, 5.0),
    # exercise at once
    "strike 105.0, sigma 0.0": (0.0, 5.0),
    "strike 1000.0": (None, 900.0),
    "strike 10.0, dividend 0.5": (90.0, None),
    # nothing to pay or nothing to get
    "spot 0.0": (0.0, K),
    "strike 0.0": (S, 0.0),
    "spot 0.0, strike 0.0": (0.0, 0.0),
    "spot inf": (INFINITY, 0.0),
    "strike inf": (0.0, INFINITY),
    # volatility beyond all measure
    "sigma 1e-5": (NOTHING, 0.0),
    "sigma 1e-200": (NOTHING, NOTHING),
    "sigma inf": (NOTHING, NOTHING),
    "sigma 1e150": (NOTHING, NOTHING),
}

# So much time, or so little volatility, that more time would change nothing.
_ENDLESS = (
    *(("time inf", sign) for sign in (CALL, PUT)),
    *(("time inf, strike 300.0", sign) for sign in (CALL, PUT)),
    *(("time 2000.0, rate 0.03", sign) for sign in (CALL, PUT)),
    *(("time 1e150", sign) for sign in (CALL, PUT)),
    ("time inf, dividend -0.5", PUT),
    ("sigma 0.003, time 5.0, rate 0.03, dividend 0.05, strike 160.0", PUT),
    ("sigma 0.0002, strike 101.0", PUT),
)

_WITHOUT_VOLATILITY = (
    "sigma 0.0",
    "sigma 0.0, strike 100.0, dividend 0.05",
    "sigma 0.0, rate 0.1, dividend 0.3, strike 40.0, time 9.0",
    "sigma 0.0, rate 0.3, dividend 0.1, strike 250.0, time 9.0",
)

# Changes with which exercise before expiry never pays: the European price.
_NEVER_EARLY = (
    ("dividend 0.0", CALL),
    ("dividend -0.02", CALL),
    ("dividend 0.0, sigma inf", CALL),
    ("dividend 0.0, sigma 1e-5", CALL),
    ("rate 0.0", PUT),
    ("rate -0.02", PUT),
    ("rate -0.02, dividend -0.02", PUT),
    ("rate 0.0, dividend 0.0, sigma 0.0", PUT),
)

# Two boundaries: between them exercise at once, above and below what the reference says.
_EXERCISED_BETWEEN = {
    ("rate -0.02, dividend -0.05, strike 160.0, time 0.02", PUT): 60.0,
    ("rate -0.05, dividend -0.02, spot 160.0, strike 100.0, time 0.02", CALL): 60.0,
    ("rate -0.02, dividend -0.05, strike 105.0, time 1e-20", PUT): 5.0,
}
_OUTSIDE = (
    ("rate -0.02, dividend -0.05", PUT),
    ("rate -0.05, dividend -0.02", CALL),
    ("rate -0.02, dividend -0.05, strike 160.0, time 5.0", PUT),
    ("rate -0.02, dividend -0.05, strike 1000.0", PUT),
    ("rate -1e-300, dividend -0.05", PUT),
)
_CLOSE = mpf("2e-5")
_NEVER_APART = (  # boundaries that meet at once, and rates next to nothing
    ("rate -0.02, dividend -0.020000000000000004", PUT),
    ("rate -1e-16, dividend -2e-16", PUT),
)
_BEYOND_ALL_MEASURE = ("sigma 1e-5", "sigma inf", "time inf")


@cache
def american_price() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `american_price`."""
    return tuple(_edge_cases())


def _edge_cases() -> Iterator[EdgeCase]:
    for name, values in _PRICES.items():
        for sign, value in zip((CALL, PUT), values, strict=True):
            if isinstance(value, str):
                yield _case(name, sign, NAN, invalid=True)
            else:
                yield _case(name, sign, value)
    for name in _WITHOUT_VOLATILITY:
        for sign in (CALL, PUT):
            _, (spot, strike, time, rate, dividend, _, _) = changed(EUROPEAN, name, sign)
            exact = without_volatility(spot, strike, time, rate, dividend, sign)
            yield _case(name, sign, Near(exact, TOLERANCE))
    for name, sign in _NEVER_EARLY:
        exact = reference.price(*changed(EUROPEAN, name, sign)[1])
        yield _case(name, sign, Near(exact, TOLERANCE))
    for name, sign in _ENDLESS:
        exact = reference.american_price(*changed(EUROPEAN, name, sign)[1])
        yield _case(name, sign, Near(exact, TOLERANCE))
    yield from two_boundaries()
    for sign in (CALL, PUT):
        european = Near(reference.price(*changed(EUROPEAN, "", sign)[1]), TOLERANCE)
        yield _case("", sign, european, style=0.0)
        for style in (-1.0, 0.5, 4.0, INFINITY):
            yield _case("", sign, NAN, style=style, invalid=True)
        yield _case("", sign, NAN, style=NAN)
        yield _case("spot -1.0", sign, NAN, style=NAN)
    for name, sign, invalid in undefined():
        if not name.startswith("sign"):
            yield _case(name, sign, NAN, invalid=invalid)
    for name, sign, invalid in undefined():
        if name.startswith("sign"):
            yield _case("", sign, NAN, invalid=invalid)


def two_boundaries() -> Iterator[EdgeCase]:
    """Return the cases of options with two boundaries."""
    for (name, sign), value in _EXERCISED_BETWEEN.items():
        yield _case(name, sign, value)
    for name, sign in _OUTSIDE:
        exact = reference.american_price(*changed(EUROPEAN, name, sign)[1])
        yield _case(name, sign, Near(exact, _CLOSE))
    for name, sign in _NEVER_APART:
        exact = reference.price(*changed(EUROPEAN, name, sign)[1])
        yield _case(name, sign, Near(exact, TOLERANCE))
    for change in _BEYOND_ALL_MEASURE:
        yield _case(f"rate -0.02, dividend -0.05, {change}", PUT, NAN, invalid=True)


def _case(
    name: str,
    sign: float,
    expected: float | Near | None,
    style: float = STYLE,
    invalid: bool = False,
) -> EdgeCase:
    said, operands = changed(EUROPEAN, name, sign)
    said = f"{said} style {style}" if style != STYLE else said or f"sign {sign}"
    return EdgeCase(said, (*operands, style), (expected,), invalid)
