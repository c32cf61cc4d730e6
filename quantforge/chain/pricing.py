"""Every option of a chain: its price at the vendor's volatility, and what its quotes imply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import time
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.chain.calendar import Expiries
from quantforge.chain.cash import Dividends
from quantforge.chain.early_exercise import MODEL
from quantforge.chain.fitting import FEWEST_PAIRS, Fit, fit
from quantforge.chain.frames import to_frame
from quantforge.chain.implied import Implied, invert
from quantforge.chain.quotes import Flags, Floats, Quotes
from quantforge.chain.roots import AM_ROOTS
from quantforge.chain.vendor import vendor_terms

if TYPE_CHECKING:
    from pandas import DataFrame


class Reason(IntEnum):
    """The first reason why an option has no model price; `PRICED` if it has one."""

    PRICED = 0
    EXPIRED = 1
    NO_VOLATILITY = 2
    NO_QUOTE = 3
    CROSSED = 4
    NO_FORWARD = 5
    REFUSED = 6

    @property
    def words(self) -> str:
        """The reason in words, empty for a priced option."""
        return _WORDS[self]


_WORDS: Final = {
    Reason.PRICED: "",
    Reason.EXPIRED: "expired",
    Reason.NO_VOLATILITY: "no vendor volatility",
    Reason.NO_QUOTE: "no quote",
    Reason.CROSSED: "crossed",
    Reason.NO_FORWARD: "no forward",
    Reason.REFUSED: "outside the domain of American prices",
}


@dataclass(frozen=True, slots=True, eq=False)
class PricedChain:
    """Quotes, their fitted expiries and the model prices of their options.

    Attributes
    ----------
    fit : Fit
    price : array of float64
        Model price of each option, NaN where `reason` says why there is none.
    reason : array of int8
        A `Reason` for each option.
    implied : Implied
        Volatilities and greeks of the quotes.
    vendor_forward, vendor_time, vendor_forward_error : array of float64
        For each expiry the forward and the years to it that the vendor's volatilities
        imply, and how precise the forward is (see `quantforge.chain.vendor`).
    """

    fit: Fit
    price: Floats
    reason: NDArray[np.int8]
    implied: Implied
    vendor_forward: Floats
    vendor_time: Floats
    vendor_forward_error: Floats

    @property
    def quotes(self) -> Quotes:
        """The quotes, with every price in currency."""
        return self.fit.quotes

    @property
    def expiries(self) -> Expiries:
        """The expiries of the quotes."""
        return self.fit.expiries

    @property
    def compared(self) -> Flags:
        """Options with a vendor's volatility and a fitted forward."""
        fitted = np.isfinite(self.fit.forward)[self.expiries.of_option]
        return np.asarray((self.quotes.vendor_iv > 0.0) & fitted)

    @property
    def inside(self) -> Flags:
        """Options whose model price lies between bid and ask, or at one of them."""
        return np.asarray((self.quotes.bid <= self.price) & (self.price <= self.quotes.ask))

    @property
    def inside_share(self) -> float:
        """Share of the compared options that are inside, NaN if none are compared."""
        compared = int(np.count_nonzero(self.compared))
        return int(np.count_nonzero(self.inside)) / compared if compared else float("nan")

    @property
    def american_roots(self) -> list[str]:
        """Roots whose options are taken as American."""
        return sorted(set(self.expiries.root[self.fit.american].tolist()))

    @property
    def remarks(self) -> list[str]:
        """What to know before the results are used, a line each; first the notes of the reader."""
        found, fit = self.expiries, self.fit
        lines = list(self.quotes.notes)
        roots = sorted(set(found.root[found.american & ~found.has_spot].tolist()))
        if roots:
            lines.append(f"no value of the underlying: {', '.join(roots)} taken as European")
        for root in np.unique(found.root[fit.spot_fitted]).tolist():
            spots = found.spot[fit.spot_fitted & (found.root == root)]
            ends = dict.fromkeys(f"{each:,.2f}" for each in (spots.min(), spots.max()))
            lines.append(
                f"no value of {root} is given: taken from its nearest expiry, {' to '.join(ends)}; "
                "--spot says another"
            )
        parity = np.array([source == "parity" for source in fit.source], dtype=bool)
        counted = {
            "with a forward that calls and puts contradict by more than a spread": fit.contradicted,
            f"with a forward from fewer than {FEWEST_PAIRS} strikes": parity
            & (fit.pairs < FEWEST_PAIRS),
            "without a forward: --forward, or --spot and --rate, would say it": np.isnan(
                fit.forward
            )
            & (found.time > 0.0),
        }
        for what, flags in counted.items():
            if flags.any():
                lines.append(f"{np.count_nonzero(flags):,} of {len(found):,} expiries {what}")
        lines.extend(self._vendor_remark())
        early = np.unique(found.date[found.settles_early & (found.time > 0.0)])
        if early.size:
            lines.append(
                f"settled at the early close, 13:00: {', '.join(early.astype(str))}; "
                "where a vendor counts to 16:00, --close 16:00 agrees with it"
            )
        return lines

    def _vendor_remark(self) -> list[str]:
        """What to say if the vendor's forward is another than ours by more than a spread."""
        known = np.isfinite(self.vendor_forward)
        apart = self.vendor_forward - self.fit.forward
        with np.errstate(invalid="ignore"):
            off = known & (np.abs(apart) > self.vendor_forward_error)
        if 2 * np.count_nonzero(off) <= np.count_nonzero(known):
            return []
        middle = float(np.median(apart[off]))
        return [
            f"the vendor's volatilities imply a forward {abs(middle):,.4g} "
            f"{'below' if middle < 0.0 else 'above'} that of the quotes in the median, in "
            f"{np.count_nonzero(off):,} of {np.count_nonzero(known):,} expiries: its value of the "
            "underlying may be older or later than the quotes, or its rate another"
        ]

    def per_expiry(self, flags: Flags) -> NDArray[np.intp]:
        """How many options of each expiry have `flags` set."""
        return np.bincount(self.expiries.of_option[flags], minlength=len(self.expiries))

    def columns(self) -> dict[str, Any]:
        """The columns by name, each an array with an element per option (see ``docs/cli.md``)."""
        quotes, fit, place = self.quotes, self.fit, self.expiries.of_option
        stated = ("quoted", "expiry", "root", "symbol")
        numbers = (
            "strike", "bid", "ask", "last", "volume", "open_interest", "vendor_iv", "vendor_delta",
            "vendor_gamma",
        )  # fmt: skip
        return {
            **{name: getattr(quotes, name) for name in stated},
            "kind": np.where(quotes.kind > 0, "call", "put"),
            **{name: getattr(quotes, name) for name in numbers},
            "time": self.expiries.time[place],
            "spot": self.expiries.spot[place],
            "forward": fit.forward[place],
            "forward_source": np.array(fit.source, dtype=np.str_)[place],
            "rate": fit.rate[place],
            "carry": fit.carry[place],
            "price": self.price,
            "inside": self.inside,
            "reason": np.array([reason.words for reason in Reason])[self.reason],
            **self.implied.columns(),
        }

    def to_frame(self) -> DataFrame:
        """The columns as a pandas DataFrame."""
        return to_frame(self.columns())


