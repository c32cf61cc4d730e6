"""The report as one page of HTML: it needs nothing beside itself, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import Final

import numpy as np

from quantforge import dispatch
from quantforge.cli.autotune.summary import Summary, summaries
from quantforge.cli.terminal import duration
from quantforge.plan import row_at
from quantforge.profile import store
from quantforge.profile.curves import UNJUDGED
from quantforge.profile.record import Record, Section

__all__ = ["write_page"]

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b2733; --pale: #5d6b79; --grid: #e3e8ed;
  --b0: #2a7fb8; --b1: #c2572b; --b2: #2e7d5b; --b3: #8e5ea2; --b4: #96700a; --b5: #5f6c6d; }
@media (prefers-color-scheme: dark) { :root { --paper: #12181f; --ink: #e6ebf0; --pale: #93a1af;
  --grid: #28323d; --b0: #5aaee0; --b1: #e58a60; --b2: #5cb78c; --b3: #bd93d0; --b4: #d3a83a;
  --b5: #a3b0b1; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 0.3rem; }
p { color: var(--pale); margin: 0.2rem 0 1rem; } .loud { color: var(--b1); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th { color: var(--pale); font-weight: 500; text-align: left; }
th, td { padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--grid); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { display: block; width: 100%; height: auto; min-width: 40rem; }
svg text { fill: var(--pale); font-size: 11px; } svg .name { font-weight: 600; }
svg .in { fill: var(--paper); font-weight: 600; }
.grid { stroke: var(--grid); } .cross { stroke: var(--ink); stroke-dasharray: 2 3; opacity: 0.5; }
.auto { stroke: var(--ink); stroke-width: 9; opacity: 0.15; fill: none; stroke-linecap: round; }
.curve { fill: none; stroke-width: 1.6; } .many { stroke-dasharray: 6 4; }
"""
_WIDTH, _LEFT, _RIGHT, _HIGH, _STRIP, _TIES, _FOOT = 900, 56, 110, 300, 24, 8, 34
_COLORS: Final = 6
_LETTER: Final = 7.5  # pixels
_GRID: Final = 240


def write_page(section: Section, path: Path) -> None:
    """Write the page into a file."""
    from quantforge.files.replacing import replacing

    with replacing(path) as temporary:
        temporary.write_text("".join(_page(section)), encoding="utf-8")


def _page(section: Section) -> Iterator[str]:
    colors = {name: f"var(--b{place % _COLORS})" for place, name in enumerate(section.backends)}
    many = f"{section.key.budget} threads" if section.key.budget > 1 else "1 thread"
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>What auto uses, and why</title><style>{_STYLE}</style></head><body>"
        "<h1>What auto uses, and why</h1>"
        f"<p>{escape(section.key.cpu)} · {many} · {escape(section.key.isa)}</p>"
    )
    if any(record.noisy for record in section.backends.values()):
        yield '<p class="loud">This machine was noisy: other load disturbed the measurements.</p>'
    yield _table(
        ("backend", "version", "measured", "rigor", "loads in", "noise", ""),
        [_backend(name, record) for name, record in section.backends.items()],
    )
    for one in summaries(section):
        yield f"<h2>{escape(one.operation)}</h2>"
        yield _Drawing(one, colors).svg()
        yield _table(("from", "backend", "threads", "why"), _reasons(one))
    yield "</body></html>\n"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{each}</th>" for each in headings)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _backend(name: str, record: Record) -> tuple[str, ...]:
    if record.left_out:
        return name, record.version, "", "", "", "", f"left out: {record.left_out}"
    curves = [curve for its in record.operations.values() for curve in its.by_threads]
    spreads = [one for curve in curves for one in curve.spreads]
    judged = [one for one in spreads if one < UNJUDGED]
    rigors = sorted({its.rigor for its in record.operations.values() if its.rigor})
    noise = f"±{float(np.median(judged)):.1%}" if judged else ""
    if len(judged) < len(spreads):
        noise += f", {1 - len(judged) / len(spreads):.0%} unjudged"
    return (
        name,
        record.version,
        f"{record.measured[:10]}, {store.age(record.measured)}",
        ", ".join(rigors) or record.rigor,
        duration(record.loading) if record.loading else "",
        noise,
        ", ".join(record.details.values()),
    )


def _reasons(one: Summary) -> list[tuple[str, ...]]:
    source = dispatch.preview(one.operation).source
    starts = [max(1, row.start) for row in one.rows]
    return [
        (f"{n:,}", row.backend, str(row.threads), source.reason(n) if source.reason else "")
        for n, row in zip(starts, one.rows, strict=True)
    ]


