"""Forward, rate and carry of every expiry, and where they come from.

What is given, by the file or by whoever reads it, is used as it is. What is not given is found by
put-call parity. Where there is no pair of call and put, spot and rate give the forward of an
underlying that pays the dividends that are given, but only if both are given.

American options need a spot. Where none is given, calls and puts of the nearest expiry say it, if
that is at most two weeks ahead: the premium for early exercise is least there, and so is what a
wrong rate does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge.chain.calendar import Expiries, expiries, grouped
from quantforge.chain.cash import Dividends
from quantforge.chain.early_exercise import carries
from quantforge.chain.frames import to_frame
from quantforge.chain.parity import (
    GREATEST_DEVIATION,
    LEVEL,
    Parity,
    by_any_pairs,
    by_parity,
    without_premiums,
)
from quantforge.chain.quotes import Flags, Floats, Integers, Quotes
from quantforge.chain.roots import AM_ROOTS

if TYPE_CHECKING:
    from pandas import DataFrame

_NEAR: Final = 14.0 / 365.0  # years to an expiry whose pairs say the spot
FEWEST_PAIRS: Final = 3
"""Pairs that say both forward and rate. Where the rate is known one of them says the forward."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Quotes and their expiries, each with what is needed to price it, NaN where it is unknown.

    Attributes
    ----------
    quotes : Quotes
        With every price in currency.
    expiries : Expiries
        The arrays below have one element for each of these.
    forward, rate : array of float64
        The rate is continuously compounded; the discount factor is exp(-rate * time).
    rate_error : array of float64
        Standard error of the rate this expiry alone would give, NaN if it gives none.
    american : array of bool
        Whether options are taken as American. Without a spot none are.
    carry : array of float64
        What the underlying yields and costs to borrow until an American expiry, a rate q with
        forward = spot * exp((rate - q) * time), where cash dividends until then are taken off the
        spot at what they are worth now. NaN where options are European.
    pairs : array of int
        Strikes near the money with usable quotes of both call and put.
    spot_fitted : array of bool
        Whether the spot of `expiries` is not given, but that of the nearest expiry.
    contradicted : array of bool
        Whether calls and puts are more than a spread off the forward that is given.
    source : tuple of str
        Where the forward comes from: ``parity``, ``given`` or ``spot and rate``; empty if there is
        none.
    reason : tuple of str
        Why there is no forward, empty where there is one.
    """

    quotes: Quotes
    expiries: Expiries
    forward: Floats
    rate: Floats
    rate_error: Floats
    american: Flags
    carry: Floats
    pairs: Integers
    spot_fitted: Flags
    contradicted: Flags
    source: tuple[str, ...]
    reason: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """A row for each expiry: columns by name, each an array."""
        found = self.expiries
        named = ("quoted", "settled", "date", "root", "currency", "time", "options", "spot")
        own = [field.name for field in fields(self)][2:]
        return {
            **{name: getattr(found, name) for name in named},
            **{name: np.asarray(getattr(self, name)) for name in own},
        }

    def to_frame(self) -> DataFrame:
        """The columns as a pandas DataFrame."""
        return to_frame(self.columns())


def fit(
    quotes: Quotes,
    *,
    am_roots: Collection[str] = AM_ROOTS,
    american_roots: Collection[str] | None = None,
    close: time | None = None,
    dividends: Dividends | None = None,
    backend: str = "auto",
    threads: int | None = None,
) -> Fit:
    """Find the expiries of `quotes`, and forward and rate of each that is still ahead.

    Parameters
    ----------
    quotes : Quotes
        A forward, a rate or a spot that they have is used, and is fitted if not. Calls and puts are
        paired within one expiry and time of the quotes; unpaired ones do no harm. Three pairs say
        forward and rate. Where other expiries of the same time say the rate, or it is given, one
        pair says the forward.
    am_roots, american_roots : collection of str
        Roots settled at the open, and roots of American options (see `expiries`). Where
        there is no spot for them these are taken as European.
    close : time, optional
        When roots settled at the close are (see `expiries`).
    dividends : Dividends, optional
        Cash dividends of the underlyings (see `read_dividends`), for American options and for
        forwards from spot and rate.
    backend, threads
        As in `quantforge.price`, for American options.

    Returns
    -------
    Fit

    Raises
    ------
    ChainError
        If prices are in units of an underlying of unknown value.
    BackendError
        If no backend has American options, and there are some.

    Examples
    --------
    >>> from quantforge.chain import SAMPLE, fit, read
    >>> found = fit(read(SAMPLE))
    >>> found.reason[0], found.source[1], found.forward[1].round(1).item()
    ('expired', 'parity', 2000.5)
    """
    quotes = quotes.in_currency
    found = expiries(quotes, am_roots, american_roots, close, dividends)
    if dividends is not None:
        quotes = replace(quotes, notes=(*quotes.notes, _note(dividends, found)))
    quoted = parity = by_parity(quotes, found)
    spot, spot_fitted = _spots(found, quoted)
    found = replace(found, spot=spot)
    american = found.american & found.has_spot
    if american.any():
        parity = without_premiums(quotes, found, american, quoted, backend=backend, threads=threads)
    parity = by_any_pairs(quotes, found, parity)
    judged = (judge(found, quoted, parity, place) for place in range(len(found)))
    source, reason = zip(*judged, strict=True)
    rated = np.array([bool(each) for each in source], dtype=bool)
    bought = np.array([each == "spot and rate" for each in source], dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        prepaid = found.spot - found.worth(found.rate)
        forward = np.where(bought, prepaid * np.exp(found.rate * found.time), parity.forward)
        forward, rate = (np.where(rated, each, np.nan) for each in (forward, parity.rate))
        carry = np.where(american, carries(found, rate, forward), np.nan)
    return Fit(
        quotes=quotes,
        expiries=found,
        forward=forward,
        rate=rate,
        rate_error=parity.rate_error,
        american=american,
        carry=carry,
        pairs=parity.pairs,
        spot_fitted=spot_fitted,
        contradicted=rated
        & np.isfinite(found.forward)
        & (parity.pairs >= FEWEST_PAIRS)
        & (parity.deviation > GREATEST_DEVIATION),
        source=source,
        reason=reason,
    )


def _note(dividends: Dividends, found: Expiries) -> str:
    """How many dividends are paid until the last expiry of each root, and how much."""
    paid: dict[str, tuple[float, int]] = {}
    for root, schedule, years, cash in zip(
        found.root.tolist(), found.dividends, found.time.tolist(), found.cash.tolist(), strict=True
    ):
        count = sum(when <= years for when, _ in schedule)
        paid[root] = max(paid.get(root, (0.0, 0)), (cash, count))
    said = [f"{root} {count}, {cash:,.4g} in all" for root, (cash, count) in paid.items() if count]
    none = [root for root, (_, count) in paid.items() if not count]
    between = "between the quotes and the last expiry"
    if not said:
        return f"no dividend of {dividends.source} is paid {between}"
    line = f"dividends of {dividends.source} {between}: {'; '.join(said[:5])}"
    return f"{line}; none of {', '.join(none[:5])}" if none else line


def _spots(found: Expiries, quoted: Parity) -> tuple[Floats, Flags]:
    """Spots that are given, and for American options those of the nearest expiry; which these are.

    A rate fitted as European is too low.
    """
    spot, fitted = found.spot.copy(), np.zeros(len(found), dtype=bool)
    says = (found.time > 0.0) & (found.time <= _NEAR) & (quoted.pairs >= FEWEST_PAIRS)
    says &= (quoted.forward > 0.0) & (quoted.deviation <= GREATEST_DEVIATION)
    rate = np.maximum(quoted.rate, LEVEL)
    known = quoted.forward * np.exp(-rate * found.time) + found.worth(rate)
    underlying, _ = grouped(found.quoted, found.root)
    for place in np.flatnonzero(says)[::-1]:  # the nearest last
        rows = (underlying == underlying[place]) & found.american & ~found.has_spot
        spot[rows], fitted[rows] = known[place], True
    return spot, fitted


def judge(found: Expiries, quoted: Parity, parity: Parity, place: int) -> tuple[str, str]:
    """Source of the forward of one expiry, and the reason if there is none."""
    if not found.time[place] > 0.0:
        return "", "expired"
    known = bool(parity.is_known[place])
    if np.isfinite(found.forward[place]):
        return ("given", "") if known else ("", "a forward is given, but no rate")
    needed = 1 if known else FEWEST_PAIRS
    if parity.pairs[place] >= needed:
        if parity.forward[place] > 0.0 and parity.deviation[place] <= GREATEST_DEVIATION:
            return "parity", ""
        given = " at the rate that is given" if np.isfinite(found.rate[place]) else ""
        return "", f"calls and puts do not obey parity{given}"
    if found.has_spot[place] and np.isfinite(found.rate[place]):
        return "spot and rate", ""
    usable, what = int(quoted.pairs[place]), "with usable call and put"
    if usable >= needed:
        usable, what = int(parity.pairs[place]), "whose call and put have a volatility"
    return "", f"{usable} strikes {what}, {needed} {'is' if needed == 1 else 'are'} needed"
