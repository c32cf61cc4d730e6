"""Forward price and discount factor of each expiry, by put-call parity.

For European options of one expiry, call - put = D (F - K) whatever the volatility: the mid prices
of calls less puts lie on a line in the strike whose slope is -D and whose root is F. With real
quotes three things go wrong, and each has its answer here:

- *Some quotes are stale or absurd*, and often many of them the same way, at one end of the
  strikes. So a first line goes by repeated medians, which hold up to a half of bad quotes wherever
  they are, and is refined by iterative reweighting with Cauchy's loss, to which a gross error is
  worth next to nothing. Errors count in spreads; weights fade to zero at 25 % from the money.
- *The slope is worth little near expiry.* Mids of options in the money lie off parity by some
  part of their spread, the same way for many strikes, so that more strikes do not help; for a
  week to expiry that is 10 % in the rate. So each measured rate carries an error, and the rates of
  all expiries are smoothed together over the square root of time (a Gaussian process: a level
  known to 10 %, departures from it of 1 % that fade over half a unit). An expiry with a sharp
  slope keeps its own rate, one with a blurred or no slope takes its neighbours'; a chain of one
  poor expiry falls back on 3 %. Where a rate is that uncertain prices hardly depend on it.
- *The root must be sharp.* With the discount known, every strike K says F = K + (call - put) / D;
  the forward is the weighted median of this over the strikes nearest the money, where an error in
  D does not matter.

Settlement roots of one date are expiries of their own. American options obey parity only
approximately; their forwards are near, their rates too low.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from quantforge.chain.calendar import Expiries
from quantforge.chain.quotes import Chain, Floats, Integers

NEAR_THE_MONEY: Final = 0.25  # of the strike, to either side: where lines are fitted
AT_THE_MONEY: Final = 0.02  # where the forward is read
FEWEST_PAIRS: Final = 3
_ORDINARY: Final = 0.05  # errors of mids that are nothing special, in spreads
_TURNS: Final = 30  # of reweighting
_MOST_IN_FIRST_LINE: Final = 50  # strikes: the work grows with their square
_OFF_PARITY: Final = 0.05  # how far mids lie off parity in the money, in spreads
_MOST_OFF: Final = 1.0  # spreads off parity, in the median: beyond it there is no forward
_LEVEL, _LEVEL_ERROR = 0.03, 0.10  # what is known of rates beforehand
_DEPARTURE, _FADING = 0.01, 0.5  # how far rates depart from their level, over how many sqrt(years)
_TICK: Final = 0.01  # least spread that weighs


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """Forward and discount of each expiry; the element is NaN where there is none.

    Attributes
    ----------
    forward, rate : array of float64
        The rate is continuously compounded; the discount factor is exp(-rate * time).
    rate_error : array of float64
        Standard error of the rate this expiry alone would give, NaN if it gives none.
    pairs : array of int
        Strikes near the money with usable quotes of both call and put.
    reason : tuple of str
        Why there is no forward, empty where there is one.
    """

    forward: Floats
    rate: Floats
    rate_error: Floats
    pairs: Integers
    reason: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Strikes with usable call and put: mid difference, joint spread, place of the expiry."""

    expiry: Integers
    strike: Floats
    difference: Floats
    spread: Floats
    count: int  # of expiries

    def near(self, center: Floats) -> _Pairs:
        """The pairs near the money, none of them weighing more than twice what is usual.

        A locked quote, whose spread is zero, is as often stale as it is sharp.
        """
        near = np.abs(self.strike / center[self.expiry] - 1.0) <= NEAR_THE_MONEY
        found = _Pairs(
            self.expiry[near],
            self.strike[near],
            self.difference[near],
            self.spread[near],
            self.count,
        )
        usual = found.medians(found.spread, np.ones_like(found.spread))
        return replace(found, spread=np.maximum(found.spread, 0.5 * usual[found.expiry]))

    def total(self, values: Floats) -> Floats:
        """Sum of `values` for each expiry."""
        return np.bincount(self.expiry, values, self.count).astype(np.float64)  # integers if empty

    def medians(self, values: Floats, weights: Floats) -> Floats:
        """Weighted median of `values` for each expiry, NaN for one without pairs."""
        order = np.lexsort((values, self.expiry))
        share = (
            weights / self.total(weights)[self.expiry]
        )  # each expiry adds one to the running sum
        some = np.bincount(self.expiry, minlength=self.count) > 0
        half = np.cumsum(some)[some] - 0.5
        medians = np.full(self.count, np.nan)
        medians[some] = values[order][np.searchsorted(np.cumsum(share[order]), half)]
        return medians


def fit_parity(chain: Chain, expiries: Expiries) -> Parity:
    """Fit forward and discount of every expiry that is not over yet.

    Parameters
    ----------
    chain : Chain
    expiries : Expiries
        Of the same chain.

    Returns
    -------
    Parity
        One element per expiry.
    """
    pairs = _usable_pairs(chain, expiries)
    center = pairs.medians(pairs.strike + pairs.difference, np.ones_like(pairs.strike))
    near = pairs.near(center)
    discount, error = _slopes(near, center)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = -np.log(discount) / expiries.time
        rate_error = np.where(discount > 0.0, error / (discount * expiries.time), np.nan)
    rate = _smooth(np.sqrt(np.maximum(expiries.time, 0.0)), measured, rate_error)
    growth = np.exp(rate * expiries.time)
    forward = _forwards(near, center, growth)
    counts = np.bincount(near.expiry, minlength=len(expiries))
    off = _off_parity(near, forward, growth)
    reason = tuple(map(_why_not, expiries.time, counts, forward, off))
    missing = np.array([bool(why) for why in reason], dtype=bool)
    forward[missing] = rate[missing] = np.nan
    return Parity(forward, rate, rate_error, counts, reason)


