"""What early exercise adds to the quotes of American options.

An American option has the volatility at which its American price is the mid of its quotes, at the
spot, the rate, the carry and the dividends of its expiry. The European option of the same
volatility is worth less, and that difference is the premium. Quotes without it obey put-call
parity.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain.calendar import Expiries
from quantforge.chain.quotes import Flags, Floats, Quotes

MODEL: Final[dict[bool, dict[str, Any]]] = {
    False: {"model": "black76", "exercise": "european"},
    True: {"model": "black_scholes", "exercise": "american"},
}
"""What to ask for, by whether an option is American."""

SOLVED: Final = (quantforge.Code.OK, quantforge.Code.LOW_PRECISION)


def early_exercise(
    quotes: Quotes,
    expiries: Expiries,
    american: Flags,
    rate: Floats,
    forward: Floats,
    **settings: Any,
) -> Floats:
    """The premium for early exercise in the mid of every option.

    Parameters
    ----------
    quotes : Quotes
    expiries : Expiries
    american : array of bool
        Expiries whose options have a premium. That of the others is zero.
    rate, forward : array of float64
        Of every expiry.
    settings
        ``backend`` and ``threads`` of `quantforge.price`.

    Returns
    -------
    array of float64
        NaN for an American option whose mid has no volatility, or any: an option at its intrinsic
        value is exercised now, and says nothing about the rate.
    """
    premium = np.zeros(len(quotes))
    place = expiries.of_option
    rows = np.flatnonzero(american[place])
    place = place[rows]
    mid = np.where(quotes.quoted_both_ways, 0.5 * (quotes.bid + quotes.ask), np.nan)[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        carry = carries(expiries, rate, forward)
        for dividends, same in expiries.alike(place):
            at, own = place[same], rows[same]
            option: dict[str, Any] = {
                "spot": expiries.spot[at],
                "strike": quotes.strike[own],
                "time": expiries.time[at],
                "rate": rate[at],
                "dividend": carry[at],
                "dividends": dividends or None,
                "kind": quotes.kind[own],
                **settings,
            }
            sigma, code = quantforge.implied_volatility(
                mid[same], **option, **MODEL[True], status=True
            )
            sigma = np.where(np.isin(code, SOLVED), sigma, np.nan)
            premium[own] = mid[same] - quantforge.price(**option, sigma=sigma)
    return premium


def carries(expiries: Expiries, rate: Floats, forward: Floats) -> Floats:
    """What each underlying yields and costs to borrow, beside its cash dividends."""
    prepaid = expiries.spot - expiries.worth(rate)
    return np.asarray(rate - np.log(forward / prepaid) / expiries.time)
