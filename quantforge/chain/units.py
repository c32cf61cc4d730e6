"""The units of a quote file: what the reader of a file is told, and what looks wrong.

A file's numbers may be in other units than those of `Quotes`: strikes in thousandths, volatilities
and rates in per cent, prices in coins. Whoever knows says it. Where nobody does, the numbers are
looked at. A suspicion is a note that names the likely cause and the option that helps; numbers that
look wrong in every row are refused. A unit that is said is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from quantforge.chain.quotes import ChainError, Flags, Quotes, positive

SCALES: Final = {"fraction": 1.0, "percent": 0.01}
PRICES: Final = ("currency", "underlying")

_FACTOR: Final = 20.0  # within which strikes are a thousand times the underlying
_HIGHEST_RATE: Final = 0.5
_HIGHEST_VOLATILITY: Final = 3.0  # which half of a chain never exceeds
_IN_THE_MONEY: Final = 0.1  # least distance of strike and spot, as a part of the spot
_LEAST_SPOT: Final = 20.0  # above which prices in coins and in currency are far apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What is said of the units of a file; None is not said.

    Attributes
    ----------
    strike_scale : float or None
        What strikes are multiplied by.
    vol_unit, rate_unit : {"fraction", "percent"} or None
    price_unit : {"currency", "underlying"} or None

    Raises
    ------
    ValueError
        If a unit is unknown, or the scale not above zero.
    """

    strike_scale: float | None = None
    vol_unit: str | None = None
    price_unit: str | None = None
    rate_unit: str | None = None

    def __post_init__(self) -> None:
        for name, valid in (("vol_unit", SCALES), ("rate_unit", SCALES), ("price_unit", PRICES)):
            value = getattr(self, name)
            if value is not None and value not in valid:
                raise ValueError(f"{name} {value!r} is unknown; valid: {', '.join(valid)}")
        scale = self.strike_scale
        if scale is not None and not 0.0 < scale < np.inf:
            raise ValueError(f"strike_scale cannot be {scale}")


def converted(quotes: Quotes, units: Units) -> Quotes:
    """The quotes in the units of `Quotes`, with a note for each number that looks as if not.

    Raises
    ------
    ChainError
        If one looks so in every row.
    """
    changes: dict[str, Any] = {}
    if units.strike_scale is not None:
        changes["strike"] = quotes.strike * units.strike_scale
    if units.vol_unit is not None:
        changes["vendor_iv"] = quotes.vendor_iv * SCALES[units.vol_unit]
    if units.rate_unit is not None:
        changes["rate"] = quotes.rate * SCALES[units.rate_unit]
    if units.price_unit is not None:
        changes["price_unit"] = np.full(len(quotes), units.price_unit)
    quotes = replace(quotes, **changes) if changes else quotes
    return replace(quotes, notes=(*quotes.notes, *_notes(quotes, units)))


def _notes(quotes: Quotes, units: Units) -> Iterator[str]:
    for name, looked_at, wrong, what, likely, usual in _suspicions(quotes):
        seen = int(np.count_nonzero(looked_at))
        count = int(np.count_nonzero(wrong & looked_at))
        if getattr(units, name) is not None or 2 * count <= seen:
            continue
        option = f"--{name.replace('_', '-')}"
        line = f"{what} in {count:,} of {seen:,} rows: likely {option} {likely}"
        if count == seen:
            raise ChainError(f"{quotes.source}: {line}; {option} {usual} takes them as they are")
        yield line


def _suspicions(quotes: Quotes) -> Iterator[tuple[str, Flags, Flags, str, str, str]]:
    """Unit, rows that say something of it, which look wrong, how, and the likely and usual unit."""
    spot = positive(quotes.spot)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = quotes.strike / spot
        for times, scale in ((1000.0, "0.001"), (0.001, "1000")):
            far = np.abs(np.log(ratio / times)) < np.log(_FACTOR)
            what = f"strikes some {times:g} times the underlying"
            yield "strike_scale", np.isfinite(ratio), far, what, scale, "1"
        inner = quotes.kind * (spot - quotes.strike)
        worth = 0.5 * (quotes.bid + quotes.ask) / inner
        deep = quotes.quoted_both_ways & (inner > _IN_THE_MONEY * spot) & (spot > _LEAST_SPOT)
        deep &= quotes.price_unit == "currency"
        coins = (worth < 0.1) & (np.abs(np.log(worth * spot)) < np.log(2.0))
    what = "prices as of options in the money, if they were in units of the underlying,"
    yield "price_unit", deep, coins, what, "underlying", "currency"
    for name, values, highest, words in (
        ("vol_unit", quotes.vendor_iv, _HIGHEST_VOLATILITY, "volatilities of the vendor"),
        ("rate_unit", quotes.rate, _HIGHEST_RATE, "rates"),
    ):
        given = np.isfinite(values) & (values != 0.0)
        what = f"{words} above {highest:g}, which is {highest:.0%},"
        yield name, given, values > highest, what, "percent", "fraction"
