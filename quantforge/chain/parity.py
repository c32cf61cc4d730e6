"""Forward price and discount factor of each expiry, by put-call parity.

A pair is a call and a put of the same expiry and strike, both quoted both ways; options without a
partner have no part in it. What the quotes themselves say of forward or rate is taken as it is.

For European options of one expiry, call - put = D (F - K) whatever the volatility. So the mids of
calls less those of puts lie on a line in the strike, whose slope is -D and whose root is F. With
real quotes three things go wrong:

- *Some quotes are stale or absurd*, often many of them in the same direction, at one end of the
  strikes. So the first line is fitted by repeated medians, which withstand bad quotes up to a half
  of all, wherever they are. Iterative reweighting with Cauchy's loss then refines it, so that a
  gross error has almost no weight. Errors are measured in spreads. Weights fall to zero at 25 %
  from the money.
- *The slope says little near expiry.* Mids of options in the money deviate from parity by some part
  of their spread, in the same direction for many strikes, so that more strikes do not help. With a
  week to expiry that is 10 % in the rate. So each measured rate has an error, and the rates of all
  expiries are smoothed together over the square root of time. (This is a Gaussian process: a level
  known to 10 %, and departures from it of 1 % with a correlation length of half a unit.) An expiry
  with a precise slope keeps its own rate. One without takes that of its neighbours. A chain of a
  single poor expiry has 3 %. Where a rate is that uncertain, prices hardly depend on it.
- *The root must be precise.* Once the discount is known, every strike K gives a forward
  K + (call - put) / D. The weighted median of these is taken over the strikes nearest the money,
  where an error of D does not matter.

Settlement roots of one date are expiries of their own. Where a file has single prices, marks or
last ones, instead of bids and asks, there is no spread: that of a pair counts as 0.1 % of the
strike.

American options obey parity only approximately. Fitted as they are, at a rate of 5 % their forwards
are nearly right, their rates 2 to 7 points too low: in the money they are worth more than European
ones. So what early exercise adds is taken off the quotes (`quantforge.chain.early_exercise`). It
depends on rate and carry, so that fits and premiums take turns. Each turn leaves about half of the
error.

Without cash dividends these premiums are at a constant carry, while dividends are paid on dates
that quotes do not tell. So mids count as uncertain by 0.08 % of the forward, all in the same
direction. The rates of short expiries then follow those of longer ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from quantforge.chain.calendar import Expiries, grouped
from quantforge.chain.early_exercise import early_exercise
from quantforge.chain.quotes import Flags, Floats, Integers, Quotes, two_sided

_NEAR_THE_MONEY: Final = 0.25  # on either side, as a part of the forward: where lines are fitted
_AT_THE_MONEY: Final = 0.02  # likewise: the width of the weights that give the forward
FEWEST_PAIRS: Final = 3
_ORDINARY: Final = 0.05  # usual errors of mids, in spreads
_TURNS: Final = 30  # of reweighting
_MOST_IN_FIRST_LINE: Final = 50  # strikes: the work grows with their square
_DEVIATION: Final = 0.05  # of mids from parity in the money, in spreads
GREATEST_DEVIATION: Final = 1.0  # in the median, in spreads: beyond it there is no forward
LEVEL, _LEVEL_ERROR = 0.03, 0.10  # what is assumed of rates beforehand, and how surely
_DEPARTURE, _LENGTH = 0.01, 0.5  # of rates from their level, and over how many sqrt(years)
_GIVEN: Final = 1e-4  # error of a given rate, where others are smoothed with it
_TICK: Final = 0.01  # least spread, for weights
_SINGLE: Final = 1e-3  # of the strike: as a spread, where an expiry has single prices only
_UNTIMED: Final = 0.016  # of the forward: as a spread, what unknown dates of dividends leave open
_TURNS_OF_PREMIUMS: Final = 6  # after which the rates of American options stand still


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """What calls and puts say of each expiry, good or not.

    Attributes
    ----------
    forward, rate : array of float64
        As given, or else fitted.
    rate_error : array of float64
        Standard error of the rate that this expiry alone would give, NaN if it gives none.
    is_known : array of bool
        Whether the rate is given or measured, here or at other expiries of the same time.
    pairs : array of int
        Strikes near the money with usable quotes of both call and put.
    deviation : array of float64
        Median distance of calls less puts from forward and rate, in spreads.
    """

    forward: Floats
    rate: Floats
    rate_error: Floats
    is_known: Flags
    pairs: Integers
    deviation: Floats

    def at(self, places: Integers) -> Parity:
        """The same for some expiries, in this order."""
        return Parity(*(getattr(self, name)[places] for name in self.__slots__))

    def where(self, flags: Flags, other: Parity) -> Parity:
        """The same for the expiries that `flags` names, the `other` fit for the rest."""
        return Parity(
            *(np.where(flags, getattr(self, name), getattr(other, name)) for name in self.__slots__)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Strikes with usable call and put: mid difference, joint spread, place of the expiry."""

    expiry: Integers
    strike: Floats
    difference: Floats
    spread: Floats
    count: int  # of expiries

    def near(self, center: Floats) -> _Pairs:
        """The pairs near the money, with spreads of at least half the usual one, for weights.

        A locked quote, whose spread is zero, is stale as often as it is precise.
        """
        near = np.abs(self.strike / center[self.expiry] - 1.0) <= _NEAR_THE_MONEY
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


