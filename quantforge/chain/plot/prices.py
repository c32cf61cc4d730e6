"""Model prices at the vendor's volatility against bid and ask.

Above, for a few expiries, bid to ask of the options out of the money as bars over the strike, and
the model as a line. Below, where each model price lies in its spread, over the distance of the
option from the money, and how these places are distributed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantforge.chain.implied import out_of_the_money
from quantforge.chain.plot.style import (
    BAND,
    CALL,
    DASHED,
    MODEL,
    PALE,
    PUT,
    bar_width,
    expiry_name,
    legend,
    plain,
)
from quantforge.chain.pricing import PricedChain, Reason
from quantforge.chain.quotes import Flags, Floats, Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EDGE: Final = 2.4  # half spreads from the mid; what lies beyond is drawn here
_FAR: Final = 6.0  # standard deviations from the forward; likewise


def priced_options(priced: PricedChain) -> Flags:
    """Options with a model price."""
    return np.asarray(priced.reason == Reason.PRICED)


def prices(axes: Axes, priced: PricedChain, place: int) -> None:
    """Prices out of the money that have a bid: a bar from a bid of zero would have no lower end."""
    quotes = priced.quotes
    forward = priced.fit.forward[place]
    shown = (priced.expiries.of_option == place) & priced_options(priced)
    shown &= out_of_the_money(quotes, forward) & (quotes.bid > 0.0)
    width = bar_width(shown)
    for kind, color in ((-1, PUT), (1, CALL)):
        rows = shown & (quotes.kind == kind)
        axes.vlines(
            quotes.strike[rows], quotes.bid[rows], quotes.ask[rows], color, lw=width, alpha=0.5
        )
    places = np.flatnonzero(shown)
    places = places[np.argsort(quotes.strike[places])]
    axes.plot(quotes.strike[places], priced.price[places], color=MODEL, lw=0.9)
    axes.axvline(forward, color=PALE, lw=0.8, ls=DASHED)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(plain)
    axes.xaxis.set_major_formatter(plain)
    axes.set_title(expiry_name(priced, place))


def key(figure: Figure, height: float) -> None:
    """The legend, in a line across the page."""
    legend(
        figure,
        {
            "put, bid to ask": {"color": PUT, "lw": 4.0, "alpha": 0.5},
            "call, bid to ask": {"color": CALL, "lw": 4.0, "alpha": 0.5},
            "model": {"color": MODEL, "lw": 1.2},
            "forward": {"color": PALE, "lw": 0.8, "ls": DASHED},
        },
        height,
    )


def within_spread(axes: Axes, priced: PricedChain) -> None:
    """Place of each model price in its spread; the nearest expiries are the darkest."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    position, rows = _positions(priced)
    place = priced.expiries.of_option[rows]
    time = priced.expiries.time[place]
    deviation = priced.quotes.vendor_iv[rows] * np.sqrt(time)
    moves = np.log(priced.quotes.strike[rows] / priced.fit.forward[place]) / deviation
    axes.axhspan(-1.0, 1.0, color=BAND, lw=0)
    colors = ScalarMappable(LogNorm(0.5, 1000.0), "viridis")
    axes.scatter(
        np.clip(moves, -_FAR, _FAR),
        position,
        c=colors.to_rgba(365.0 * time),
        s=5,
        alpha=0.5,
        lw=0,
        rasterized=True,
    )
    axes.set_title("Where each model price lies between bid and ask")
    axes.set_xlabel("ln(strike / forward) in standard deviations to expiry")
    axes.set_ylim(-_EDGE * 1.05, _EDGE * 1.05)
    axes.set_yticks([-1, 0, 1], ["bid", "mid", "ask"])
    bar = axes.figure.colorbar(colors, ax=axes, pad=0.012, fraction=0.025)
    bar.set_ticks([1, 7, 30, 90, 365, 730], labels=["1 day", "7", "30", "90", "365", "730"])
    bar.minorticks_off()
    bar.outline.set_visible(False)


def distribution(axes: Axes, priced: PricedChain) -> None:
    """Distribution of the places of model prices in their spreads."""
    position, _ = _positions(priced)
    axes.axhspan(-1.0, 1.0, color=BAND, lw=0)
    edges = np.linspace(-_EDGE, _EDGE, 2 * 31).tolist()
    axes.hist(position, bins=edges, orientation="horizontal", color=CALL, alpha=0.85)
    axes.set_title("How many, and how many outside")
    axes.set_xlabel("options")
    axes.xaxis.set_major_formatter(plain)
    axes.tick_params(labelleft=False)
    compared = max(1, int(np.count_nonzero(priced.compared)))
    unquoted = priced.compared & (priced.reason != Reason.PRICED)
    for height, flags, what in (
        (1.6, priced.price > priced.quotes.ask, "above the ask"),
        (-1.45, priced.price < priced.quotes.bid, "below the bid"),
        (-1.85, unquoted, "with no usable quote"),
    ):
        text = f"{np.count_nonzero(flags) / compared:.2%} {what}"
        axes.text(0.97, height, text, transform=axes.get_yaxis_transform(), ha="right", size=8.5)


def _positions(priced: PricedChain) -> tuple[Floats, Integers]:
    """Places of prices in their spread, -1 at the bid and +1 at the ask, and of which options."""
    quotes = priced.quotes
    rows = np.flatnonzero((priced.reason == Reason.PRICED) & (quotes.ask > quotes.bid))
    bid, ask = quotes.bid[rows], quotes.ask[rows]
    return np.clip((2.0 * priced.price[rows] - bid - ask) / (ask - bid), -_EDGE, _EDGE), rows
