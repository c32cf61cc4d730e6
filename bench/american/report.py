"""The tables of ``--american``, for the terminal and for docs/american.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench import published
from bench.american import picture
from bench.american.books import BOOKS, MARKET
from bench.american.measuring import ACCURACIES, FEW, OURS, Entry, Measured, call
from bench.published import Table, dump, markdown, power

PAGE = Path(__file__).parents[2] / "docs" / "american.md"
FIGURES = PAGE.with_suffix(".json")
"""What the tables are written from; a test compares the two."""


def tables(figures: Mapping[str, Any]) -> dict[str, Table]:
    """Return titles, headings and rows by book."""
    return {book.name: _table(book.title, figures, book.name) for book in BOOKS}


def _table(title: str, figures: Mapping[str, Any], book: str) -> Table:
    """One row for each accuracy of ours, whose backends have columns, and each way of others."""
    entries = figures["entries"][book]
    ours = {(one["way"], one["backend"]): one for one in entries if one["library"] == OURS}
    backends = list(dict.fromkeys(backend for _, backend in ours))
    rows = []
    for accuracy in dict.fromkeys(way for way, _ in ours):
        its = [ours[accuracy, backend] for backend in backends]
        worst = max(its, key=lambda one: (one["failed"], one["largest"] or 0.0))
        rows.append([f"{OURS}, {accuracy}", *_errors(worst), *map(_time, its), ""])
    for one in entries:
        if one["library"] != OURS:
            name = f"{one['library']}, {one['way']}"
            rows.append([name, *_errors(one), *("" for _ in backends), _time(one)])
    columns = [f"{backend}, µs" for backend in (*backends, "others")]
    title = f"{title}: {figures['count']:,} with a strike of 100, one thread"
    return title, ["", "RMSE", "largest error", "failed", *columns], rows


def _errors(entry: Entry) -> list[str]:
    sizes = [entry[name] for name in ("rmse", "largest")]
    return [*("–" if size is None else power(size) for size in sizes), str(entry["failed"] or "")]


def _time(entry: Entry) -> str:
    if "ns_per_option" not in entry:
        return "–"
    two_digits = float(f"{entry['ns_per_option'] / 1e3:.2g}")
    return f"{two_digits:,g}"


def remarks(figures: Mapping[str, Any]) -> list[str]:
    """Return how the figures came about: a line each."""
    entries = [one for book in figures["entries"].values() for one in book]
    spreads = sorted(one["spread"] for one in entries if "spread" in one)
    middle, most = spreads[len(spreads) // 2], spreads[-1]
    lines = [f"{one['library']} {one['version']}: {one['remark']}" for one in figures["libraries"]]
    return [
        *lines,
        f"times of {OURS}: the least of interleaved blocks, above which the median block is "
        f"{middle:.0%} in the median and {most:.0%} at most",
        "times of others: the least of at least three calls for all options, or for the first "
        f"{FEW} where all would take more than two seconds",
        f"options: {figures['count']:,} a book, drawn with --seed {figures['seed']}",
    ]


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """Return a page with what stands below its markers made anew."""
    made = {name: markdown(*table[1:]) for name, table in tables(figures).items()}
    where = figures["surroundings"]
    place = f"{where['when'][:10]}, {where['cpu']}, {where['system']}, Python {where['python']}"
    lines = [*remarks(figures), f"measured: {place}"]
    made["measured"] = "".join(f"- {line}\n" for line in lines)
    return published.filled(page, "american", made)


def write(measured: Measured, surroundings: Mapping[str, Any]) -> Path:
    """Write the figures, the page's tables and the picture; return the page's path."""
    where = {name: surroundings[name] for name in ("when", "cpu", "system", "python")}
    figures = {"surroundings": where, **measured.figures}
    FIGURES.write_text(dump(figures) + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text("utf-8"), figures), encoding="utf-8")
    _draw(measured)
    return PAGE


def headings(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return what the picture says above the panels of each accuracy."""
    its = [one for one in figures["entries"][MARKET.name] if one["library"] == OURS]
    return {
        one["way"]: f"{one['way']}: RMSE {power(one['rmse'])}, largest {power(one['largest'])}"
        for one in its
    }


def _draw(measured: Measured) -> None:
    known = measured.known[MARKET.name]
    first = measured.figures["entries"][MARKET.name][0]["backend"]
    errors = {
        accuracy: np.asarray(call(known.options, accuracy, first)()) - known.value
        for accuracy in ACCURACIES
    }
    picture.write(known, errors, headings(measured.figures))
