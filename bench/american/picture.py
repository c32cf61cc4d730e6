"""Where the errors lie, as docs/american.svg: the largest of each cell of a book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.american.books import Floats
from bench.american.exact import Exact
from quantforge.chain.plot.style import INK, PALE, STYLE
from quantforge.files.replacing import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import BoundaryNorm, Colormap
    from matplotlib.figure import Figure

PICTURE = Path(__file__).parents[2] / "docs" / "american.svg"

LEAST, MOST = -9, -2
"""Powers of ten: what is at most the first has one shade, and so has what is beyond the second."""

_STYLE: Final[dict[Any, Any]] = STYLE | {
    "axes.grid": False,
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],  # no longer list on each word
    "axes.spines.left": False,
    "axes.spines.bottom": False,
    "svg.fonttype": "none",  # words stay words: they can be searched, and tests read them
    "svg.hashsalt": "quantforge",  # the same picture is the same file
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}
_WIDTH, _HEIGHT = 11.0, 7.6  # inches
_ABOUT = (
    "Options of the market with a strike of 100. The number in a cell is the power of ten that its"
    " largest error stays below; a cell without a number has no option."
)


@dataclass(frozen=True)
class Scale:
    """A direction of the picture: cells between `edges`, and what lies beyond the outer ones."""

    title: str
    edges: Sequence[float]
    labels: Sequence[str]

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return len(self.edges) + 1

    def place(self, values: Floats) -> NDArray[np.intp]:
        """Return the cell of each value."""
        return np.searchsorted(self.edges, values, side="right")


DISTANCE = Scale(
    "deviations from the exercise boundary, ln(S/B) / (σ√T)",
    (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0),
    ("0", "¼", "½", "1", "1½", "2", "3", "4", "6"),
)
CARRY = Scale(
    "rate − dividend of a put,\ndividend − rate of a call",
    (-0.08, -0.04, -0.02, -0.01, 0.0, 0.01, 0.02, 0.04, 0.08),
    ("−8 %", "−4 %", "−2 %", "−1 %", "0", "1 %", "2 %", "4 %", "8 %"),
)
TIME = Scale(
    "time to expiry",
    (1 / 12, 1 / 4, 1 / 2, 1.0, 2.0, 3.0),
    ("1 month", "3 months", "6 months", "1 year", "2 years", "3 years"),
)


def powers(known: Exact, errors: Floats, along: Scale, values: Floats) -> Floats:
    """Return the power of ten that the largest error of each cell is below; NaN where none is.

    Rows are the cells of a scale, columns those of the distance from the boundary. Options that
    nobody exercises early have no place.
    """
    found = np.full((along.cells, DISTANCE.cells), np.nan)
    placed = np.flatnonzero(np.isfinite(known.distance) & np.isfinite(errors))
    size = np.maximum(np.abs(errors[placed]), np.finfo(float).tiny)
    cells = along.place(values[placed]), DISTANCE.place(known.distance[placed])
    np.fmax.at(found, cells, np.clip(np.ceil(np.log10(size)), LEAST, MOST + 1))
    return found


def write(known: Exact, errors: Mapping[str, Floats], said: Mapping[str, str]) -> Path:
    """Draw the picture into docs; `said` is what stands above each accuracy's panels."""
    from matplotlib import rc_context

    with rc_context(_STYLE), replacing(PICTURE) as temporary:  # saving has settings of its own
        draw(known, errors, said).savefig(temporary, facecolor="white", metadata={"Date": None})
    return PICTURE


def draw(known: Exact, errors: Mapping[str, Floats], said: Mapping[str, str]) -> Figure:
    """Return the picture: a column of panels for each accuracy."""
    from matplotlib import colormaps, rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import BoundaryNorm
    from matplotlib.figure import Figure

    puts = known.options.as_puts()
    directions = ((CARRY, puts.rate - puts.dividend), (TIME, puts.time))
    shades = colormaps["Blues"]
    norm = BoundaryNorm(np.arange(LEAST - 0.5, MOST + 2.0), shades.N)
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        FigureCanvasAgg(figure)
        figure.text(0.02, 0.967, "Where the errors lie", size=14, weight="bold", va="center")
        figure.text(0.02, 0.93, _ABOUT, size=9, color=PALE, va="center")
        heights = [scale.cells for scale, _ in directions]
        grid = figure.add_gridspec(
            *(2, len(errors)), height_ratios=heights, left=0.125, right=0.985, top=0.865,
            bottom=0.075, hspace=0.13, wspace=0.07,
        )  # fmt: skip
        for column, (accuracy, off) in enumerate(errors.items()):
            for row, (scale, values) in enumerate(directions):
                axes = figure.add_subplot(grid[row, column])
                _panel(axes, powers(known, off, scale, values), shades, norm)
                _label(axes, scale, below=row == 1, left=column == 0)
                if row == 0:
                    axes.set_title(said[accuracy], pad=9)
        figure.text(0.555, 0.018, DISTANCE.title, size=9, color=PALE, ha="center", va="center")
    return figure


def _panel(axes: Axes, found: Floats, shades: Colormap, norm: BoundaryNorm) -> None:
    axes.pcolormesh(found, cmap=shades, norm=norm, edgecolor="white", linewidth=1.0)
    for (row, column), each in np.ndenumerate(found):
        if np.isfinite(each):
            dark = each > (LEAST + MOST) / 2 + 0.5
            word = f"≤{each:.0f}" if each == LEAST else f"{each:.0f}"
            place: dict[str, Any] = {"ha": "center", "va": "center", "size": 7.5}
            word = word.replace("-", "−")
            axes.text(column + 0.5, row + 0.5, word, color="white" if dark else INK, **place)
    axes.axvline(1.0, color=INK, lw=1.2)  # the boundary


def _label(axes: Axes, scale: Scale, *, below: bool, left: bool) -> None:
    axes.set_xticks(range(1, DISTANCE.cells), DISTANCE.labels if below else [])
    axes.set_yticks(range(1, scale.cells), scale.labels if left else [])
    if left:
        axes.set_ylabel(scale.title)
    if not below:
        beside: dict[str, Any] = {"size": 7, "color": PALE, "va": "top"}
        axes.text(0.75, -0.2, "← exercised now", ha="right", **beside)
        axes.text(1.25, -0.2, "held →", ha="left", **beside)
