"""Term structure, and how far the volatilities are from the vendor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantforge.chain.implied import vendor_difference
from quantforge.chain.plot.style import (
    CALL,
    MODEL,
    PALE,
    PUT,
    VENDOR,
    latest,
    percent,
    plain,
)
from quantforge.chain.pricing import PricedChain
from quantforge.chain.quotes import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST: Final = 28.0 / 365.0  # years between expiries whose forward rate means something
_PRECISE: Final = 0.005  # standard error of a rate that gets a mark of its own
_LONGER: Final = 0.2  # the same, as a part of the time to the earlier one
_ROOTS: Final = (CALL, PUT, VENDOR, MODEL)
_TICKS: Final = (1, 7, 30, 90, 180, 365, 730, 1825)  # days


def volatility(axes: Axes, priced: PricedChain) -> None:
    """At-the-money volatility by expiry."""
    days, level = 365.0 * priced.expiries.time, priced.implied.at_the_money
    known = np.isfinite(level) & (days > 0.0) & latest(priced)
    axes.plot(days[known], level[known], color=PALE, lw=0.8)
    roots = np.unique(priced.expiries.root[known]).tolist()
    for root, color in zip(roots, _ROOTS, strict=False):
        rows = known & (priced.expiries.root == root)
        axes.plot(days[rows], level[rows], "o", color=color, ms=3.8, mew=0, label=root)
    if roots:
        axes.legend(loc="upper left")
    axes.set_title("At-the-money volatility")
    axes.yaxis.set_major_formatter(percent)
    _days(axes, days[known])


def rate(axes: Axes, priced: PricedChain) -> None:
    """Rate to each expiry with its standard error, and the forward rate from one to the next."""
    time, level, error = priced.expiries.time, priced.fit.rate, priced.fit.rate_error
    known = np.isfinite(level) & (time > 0.0) & latest(priced)
    precise = known & (error < _PRECISE)
    edges, between = forward_rates(time[known], level[known])
    axes.plot(365.0 * time[known], level[known], color=MODEL, lw=1.2, label="to the expiry")
    axes.stairs(between, 365.0 * edges, color=PUT, lw=1.3, baseline=None, label="forward")
    axes.errorbar(
        365.0 * time[precise], level[precise], error[precise], fmt="o", ms=3.0, mew=0, color=MODEL,
        ecolor=PALE, elinewidth=0.8,
    )  # fmt: skip
    axes.set_title("Interest rate")
    axes.yaxis.set_major_formatter(percent)
    _days(axes, 365.0 * time[known])
    axes.legend(loc="best")


def forward_rates(time: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Edges of periods of at least four weeks, and the rate that holds in each.

    In shorter periods, and in those far ahead that are short for their distance, it would consist
    mostly of the errors of the rates.
    """
    kept = [0.0]
    places = []
    for place, end in enumerate(time.tolist()):
        if end - kept[-1] >= max(_LEAST, _LONGER * kept[-1]):
            kept.append(end)
            places.append(place)
    edges = np.array(kept)
    grown = np.concatenate(([0.0], rate[places] * time[places]))
    return edges, np.diff(grown) / np.diff(edges)


def difference(axes: Axes, priced: PricedChain) -> None:
    """Distribution of the volatility of mids less the vendor's, for liquid options."""
    found = priced.implied.difference["volatility"][priced.implied.liquid]
    found = found[np.isfinite(found)]
    axes.set_title("Volatility of the mid less the vendor's")
    axes.set_xlabel("percentage points; larger ones at the edges")
    axes.set_ylabel("options")
    axes.yaxis.set_major_formatter(plain)
    if not found.size:
        return
    figures = vendor_difference(found, np.isfinite(found))
    edge = 100.0 * max(2.0 * figures[1], 1e-6)
    heights, _, _ = axes.hist(np.clip(100.0 * found, -edge, edge), 61, color=VENDOR, alpha=0.85)
    axes.set_ylim(top=1.35 * float(np.max(heights)))  # room for the text
    axes.axvline(0.0, color=MODEL, lw=0.8)
    for height, name, figure in zip(
        (0.92, 0.82), ("median size", "95 % below"), figures, strict=True
    ):
        axes.text(
            0.98,
            height,
            f"{name} {figure:.5f}",
            transform=axes.transAxes,
            ha="right",
            size=8.5,
        )


def _days(axes: Axes, days: Floats) -> None:
    """Days to expiry on a logarithmic axis."""
    axes.set_xscale("log")
    axes.set_xlabel("days to expiry")
    axes.minorticks_off()
    if days.size:
        axes.set_xlim(0.8 * days.min(), 1.2 * days.max())
        ticks = [tick for tick in _TICKS if 0.8 * days.min() <= tick <= 1.2 * days.max()]
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
