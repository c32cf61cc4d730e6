"""The volatility that every quote implies, the greeks at it, and how they differ from the vendor's.

Volatilities of European options are Black's (1976) at the fitted forward and rate, those of
American ones are at the spot, the rate and the carry. Greeks of European options are derivatives by
the prepaid forward F exp(-r T), the underlying less the dividends that it pays until expiry, at a
constant rate. ``delta`` of a call is N(d1), ``gamma`` is n(d1) / (F exp(-r T) sigma sqrt(T)), and
``theta`` is what an option loses in time while the underlying stands still. Of all conventions
Cboe's own delta and gamma agree best with this one (docs/cli.md has the figures).

Greeks of American options are derivatives by the spot, at a constant rate and carry: what early
exercise brings depends on the spot. Cash dividends keep their dates and amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.chain.cash import Schedule
from quantforge.chain.early_exercise import MODEL, SOLVED
from quantforge.chain.fitting import Fit
from quantforge.chain.frames import to_frame
from quantforge.chain.quotes import Flags, Floats, Integers, Quotes

if TYPE_CHECKING:
    from pandas import DataFrame

GREEKS: Final = ("delta", "gamma", "vega", "theta", "rho")

_WIDEST: Final = 0.2  # greatest spread of a liquid option, as a part of its mid
_SHORTEST: Final = 7.0 / 365.0  # least time to its expiry, in years
_PART: Final = 0.05  # of a standard deviation, as a step in the spot
_IN_RATE: Final = 1e-4  # step in the rate


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """What quotes imply; every array has one element per option.

    Attributes
    ----------
    bid, mid, ask : array of float64
        Volatility of each quote, NaN where there is none.
    code : array of int8
        A `quantforge.Code` for each mid.
    greeks : Greeks
        Those named in `GREEKS`, at the volatility of the mid.
    difference : mapping of str to array of float64
        ``volatility``, ``delta`` and ``gamma`` of the mid less the vendor's, NaN where either has
        none.
    liquid : array of bool
        Options whose quotes determine a volatility well: out of the money, with a bid, a spread
        below 20 % of the mid and more than seven days to expiry.
    at_the_money : array of float64
        For each expiry, the volatility at its forward, NaN without quotes on either side of it.
    """

    bid: Floats
    mid: Floats
    ask: Floats
    code: NDArray[np.int8]
    greeks: quantforge.Greeks
    difference: Mapping[str, Floats]
    liquid: Flags
    at_the_money: Floats

    @property
    def solved(self) -> Flags:
        """Options whose mid has a volatility."""
        return np.isin(self.code, SOLVED)

    def columns(self) -> dict[str, Any]:
        """The columns by name, each an array with an element per option."""
        return {
            "iv_bid": self.bid,
            "iv_mid": self.mid,
            "iv_ask": self.ask,
            "iv_status": np.array([code.name for code in quantforge.Code])[self.code],
            **self.greeks,
            "iv_difference": self.difference["volatility"],
            "delta_difference": self.difference["delta"],
            "gamma_difference": self.difference["gamma"],
        }

    def to_frame(self) -> DataFrame:
        """The columns as a pandas DataFrame."""
        return to_frame(self.columns())


def invert(fit: Fit, *, backend: str = "auto", threads: int | None = None) -> Implied:
    """Invert every quote and compute the greeks of the mids.

    One call inverts the bids, mids and asks of all European options, one those of all American
    options with the same cash dividends. The same holds for the greeks.

    Parameters
    ----------
    fit : Fit
    backend, threads
        As in `quantforge.price`.

    Returns
    -------
    Implied

    Examples
    --------
    >>> from quantforge.chain import SAMPLE, fit, invert, read
    >>> implied = invert(fit(read(SAMPLE)))
    >>> int(implied.solved.sum())
    392
    """
    settings = {"backend": backend, "threads": threads}
    quotes = fit.quotes
    volatility = np.full((3, len(quotes)), np.nan)
    codes = np.zeros(volatility.shape, np.int8)
    with np.errstate(invalid="ignore"):
        for rows, call in inversions(fit, **settings):
            volatility[:, rows], codes[:, rows] = call()
        bid, mid, ask = volatility
        found = derivation(fit, mid, **settings)()
    place = fit.expiries.of_option
    return Implied(
        bid=bid,
        mid=mid,
        ask=ask,
        code=codes[1],
        greeks=found,
        difference=_vendor_differences(quotes, mid, found),
        liquid=_liquid(quotes, fit.forward[place], fit.expiries.time[place]),
        at_the_money=_at_the_money(fit, mid),
    )


def inversions(
    fit: Fit, **settings: Any
) -> Iterator[tuple[Integers, Callable[[], tuple[Floats, NDArray[np.int8]]]]]:
    """The calls that invert every bid, mid and ask, ready to be made, with the rows of each.

    European options have one, if there are any, and so have American ones with the same cash
    dividends. `settings` are those of `quantforge.implied_volatility`.
    """
    quotes, found = fit.quotes, fit.expiries
    prices = _prices(quotes)
    for american, dividends, rows in _alike(fit):
        place = found.of_option[rows]
        call = partial(
            quantforge.implied_volatility,
            prices[:, rows],
            found.spot[place] if american else fit.forward[place],
            quotes.strike[rows],
            found.time[place],
            fit.rate[place],
            kind=quotes.kind[rows],
            status=True,
            **MODEL[american],
            **settings,
        )
        if american:
            call = partial(call, dividend=fit.carry[place], dividends=dividends or None)
        yield rows, call


def _alike(fit: Fit) -> Iterator[tuple[bool, Schedule, Integers]]:
    """Whether options are American, their cash dividends if so, and the rows of these."""
    american = fit.american[fit.expiries.of_option]
    rows = np.flatnonzero(~american)
    if rows.size:
        yield False, (), rows
    rows = np.flatnonzero(american)
    for dividends, same in fit.expiries.alike(fit.expiries.of_option[rows]):
        yield True, dividends, rows[same]


def derivation(fit: Fit, volatility: Floats, **settings: Any) -> Callable[[], quantforge.Greeks]:
    """The call that computes the greeks of every option, ready to be made.

    `settings` are those of `quantforge.greeks`.
    """
    return partial(_derived, fit, volatility, settings)


def _derived(fit: Fit, volatility: Floats, settings: dict[str, Any]) -> quantforge.Greeks:
    found = {name: np.full(len(fit.quotes), np.nan) for name in GREEKS}
    for american, dividends, rows in _alike(fit):
        place = fit.expiries.of_option[rows]
        rate, time = fit.rate[place], fit.expiries.time[place]
        if american:
            spot, carry = fit.expiries.spot[place], fit.carry[place]
        else:
            spot, carry = fit.forward[place] * np.exp(-rate * time), np.zeros(rows.size)
        option = {
            "spot": spot,
            "strike": fit.quotes.strike[rows],
            "time": time,
            "rate": rate,
            "sigma": volatility[rows],
            "dividend": carry,
            "kind": fit.quotes.kind[rows],
            "exercise": MODEL[american]["exercise"],
            **settings,
        }
        if dividends:
            values = differences(option, dividends)
        else:
            values = quantforge.greeks(**option, which=GREEKS)
        for name in GREEKS:
            found[name][rows] = values[name]
    return quantforge.Greeks(found)


def differences(option: dict[str, Any], dividends: Schedule) -> dict[str, Floats]:
    """Greeks of American options with cash dividends, as central differences of their prices.

    The best of several options has no formula of its own. Steps in the spot are a twentieth of a
    standard deviation until expiry, and 2 % at most. As time goes on, pay dates stand still.
    """

    def price(dividends: Schedule = dividends, **changes: Any) -> Floats:
        changed = {name: option[name] + change for name, change in changes.items()}
        return np.asarray(quantforge.price(**(option | changed), dividends=dividends))

    spot, time, sigma = (np.asarray(option[name]) for name in ("spot", "time", "sigma"))
    step = spot * np.clip(_PART * sigma * np.sqrt(time), 1e-5, 0.02)
    here, up, down = price(), price(spot=step), price(spot=-step)
    days = 1e-3 * min(dividends[0][0], float(np.min(time)))
    later = tuple((when - days, amount) for when, amount in dividends)
    sooner = tuple((when + days, amount) for when, amount in dividends)
    more = 1e-3 * sigma
    return {
        "delta": (up - down) / (2.0 * step),
        "gamma": (up - 2.0 * here + down) / step**2,
        "vega": (price(sigma=more) - price(sigma=-more)) / (2.0 * more),
        "theta": (price(later, time=-days) - price(sooner, time=days)) / (2.0 * days),
        "rho": (price(rate=_IN_RATE) - price(rate=-_IN_RATE)) / (2.0 * _IN_RATE),
    }


def _prices(quotes: Quotes) -> Floats:
    """Bid, mid and ask of every option, NaN where there is no quote; a bid of zero is no quote."""
    usable = (quotes.bid >= 0.0) & (quotes.ask > 0.0) & (quotes.ask >= quotes.bid)
    usable &= np.isfinite(quotes.ask)
    prices = np.stack((quotes.bid, 0.5 * (quotes.bid + quotes.ask), quotes.ask))
    prices[:, ~usable] = np.nan
    prices[0, quotes.bid <= 0.0] = np.nan
    return prices


def _vendor_differences(
    quotes: Quotes, mid: Floats, greeks: quantforge.Greeks
) -> dict[str, Floats]:
    """Ours less the vendor's, which mean nothing for an option without volatility."""
    rated = quotes.vendor_iv > 0.0
    both = {
        "volatility": (mid, quotes.vendor_iv),
        "delta": (greeks["delta"], quotes.vendor_delta),
        "gamma": (greeks["gamma"], quotes.vendor_gamma),
    }
    return {
        name: np.where(rated & np.isfinite(ours), ours - theirs, np.nan)
        for name, (ours, theirs) in both.items()
    }


