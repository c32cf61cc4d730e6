"""Every option of a chain: its price at the vendor's volatility, and what its quotes imply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import quantforge
from quantforge.chain.calendar import AM_ROOTS, Expiries, expiries
from quantforge.chain.early_exercise import MODEL, has_spot
from quantforge.chain.implied import Implied, imply
from quantforge.chain.parity import Parity, fit_parity
from quantforge.chain.quotes import Chain, Flags, Floats


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
    """A chain, its fitted expiries and the model prices of its options.

    Attributes
    ----------
    chain : Chain
    expiries : Expiries
    parity : Parity
    price : array of float64
        Model price of each option, NaN where `reason` says why there is none.
    reason : array of int8
        A `Reason` for each option.
    implied : Implied
        Volatilities and greeks of the quotes.
    """

    chain: Chain
    expiries: Expiries
    parity: Parity
    price: Floats
    reason: NDArray[np.int8]
    implied: Implied

    @property
    def compared(self) -> Flags:
        """Options with a vendor's volatility and a fitted forward."""
        fitted = np.isfinite(self.parity.forward)[self.expiries.of_option]
        return np.asarray((self.chain.volatility > 0.0) & fitted)

    @property
    def inside(self) -> Flags:
        """Options whose model price lies between bid and ask, or at one of them."""
        return np.asarray((self.chain.bid <= self.price) & (self.price <= self.chain.ask))

    @property
    def inside_share(self) -> float:
        """Share of the compared options that are inside, NaN if none are compared."""
        compared = int(np.count_nonzero(self.compared))
        return int(np.count_nonzero(self.inside)) / compared if compared else float("nan")

    @property
    def american_roots(self) -> list[str]:
        """Roots whose options are taken as American."""
        return sorted(set(self.expiries.root[self.parity.american].tolist()))

    @property
    def remark(self) -> str:
        """Which American options are taken as European for want of a spot, empty if none are."""
        roots = sorted(set(self.expiries.root[self.expiries.american].tolist()))
        if not roots or has_spot(self.chain):
            return ""
        return f"no value of the underlying: {', '.join(roots)} taken as European"

    def per_expiry(self, flags: Flags) -> NDArray[np.intp]:
        """How many options of each expiry have `flags` set."""
        return np.bincount(self.expiries.of_option[flags], minlength=len(self.expiries))


def price_chain(
    chain: Chain,
    *,
    am_roots: Collection[str] = AM_ROOTS,
    american_roots: Collection[str] | None = None,
    backend: str = "auto",
    threads: int | None = None,
) -> PricedChain:
    """Price every option of `chain` at the vendor's volatility, and invert every quote.

    Forward and discount of each expiry come from put-call parity, that of American options from
    their quotes less what early exercise adds to them. European prices are those of
    ``quantforge.price(forward, strike, time, rate, volatility, model="black76")``, American ones
    those of ``quantforge.price(spot, strike, time, rate, volatility, dividend=carry,
    exercise="american")``, one call per expiry. One call inverts the bids, mids and asks of all
    European options, one those of all American options. Another computes the greeks of all mids.

    Parameters
    ----------
    chain : Chain
    am_roots : collection of str
        Roots settled at the open (see `expiries`).
    american_roots : collection of str, optional
        Roots of American options (see `expiries`). `PricedChain.remark` says if there is no spot
        to fit them with.
    backend, threads
        As in `quantforge.price`.

    Returns
    -------
    PricedChain

    Raises
    ------
    BackendError
        If no backend computes what is asked for. NumPy's fallback has no American options.

    Examples
    --------
    >>> from quantforge.chain import SAMPLE, price_chain, read_chain
    >>> price_chain(read_chain(SAMPLE)).inside_share > 0.9
    True
    """
    found = expiries(chain, am_roots, american_roots)
    parity = fit_parity(chain, found, backend=backend, threads=threads)
    reason = _reasons(chain, found, parity)
    price = np.full(len(chain), np.nan)
    with np.errstate(invalid="ignore"):
        for _, rows, call in pricings(
            chain, found, parity, reason, backend=backend, threads=threads
        ):
            price[rows] = call()
    reason[(reason == Reason.PRICED) & np.isnan(price)] = Reason.REFUSED
    implied = imply(chain, found, parity, backend=backend, threads=threads)
    return PricedChain(chain, found, parity, price, reason, implied)


def pricings(
    chain: Chain, expiries: Expiries, parity: Parity, reason: NDArray[np.int8], **settings: Any
) -> Iterator[tuple[int, NDArray[np.intp], Callable[[], Floats]]]:
    """The calls that price a chain, ready to be made, one for each expiry with a priced option.

    Each comes with the place of the expiry and the rows of its options. Its backend is loaded.
    `settings` are those of `quantforge.bind`.
    """
    for place, rows in enumerate(_rows_by_expiry(expiries, reason == Reason.PRICED)):
        if not rows.size:
            continue
        american = bool(parity.american[place])
        bound = quantforge.bind(
            "price", **MODEL[american], kind=chain.kind[rows], n=rows.size, **settings
        )
        option = (
            chain.strike[rows],
            float(expiries.time[place]),
            float(parity.rate[place]),
            chain.volatility[rows],
        )
        if american:
            call = partial(bound, chain.spot, *option, dividend=float(parity.carry[place]))
        else:
            call = partial(bound, float(parity.forward[place]), *option)
        yield place, rows, call


def _rows_by_expiry(expiries: Expiries, wanted: Flags) -> list[NDArray[np.intp]]:
    rows = np.flatnonzero(wanted)
    order = rows[np.argsort(expiries.of_option[rows], kind="stable")]
    ends = np.searchsorted(expiries.of_option[order], np.arange(1, len(expiries)))
    return np.split(order, ends)


def _reasons(chain: Chain, expiries: Expiries, parity: Parity) -> NDArray[np.int8]:
    place = expiries.of_option
    checks = {
        Reason.EXPIRED: expiries.time[place] <= 0.0,
        Reason.NO_VOLATILITY: ~((chain.volatility > 0.0) & np.isfinite(chain.volatility)),
        Reason.CROSSED: chain.bid > chain.ask,
        Reason.NO_QUOTE: ~((chain.bid >= 0.0) & (chain.ask > 0.0) & np.isfinite(chain.ask)),
        Reason.NO_FORWARD: ~np.isfinite(parity.forward)[place],
    }
    reasons = np.select(list(checks.values()), list(checks), Reason.PRICED)
    return reasons.astype(np.int8)
