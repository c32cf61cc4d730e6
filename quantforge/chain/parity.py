"""Forward price and discount factor of each expiry, by put-call parity.

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

Settlement roots of one date are expiries of their own.

American options obey parity only approximately. Fitted as they are, at a rate of 5 % their forwards
are nearly right, their rates 2 to 7 points too low: in the money they are worth more than European
ones. So what early exercise adds is taken off the quotes (`quantforge.chain.early_exercise`). It
depends on rate and carry, so that fits and premiums take turns. Each turn leaves about half of the
error.

These premiums are at a constant carry, while dividends are paid on dates that quotes do not tell.
So mids count as uncertain by 0.08 % of the forward, all in the same direction. The rates of short
expiries then follow those of longer ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from quantforge.chain.calendar import Expiries
from quantforge.chain.early_exercise import early_exercise, has_spot
from quantforge.chain.quotes import Chain, Flags, Floats, Integers

NEAR_THE_MONEY: Final = 0.25  # on either side, as a part of the forward: where lines are fitted
AT_THE_MONEY: Final = 0.02  # likewise: the width of the weights that give the forward
FEWEST_PAIRS: Final = 3
_ORDINARY: Final = 0.05  # usual errors of mids, in spreads
_TURNS: Final = 30  # of reweighting
_MOST_IN_FIRST_LINE: Final = 50  # strikes: the work grows with their square
_DEVIATION: Final = 0.05  # of mids from parity in the money, in spreads
_GREATEST_DEVIATION: Final = 1.0  # in the median, in spreads: beyond it there is no forward
_LEVEL, _LEVEL_ERROR = 0.03, 0.10  # what is assumed of rates beforehand, and how surely
_DEPARTURE, _LENGTH = 0.01, 0.5  # of rates from their level, and over how many sqrt(years)
_TICK: Final = 0.01  # least spread, for weights
_UNTIMED: Final = 0.016  # of the forward: as a spread, what unknown dates of dividends leave open
_TURNS_OF_PREMIUMS: Final = 6  # after which the rates of American options stand still


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """Forward and discount of each expiry; the element is NaN where there is none.

    Attributes
    ----------
    forward, rate : array of float64
        The rate is continuously compounded; the discount factor is exp(-rate * time).
    rate_error : array of float64
        Standard error of the rate this expiry alone would give, NaN if it gives none.
    american : array of bool
        Whether options are taken as American. Without a spot none are.
    carry : array of float64
        What the underlying yields and costs to borrow until an American expiry, a rate q with
        forward = spot * exp((rate - q) * time). NaN where options are European.
    pairs : array of int
        Strikes near the money with usable quotes of both call and put.
    reason : tuple of str
        Why there is no forward, empty where there is one.
    """

    forward: Floats
    rate: Floats
    rate_error: Floats
    american: Flags
    carry: Floats
    pairs: Integers
    reason: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """What the lines of all expiries give, good or not; `deviation` is that of quotes from them."""

    forward: Floats
    rate: Floats
    rate_error: Floats
    pairs: Integers
    deviation: Floats

    def where(self, flags: Flags, other: _Fit) -> _Fit:
        """The same for the expiries that `flags` names, the `other` fit for the rest."""
        return _Fit(
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


def fit_parity(
    chain: Chain, expiries: Expiries, *, backend: str = "auto", threads: int | None = None
) -> Parity:
    """Fit forward and discount of every expiry that is still ahead.

    Parameters
    ----------
    chain : Chain
    expiries : Expiries
        Of the same chain. Without a spot those that are American are fitted as European.
    backend, threads
        As in `quantforge.price`, for American options.

    Returns
    -------
    Parity
        One element per expiry.
    """
    quoted = fit = _fit(chain, expiries, np.zeros(len(expiries)))
    american = expiries.american & has_spot(chain)
    if american.any():
        fit = _without_premiums(chain, expiries, american, quoted, backend=backend, threads=threads)
    reason = tuple(
        map(_why_not, expiries.time, quoted.pairs, fit.pairs, fit.forward, fit.deviation)
    )
    missing = np.array([bool(why) for why in reason], dtype=bool)
    forward, rate = (np.where(missing, np.nan, values) for values in (fit.forward, fit.rate))
    with np.errstate(divide="ignore", invalid="ignore"):
        carry = np.where(american, rate - np.log(forward / chain.spot) / expiries.time, np.nan)
    return Parity(forward, rate, fit.rate_error, american, carry, fit.pairs, reason)


def _without_premiums(
    chain: Chain, expiries: Expiries, american: Flags, quoted: _Fit, **settings: Any
) -> _Fit:
    """The fit to quotes less what early exercise adds to them, which depends on the fit in turn.

    Rates begin high: from one below zero there is a second solution, without any premium. None ends
    below zero, where an option may have two exercise boundaries, and no price.
    """
    fit = replace(quoted, rate=np.maximum(quoted.rate, _LEVEL))
    for _ in range(_TURNS_OF_PREMIUMS):
        premium = early_exercise(chain, expiries, american, fit.rate, fit.forward, **settings)
        worth = replace(chain, bid=chain.bid - premium, ask=chain.ask - premium)
        fit = _fit(worth, expiries, np.where(american, _UNTIMED, 0.0))
        fit = replace(fit, rate=np.maximum(fit.rate, 0.0))
    return fit.where(american, quoted)


def _fit(chain: Chain, expiries: Expiries, doubt: Floats) -> _Fit:
    """Fit all expiries. `doubt` is a further spread of each, as a part of the forward."""
    pairs = _usable_pairs(chain, expiries)
    center = pairs.medians(pairs.strike + pairs.difference, np.ones_like(pairs.strike))
    near = pairs.near(center)
    discount, error = _slopes(near, center, doubt * center)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = -np.log(discount) / expiries.time
        rate_error = np.where(discount > 0.0, error / (discount * expiries.time), np.nan)
    rate = _smooth(np.sqrt(np.maximum(expiries.time, 0.0)), measured, rate_error)
    growth = np.exp(rate * expiries.time)
    forward = _forwards(near, center, growth)
    counts = np.bincount(near.expiry, minlength=len(expiries))
    deviation = _deviations(near, forward, growth, doubt * center)
    return _Fit(forward, rate, rate_error, counts, deviation)


def _why_not(years: float, quoted: int, pairs: int, forward: float, deviation: float) -> str:
    if years <= 0.0:
        return "expired"
    if quoted < FEWEST_PAIRS:
        return f"{quoted} strikes with usable call and put, {FEWEST_PAIRS} are needed"
    if pairs < FEWEST_PAIRS:
        return f"{pairs} strikes whose call and put have a volatility, {FEWEST_PAIRS} are needed"
    if forward > 0.0 and deviation <= _GREATEST_DEVIATION:
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


def _slopes(near: _Pairs, center: Floats, doubt: Floats) -> tuple[Floats, Floats]:
    """Discount factors as the slopes of robust lines, and their standard errors."""
    x = near.strike - center[near.expiry]
    fading = 1.0 - (x / (NEAR_THE_MONEY * center[near.expiry])) ** 2
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
    for place in np.unique(near.expiry):
        rows = np.flatnonzero(near.expiry == place)
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


def _smooth(x: Floats, rate: Floats, error: Floats) -> Floats:
    """Smooth `rate` over `x` by Gaussian process regression; a NaN takes its neighbours' value.

    Two passes widen the error of a rate that differs from the others by more than three errors.
    """
    known = np.isfinite(rate) & np.isfinite(error)
    if not known.any():
        return np.full_like(x, _LEVEL)
    distance = np.abs(x[:, None] - x[known])
    covariance = _LEVEL_ERROR**2 + _DEPARTURE**2 * np.exp(-distance / _LENGTH)
    deviation, variance = rate[known] - _LEVEL, error[known] ** 2
    for _ in range(3):
        gains = np.linalg.solve(covariance[known] + np.diag(variance), deviation)
        smooth = _LEVEL + covariance @ gains
        surprise = (rate[known] - smooth[known]) / (3.0 * error[known])
        variance = error[known] ** 2 * np.maximum(1.0, surprise**2)
    return smooth


def _forwards(near: _Pairs, center: Floats, growth: Floats) -> Floats:
    """Weighted median of K + (call - put) / D over the strikes at the money.

    Weights decrease with the distance from the money, so that the error of the slope cancels, and
    with the square of the spread.
    """
    implied = near.strike + near.difference * growth[near.expiry]
    distance = (near.strike / center[near.expiry] - 1.0) / AT_THE_MONEY
    return near.medians(implied, np.exp(-0.5 * distance**2) / near.spread**2)


def _deviations(near: _Pairs, forward: Floats, growth: Floats, doubt: Floats) -> Floats:
    """Median distance of calls less puts from the fitted line, in spreads, for each expiry."""
    fitted = (forward[near.expiry] - near.strike) / growth[near.expiry]
    spread = np.hypot(near.spread, doubt[near.expiry])
    return near.medians(np.abs(near.difference - fitted) / spread, np.ones_like(fitted))
