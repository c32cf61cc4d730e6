"""Model against market, in one picture.

Above, the option prices of some expiries over the strike: the bid-ask of the out-of-the-money
option as a bar, the model as a line. Below, where each model price lies within its spread, over
how far the option is from the money, and how they are distributed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge.chain.pricing import PricedChain, Reason
from quantforge.chain.quotes import Floats
from quantforge.tabular import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS: Final = 6
_EDGE: Final = 2.4  # half spreads from the mid; what is farther off is drawn here
_FAR: Final = 6.0  # standard deviations, likewise
_INK, _PALE, _GRID = "#1b2733", "#6b7a89", "#e3e8ed"
_CALL, _PUT, _MODEL = "#2a7fb8", "#d1663a", "#1b2733"
_BAND: Final = "#e8f3ec"
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": _INK,
    "axes.edgecolor": _PALE,
    "axes.labelcolor": _PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _PALE,
    "ytick.color": _PALE,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
}


def write_plot(priced: PricedChain, path: str | Path) -> None:
    """Draw the picture into a file; its ending names the format (``.png``, ``.pdf``, ``.svg``)."""
    with replacing(Path(path)) as temporary:
        draw(priced).savefig(temporary, dpi=160, facecolor="white")


def draw(priced: PricedChain) -> Figure:
    """The picture as a matplotlib figure.

    Raises
    ------
    ModuleNotFoundError
        Without matplotlib.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(13.0, 9.6))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            3,
            6,
            left=0.055,
            right=0.978,
            top=0.885,
            bottom=0.06,
            hspace=0.42,
            wspace=0.55,
            height_ratios=(1.0, 1.0, 1.15),
        )
        _headline(figure, priced)
        for panel, place in enumerate(_chosen(priced)):
            row, column = divmod(panel, 3)
            axes = figure.add_subplot(grid[row, 2 * column : 2 * column + 2])
            _prices(axes, priced, place)
            if panel == 0:
                _legend(axes)
            if column == 0:
                axes.set_ylabel("price, out of the money")
            if row == 1:
                axes.set_xlabel("strike")
        spread = figure.add_subplot(grid[2, :4])
        _within_spread(spread, priced)
        _distribution(figure.add_subplot(grid[2, 4:], sharey=spread), priced)
    return figure


def _chosen(priced: PricedChain) -> list[int]:
    """Up to six expiries with prices, evenly spread from the nearest to the farthest."""
    filled = np.flatnonzero(priced.per_expiry(priced.reason == Reason.PRICED) >= 4)
    picks = np.linspace(0, len(filled) - 1, min(_PANELS, len(filled)))
    return [int(filled[round(pick)]) for pick in picks]


def _headline(figure: Figure, priced: PricedChain) -> None:
    chain = priced.chain
    compared, inside = (int(np.count_nonzero(flags)) for flags in (priced.compared, priced.inside))
    figure.text(0.055, 0.962, chain.name or chain.source, size=16, weight="bold", va="center")
    figure.text(
        0.055,
        0.932,
        f"{chain.quoted:%d %B %Y, %H:%M %Z}   ·   Black's formula at the vendor's volatility, "
        f"forwards by put-call parity   ·   {inside:,} of {compared:,} prices inside",
        size=10,
        color=_PALE,
        va="center",
    )
    share = f"{priced.inside_share:.1%}" if compared else "no prices"
    figure.text(0.978, 0.955, share, size=26, weight="bold", ha="right", va="center")
    figure.text(0.978, 0.925, "inside bid-ask", size=9, color=_PALE, ha="right", va="center")