class _Drawing:
    """One operation: time per option over batch size, and below what is chosen and what ties."""

    def __init__(self, one: Summary, colors: Mapping[str, str]) -> None:
        self.one, self.colors = one, colors
        curves = [curve for its in one.curves.values() for curve in its]
        self.last = max(curve.sizes[-1] for curve in curves)
        self.grid = np.geomspace(1.0, self.last, _GRID)
        each = np.concatenate([np.array(one.seconds) / np.array(one.sizes) for one in curves])
        self.low, self.high = log10(each.min()) - 0.1, log10(each.max()) + 0.1

    def x(self, n: float) -> float:
        wide = _WIDTH - _LEFT - _RIGHT
        return round(_LEFT + wide * log10(max(n, 1.0)) / max(log10(self.last), 1e-9), 1)

    def y(self, each: float) -> float:
        return round(_HIGH * (self.high - log10(each)) / (self.high - self.low) + 4.0, 1)

    def svg(self) -> str:
        tall = _HIGH + _STRIP + _TIES + _FOOT + 12
        parts = (*self._axes(), *self._auto(), *self._curves(), *self._choices(), *self._ties())
        name = escape(self.one.operation)
        return (
            f'<div class="wide"><svg viewBox="0 0 {_WIDTH} {tall}" role="img" '
            f'aria-label="{name}: time per option over batch size">{"".join(parts)}</svg></div>'
        )

    def _axes(self) -> Iterator[str]:
        bottom = _HIGH + 4
        for power in range(floor(log10(self.last)) + 1):
            x = self.x(10**power)
            yield f'<path class="grid" d="M{x} 4V{bottom}"/>'
            label = _HIGH + _STRIP + _TIES + 26
            yield f'<text x="{x}" y="{label}" text-anchor="middle">{10**power:,}</text>'
        for power in range(ceil(self.low), floor(self.high) + 1):
            y = self.y(10.0**power)
            yield f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
            each = duration(10.0**power)
            yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{each}</text>'
        label = _HIGH + _STRIP + _TIES + 42
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield f'<text x="{middle}" y="{label}" text-anchor="middle">options in a call</text>'

    def _line(self, sizes: Sequence[float], seconds: Sequence[float]) -> str:
        pairs = zip(sizes, seconds, strict=True)
        return " ".join(f"{self.x(n)},{self.y(each / n)}" for n, each in pairs)

    def _auto(self) -> Iterator[str]:
        """What `auto` takes, as a broad pale line behind the curves."""
        seconds = []
        for n in self.grid:
            row = row_at(self.one.rows, n)
            its = self.one.curves[row.backend]
            seconds.append(float(next(c for c in its if c.threads == row.threads).predict(n)))
        yield f'<polyline class="auto" points="{self._line(list(self.grid), seconds)}"/>'

    def _curves(self) -> Iterator[str]:
        taken: list[float] = []
        for name, curves in self.one.curves.items():
            for curve in curves:
                color, many = self.colors[name], "curve many" if curve.threads > 1 else "curve"
                line = self._line(curve.sizes, curve.seconds)
                yield f'<polyline class="{many}" stroke="{color}" points="{line}"/>'
                for place, (n, each) in enumerate(zip(curve.sizes, curve.seconds, strict=True)):
                    spread = curve.spreads[place] if curve.spreads else 0.0
                    title = f"{n:,} options: {duration(each)}, ±{spread:.0%}"
                    yield (
                        f'<circle cx="{self.x(n)}" cy="{self.y(each / n)}" r="2.2" fill="{color}">'
                        f"<title>{escape(_called(name, curve.threads))}, {title}</title></circle>"
                    )
                y = self.y(curve.seconds[-1] / curve.sizes[-1]) + 4.0
                while any(abs(y - other) < 12.0 for other in taken):
                    y -= 3.0
                taken.append(y)
                yield (
                    f'<text class="name" x="{self.x(curve.sizes[-1]) + 6}" y="{y}" '
                    f'style="fill:{color}">{escape(_called(name, curve.threads))}</text>'
                )

    def _choices(self) -> Iterator[str]:
        """Coloured bands of what serves which batches, and a line at each crossing."""
        top = _HIGH + 8
        starts = [max(1, row.start) for row in self.one.rows]
        for row, left, right in zip(self.one.rows, starts, [*starts[1:], self.last], strict=True):
            if left >= self.last:
                continue
            x, wide = self.x(left), self.x(min(right, self.last)) - self.x(left)
            name = escape(_called(row.backend, row.threads))
            faint = 0.7 if row.threads > 1 else 1.0
            yield (
                f'<rect x="{x}" y="{top}" width="{wide:.1f}" height="{_STRIP}" '
                f'fill="{self.colors[row.backend]}" opacity="{faint}">'
                f"<title>{name} from {left:,}</title></rect>"
            )
            if wide > _LETTER * len(name):
                yield (
                    f'<text class="in" x="{x + wide / 2:.1f}" y="{top + 16}" '
                    f'text-anchor="middle">{name}</text>'
                )
            if left > 1:
                yield f'<path class="cross" d="M{x} 4V{top}"/>'
                yield f'<text x="{x + 3}" y="14">{left:,}</text>'
        yield f'<text class="name" x="{_WIDTH - _RIGHT + 8}" y="{top + 16}">auto</text>'

    def _ties(self) -> Iterator[str]:
        """A thin band where nothing tells the best candidates apart."""
        tied = dispatch.preview(self.one.operation).source.tied
        top = _HIGH + 8 + _STRIP + 2
        for left, right in zip(self.grid[:-1], self.grid[1:], strict=True):
            names = tied(round(left)) if tied else ()
            if len(names) > 1:
                wide = self.x(right) - self.x(left) + 0.3
                yield (
                    f'<rect x="{self.x(left)}" y="{top}" width="{wide:.1f}" height="{_TIES - 2}" '
                    f'fill="var(--pale)"><title>tie: {escape(", ".join(names))}</title></rect>'
                )
        yield f'<text x="{_WIDTH - _RIGHT + 8}" y="{top + 8}">ties</text>'


def _called(backend: str, threads: int) -> str:
    return backend if threads == 1 else f"{backend} × {threads}"
