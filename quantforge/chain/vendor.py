"""The forward and the time that a vendor's own volatilities imply, beside those of the quotes.

A vendor who inverts call and put of a strike at another forward than that of their quotes gets two
volatilities. At these, call less put is the difference of the mids at one forward only, the
vendor's. A level of the index that is minutes old shows there. Call and put together, likewise, are
worth the sum of the mids at one time to expiry, the vendor's: it may count days where we count
seconds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain.calendar import grouped
from quantforge.chain.early_exercise import MODEL
from quantforge.chain.fitting import FEWEST_PAIRS, Fit
from quantforge.chain.quotes import Flags, Floats, Integers

_NEAR: Final = 0.05  # on either side of the money, as a part of the forward
_TURNS: Final = 5  # of Newton's method on what is nearly a straight line


def vendor_terms(fit: Fit, **settings: Any) -> tuple[Floats, Floats, Floats]:
    """The vendor's forward and time to every expiry, and how precise the forward is.

    Parameters
    ----------
    fit : Fit
    settings
        ``backend`` and ``threads`` of `quantforge.price`.

    Returns
    -------
    forward, time, error : array of float64
        Medians over strikes near the money; the error is the median spread of call and put there,
        in units of the forward. NaN with fewer than three pairs. American options are at a constant
        carry, whatever cash dividends are given.
    """
    forward, years, error = np.full((3, len(fit.expiries)), np.nan)
    pairs = _near_pairs(fit)
    if not pairs.size:
        return forward, years, error
    quotes, place = fit.quotes, fit.expiries.of_option[pairs[0]]
    spread = quotes.ask - quotes.bid
    level, discount = fit.forward[place], np.exp(-fit.rate[place] * fit.expiries.time[place])
    time = fit.expiries.time[place]
    american = fit.american[place]
    for _ in range(_TURNS):
        (call, put), slope, decay = _apart(fit, pairs, level, time, american, settings)
        with np.errstate(divide="ignore", invalid="ignore"):
            level = level - (call - put) / (slope[0] - slope[1])
            time = np.maximum(time + (call + put) / decay.sum(axis=0), 0.5 * time)
    apart = 0.5 * spread[pairs].sum(axis=0) / discount
    order = np.argsort(place, kind="stable")
    some, start = np.unique(place[order], return_index=True)
    for each, rows in zip(some, np.split(order, start[1:]), strict=True):
        if rows.size >= FEWEST_PAIRS:
            forward[each], error[each] = np.median(level[rows]), np.median(apart[rows])
            years[each] = np.median(time[rows])
    return forward, years, error


def _apart(
    fit: Fit, pairs: Integers, level: Floats, time: Floats, american: Flags, settings: Any
) -> tuple[Floats, Floats, Floats]:
    """Prices at the vendor's volatilities less mids, their slopes by the forward, and thetas."""
    quotes, found = fit.quotes, fit.expiries
    mid = 0.5 * (quotes.bid + quotes.ask)
    apart, slope, decay = np.full((3, *pairs.shape), np.nan)
    for exercised in (False, True):
        lanes = np.flatnonzero(american == exercised)
        if not lanes.size:
            continue
        rows, forward, years = pairs[:, lanes], level[lanes], time[lanes]
        place = found.of_option[rows[0]]
        rate, spot = fit.rate[place], found.spot[place]
        by = "phi" if exercised else "delta"
        option: dict[str, Any] = {
            "spot": spot if exercised else forward,
            "strike": quotes.strike[rows],
            "time": years,
            "rate": rate,
            "sigma": quotes.vendor_iv[rows],
            "kind": quotes.kind[rows],
            "which": ("price", "theta", by),
            **MODEL[exercised],
            **settings,
        }
        with np.errstate(divide="ignore", invalid="ignore"):
            if exercised:
                option["dividend"] = rate - np.log(forward / spot) / years
            greeks = quantforge.greeks(**option)
            apart[:, lanes] = greeks["price"] - mid[rows]
            decay[:, lanes] = greeks["theta"]
            slope[:, lanes] = greeks[by] / (-forward * years if exercised else 1.0)
    return apart, slope, decay


def _near_pairs(fit: Fit) -> Integers:
    """Rows of calls, and those of the puts with the same strike, near the money.

    All have quotes both ways and a volatility of the vendor.
    """
    quotes, place = fit.quotes, fit.expiries.of_option
    usable = quotes.quoted_both_ways & (quotes.vendor_iv > 0.0)
    with np.errstate(invalid="ignore"):
        usable &= np.abs(quotes.strike / fit.forward[place] - 1.0) <= _NEAR
    rows = np.flatnonzero(usable)
    if not rows.size:
        return np.stack((rows, rows))
    pair, _ = grouped(place[rows].astype(np.float64), quotes.strike[rows])
    calls, puts = (np.full(pair.max() + 1, -1) for _ in range(2))
    up = quotes.kind[rows] > 0
    calls[pair[up]], puts[pair[~up]] = rows[up], rows[~up]
    both = (calls >= 0) & (puts >= 0)
    return np.stack((calls[both], puts[both]))