def _why_not(years: float, pairs: int, forward: float, off: float) -> str:
    if years <= 0.0:
        return "expired"
    if pairs < FEWEST_PAIRS:
        return f"{pairs} strikes with usable call and put, {FEWEST_PAIRS} are needed"
    if forward > 0.0 and off <= _MOST_OFF:
        return ""
    return "calls and puts do not obey parity"


def _usable_pairs(chain: Chain, expiries: Expiries) -> _Pairs:
    two_sided = chain.quoted_both_ways.reshape(-1, 2).all(axis=1)
    place = expiries.of_option[::2]
    usable = two_sided & (expiries.time[place] > 0.0)
    mid, spread = 0.5 * (chain.bid + chain.ask), chain.ask - chain.bid
    return _Pairs(
        place[usable],
        chain.strike[::2][usable],
        (mid[::2] - mid[1::2])[usable],
        np.maximum(spread[::2] + spread[1::2], _TICK)[usable],
        len(expiries),
    )


def _slopes(near: _Pairs, center: Floats) -> tuple[Floats, Floats]:
    """Discount factors as the slopes of robust lines, and their standard errors."""
    x = near.strike - center[near.expiry]
    fading = 1.0 - (x / (NEAR_THE_MONEY * center[near.expiry])) ** 2
    base = (fading / near.spread) ** 2
    residual = _off_first_line(near, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(_TURNS):
            weights = base / (1.0 + (residual / (_ORDINARY * near.spread)) ** 2)
            whole = near.total(weights)
            mean_x = near.total(weights * x) / whole
            mean_y = near.total(weights * near.difference) / whole
            dx = x - mean_x[near.expiry]
            width = near.total(weights * dx * dx) / whole
            slope = near.total(weights * dx * near.difference) / whole / width
            residual = near.difference - mean_y[near.expiry] - slope[near.expiry] * dx
        spread = near.total(base * near.spread) / near.total(base)
        scatter = 1.5 * near.medians(np.abs(residual), base)
        count = near.total(np.ones_like(x))
        error = np.hypot(_OFF_PARITY * spread, scatter / np.sqrt(count)) / np.sqrt(width)
    return -slope, np.where(count >= FEWEST_PAIRS, error, np.nan)


def _off_first_line(near: _Pairs, x: Floats) -> Floats:
    """Residuals of a first line through each expiry, by repeated medians (Siegel 1982)."""
    residual = np.zeros_like(x)
    for place in np.unique(near.expiry):
        rows = np.flatnonzero(near.expiry == place)
        _, first = np.unique(x[rows], return_index=True)
        some = rows[first[:: 1 + len(first) // _MOST_IN_FIRST_LINE]]
        if len(some) < FEWEST_PAIRS:
            continue
        apart = ~np.eye(len(some), dtype=bool)
        run, rise = (
            (values[some, None] - values[some])[apart].reshape(len(some), -1)
            for values in (x, near.difference)
        )
        off = near.difference[rows] - np.median(np.median(rise / run, axis=1)) * x[rows]
        residual[rows] = off - np.median(off)
    return residual


def _smooth(x: Floats, rate: Floats, error: Floats) -> Floats:
    """Smooth `rate` over `x` by Gaussian process regression; a NaN takes its neighbours' value.

    Two passes widen the error of a rate that the others contradict by more than three of it.
    """
    known = np.isfinite(rate) & np.isfinite(error)
    if not known.any():
        return np.full_like(x, _LEVEL)
    apart = np.abs(x[:, None] - x[known])
    covariance = _LEVEL_ERROR**2 + _DEPARTURE**2 * np.exp(-apart / _FADING)
    deviation, variance = rate[known] - _LEVEL, error[known] ** 2
    for _ in range(3):
        gains = np.linalg.solve(covariance[known] + np.diag(variance), deviation)
        smooth = _LEVEL + covariance @ gains
        surprise = (rate[known] - smooth[known]) / (3.0 * error[known])
        variance = error[known] ** 2 * np.maximum(1.0, surprise**2)
    return smooth


def _forwards(near: _Pairs, center: Floats, growth: Floats) -> Floats:
    """Weighted median of K + (call - put) / D over the strikes at the money.

    Weights fall off with the distance from the money, so that the slope's error cancels, and
    fall off with the square of the spread.
    """
    implied = near.strike + near.difference * growth[near.expiry]
    distance = (near.strike / center[near.expiry] - 1.0) / AT_THE_MONEY
    return near.medians(implied, np.exp(-0.5 * distance**2) / near.spread**2)


def _off_parity(near: _Pairs, forward: Floats, growth: Floats) -> Floats:
    """How far calls less puts lie from the fit, in spreads, in the median."""
    fitted = (forward[near.expiry] - near.strike) / growth[near.expiry]
    return near.medians(np.abs(near.difference - fitted) / near.spread, np.ones_like(fitted))