def by_parity(quotes: Quotes, expiries: Expiries) -> Parity:
    """Fit every expiry that is still ahead to the quotes as they are."""
    return _fit(quotes, expiries, np.zeros(len(quotes)), np.zeros(len(expiries)))


def by_any_pairs(quotes: Quotes, expiries: Expiries, fit: Parity) -> Parity:
    """The `fit`, but of expiries without a pair that of their date, whatever the exercise.

    Some exchanges list American calls beside European puts. These obey parity where nothing is paid
    until then, since such a call is not exercised early.
    """
    alone = (fit.pairs == 0) & ~(expiries.has_spot & np.isfinite(expiries.rate))
    if not alone.any():
        return fit
    merged, place = expiries.across_exercises()
    if len(merged) == len(expiries):
        return fit
    return by_parity(quotes, merged).at(place).where(alone, fit)


def without_premiums(
    quotes: Quotes, expiries: Expiries, american: Flags, quoted: Parity, **settings: Any
) -> Parity:
    """The fit to quotes less what early exercise adds to them, which depends on the fit in turn.

    Rates begin high: from one below zero there is a second solution, without any premium. None ends
    below zero unless it is given: an option may then have two exercise boundaries.

    Parameters
    ----------
    quotes : Quotes
    expiries : Expiries
    american : array of bool
        Expiries whose options have a premium.
    quoted : Parity
        The fit to the quotes as they are, which the other expiries keep.
    settings
        ``backend`` and ``threads`` of `quantforge.price`.
    """
    least = np.where(np.isfinite(expiries.rate), -np.inf, 0.0)
    fit = replace(quoted, rate=np.maximum(quoted.rate, np.where(least < 0.0, least, LEVEL)))
    for _ in range(_TURNS_OF_PREMIUMS):
        premium = early_exercise(quotes, expiries, american, fit.rate, fit.forward, **settings)
        fit = _fit(quotes, expiries, premium, np.where(american, _UNTIMED, 0.0))
        fit = replace(fit, rate=np.maximum(fit.rate, least))
    return fit.where(american, quoted)


def _fit(quotes: Quotes, expiries: Expiries, premium: Floats, doubt: Floats) -> Parity:
    """Fit all expiries to the quotes less a premium.

    `doubt` is a further spread of each expiry, as a part of the forward.
    """
    pairs = _usable_pairs(quotes, expiries, premium)
    center = pairs.medians(pairs.strike + pairs.difference, np.ones_like(pairs.strike))
    near = pairs.near(center)
    discount, error = _slopes(near, center, doubt * center)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = -np.log(discount) / expiries.time
        rate_error = np.where(discount > 0.0, error / (discount * expiries.time), np.nan)
    rate, is_known = _rates(expiries, measured, rate_error)
    growth = np.exp(rate * expiries.time)
    fitted = _forwards(near, center, growth)
    forward = np.where(np.isfinite(expiries.forward), expiries.forward, fitted)
    counts = np.bincount(near.expiry, minlength=len(expiries))
    deviation = _deviations(near, forward, growth, doubt * center)
    return Parity(forward, rate, rate_error, is_known, counts, deviation)


def _usable_pairs(quotes: Quotes, expiries: Expiries, premium: Floats) -> _Pairs:
    """Calls and puts that belong together, in the order of the calls; of several the first."""
    place = expiries.of_option
    bid, ask = quotes.bid - premium, quotes.ask - premium
    usable = two_sided(bid, ask) & (expiries.time[place] > 0.0)
    strikes, level = np.unique(quotes.strike, return_inverse=True)
    of_option = place * len(strikes) + level
    sides = []
    for sign in (1, -1):
        rows = np.flatnonzero(usable & (quotes.kind == sign))
        keys, first = np.unique(of_option[rows], return_index=True)
        sides.append((keys, rows[first]))
    (calls, call_rows), (puts, put_rows) = sides
    _, of_call, of_put = np.intersect1d(calls, puts, assume_unique=True, return_indices=True)
    order = np.argsort(call_rows[of_call])
    call, put = call_rows[of_call][order], put_rows[of_put][order]
    mid = 0.5 * (bid + ask)
    spread = (ask - bid)[call] + (ask - bid)[put]
    quoted = np.bincount(place[call], spread > 0.0, len(expiries)) > 0
    single = _SINGLE * np.abs(quotes.strike[call])
    return _Pairs(
        place[call],
        quotes.strike[call],
        mid[call] - mid[put],
        np.maximum(np.where(quoted[place[call]], spread, single), _TICK),
        len(expiries),
    )


