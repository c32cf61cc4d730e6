"""The volatility that every quote implies, the greeks at it, and how they differ from the vendor's.

Volatilities of European options are Black's (1976) at the fitted forward and rate, those of
American ones are at the spot, the rate and the carry. Greeks of European options are derivatives by
the prepaid forward F exp(-r T), the underlying less the dividends that it pays until expiry, at a
constant rate. ``delta`` of a call is N(d1), ``gamma`` is n(d1) / (F exp(-r T) sigma sqrt(T)), and
``theta`` is what an option loses in time while the underlying stands still. Of all conventions
Cboe's own delta and gamma agree best with this one (docs/cli.md has the figures).

Greeks of American options are derivatives by the spot, at a constant rate and carry: what early
exercise brings depends on the spot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.chain.calendar import Expiries
from quantforge.chain.early_exercise import MODEL, SOLVED
from quantforge.chain.parity import Parity
from quantforge.chain.quotes import Chain, Flags, Floats, Integers

GREEKS: Final = ("delta", "gamma", "vega", "theta", "rho")

_WIDEST: Final = 0.2  # greatest spread of a liquid option, as a part of its mid
_SHORTEST: Final = 7.0 / 365.0  # least time to its expiry, in years


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """What the quotes of a chain imply; every array has one element per option.

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


def imply(
    chain: Chain,
    expiries: Expiries,
    parity: Parity,
    *,
    backend: str = "auto",
    threads: int | None = None,
) -> Implied:
    """Invert every quote of `chain` and compute the greeks of its mids.

    Parameters
    ----------
    chain : Chain
    expiries : Expiries
    parity : Parity
    backend, threads
        As in `quantforge.price`.
    """
    settings = {"backend": backend, "threads": threads}
    quotes = np.full((3, len(chain)), np.nan)
    codes = np.zeros(quotes.shape, np.int8)
    with np.errstate(invalid="ignore"):
        for rows, call in inversions(chain, expiries, parity, **settings):
            quotes[:, rows], codes[:, rows] = call()
        bid, mid, ask = quotes
        found = derivation(chain, expiries, parity, mid, **settings)()
    place = expiries.of_option
    return Implied(
        bid=bid,
        mid=mid,
        ask=ask,
        code=codes[1],
        greeks=found,
        difference=_vendor_differences(chain, mid, found),
        liquid=_liquid(chain, parity.forward[place], expiries.time[place]),
        at_the_money=_at_the_money(chain, expiries, parity, mid),
    )


def inversions(
    chain: Chain, expiries: Expiries, parity: Parity, **settings: Any
) -> Iterator[tuple[Integers, Callable[[], tuple[Floats, NDArray[np.int8]]]]]:
    """The calls that invert every bid, mid and ask, ready to be made, with the rows of each.

    European and American options have one each, if there are any. `settings` are those of
    `quantforge.implied_volatility`.
    """
    american = parity.american[expiries.of_option]
    quotes = _quotes(chain)
    for exercised in (False, True):
        rows = np.flatnonzero(american == exercised)
        if not rows.size:
            continue
        place = expiries.of_option[rows]
        call = partial(
            quantforge.implied_volatility,
            quotes[:, rows],
            chain.spot if exercised else parity.forward[place],
            chain.strike[rows],
            expiries.time[place],
            parity.rate[place],
            kind=chain.kind[rows],
            status=True,
            **MODEL[exercised],
            **settings,
        )
        yield rows, partial(call, dividend=parity.carry[place]) if exercised else call


def derivation(
    chain: Chain, expiries: Expiries, parity: Parity, volatility: Floats, **settings: Any
) -> Callable[[], quantforge.Greeks]:
    """The call that computes the greeks of every option, ready to be made.

    `settings` are those of `quantforge.greeks`.
    """
    place = expiries.of_option
    rate, time = parity.rate[place], expiries.time[place]
    underlying = parity.forward[place] * np.exp(-rate * time)
    american = parity.american[place]
    if american.any():
        underlying = np.where(american, chain.spot, underlying)
        settings |= {
            "exercise": np.where(american, "american", "european"),
            "dividend": np.where(american, parity.carry[place], 0.0),
        }
    return partial(
        quantforge.greeks,
        underlying,
        chain.strike,
        time,
        rate,
        volatility,
        kind=chain.kind,
        which=GREEKS,
        **settings,
    )


def _quotes(chain: Chain) -> Floats:
    """Bid, mid and ask of every option, NaN where there is no quote; a bid of zero is no quote."""
    usable = (chain.bid >= 0.0) & (chain.ask > 0.0) & (chain.ask >= chain.bid)
    usable &= np.isfinite(chain.ask)
    quotes = np.stack((chain.bid, 0.5 * (chain.bid + chain.ask), chain.ask))
    quotes[:, ~usable] = np.nan
    quotes[0, chain.bid <= 0.0] = np.nan
    return quotes


def _vendor_differences(chain: Chain, mid: Floats, greeks: quantforge.Greeks) -> dict[str, Floats]:
    """Ours less the vendor's, which mean nothing for an option without volatility."""
    rated = chain.volatility > 0.0
    ours = {"volatility": mid, "delta": greeks["delta"], "gamma": greeks["gamma"]}
    return {
        name: np.where(rated & np.isfinite(values), values - getattr(chain, name), np.nan)
        for name, values in ours.items()
    }


def out_of_the_money(chain: Chain, forward: Any) -> Flags:
    """Whether an option is out of the money; false where there is no forward."""
    return np.asarray(np.where(chain.kind > 0, chain.strike >= forward, chain.strike < forward))


def _liquid(chain: Chain, forward: Floats, time: Floats) -> Flags:
    mid = _quotes(chain)[1]
    narrow = (chain.bid > 0.0) & (chain.ask - chain.bid < _WIDEST * mid)
    return np.asarray(out_of_the_money(chain, forward) & narrow & (time > _SHORTEST))


def _at_the_money(chain: Chain, expiries: Expiries, parity: Parity, mid: Floats) -> Floats:
    """Volatility at the forward, linear in the strike between the two nearest quotes."""
    level = np.full(len(expiries), np.nan)
    wanted = out_of_the_money(chain, parity.forward[expiries.of_option])
    wanted &= (chain.bid > 0.0) & np.isfinite(mid)
    for place in range(len(expiries)):
        rows = np.flatnonzero(wanted & (expiries.of_option == place))
        if not rows.size:
            continue
        rows = rows[np.argsort(chain.strike[rows], kind="stable")]
        level[place] = np.interp(
            parity.forward[place], chain.strike[rows], mid[rows], left=np.nan, right=np.nan
        )
    return level


def vendor_difference(difference: Floats, among: Flags) -> tuple[float, float]:
    """Median and 95th percentile of the absolute difference, NaN if there is none."""
    sizes = np.abs(difference[among])
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.size:
        return float("nan"), float("nan")
    return float(np.median(sizes)), float(np.percentile(sizes, 95.0))
