"""Colours and words that all parts of the picture share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge.chain.pricing import PricedChain
from quantforge.chain.quotes import Flags

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PALE, GRID = "#1b2733", "#6b7a89", "#e3e8ed"
CALL, PUT, MODEL = "#2a7fb8", "#d1663a", "#1b2733"
VENDOR: Final = "#1f9d6b"
BAND: Final = "#e8f3ec"
DASHED: Final = (0, (4, 3))  # a line style
STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "legend.labelcolor": PALE,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
}


def plain(value: float, _: float) -> str:
    """A number on an axis, without powers of ten."""
    return f"{value:,.10g}"


def percent(value: float, _: float) -> str:
    """A share on an axis."""
    return f"{100.0 * value:.10g} %"


def expiry_name(priced: PricedChain, place: int) -> str:
    """Date, root and time to expiry."""
    day = priced.expiries.date[place].item()
    days = priced.expiries.time[place] * 365.0
    left = f"{days:,.0f} days" if days >= 1.5 else f"{24.0 * days:.0f} hours"
    return f"{day:%d %b %Y} {priced.expiries.root[place]}  ·  {left}"


def latest(priced: PricedChain) -> Flags:
    """The expiries of the last time of the quotes."""
    quoted = priced.expiries.quoted
    return np.asarray(quoted == quoted.max())


def spread_out(priced: PricedChain, options: Flags, panels: int) -> list[int]:
    """Up to `panels` expiries with at least four such options, from the nearest to the farthest.

    They are evenly spread over the logarithm of the time to expiry, because smiles change most in
    the first weeks. Of the expiries of one date only that with the most options is taken, if there
    are enough dates.
    """
    counts = np.where(latest(priced), priced.per_expiry(options), 0)
    filled = np.flatnonzero(counts >= 4).tolist()
    fullest = {priced.expiries.date[each].item(): each for each in sorted(filled, key=counts.item)}
    candidates = list(fullest.values()) if len(fullest) >= panels else filled
    when = {place: math.log(priced.expiries.time[place]) for place in candidates}
    places = []
    for target in np.linspace(min(when.values()), max(when.values()), panels) if when else ():
        if when:
            places.append(min(when, key=lambda place: abs(when[place] - target)))
            del when[places[-1]]
    return sorted(places)


def bar_width(options: Flags) -> float:
    """Width in points of the bars for so many quotes."""
    return float(np.clip(250.0 / max(1, int(np.count_nonzero(options))), 1.5, 5.0))


def legend(figure: Figure, entries: Mapping[str, Mapping[str, Any]], height: float) -> None:
    """A line across the page with the name and the style of each of `entries`."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], label=label, **style) for label, style in entries.items()]
    figure.legend(handles=lines, loc="center", bbox_to_anchor=(0.5, height), ncols=len(lines))