def price(
    quotes: Quotes,
    *,
    am_roots: Collection[str] = AM_ROOTS,
    american_roots: Collection[str] | None = None,
    close: time | None = None,
    dividends: Dividends | None = None,
    backend: str = "auto",
    threads: int | None = None,
) -> PricedChain:
    """Fit every expiry, price every option at the vendor's volatility, and invert every quote.

    European prices are those of
    ``quantforge.price(forward, strike, time, rate, volatility, model="black76")``, American ones
    those of ``quantforge.price(spot, strike, time, rate, volatility, dividend=carry,
    exercise="american")`` with the `dividends`, one call per expiry. `fit` and `invert` are steps
    of it.

    Parameters
    ----------
    quotes : Quotes
    am_roots : collection of str
        Roots settled at the open (see `expiries`).
    american_roots : collection of str, optional
        Roots of American options (see `expiries`). `PricedChain.remarks` say if there is no spot
        to fit them with.
    close : time, optional
        When roots settled at the close are (see `expiries`).
    dividends : Dividends, optional
        Cash dividends of the underlyings (see `read_dividends`).
    backend, threads
        As in `quantforge.price`.

    Returns
    -------
    PricedChain

    Raises
    ------
    ChainError
        If prices are in units of an underlying of unknown value.
    BackendError
        If no backend computes what is asked for. NumPy's fallback has no American options.

    Examples
    --------
    >>> from quantforge.chain import SAMPLE, price, read
    >>> price(read(SAMPLE)).inside_share > 0.9
    True
    """
    settings: dict[str, Any] = {"backend": backend, "threads": threads}
    found = fit(
        quotes,
        am_roots=am_roots,
        american_roots=american_roots,
        close=close,
        dividends=dividends,
        **settings,
    )
    reason = _reasons(found)
    prices = np.full(len(quotes), np.nan)
    with np.errstate(invalid="ignore"):
        for _, rows, call in pricings(found, reason, **settings):
            prices[rows] = call()
    reason[(reason == Reason.PRICED) & np.isnan(prices)] = Reason.REFUSED
    implied = invert(found, **settings)
    return PricedChain(found, prices, reason, implied, *vendor_terms(found, **settings))


def pricings(
    fit: Fit, reason: NDArray[np.int8], **settings: Any
) -> Iterator[tuple[int, NDArray[np.intp], Callable[[], Floats]]]:
    """The calls that price quotes, ready to be made, one for each expiry with a priced option.

    Each comes with the place of the expiry and the rows of its options. Its backend is loaded.
    `settings` are those of `quantforge.bind`.
    """
    quotes, found = fit.quotes, fit.expiries
    for place, rows in enumerate(found.rows(reason == Reason.PRICED)):
        if not rows.size:
            continue
        american = bool(fit.american[place])
        dividends = found.dividends[place] if american else ()
        bound = quantforge.bind(
            "price",
            **MODEL[american],
            kind=quotes.kind[rows],
            dividends=dividends or None,
            n=rows.size,
            **settings,
        )
        option = (
            quotes.strike[rows],
            float(found.time[place]),
            float(fit.rate[place]),
            quotes.vendor_iv[rows],
        )
        if american:
            spot, carry = float(found.spot[place]), float(fit.carry[place])
            call = partial(bound, spot, *option, dividend=carry)
        else:
            call = partial(bound, float(fit.forward[place]), *option)
        yield place, rows, call


def _reasons(fit: Fit) -> NDArray[np.int8]:
    quotes, place = fit.quotes, fit.expiries.of_option
    rated = (quotes.vendor_iv > 0.0) & np.isfinite(quotes.vendor_iv)
    checks = {
        Reason.EXPIRED: fit.expiries.time[place] <= 0.0,
        Reason.NO_VOLATILITY: ~rated,
        Reason.CROSSED: quotes.bid > quotes.ask,
        Reason.NO_QUOTE: ~((quotes.bid >= 0.0) & (quotes.ask > 0.0) & np.isfinite(quotes.ask)),
        Reason.NO_FORWARD: ~np.isfinite(fit.forward)[place],
    }
    reasons = np.select(list(checks.values()), list(checks), Reason.PRICED)
    return reasons.astype(np.int8)
