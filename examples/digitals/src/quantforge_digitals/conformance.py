"""What counts as right: exact values by mpmath, the accuracy contract, regions and edge cases.

Only the conformance suite imports this.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from mpmath import erfc, exp, inf, ln, mp, mpf, pi, sqrt
from quantforge_conformance.edge_cases import EdgeCase, Near
from quantforge_conformance.oracles import Bound, Lane, Oracle
from quantforge_conformance.regions import PRICE as REGIONS
from quantforge_conformance.special import PRICE as SPECIAL

import quantforge_digitals
from quantforge_digitals.operations import OUTPUTS

DIGITS: Final = 60
HALF_ULP: Final = mpf(2) ** -53
LEAST: Final = mpf(2) ** -1022  # what is lost of N(x), of a density and of a result is no more
DATA: Final = Path(__file__).parent / "data"

Results = dict[str, mpf]


@lru_cache(maxsize=1024)
def evaluated(asset: bool, lane: Lane) -> tuple[Results, Results]:
    """The results of an option with no operand of 0, and what rounding costs each of them.

    Formulas and names are those of `numpy_backend`. The cost is the sum over the terms of a result:
    were every number on the way to d1 and d2, every exponent and every factor off by half a unit in
    its last place.
    """
    with mp.workdps(DIGITS):
        S, K, T, r, q, sigma, sign = map(mpf, lane)
        s = sigma * sqrt(T)
        centre = (ln(S / K) + (r - q) * T) / s
        x, y = (centre + s / 2, centre - s / 2)[:: 1 if asset else -1]
        b = q if asset else r
        amount = (S if asset else 1) * exp(-b * T)
        n, density = erfc(-sign * x / sqrt(mpf(2))) / 2, exp(-x * x / 2) / sqrt(2 * pi)
        value, p = amount * n, sign * amount * density

        moved = (1 + abs(ln(S / K)) + (abs(r) + abs(q)) * T) / s + abs(x) + s  # of x, and of y
        shifted = 1 + abs(b) * T  # of an exponent
        factor = density * exp(-b * T)
        of_value = abs(value) * shifted + abs(p) * moved + amount * LEAST / HALF_ULP
        of_p = abs(p) * (shifted + abs(x) * moved + LEAST / HALF_ULP / factor)
        of_p_y = of_p * abs(y) + abs(p) * moved
        terms = {
            "price": [(value, of_value)],
            "delta": [(p / (S * s), of_p / (S * s))] + [(value / S, of_value / S)] * asset,
            "gamma": [(-p * y / (S * s) ** 2, of_p_y / (S * s) ** 2)],
            "vega": [(-p * y / sigma, of_p_y / sigma)],
            "theta": [
                (b * value, abs(b) * of_value),
                (p * (q - r) / s, of_p * (abs(r) + abs(q)) / s),
                (p * y / (2 * T), of_p_y / (2 * T)),
            ],
            "rho": [(p * T / s, of_p * T / s)] + [(-T * value, T * of_value)] * (not asset),
            "phi": [(-p * T / s, of_p * T / s)] + [(-T * value, T * of_value)] * asset,
        }
        exact = {name: mp.fsum(term for term, _ in its) for name, its in terms.items()}
        cost = {
            name: HALF_ULP * (abs(exact[name]) + mp.fsum(each for _, each in its)) + LEAST
            for name, its in terms.items()
        }
        return exact, cost


def exact_values(asset: bool, *lane: float) -> tuple[mpf, ...]:
    return tuple(evaluated(asset, lane)[0].values())


def _cost(asset: bool, name: str, lane: Lane, value: mpf) -> mpf:
    return evaluated(asset, lane)[1][name]


TOLERANCE: Final = 3.0
"""How many times that cost an error may be; README.md has the greatest that hill climbs found."""


# --- where the formulas end ---------------------------------------------------------------------

PLAIN: Final = (100.0, 95.0, 0.5, 0.03, 0.01, 0.2)
_AHEAD: Final = (  # without a distribution the forward alone decides: above the strike, or below
    ("spot 0", (0.0, 95.0, 0.5, 0.03, 0.01, 0.2), False),
    ("strike 0", (100.0, 0.0, 0.5, 0.03, 0.01, 0.2), True),
    ("at expiry, above the strike", (100.0, 95.0, 0.0, 0.03, 0.01, 0.2), True),
    ("at expiry, below the strike", (100.0, 105.0, 0.0, 0.03, 0.01, 0.2), False),
    ("no volatility, above the strike", (100.0, 100.5, 0.5, 0.03, 0.01, 0.0), True),
    ("no volatility, below the strike", (100.0, 101.5, 0.5, 0.03, 0.01, 0.0), False),
)
AT_THE_STRIKE: Final = (  # signs, for a call, of the infinite gamma and theta; 0 where finite
    ("at expiry, r - q above sigma^2/2", (100.0, 100.0, 0.0, 0.03, 0.0, 0.2), (-1, -1), (-1, -1)),
    ("at expiry, r - q within +-sigma^2/2", (100.0, 100.0, 0.0, 0.03, 0.02, 0.2), (-1, 1), (1, -1)),
    ("at expiry, r - q below -sigma^2/2", (100.0, 100.0, 0.0, 0.01, 0.04, 0.2), (1, 1), (1, 1)),
    ("no volatility", (100.0, 100.0, 0.5, 0.03, 0.03, 0.0), (-1, 0), (1, 0)),
)
"""Name, operands, and for cash and for the asset the signs of the infinite gamma and theta."""
_OUTSIDE: Final = (
    *(("spot", x) for x in (-1.0, float("inf"), float("nan"))),
    *(("strike", x) for x in (-1.0, float("inf"), float("nan"))),
    *(("time", x) for x in (-5e-324, float("inf"), float("nan"))),
    *(("rate", x) for x in (float("inf"), float("-inf"), float("nan"))),
    *(("dividend", x) for x in (float("inf"), float("-inf"), float("nan"))),
    *(("sigma", x) for x in (-5e-324, float("inf"), float("nan"))),
    *(("sign", x) for x in (0.0, 2.0, float("inf"), float("nan"))),
)


def decided(asset: bool, lane: Lane, n: mpf) -> Results:
    """The results where N(+-x) is n and does not move."""
    with mp.workdps(DIGITS):
        S, _, T, r, q, *_ = map(mpf, lane)
        share = exp(-(q if asset else r) * T) * n
        value = S * share if asset else share
        return {
            "price": value,
            "delta": share if asset else mpf(0),
            "gamma": mpf(0),
            "vega": mpf(0),
            "theta": (q if asset else r) * value,
            "rho": mpf(0) if asset else -T * value,
            "phi": -T * value if asset else mpf(0),
        }


def at_the_strike(asset: bool, lane: Lane, gamma: int, theta: int) -> Results:
    """The limits where nothing is left but the strike; the signs are those of a call."""
    with mp.workdps(DIGITS):
        _, _, T, _, _, _, sign = map(mpf, lane)
        found = decided(asset, lane, mpf(1) / 2)
        found |= {"delta": sign * inf, "gamma": sign * gamma * inf}
        if theta:
            found["theta"] = sign * theta * inf
        if T > 0:  # no volatility
            density = found["price"] * 2 / sqrt(2 * pi)
            found["vega"] = sign * density * sqrt(T) / 2 * (1 if asset else -1)
            found |= {"rho": sign * inf, "phi": -sign * inf}
        else:
            found |= {"rho": mpf(0), "phi": mpf(0)}
        return found


@lru_cache
def edge_cases(asset: bool) -> tuple[EdgeCase, ...]:
    return tuple(_edge_cases(asset))


def _edge_cases(asset: bool) -> Iterator[EdgeCase]:
    for sign, side in ((1.0, "call"), (-1.0, "put")):
        lane = (*PLAIN, sign)
        yield _case(f"an ordinary {side}", lane, evaluated(asset, lane)[0])
        for name, operands, above in _AHEAD:
            lane = (*operands, sign)
            yield _case(f"{side}, {name}", lane, decided(asset, lane, mpf(above == (sign > 0))))
        for name, operands, *signs in AT_THE_STRIKE:
            lane = (*operands, sign)
            yield _case(f"{side}, {name}", lane, at_the_strike(asset, lane, *signs[asset]))
    nothing = (float("nan"),) * len(OUTPUTS)
    yield EdgeCase("spot and strike 0", (0.0, 0.0, *PLAIN[2:], 1.0), nothing, invalid=True)
    names = ("spot", "strike", "time", "rate", "dividend", "sigma", "sign")
    for name, value in _OUTSIDE:
        lane = dict(zip(names, (*PLAIN, 1.0), strict=True)) | {name: value}
        yield EdgeCase(f"{name} {value}", tuple(lane.values()), nothing, invalid=value == value)


def _case(name: str, lane: Lane, results: Results) -> EdgeCase:
    near = (Near(value, abs(value) * mpf(2) ** -48) for value in results.values())
    return EdgeCase(name, lane, tuple(near))


# --- for the suite ------------------------------------------------------------------------------


def _public(called: Any, operands: Any, **options: Any) -> Any:
    spot, strike, time, rate, dividend, sigma, sign = operands
    how = {"dividend": dividend, "kind": sign, "which": OUTPUTS, **options}
    return tuple(called(spot, strike, time, rate, sigma, **how).values())


def _oracle(asset: bool, called: Any) -> Oracle:
    return Oracle(
        exact_values=partial(exact_values, asset),
        bounds={
            name: (Bound("roundings on the way", TOLERANCE, partial(_cost, asset, name)),)
            for name in OUTPUTS
        },
        regions=tuple(each for each in REGIONS if each.name != "denormal spot and strike"),
        special=SPECIAL,
        edge_cases=partial(edge_cases, asset),
        public=partial(_public, called),
        worst_cases=DATA / f"{called.__name__}.txt",
    )


CASH_OR_NOTHING: Final = _oracle(False, quantforge_digitals.cash_or_nothing)
ASSET_OR_NOTHING: Final = _oracle(True, quantforge_digitals.asset_or_nothing)