def _prices(axes: Axes, priced: PricedChain, place: int) -> None:
    """Prices out of the money that have a bid: on a zero bid a bar would have no lower end."""
    chain = priced.chain
    forward = priced.parity.forward[place]
    shown = (priced.expiries.of_option == place) & (priced.reason == Reason.PRICED)
    shown &= (chain.kind > 0) == (chain.strike >= forward)
    shown &= chain.bid > 0.0
    width = float(np.clip(250.0 / max(1, int(np.count_nonzero(shown))), 1.5, 5.0))
    for kind, color in ((-1, _PUT), (1, _CALL)):
        rows = shown & (chain.kind == kind)
        axes.vlines(
            chain.strike[rows], chain.bid[rows], chain.ask[rows], color, lw=width, alpha=0.5
        )
    rows = np.flatnonzero(shown)
    rows = rows[np.argsort(chain.strike[rows])]
    axes.plot(chain.strike[rows], priced.price[rows], color=_MODEL, lw=0.9)
    axes.axvline(forward, color=_PALE, lw=0.8, ls=(0, (4, 3)))
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_plain)
    axes.xaxis.set_major_formatter(_plain)
    axes.set_title(_expiry_name(priced, place))


def _legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D

    entries: dict[str, dict[str, Any]] = {
        "put, bid to ask": {"color": _PUT, "lw": 4.0, "alpha": 0.5},
        "call, bid to ask": {"color": _CALL, "lw": 4.0, "alpha": 0.5},
        "model": {"color": _MODEL, "lw": 1.2},
        "forward": {"color": _PALE, "lw": 0.8, "ls": (0, (4, 3))},
    }
    lines = [Line2D([], [], label=label, **style) for label, style in entries.items()]
    axes.legend(handles=lines, frameon=False, fontsize=7.5, loc="upper left", labelcolor=_PALE)


def _plain(value: float, _: float) -> str:
    return f"{value:,.10g}"


def _expiry_name(priced: PricedChain, place: int) -> str:
    day = priced.expiries.date[place].item()
    days = priced.expiries.time[place] * 365.0
    left = f"{days:,.0f} days" if days >= 1.5 else f"{24.0 * days:.0f} hours"
    return f"{day:%d %b %Y} {priced.expiries.root[place]}  ·  {left}"


def _within_spread(axes: Axes, priced: PricedChain) -> None:
    """Each model price against its quotes; the nearest expiries are the darkest."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    position, rows = _positions(priced)
    place = priced.expiries.of_option[rows]
    time = priced.expiries.time[place]
    deviation = priced.chain.volatility[rows] * np.sqrt(time)
    moves = np.log(priced.chain.strike[rows] / priced.parity.forward[place]) / deviation
    axes.axhspan(-1.0, 1.0, color=_BAND, lw=0)
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


def _distribution(axes: Axes, priced: PricedChain) -> None:
    position, _ = _positions(priced)
    axes.axhspan(-1.0, 1.0, color=_BAND, lw=0)
    edges = np.linspace(-_EDGE, _EDGE, 2 * 31).tolist()
    axes.hist(position, bins=edges, orientation="horizontal", color=_CALL, alpha=0.85)
    axes.set_title("How many, and how many outside")
    axes.set_xlabel("options")
    axes.xaxis.set_major_formatter(_plain)
    axes.tick_params(labelleft=False)
    compared = max(1, int(np.count_nonzero(priced.compared)))
    unquoted = priced.compared & (priced.reason != Reason.PRICED)
    for height, flags, what in (
        (1.6, priced.price > priced.chain.ask, "above the ask"),
        (-1.45, priced.price < priced.chain.bid, "below the bid"),
        (-1.85, unquoted, "with no usable quote"),
    ):
        text = f"{np.count_nonzero(flags) / compared:.2%} {what}"
        axes.text(0.97, height, text, transform=axes.get_yaxis_transform(), ha="right", size=8.5)


def _positions(priced: PricedChain) -> tuple[Floats, NDArray[np.intp]]:
    """Where prices lie in their spread, -1 at the bid and +1 at the ask, and whose they are."""
    chain = priced.chain
    rows = np.flatnonzero((priced.reason == Reason.PRICED) & (chain.ask > chain.bid))
    bid, ask = chain.bid[rows], chain.ask[rows]
    return np.clip((2.0 * priced.price[rows] - bid - ask) / (ask - bid), -_EDGE, _EDGE), rows
