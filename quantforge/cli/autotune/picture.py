"""Time per option over batch size for every backend, and what `auto` uses, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge.cli.autotune.summary import Summary, summaries
from quantforge.profile.record import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "write_picture"]

_INK, _PALE, _GRID = "#1b2733", "#6b7a89", "#e3e8ed"
_COLORS: Final = ("#2a7fb8", "#d1663a", "#3d9970", "#8e5ea2", "#b8860b", "#7f8c8d")
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": _INK,
    "axes.edgecolor": _PALE,
    "axes.labelcolor": _PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _PALE,
    "ytick.color": _PALE,
}
_COLUMNS, _HEAD, _PANEL, _GAP = 2, 1.05, 4.1, 1.0  # the others in inches
_LEFT, _PLOT, _RIGHT = 1.15, 6.6, 1.35
_TITLE, _STRIP, _LETTER = 0.34, 0.26, 0.1


def write_picture(section: Section, path: Path) -> None:
    """Draw the picture into a file; its ending names the format (``.png``, ``.pdf``, ``.svg``)."""
    from quantforge.files.replacing import replacing

    with replacing(path) as temporary:
        draw(section).savefig(temporary, dpi=160, facecolor="white")


def draw(section: Section) -> Figure:
    """The picture as a matplotlib figure, a panel per operation."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    operations = list(summaries(section))
    colors = dict(zip(section.backends, _COLORS * len(section.backends), strict=False))
    columns = min(_COLUMNS, len(operations))
    rows = -(-len(operations) // columns)
    width, height = columns * (_LEFT + _PLOT + _RIGHT), _HEAD + rows * (_PANEL + _GAP)
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        _headline(figure, section)

        def inches(left: float, bottom: float, tall: float) -> tuple[float, float, float, float]:
            return left / width, bottom / height, _PLOT / width, tall / height

        for place, one in enumerate(operations):
            column, row = divmod(place, rows)
            left = _LEFT + column * (_LEFT + _PLOT + _RIGHT)
            bottom = height - _HEAD - row * (_PANEL + _GAP) - _PANEL
            tall = _PANEL - _TITLE - _STRIP
            axes = figure.add_axes(inches(left, bottom, tall - 0.1))
            _times(axes, one, colors)
            strip = inches(left, bottom + tall, _STRIP)
            _choices(figure.add_axes(strip, sharex=axes), one, colors)
    return figure


def _headline(figure: Figure, section: Section) -> None:
    measured = max(record.measured for record in section.backends.values())
    rigors = ", ".join(sorted({record.rigor for record in section.backends.values()}))
    noisy = any(record.noisy for record in section.backends.values())
    many = f"{section.key.budget} threads" if section.key.budget > 1 else "1 thread"
    about = f"{section.key.cpu}  ·  {many}  ·  {measured[:10]}, {rigors}"
    about += "  ·  noisy: other load disturbed the measurements" if noisy else ""
    width, height = figure.get_size_inches()
    left = _LEFT / width
    title: dict[str, Any] = {"size": 15, "weight": "bold", "va": "center"}
    figure.text(left, 1.0 - 0.38 / height, "What auto uses, and why", **title)
    figure.text(left, 1.0 - 0.68 / height, about, size=9.5, color=_PALE, va="center")


def _choices(axes: Axes, one: Summary, colors: dict[str, str]) -> None:
    """A strip with the backend and threads that serve each batch size."""
    first, last = _span(one)
    starts = [max(first, row.start) for row in one.rows]
    for row, left, right in zip(one.rows, starts, [*starts[1:], last], strict=True):
        alone = row.threads == 1
        color = colors[row.backend]
        axes.axvspan(left, right, color=color, alpha=0.9 if alone else 0.65, lw=0)
        axes.axvline(left, color="white", lw=1.5)
        name = _name(row.backend, row.threads)
        if np.log(right / left) / np.log(last / first) * _PLOT > _LETTER * len(name):
            style: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold"}
            axes.text((left * right) ** 0.5, 0.47, name, color="white", **style)
    axes.set_ylim(0.0, 1.0)
    axes.set_axis_off()
    beside: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "weight": "bold"}
    axes.text(0.0, 1.0 + 0.5 * _TITLE / _STRIP, one.operation, size=11, **beside)
    axes.text(1.012, 0.47, "auto", **beside)


def _name(backend: str, threads: int) -> str:
    return backend if threads == 1 else f"{backend} × {threads}"


def _span(one: Summary) -> tuple[float, float]:
    sizes = [n for curves in one.curves.values() for curve in curves for n in curve.sizes]
    return float(min(sizes)), float(max(sizes))


def _times(axes: Axes, one: Summary, colors: dict[str, str]) -> None:
    first, last = _span(one)
    grid = np.geomspace(first, last, 600)
    auto = np.empty_like(grid)
    for row in one.rows:
        curve = next(c for c in one.curves[row.backend] if c.threads == row.threads)
        served = grid >= row.start
        auto[served] = curve.predict(grid[served])
    axes.plot(grid, auto / grid * 1e9, color=_INK, alpha=0.16, lw=9, solid_capstyle="round")
    ends = []
    for name, curves in one.curves.items():
        for curve in curves:
            sizes = np.array(curve.sizes)
            each = np.array(curve.seconds) / sizes * 1e9
            dashes = "-" if curve.threads == 1 else (0, (3, 2))
            axes.plot(sizes, each, lw=1.4, marker="o", ms=2.6, mew=0, color=colors[name], ls=dashes)
            ends.append((each[-1], sizes[-1], _name(name, curve.threads), colors[name]))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(first, last)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_plain)
    axes.set_ylabel("nanoseconds per option")
    axes.set_xlabel("options in a call")
    _name_ends(axes, ends)


def _plain(value: float, _: float) -> str:
    return f"{value:,.10g}"


def _name_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Name each line at its end; names of lines that end together stand one above the other."""
    low, high = np.log(axes.get_ylim())
    first, last = np.log(axes.get_xlim())
    placed: list[tuple[float, float]] = []
    for each, size, label, color in sorted(ends):
        right = (np.log(size) - first) / (last - first)
        place = (np.log(each) - low) / (high - low)
        place = max([place, *(y + 0.045 for x, y in placed if abs(x - right) < 0.1)])
        placed.append((right, place))
        axes.text(right + 0.012, place, label, transform=axes.transAxes, color=color, va="center")
