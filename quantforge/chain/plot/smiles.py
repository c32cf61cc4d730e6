"""Smiles: the volatilities that bids, mids and asks imply, over the strike, and the vendor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge.chain.implied import out_of_the_money
from quantforge.chain.plot.style import (
    CALL,
    DASHED,
    MODEL,
    PALE,
    PUT,
    VENDOR,
    bar_width,
    expiry_name,
    legend,
    percent,
    plain,
)
from quantforge.chain.pricing import PricedChain
from quantforge.chain.quotes import Flags

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS: Final = 24  # at most, of the vendor's volatilities
_VENDOR: Final[dict[str, Any]] = {
    "color": VENDOR, "marker": "o", "lw": 0.0, "ms": 4.2, "mfc": "none", "mew": 0.9,
}  # fmt: skip


def shown(priced: PricedChain) -> Flags:
    """Options out of the money with a bid and a mid that could be inverted."""
    forward = priced.fit.forward[priced.expiries.of_option]
    wanted = out_of_the_money(priced.quotes, forward) & (priced.quotes.bid > 0.0)
    return np.asarray(wanted & np.isfinite(priced.implied.mid))


def smile(axes: Axes, priced: PricedChain, place: int, options: Flags) -> None:
    """The smile of one expiry, with only some of the vendor's volatilities, so that ours show."""
    from matplotlib.ticker import MaxNLocator

    quotes, implied = priced.quotes, priced.implied
    options = options & (priced.expiries.of_option == place)
    width = bar_width(options)
    for kind, color in ((-1, PUT), (1, CALL)):
        rows = options & (quotes.kind == kind)
        low = np.where(np.isnan(implied.bid), implied.mid, implied.bid)
        axes.vlines(quotes.strike[rows], low[rows], implied.ask[rows], color, lw=width, alpha=0.4)
    rows = np.flatnonzero(options)
    rows = rows[np.argsort(quotes.strike[rows])]
    axes.plot(quotes.strike[rows], implied.mid[rows], color=MODEL, lw=0.9)
    rated = rows[quotes.vendor_iv[rows] > 0.0]
    if rated.size:
        grid = np.linspace(quotes.strike[rated[0]], quotes.strike[rated[-1]], _MARKS)
        rated = rated[np.unique(np.searchsorted(quotes.strike[rated], grid))]
    axes.plot(quotes.strike[rated], quotes.vendor_iv[rated], **_VENDOR)
    axes.axvline(priced.fit.forward[place], color=PALE, lw=0.8, ls=DASHED)
    axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))
    axes.xaxis.set_major_formatter(plain)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(percent)
    axes.set_title(expiry_name(priced, place))


def key(figure: Figure, height: float) -> None:
    """The legend, in a line across the page."""
    legend(
        figure,
        {
            "put, bid to ask": {"color": PUT, "lw": 4.0, "alpha": 0.4},
            "call, bid to ask": {"color": CALL, "lw": 4.0, "alpha": 0.4},
            "mid": {"color": MODEL, "lw": 1.2},
            "vendor": _VENDOR,
            "forward": {"color": PALE, "lw": 0.8, "ls": DASHED},
        },
        height,
    )
