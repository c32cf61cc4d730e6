"""The units of inputs: what options say, and whether numbers look like others."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge.cli.failures import Failure
from quantforge.cli.sides import SIDES

__all__ = ["Watch", "add_unit_options", "in_units"]

Floats = NDArray[np.float64]

_OUTSIDE: Final = 0.3  # share of prices outside the bounds of no arbitrage from which it is said


@dataclass(frozen=True)
class _Unit:
    """A choice of units.

    Parameters
    ----------
    argument : str
        The input.
    option : str
    divisors : mapping of str to float
        What numbers are divided by, by the unit; the first is the default.
    limit : float
        What an ordinary number does not exceed in the default unit.
    """

    argument: str
    option: str
    divisors: Mapping[str, float]
    limit: float

    @property
    def other(self) -> str:
        """The unit that numbers above the limit are likely to be in."""
        return list(self.divisors)[-1]


_SHARES: Final = {"fraction": 1.0, "percent": 100.0}
_UNITS: Final = (
    _Unit("rate", "rate_unit", _SHARES, 0.5),
    _Unit("dividend", "dividend_unit", _SHARES, 0.5),
    _Unit("time", "time_unit", {"years": 1.0, "days": 365.0}, 30.0),
    _Unit("sigma", "vol_unit", _SHARES, 3.0),
)


def add_unit_options(parser: argparse.ArgumentParser, inputs: Iterable[str]) -> None:
    """Add an option for the unit of each input that has a choice."""
    inputs = set(inputs)
    for unit in _UNITS:
        if unit.argument in inputs:
            parser.add_argument(
                f"--{unit.option.replace('_', '-')}",
                choices=tuple(unit.divisors),
                help=f"unit of {unit.argument} (default: {next(iter(unit.divisors))})",
            )
    if "strike" in inputs:
        parser.add_argument(
            "--strike-scale",
            type=_scale,
            metavar="X",
            help="multiply strikes by this, as 0.001 where they are in thousandths (default: 1)",
        )
    if "price" in inputs:
        parser.add_argument(
            "--price-unit",
            choices=("currency", "underlying"),
            help="unit of price: that of the spot, or the underlying itself, as coins "
            "(default: currency)",
        )


def _scale(word: str) -> float:
    value = float(word)
    if not 0.0 < value < np.inf:
        raise argparse.ArgumentTypeError(f"{word} is not above 0")
    return value


def in_units(
    arguments: argparse.Namespace, inputs: Mapping[str, Any], implied: Mapping[str, str]
) -> dict[str, Any]:
    """Inputs in the units of the public functions.

    Parameters
    ----------
    arguments : Namespace
    inputs : mapping of str to array
        As they were given.
    implied : mapping of str to str
        Units that names of columns imply, by the input.
    """
    found = dict(inputs)
    for unit in _UNITS:
        said = getattr(arguments, unit.option, None) or implied.get(unit.argument)
        if said is not None and unit.argument in found and unit.divisors[said] != 1.0:
            found[unit.argument] = found[unit.argument] / unit.divisors[said]
    scale = getattr(arguments, "strike_scale", None)
    if scale is not None and "strike" in found:
        whole = round(1.0 / scale)  # 0.001 is no double, 1000 is
        exact = whole > 0 and abs(whole * scale - 1.0) < 1e-12
        found["strike"] = found["strike"] / whole if exact else found["strike"] * scale
    if getattr(arguments, "price_unit", None) == "underlying":
        for name in ("price", *SIDES):
            if name in found:
                found[name] = found[name] * found["spot"]
    return found


@dataclass
class Watch:
    """Looks at numbers as they pass, and says what their units seem to be.

    Parameters
    ----------
    arguments : Namespace
    absolute : bool
        Whether volatilities are absolute and prices may have any sign.
    implied : mapping of str to str
        Units that names of columns imply.
    bounded : bool
        Whether prices outside the bounds of no arbitrage are looked at.
    """

    arguments: argparse.Namespace
    absolute: bool
    implied: Mapping[str, str]
    bounded: bool
    _counts: dict[str, list[int]] = field(default_factory=dict)
    _lines: dict[str, str] = field(default_factory=dict)

    def look(self, given: Mapping[str, Any]) -> None:
        """Look at inputs as they were given.

        Raises
        ------
        Failure
            If every number of the first batch is in doubt.
        """
        first = not self._counts
        for unit in _UNITS:
            said = getattr(self.arguments, unit.option, None) or self.implied.get(unit.argument)
            if unit.argument in given and said is None:
                if unit.argument == "sigma" and self.absolute:
                    continue
                values = np.abs(np.atleast_1d(given[unit.argument]))
                self._count(unit.option, values > unit.limit, ~np.isnan(values))
                self._lines[unit.option] = (
                    f"{unit.argument} is above {unit.limit:g} in {{}}, as if in {unit.other}: "
                    f"give --{unit.option.replace('_', '-')} {unit.other}, or "
                    f"{next(iter(unit.divisors))} if it is right"
                )
        self._look_at_strikes(given)
        if first:
            self._refuse()

    def _look_at_strikes(self, given: Mapping[str, Any]) -> None:
        if self.absolute or getattr(self.arguments, "strike_scale", None) is not None:
            return
        if "strike" not in given or "spot" not in given:
            return
        with np.errstate(all="ignore"):
            ratio = np.atleast_1d(np.divide(given["strike"], given["spot"]))
            for scale, times, low in (
                ("0.001", "a thousand times", 300.0),
                ("1000", "a thousandth of", 1 / 3000),
            ):
                self._count(scale, (low < ratio) & (ratio < 10.0 * low), np.isfinite(ratio))
                self._lines[scale] = (
                    f"strikes are {times} the spot in {{}}: give --strike-scale {scale}, or 1 if "
                    "they are right"
                )

    def look_at_prices(self, given: Mapping[str, Any], outside: Any) -> None:
        """Look at prices of which those `outside` the bounds of no arbitrage have no volatility.

        Raises
        ------
        Failure
            If every one of the first batch is.
        """
        if not self.bounded or getattr(self.arguments, "price_unit", None) is not None:
            return
        first = "outside" not in self._counts
        price, spot = (np.atleast_1d(given[name]) for name in ("price", "spot"))
        self._count("outside", outside, np.broadcast_to(~np.isnan(price), np.shape(outside)))
        with np.errstate(invalid="ignore"):
            self._count("coins", (price < 1.5) & (spot > 20.0), ~np.isnan(price * spot))
        self._lines["outside"] = (
            f"prices lie outside the bounds of no arbitrage in {{}}: {self._cause()}, or give "
            "--price-unit currency if they are right"
        )
        if first:
            self._refuse("outside")

    def _cause(self) -> str:
        small, counted = self._counts["coins"]
        if small > 0.9 * counted:
            return "give --price-unit underlying if they are in the underlying, as in coins"
        return "look at --kind, and at the units of strikes, rates and times"

    def _count(self, name: str, doubtful: Any, known: Any) -> None:
        counts = self._counts.setdefault(name, [0, 0])
        counts[0] += int(np.count_nonzero(doubtful))
        counts[1] += int(np.count_nonzero(known))

    def _refuse(self, *names: str) -> None:
        for name, (doubtful, counted) in self._counts.items():
            if name in self._lines and (not names or name in names) and doubtful == counted > 0:
                raise Failure(self._lines[name].format("every row"))

    def warnings(self) -> list[str]:
        """A line for each unit that is in doubt."""
        return [
            line.format(
                f"{100.0 * self._counts[name][0] / self._counts[name][1]:.0f} % of the rows"
            )
            for name, line in self._lines.items()
            if self._counts[name][0]
            > (_OUTSIDE if name == "outside" else 0.5) * self._counts[name][1]
        ]
