"""The forward and the time that a vendor's own volatilities imply, beside those of the quotes.

A vendor who inverts call and put of a strike at another forward than that of their quotes gets two
volatilities. At these, Black's call less put is the difference of the mids at one forward only, the
vendor's. A level of the index that is minutes old shows there. Call and put together, likewise, are
worth the sum of the mids at one time to expiry, the vendor's: it may count days where we count
seconds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain.calendar import grouped
from quantforge.chain.fitting import FEWEST_PAIRS, Fit
from quantforge.chain.quotes import Floats, Integers

_NEAR: Final = 0.05  # on either side of the money, as a part of the forward
_TURNS: Final = 5  # of Newton's method on what is nearly a straight line


def vendor_terms(fit: Fit, **settings: Any) -> tuple[Floats, Floats, Floats]:
    """The vendor's forward and time to every European expiry, and how precise the forward is.

    Parameters
    ----------
    fit : Fit
    settings
        ``backend`` and ``threads`` of `quantforge.price`.

    Returns
    -------
    forward, time, error : array of float64
        Medians over strikes near the money; the error is the median spread of call and put there,
        in units of the forward. NaN for American options and with fewer than three pairs.
    """
    forward, years, error = np.full((3, len(fit.expiries)), np.nan)
    pairs = _near_pairs(fit)
    if not pairs.size:
        return forward, years, error
    quotes, place = fit.quotes, fit.expiries.of_option[pairs[0]]
    mid = 0.5 * (quotes.bid + quotes.ask)
    spread = quotes.ask - quotes.bid
    level, discount = fit.forward[place], np.exp(-fit.rate[place] * fit.expiries.time[place])
    time = fit.expiries.time[place]
    for _ in range(_TURNS):
        found = quantforge.greeks(
            level,
            quotes.strike[pairs],
            time,
            fit.rate[place],
            quotes.vendor_iv[pairs],
            kind=quotes.kind[pairs],
            model="black76",
            which=("price", "delta", "theta"),
            **settings,
        )
        (call, put), (up, down) = found["price"] - mid[pairs], found["delta"]
        with np.errstate(divide="ignore", invalid="ignore"):
            level = level - (call - put) / (up - down)
            time = np.maximum(time + (call + put) / found["theta"].sum(axis=0), 0.5 * time)
    apart = 0.5 * spread[pairs].sum(axis=0) / discount
    order = np.argsort(place, kind="stable")
    some, start = np.unique(place[order], return_index=True)
    for each, rows in zip(some, np.split(order, start[1:]), strict=True):
        if rows.size >= FEWEST_PAIRS:
            forward[each], error[each] = np.median(level[rows]), np.median(apart[rows])
            years[each] = np.median(time[rows])
    return forward, years, error


def _near_pairs(fit: Fit) -> Integers:
    """Rows of calls, and those of the puts with the same strike, near the money.

    All have quotes both ways and a volatility of the vendor.
    """
    quotes, place = fit.quotes, fit.expiries.of_option
    usable = quotes.quoted_both_ways & (quotes.vendor_iv > 0.0) & ~fit.american[place]
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
