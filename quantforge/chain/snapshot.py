"""The time of the quotes of a file that says only when it was exported.

In the evening, at night and at the weekend such a file has the quotes of the last close. But a
vendor may count time on, and then its volatilities go with the time of the export. So both times
are tried, and kept is the one at which more prices of the vendor's volatilities lie inside bid and
ask. The value of the underlying may be later than the close, too. At the close American options
are tried without it as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain.pricing import PricedChain, price
from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.roots import LATE_ROOTS
from quantforge.chain.sessions import is_open, last_close

_FEWEST: Final = 10  # options with a vendor's volatility, below which these say nothing


def of_close(quotes: Quotes) -> Quotes:
    """The quotes as those of the last close before their time.

    Raises
    ------
    ChainError
        If they are of several times.
    """
    first, last = quotes.times
    if first != last:
        raise ChainError(f"{quotes.source}: quotes of several times, which --asof close makes one")
    late = bool(np.isin(quotes.root, list(LATE_ROOTS)).any())
    return _with(quotes, quoted=last_close(first, late))


def of_export(quotes: Quotes, spot_given: bool) -> Quotes:
    """The quotes of a file dated by its export, at the time that suits the vendor's volatilities.

    A note says which that is where the file was exported outside trading hours.
    """
    first, last = quotes.times
    if first != last or is_open(first):
        return quotes
    at_close = of_close(quotes)
    candidates = [quotes, at_close]
    if not spot_given and np.isfinite(quotes.spot).any():
        candidates.append(_with(at_close, spot=np.nan))
    outside = f"exported at {_written(quotes)}, outside trading hours"
    try:
        tried = [price(each) for each in candidates]
        few = min(np.count_nonzero(each.compared) for each in tried[:2]) < _FEWEST
        unknown = "too few volatilities of the vendor say" if few else ""
    except quantforge.BackendError:
        unknown = "no backend with American options says"
    if unknown:
        return _noted(
            quotes,
            f"{outside}: taken as the time of its quotes, since {unknown} whether they are of the "
            f"close, {_written(at_close)}; --asof close takes that",
        )
    best = max(range(len(tried)), key=lambda place: _agreement(tried[place]))
    kept, other = (0, 1) if best == 0 else (best, 0)
    shares = f"{tried[kept].inside_share:.1%} inside bid-ask for {tried[other].inside_share:.1%}"
    if best == 0:
        return _noted(
            quotes,
            f"{outside}: its own time is kept, at which the vendor's volatilities agree no worse "
            f"with its quotes than at the close, {_written(at_close)} ({shares}); "
            "--asof close takes that",
        )
    later = " and without the file's value of the underlying, which is later" * (best == 2)
    return _noted(
        candidates[best],
        f"{outside}: its quotes are taken as those of the close, {_written(at_close)}{later}, "
        f"with which the vendor's volatilities agree better ({shares}); "
        "--asof file takes its own time",
    )


def _agreement(priced: PricedChain) -> float:
    share = priced.inside_share
    return share if share == share else -1.0


def _written(quotes: Quotes) -> str:
    return quotes.local(quotes.quoted[0]).isoformat(" ", "minutes")


def _noted(quotes: Quotes, note: str) -> Quotes:
    return _with(quotes, notes=(*quotes.notes, note))


def _with(quotes: Quotes, **changes: Any) -> Quotes:
    return replace(quotes, **changes)  # a single value stands for every row
