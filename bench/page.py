"""The tables of `--accuracy`, for the terminal and for docs/accuracy.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import published
from bench.accuracy import OURS, PRICE, VOLATILITY
from bench.published import Table, dump, markdown

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
FIGURES = PAGE.with_suffix(".json")
"""What the page is written from; a test compares the two."""
README = PAGE.parent.parent / "README.md"

_UNITS = {PRICE: "ulp", VOLATILITY: "attainable errors"}
_NAMES = {PRICE: "price", VOLATILITY: "implied volatility"}

_INTRODUCTION = """\
# Accuracy, measured

`./dev bench --accuracy --publish` wrote this page. It compares QuantForge and other libraries with
exact values, {count:,} options a region, and sets the time they take beside it.

A cell is the largest error and the median one. "Failed" counts options with no number, an
exception, or a relative error above 1e-6. A dash stands where a library cannot take the inputs.

## How it was measured

- Exact values come from the conformance suite's reference, mpmath to 40 digits, for the very
  doubles that the library is given.
- The errors of **prices** are in ulp of the price itself out of the money, and in ulp of
  max(S e^(-qT), K e^(-rT)) in the money. Prices below 1e-290 are not counted, which leaves nothing
  of the region of denormal amounts.
- The errors of **implied volatilities** are in attainable errors: what half an ulp of each input
  and one ulp of the result cost at that option. Prices that determine no volatility are not
  counted. Where an input's rounding alone costs more than 1e-6, an error of four limits is no
  failure.
- Options of the first two tables are calls out of the money with F = T = 1 and r = 0, which every
  library takes in its own form. Libraries that take ln(F/K), or prices over sqrt(F K), are judged
  by the exact values of what they are given.
- Options of the last two tables are those of the conformance suite, calls and puts with rates and
  dividends, for the libraries that take these.
- **ns each** is the least time of a call for 100,000 ordinary options on one thread, over their
  number. Libraries of one option a call run in a loop in Python, over 100,000, 10,000 or 1,000
  options, as many as two seconds allow.
- QuantForge has one row, because all its exact backends return the same bits.

{place}
"""


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Titles, headings and rows, ready to print."""
    made = [_by_library(found, operation) for operation in (PRICE, VOLATILITY)]
    return made + [_by_region(found, operation) for operation in (PRICE, VOLATILITY)]


def remarks(found: Mapping[str, Any]) -> list[str]:
    """Return what the libraries are given: a line each."""
    return [f"{one['library']} {one['version']}: {one['remark']}" for one in found["libraries"]]


def _by_library(found: Mapping[str, Any], operation: str) -> Table:
    """The regions that everybody can be asked about: a row a library, its speed beside it."""
    regions, cells = _cells(found, operation, "unit")
    rows = [
        [name, *(cells.get((name, region), "–") for region in regions), _speed(one, operation)]
        for one in found["libraries"]
        if any((name := one["library"], region) in cells for region in regions)
    ]
    title = f"{_NAMES[operation]}, F = T = 1, r = 0: {_UNITS[operation]}, largest / median"
    return title, ["library", *regions, "ns each"], rows


def _by_region(found: Mapping[str, Any], operation: str) -> Table:
    """Rates and dividends: a row a region."""
    regions, cells = _cells(found, operation, "quoted")
    names = list(dict.fromkeys(name for name, _ in cells))
    rows = [[region, *(cells.get((name, region), "–") for name in names)] for region in regions]
    title = f"{_NAMES[operation]}, with rates and dividends: {_UNITS[operation]}, largest / median"
    return title, ["region", *names], rows


def _cells(
    found: Mapping[str, Any], operation: str, group: str
) -> tuple[list[str], dict[tuple[str, str], str]]:
    """Return the regions in their order, and what is said by library and region."""
    entries = [
        one for one in found["errors"] if (one["operation"], one["group"]) == (operation, group)
    ]
    regions = list(dict.fromkeys(one["region"] for one in entries))
    return regions, {(one["library"], one["region"]): _cell(one) for one in entries}


def _cell(entry: Mapping[str, Any]) -> str:
    failed = f"{entry['failed']:,} failed" if entry["failed"] else ""
    if entry["maximum"] is None:
        return failed
    errors = f"{_number(entry['maximum'])} / {_number(entry['median'])}"
    return f"{errors}, {failed}" if failed else errors


def _number(error: float) -> str:
    if error < 0.095:
        return f"{error:.2f}"
    return f"{error:.2g}" if error < 99.5 else f"{error:,.0f}" if error < 9999.5 else f"{error:.0e}"


def _speed(one: Mapping[str, Any], operation: str) -> str:
    speed = one["speed"].get(operation)
    return "–" if speed is None else _ns(speed)


def _ns(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 100 else f"{speed:.1f}"


def write(found: Mapping[str, Any], surroundings: Mapping[str, Any]) -> Path:
    """Write the figures and the page made of them; return the page's path."""
    place = {name: surroundings[name] for name in ("when", "cpu", "system", "python")}
    FIGURES.write_text(dump({"surroundings": place, **found}) + "\n", encoding="utf-8")
    stored = json.loads(FIGURES.read_text("utf-8"))
    PAGE.write_text(text(stored), encoding="utf-8")
    README.write_text(filled(README.read_text("utf-8"), stored), encoding="utf-8")
    return PAGE


def filled(readme: str, figures: Mapping[str, Any]) -> str:
    """Return the README with its table of times of other libraries made anew."""
    speeds = {one["library"]: one["speed"] for one in figures["libraries"]}
    both = [name for name, speed in speeds.items() if speed.keys() >= {PRICE, VOLATILITY}]
    rows = [[name, *(_ns(speeds[name][one]) for one in (PRICE, VOLATILITY))] for name in both]
    headings = ["ns per option", *(_NAMES[one] for one in (PRICE, VOLATILITY))]
    table = markdown(headings, rows, bold=(OURS,))
    return published.filled(readme, "accuracy", {"peers": table})


def text(figures: Mapping[str, Any]) -> str:
    """Return the page that stored figures make."""
    where = figures["surroundings"]
    place = f"On {where['when'][:10]}, {where['cpu']}, {where['system']}, Python {where['python']}."
    parts = [_INTRODUCTION.format(count=figures["count"], place=place)]
    for title, headings, rows in tables(figures):
        name, _, unit = title.partition(": ")
        table = markdown(headings, rows, bold=(OURS,))
        parts.append(f"## {name[0].upper()}{name[1:]}\n\nIn {unit}.\n\n{table}")
    parts.append("## Libraries\n\n" + "".join(f"- {line}.\n" for line in remarks(figures)))
    return "\n".join(parts)