def out_of_the_money(quotes: Quotes, forward: Any) -> Flags:
    """Whether an option is out of the money; false where there is no forward."""
    return np.asarray(np.where(quotes.kind > 0, quotes.strike >= forward, quotes.strike < forward))


def _liquid(quotes: Quotes, forward: Floats, time: Floats) -> Flags:
    mid = _prices(quotes)[1]
    narrow = (quotes.bid > 0.0) & (quotes.ask - quotes.bid < _WIDEST * mid)
    return np.asarray(out_of_the_money(quotes, forward) & narrow & (time > _SHORTEST))


def _at_the_money(fit: Fit, mid: Floats) -> Floats:
    """Volatility at the forward, linear in the strike between the two nearest quotes."""
    quotes, level = fit.quotes, np.full(len(fit.expiries), np.nan)
    wanted = out_of_the_money(quotes, fit.forward[fit.expiries.of_option])
    wanted &= (quotes.bid > 0.0) & np.isfinite(mid)
    for place, rows in enumerate(fit.expiries.rows(wanted)):
        if not rows.size:
            continue
        rows = rows[np.argsort(quotes.strike[rows], kind="stable")]
        level[place] = np.interp(
            fit.forward[place], quotes.strike[rows], mid[rows], left=np.nan, right=np.nan
        )
    return level


def vendor_difference(difference: Floats, among: Flags | Integers) -> tuple[float, float]:
    """Median and 95th percentile of the absolute difference, NaN if there is none."""
    sizes = np.abs(difference[among])
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.size:
        return float("nan"), float("nan")
    return float(np.median(sizes)), float(np.percentile(sizes, 95.0))
