"""Options of a region with their exact results, which are computed once and kept on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import quantforge_conformance
from mpmath import exp, mp, mpf
from numpy.typing import NDArray
from quantforge_conformance import reference
from quantforge_conformance.regions import Region

from bench import regions
from bench.kept import kept
from bench.packages import LOGARITHM, NORMALISED, SPOT
from quantforge import Code

Floats = NDArray[np.float64]

SEED = 0
LEAST_PRICE = 1e-290
"""Below it an ulp of the price says more of the exponent's range than of the formula."""

_PRECISION = 120  # digits that ln(F/K) keeps on its way to the strike


@dataclass(frozen=True)
class Exact:
    """What a library is given, and what it should have returned.

    Attributes
    ----------
    operands : dict of str to ndarray
        By the names of `bench.libraries.options`.
    value, rest : ndarray
        The exact result is their sum, to 32 digits.
    unit : ndarray
        What errors are told in.
    counts : ndarray of bool
        Where the result is determined and large enough to be told in that unit.
    """

    operands: dict[str, Floats]
    value: Floats
    rest: Floats
    unit: Floats
    counts: NDArray[np.bool_]

    def errors(self, found: Floats) -> Floats:
        """Return how far results are off, in units; NaN where one is no number."""
        return np.abs((found - self.value) - self.rest) / self.unit

    def relative(self, found: Floats) -> Floats:
        """Return how far results are off, relatively."""
        return np.abs((found - self.value) - self.rest) / np.abs(self.value)


def exact(operation: str, region: Region, count: int, form: str = SPOT) -> Exact:
    """Return `count` options of a region, in one of the forms of `bench.packages`.

    Prices are in ulp: of the price out of the money, of max(S e^-qT, K e^-rT) in it. Volatilities
    are in the reference's attainable errors.
    """
    name = re.sub(r"\W+", "_", f"{region.name} {operation} {form}").strip("_")
    found = kept(
        f"{name}-{SEED}-{count}", _sources(), lambda: _made(operation, region, count, form)
    )
    columns = {name: found.pop(name) for name in ("value", "rest", "unit", "counts")}
    return Exact(found, **columns)


@cache
def _sources() -> tuple[Path, ...]:
    """Return the files that the numbers follow from."""
    suite = Path(quantforge_conformance.__file__).parent
    files = [Path(__file__), Path(regions.__file__), *sorted((suite / "regions").glob("*.py"))]
    return (*files, *sorted((suite / "reference").glob("*.py")))


def _made(operation: str, region: Region, count: int, form: str) -> dict[str, Any]:
    sample = region.sample(count, SEED)
    operands = dict(zip(sample._fields, sample, strict=True))
    if form in (LOGARITHM, NORMALISED):
        return _by_logarithm(operation, operands, form == NORMALISED)
    judge = _price if operation == "price" else _volatility
    lanes = [dict(zip(operands, lane, strict=True)) for lane in zip(*sample, strict=True)]
    return operands | _columns([judge(**{k: float(x) for k, x in one.items()}) for one in lanes])


def _columns(judged: list[tuple[mpf, float, bool]]) -> dict[str, Any]:
    values = [value for value, _, _ in judged]
    rounded = np.array([float(value) for value in values])
    return {
        "value": rounded,
        "rest": np.array([float(x - mpf(y)) for x, y in zip(values, rounded, strict=True)]),
        "unit": np.array([unit for _, unit, _ in judged]),
        "counts": np.array([counts for _, _, counts in judged]),
    }


def _price(
    spot: Any,
    strike: Any,
    time: float,
    rate: float,
    dividend: float,
    sigma: float,
    sign: float,
    scale: Any = 1,
) -> tuple[mpf, float, bool]:
    """Return a price times `scale`, its unit, and whether it is large enough."""
    with mp.workdps(_PRECISION):
        value = reference.price(spot, strike, time, rate, dividend, sigma, sign) * scale
        legs = spot * exp(-mpf(dividend) * time), strike * exp(-mpf(rate) * time)
        inside = sign * (legs[0] - legs[1]) > 0
        of = max(legs) if inside else value
        return value, float(np.spacing(float(of))), bool(value >= LEAST_PRICE)


def _volatility(**quote: Any) -> tuple[mpf, float, bool]:
    """Return a volatility, its attainable error, and whether the price has one."""
    found = reference.implied_volatility(**quote)
    told = found.code in (Code.OK, Code.LOW_PRECISION)
    return (found.sigma, float(found.attainable), True) if told else (mpf(1), 1.0, False)


def _by_logarithm(operation: str, operands: dict[str, Floats], normalised: bool) -> dict[str, Any]:
    """Calls with F = T = 1 of which x = ln(F/K) is the double that is given, and K = e^-x."""
    judged, prices = [], []
    x, total = -np.log(operands["strike"]), operands.get("sigma")
    for place, moneyness in enumerate(x.tolist()):
        with mp.workdps(_PRECISION):
            strike = exp(-mpf(moneyness))
            scale = exp(mpf(moneyness) / 2) if normalised else mpf(1)
        rest = {"spot": 1.0, "strike": strike, "time": 1.0, "rate": 0.0, "dividend": 0.0}
        if total is not None:
            sigma = float(total[place])
            judged.append(_price(**rest, sigma=sigma, sign=1.0, scale=scale))
            continue
        price = float(operands["price"][place] * float(scale))
        prices.append(price)
        with mp.workdps(_PRECISION):
            quoted = mpf(price) / scale
        judged.append(_volatility(**rest, price=quoted, sign=1.0))
    given = {"moneyness": x, "total": total} if total is not None else {"moneyness": x}
    if total is None:
        given["price"] = np.array(prices)
    return given | _columns(judged)