def _slopes(near: _Pairs, center: Floats, doubt: Floats) -> tuple[Floats, Floats]:
    """Discount factors as the slopes of robust lines, and their standard errors."""
    x = near.strike - center[near.expiry]
    fading = 1.0 - (x / (_NEAR_THE_MONEY * center[near.expiry])) ** 2
    base = (fading / near.spread) ** 2
    residual = _first_residuals(near, x)
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
        spread = np.hypot(near.total(base * near.spread) / near.total(base), doubt)
        scatter = 1.5 * near.medians(np.abs(residual), base)
        count = near.total(np.ones_like(x))
        error = np.hypot(_DEVIATION * spread, scatter / np.sqrt(count)) / np.sqrt(width)
    return -slope, np.where(count >= FEWEST_PAIRS, error, np.nan)


def _first_residuals(near: _Pairs, x: Floats) -> Floats:
    """Residuals of a first line through each expiry, by repeated medians (Siegel 1982)."""
    residual = np.zeros_like(x)
    order = np.argsort(near.expiry, kind="stable")
    ends = np.flatnonzero(np.diff(near.expiry[order])) + 1
    for rows in np.split(order, ends):
        _, first = np.unique(x[rows], return_index=True)
        some = rows[first[:: 1 + len(first) // _MOST_IN_FIRST_LINE]]
        if len(some) < FEWEST_PAIRS:
            continue
        others = ~np.eye(len(some), dtype=bool)
        run, rise = (
            (values[some, None] - values[some])[others].reshape(len(some), -1)
            for values in (x, near.difference)
        )
        above = near.difference[rows] - np.median(np.median(rise / run, axis=1)) * x[rows]
        residual[rows] = above - np.median(above)
    return residual


def _rates(expiries: Expiries, measured: Floats, error: Floats) -> tuple[Floats, Flags]:
    """Rates that are given, or smoothed over the expiries of one time and currency; which known."""
    given = np.isfinite(expiries.rate)
    measured = np.where(given, expiries.rate, measured)
    error = np.where(given, _GIVEN, error)
    x = np.sqrt(np.maximum(expiries.time, 0.0))
    rate, is_known = np.empty_like(x), given.copy()
    curve, first = grouped(expiries.quoted, expiries.currency)
    order = np.argsort(curve, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(curve))[: len(first) - 1]):
        rate[rows] = _smooth(x[rows], measured[rows], error[rows])
        is_known[rows] |= (np.isfinite(measured[rows]) & np.isfinite(error[rows])).any()
    return np.where(given, expiries.rate, rate), is_known


def _smooth(x: Floats, rate: Floats, error: Floats) -> Floats:
    """Smooth `rate` over `x` by Gaussian process regression; a NaN takes its neighbours' value.

    Two passes widen the error of a rate that differs from the others by more than three errors.
    """
    known = np.isfinite(rate) & np.isfinite(error)
    if not known.any():
        return np.full_like(x, LEVEL)
    distance = np.abs(x[:, None] - x[known])
    covariance = _LEVEL_ERROR**2 + _DEPARTURE**2 * np.exp(-distance / _LENGTH)
    deviation, variance = rate[known] - LEVEL, error[known] ** 2
    for _ in range(3):
        gains = np.linalg.solve(covariance[known] + np.diag(variance), deviation)
        smooth = LEVEL + covariance @ gains
        surprise = (rate[known] - smooth[known]) / (3.0 * error[known])
        variance = error[known] ** 2 * np.maximum(1.0, surprise**2)
    return smooth


def _forwards(near: _Pairs, center: Floats, growth: Floats) -> Floats:
    """Weighted median of K + (call - put) / D over the strikes at the money.

    Weights decrease with the distance from the money, so that the error of the slope cancels, and
    with the square of the spread.
    """
    implied = near.strike + near.difference * growth[near.expiry]
    distance = (near.strike / center[near.expiry] - 1.0) / _AT_THE_MONEY
    return near.medians(implied, np.exp(-0.5 * distance**2) / near.spread**2)


def _deviations(near: _Pairs, forward: Floats, growth: Floats, doubt: Floats) -> Floats:
    """Median distance of calls less puts from the fitted line, in spreads, for each expiry."""
    fitted = (forward[near.expiry] - near.strike) / growth[near.expiry]
    spread = np.hypot(near.spread, doubt[near.expiry])
    return near.medians(np.abs(near.difference - fitted) / spread, np.ones_like(fitted))
