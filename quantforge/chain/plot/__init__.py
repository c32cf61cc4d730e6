"""A priced chain in one picture: smiles, term structure, model against market.

Of quotes of several times, smiles, prices and term structure show those of the last.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge.chain.implied import vendor_difference
from quantforge.chain.plot import prices, smiles, term
from quantforge.chain.plot.style import PALE, STYLE, spread_out
from quantforge.chain.pricing import PricedChain
from quantforge.chain.quotes import Quotes
from quantforge.files.replacing import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

__all__ = ["draw", "write_plot"]

_WIDTH, _HEIGHT = 13.0, 20.0  # inches
_LEFT, _RIGHT = 0.055, 0.978
_SMILES: Final = 8
_PRICES: Final = 6


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

    with rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        FigureCanvasAgg(figure)
        _headline(figure, priced)
        _draw_smiles(figure, priced)
        _draw_term_structure(figure, priced)
        _draw_prices(figure, priced)
    return figure


def _headline(figure: Figure, priced: PricedChain) -> None:
    quotes = priced.quotes
    american = ", ".join(priced.american_roots)
    model = f"American options of {american}" if american else "Black's formula"
    sources = dict.fromkeys(filter(None, priced.fit.source))
    figure.text(_LEFT, 0.983, quotes.name or quotes.source, size=17, weight="bold", va="center")
    figure.text(
        _LEFT,
        0.969,
        f"{_when(quotes)}   ·   {model}, forwards: {', '.join(sources) or 'none'}",
        size=10,
        color=PALE,
        va="center",
    )
    share = f"{priced.inside_share:.1%}" if priced.compared.any() else "no prices"
    figures = [(_RIGHT, share, "of model prices inside bid-ask")]
    implied = priced.implied
    median, _ = vendor_difference(implied.difference["volatility"], implied.liquid)
    if np.isfinite(median):
        about = "from the vendor's volatility, in the median"
        figures.append((_RIGHT - 0.22, f"{median:.5f}", about))
    for place, number, meaning in figures:
        figure.text(place, 0.982, number, size=24, weight="bold", ha="right", va="center")
        figure.text(place, 0.967, meaning, size=9, color=PALE, ha="right", va="center")


def _when(quotes: Quotes) -> str:
    """The time of the quotes, the last where there are several."""
    return f"{quotes.local(quotes.times[1]):%d %B %Y, %H:%M %Z}"


def _section(
    figure: Figure, title: str, about: str, top: float, bottom: float, rows: int, **grid: Any
) -> GridSpec:
    """A part of the page with a heading; `top` is where its panels begin."""
    figure.text(_LEFT, top + 0.024, title, size=12.5, weight="bold", va="center")
    figure.text(_RIGHT, top + 0.024, about, size=9, color=PALE, ha="right", va="center")
    return figure.add_gridspec(
        rows, 12, left=_LEFT, right=_RIGHT, top=top, bottom=bottom, hspace=0.36, wspace=1.3, **grid
    )


def _draw_smiles(figure: Figure, priced: PricedChain) -> None:
    implied = priced.implied
    about = f"{np.count_nonzero(implied.solved):,} of {len(priced.quotes):,} mids inverted"
    grid = _section(figure, "Implied volatility", about, 0.921, 0.663, 2)
    smiles.key(figure, 0.945)
    options = smiles.shown(priced)
    for panel, place in enumerate(spread_out(priced, options, _SMILES)):
        row, column = divmod(panel, 4)
        axes = figure.add_subplot(grid[row, 3 * column : 3 * column + 3])
        smiles.smile(axes, priced, place, options)
        if column == 0:
            axes.set_ylabel("volatility, out of the money")
        if row == 1:
            axes.set_xlabel("strike")


def _draw_term_structure(figure: Figure, priced: PricedChain) -> None:
    about = f"differences of {np.count_nonzero(priced.implied.liquid):,} liquid options"
    grid = _section(figure, "Term structure", about, 0.605, 0.495, 1)
    for panel, fill in enumerate((term.volatility, term.rate, term.difference)):
        fill(figure.add_subplot(grid[0, 4 * panel : 4 * panel + 4]), priced)


def _draw_prices(figure: Figure, priced: PricedChain) -> None:
    compared, inside = (np.count_nonzero(flags) for flags in (priced.compared, priced.inside))
    about = f"{inside:,} of {compared:,} inside bid-ask"
    title = "Price at the vendor's volatility"
    grid = _section(figure, title, about, 0.43, 0.03, 3, height_ratios=(1.0, 1.0, 1.15))
    prices.key(figure, 0.454)
    shown = spread_out(priced, prices.priced_options(priced), _PRICES)
    for panel, place in enumerate(shown):
        row, column = divmod(panel, 3)
        axes = figure.add_subplot(grid[row, 4 * column : 4 * column + 4])
        prices.prices(axes, priced, place)
        if column == 0:
            axes.set_ylabel("price, out of the money")
        if row == 1:
            axes.set_xlabel("strike")
    spread = figure.add_subplot(grid[2, :8])
    prices.within_spread(spread, priced)
    prices.distribution(figure.add_subplot(grid[2, 8:], sharey=spread), priced)
