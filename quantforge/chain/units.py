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

from quantforge.chain.quotes import ChainError, Flags, Floats, Quotes, positive
from quantforge.chain.symbols import read_symbols
from quantforge.files.cells import CellError

SCALES: Final = {"fraction": 1.0, "percent": 0.01}
PRICES: Final = ("currency", "underlying")

_FACTOR: Final = 20.0  # within which strikes are a thousand times the underlying
_HIGHEST_RATE: Final = 0.5
_HIGHEST_VOLATILITY: Final = 3.0  # which half of a chain never exceeds
_IN_THE_MONEY: Final = 0.1  # least distance of strike and spot, as a part of the spot
_LOOKED_AT: Final = 20_000  # rows whose symbols and slopes of prices are looked at
_STEEPEST: Final = 0.5  # what a price changes by, as a part of the distance of two strikes
_MORE_THAN_PENNIES: Final = 1.0
_FEWEST_STRIKES: Final = 5
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
    notes = tuple(_notes(quotes, units))
    return replace(quotes, notes=(*quotes.notes, *notes)) if notes else quotes


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
    head = _head(quotes)
    for times, scale in ((1000.0, "0.001"), (0.001, "1000")):
        for looked_at, measured, than in (
            (*_beside_symbols(head), "those in the symbols"),
            (*_beside_prices(head), "what their prices say"),
        ):
            far = np.abs(np.log(np.where(measured > 0.0, measured, np.nan) / times))
            far = far < np.log(_FACTOR)
            yield "strike_scale", looked_at, far, f"strikes some {times:g} times {than}", scale, "1"
    what = "prices as of options in the money, if they were in units of the underlying,"
    yield "price_unit", deep, coins, what, "underlying", "currency"
    for name, values, highest, words in (
        ("vol_unit", quotes.vendor_iv, _HIGHEST_VOLATILITY, "volatilities of the vendor"),
        ("rate_unit", quotes.rate, _HIGHEST_RATE, "rates"),
    ):
        given = np.isfinite(values) & (values != 0.0)
        what = f"{words} above {highest:g}, which is {highest:.0%},"
        yield name, given, values > highest, what, "percent", "fraction"


def _head(quotes: Quotes) -> Quotes:
    rows = slice(0, _LOOKED_AT)
    return replace(quotes, **{name: values[rows] for name, values in quotes.columns().items()})


def _beside_symbols(quotes: Quotes) -> tuple[Flags, Floats]:
    """Which options have OSI symbols, and their strikes as parts of those in these."""
    try:
        said = read_symbols([each.removeprefix("O:") for each in quotes.symbol.tolist()])
    except CellError:
        return np.zeros(len(quotes), dtype=bool), np.full(len(quotes), np.nan)
    return np.isfinite(quotes.strike), quotes.strike / np.where(
        said.strike > 0, said.strike, np.nan
    )


def _beside_prices(quotes: Quotes) -> tuple[Flags, Floats]:
    """Which options are in an expiry whose prices say a scale of strikes, and that scale.

    Between two strikes a price changes by less than they differ, and somewhere around the forward
    by about half of that. It is measured where prices are more than pennies and differ by more than
    a factor of two, and where nothing else says the scale.
    """
    mid = np.where(quotes.quoted_both_ways, 0.5 * (quotes.bid + quotes.ask), np.nan)
    usable = np.isfinite(mid) & ~np.isfinite(positive(quotes.spot))
    usable &= quotes.price_unit == "currency"
    keys = (quotes.expiry.astype(np.int64), quotes.quoted.astype(np.int64), quotes.kind)
    rows = np.lexsort((quotes.strike, *keys, ~usable))
    group = np.cumsum(
        np.any([np.diff(key[rows], prepend=key[rows[:1]]) != 0 for key in keys], axis=0)
    )
    strike, mid, last = quotes.strike[rows], mid[rows], len(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.abs(np.diff(mid) / np.diff(strike))
    slope[(np.diff(group) != 0) | ~np.isfinite(slope)] = 0.0
    steepest, lowest, highest = np.zeros(last), np.full(last, np.inf), np.zeros(last)
    np.maximum.at(steepest, group[1:], slope)
    np.fmin.at(lowest, group, mid)
    np.fmax.at(highest, group, mid)
    plain = (highest > _MORE_THAN_PENNIES) & (highest > 2.0 * lowest)
    plain &= np.bincount(group[np.isfinite(mid)], minlength=last)[:last] >= _FEWEST_STRIKES
    looked_at, scale = np.zeros(last, dtype=bool), np.full(last, np.nan)
    looked_at[rows] = plain[group] & usable[rows]
    scale[rows] = _STEEPEST / np.where(steepest > 0.0, steepest, np.nan)[group]
    return looked_at, scale
