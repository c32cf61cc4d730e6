"""Forward and rate of every expiry by put-call parity, where calls and puts are arrays.

The fit is that of `quantforge.chain.parity`. Underlyings of any size come to it as one of 10,000,
so that its least spread is a millionth of them. Under an absolute model forwards may be small or
negative; parity holds as well if every strike, and with it the forward, is raised by the same.

Prices without a spread do not tell how far they may be off. So they are fitted twice: the first
fit says how far they usually are, which the second takes for what that error is of a spread.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quantforge.chain.calendar import Expiries
from quantforge.chain.fitting import judge
from quantforge.chain.parity import by_parity
from quantforge.chain.quotes import Floats, Integers, Quotes, Signs

__all__ = ["ParityForward", "fit_rows", "parity_forward"]

_SIZE: Final = 1e4  # of an underlying, to the fit
_REACH: Final = 4.0  # forwards above the width of the strikes, so that all count as near the money
_LEAST: Final = 0.02  # spread of exact prices
_USUAL: Final = 20.0  # spreads are so many usual errors of mids
_WIDEST: Final = 0.1  # of the underlying: spreads beyond it say that prices do not obey parity


class ParityForward(NamedTuple):
    """What calls and puts say of their expiries.

    Attributes
    ----------
    forward, rate : ndarray of float64 or float
        NaN where there is none. The rate is continuously compounded.
    reason : ndarray of str or str
        Why there is no forward, empty where there is one.
    """

    forward: Any
    rate: Any
    reason: Any


def parity_forward(
    strike: ArrayLike,
    call: ArrayLike,
    put: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike | None = None,
    *,
    spread: ArrayLike = 0.0,
    absolute: bool = False,
) -> ParityForward:
    """Fit the forward, and the rate if it is not given, of expiries with many calls and puts.

    `strike`, `call`, `put` and `spread` broadcast against each other; their last axis runs over the
    strikes of an expiry. `time` and `rate` have the axes before it. All expiries of a call are of
    one currency and quoted at one time.

    Parameters
    ----------
    strike : array_like, shape (..., n)
        Exercise price; > 0, or of any sign if `absolute`.
    call, put : array_like, shape (..., n)
        Prices of European options, mids of quotes. A pair of which one is missing or not above zero
        has no part in the fit.
    time : array_like, shape (...)
        Years to expiry; > 0.
    rate : array_like, shape (...), optional
        Risk-free rate per year, continuously compounded. NaN, or none at all, is to be fitted.
    spread : array_like, shape (..., n), default 0
        What the asks of call and put together are above their bids: the weight of a pair decreases
        with its square, and errors are judged by it. Without spreads errors are judged by
        each other.
    absolute : bool, default False
        Whether forwards and strikes may be of any sign, as with ``model="bachelier"``. Then all
        strikes count. Otherwise those within 25 % of the money do.

    Returns
    -------
    ParityForward
        `forward`, `rate` and `reason`, of the shape (...).

    Raises
    ------
    ValueError
        Shapes that do not broadcast, or strikes without an axis.

    Notes
    -----
    call - put = exp(-rate time) (forward - strike) is a line in the strike. It is fitted robustly,
    by repeated medians and reweighting, so that stale quotes have no weight; rates of several
    expiries are smoothed over the square root of time, each as surely as it is known. Three
    pairs say forward and rate; one is enough where the rate is known. `quantforge chain` fits this
    way too. American options do not obey parity: `quantforge.chain.fit` takes off what early
    exercise adds to them.

    References
    ----------
    Stoll, H. R. (1969), The relationship between put and call option prices.
    Siegel, A. F. (1982), Robust regression using repeated medians.

    Examples
    --------
    >>> import numpy as np
    >>> import quantforge
    >>> from quantforge.chain import parity_forward
    >>> strikes = np.arange(90.0, 111.0, 5.0)
    >>> call, put = quantforge.price(100, strikes, 0.5, 0.03, 0.2, kind=[["call"], ["put"]])
    >>> found = parity_forward(strikes, call, put, 0.5)
    >>> round(found.forward, 6), round(found.rate, 6)
    (101.511306, 0.03)
    """
    given = (np.asarray(each, np.float64) for each in (strike, call, put, spread))
    strikes, calls, puts, spreads = np.broadcast_arrays(*given)
    if not strikes.ndim:
        raise ValueError("strike is a number where an array over the strikes is needed")
    shape, count = strikes.shape[:-1], strikes.shape[-1]
    years = np.asarray(time, np.float64)
    rates = np.asarray(np.nan if rate is None else rate, np.float64)
    shape = np.broadcast_shapes(shape, years.shape, rates.shape)
    rows = [
        np.broadcast_to(each, (*shape, count)).ravel() for each in (strikes, calls, puts, spreads)
    ]
    strikes, calls, puts, spreads = rows
    years, rates = (np.broadcast_to(each, shape).ravel() for each in (years, rates))
    place = np.repeat(np.arange(len(years)), count)
    apart = 0.25 * np.concatenate((spreads, spreads))
    mids = np.concatenate((calls, puts))
    found = fit_rows(
        np.concatenate((place, place)),
        np.repeat(np.array([1, -1], np.int8), len(calls)),
        np.concatenate((strikes, strikes)),
        mids - apart,
        mids + apart,
        time=years,
        rate=rates,
        curve=np.zeros(len(years), np.intp),
        absolute=absolute,
    )
    if not shape:
        return ParityForward(*(each[0].item() for each in found))
    return ParityForward(*(each.reshape(shape) for each in found))


def fit_rows(
    place: Integers,
    kind: Signs,
    strike: Floats,
    bid: Floats,
    ask: Floats,
    *,
    time: Floats,
    rate: Floats,
    curve: Integers,
    absolute: bool = False,
) -> ParityForward:
    """Fit the expiries of options that stand in rows, paired or not.

    Parameters
    ----------
    place : array of int
        The expiry of each option.
    kind, strike, bid, ask : array
        Of each option.
    time, rate : array of float64
        Of each expiry; a rate of NaN is to be fitted.
    curve : array of int
        Of each expiry: those with the same number have rates that belong together.
    absolute : bool
        Whether forwards may have any sign.
    """
    with np.errstate(invalid="ignore"):
        rows = np.isfinite(strike) & (bid > 0.0) & (ask >= bid)
    if not absolute:
        rows &= strike > 0.0
    place, kind = place[rows], kind[rows]
    strike, bid, ask = strike[rows], bid[rows], ask[rows]
    if not len(place) or not len(time):
        none = np.full(len(time), np.nan)
        return ParityForward(none, none, np.full(len(time), "no strikes with call and put"))
    raised, size = _range(place, strike, len(time), absolute)
    scale = _SIZE / size
    strike = (strike + raised[place]) * scale[place]
    bid, ask = bid * scale[place], ask * scale[place]
    expiries = _expiries(place, time, rate, curve)
    spread = np.where(np.bincount(place, ask > bid, len(time)) > 0, 0.0, _LEAST)
    fit = by_parity(_quotes(kind, strike, bid, ask, spread[place]), expiries)
    told = (spread > 0.0) & (_USUAL * fit.deviation * spread <= _WIDEST * _SIZE)
    if told.any():
        spread = np.where(told, np.maximum(_USUAL * fit.deviation * spread, spread), spread)
        fit = by_parity(_quotes(kind, strike, bid, ask, spread[place]), expiries)
    reason = np.array([judge(expiries, fit, fit, each)[1] for each in range(len(time))])
    good = reason == ""
    forward = np.where(good, fit.forward / scale - raised, np.nan)
    return ParityForward(forward, np.where(good, fit.rate, np.nan), reason)


def _range(place: Integers, strike: Floats, count: int, absolute: bool) -> tuple[Floats, Floats]:
    """By what the strikes of each expiry are raised, and the size of the underlying then."""
    order = np.lexsort((strike, place))
    some, start, number = np.unique(place[order], return_index=True, return_counts=True)
    raised, size = np.zeros(count), np.ones(count)
    middle = strike[order][start + number // 2]
    size[some] = middle
    if absolute:
        width = strike[order][start + number - 1] - strike[order][start]
        width = np.where(width > 0.0, width, np.maximum(np.abs(middle), 1.0))
        size[some] = _REACH * width
        raised[some] = size[some] - middle
    return raised, size


def _quotes(kind: Signs, strike: Floats, bid: Floats, ask: Floats, spread: Floats) -> Quotes:
    """Quotes of which calls and puts, together, are this much further apart."""
    any_time = np.datetime64("2000-01-01T00:00", "s")
    return Quotes(
        kind=kind,
        strike=strike,
        bid=bid - 0.25 * spread,
        ask=ask + 0.25 * spread,
        quoted=any_time,
        expiry=any_time,
    )


def _expiries(place: Integers, time: Floats, rate: Floats, curve: Integers) -> Expiries:
    """Expiries of which only time, rate and curve are known."""
    no_number, no_text = np.full(len(time), np.nan), np.full(len(time), "")
    instants = np.asarray(curve, np.int64).astype("datetime64[s]")
    return Expiries(
        quoted=instants,
        date=instants.astype("datetime64[D]"),
        settled=instants,
        root=no_text,
        currency=no_text,
        time=time,
        american=np.zeros(len(time), bool),
        spot=no_number,
        forward=no_number,
        rate=rate,
        dividends=((),) * len(time),
        of_option=place,
    )
