"""Tables of times for docs/performance.md and the README, made from the figures of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import published
from bench.peers import PEERS
from bench.published import Table, dump, markdown

_ROOT = Path(__file__).parent.parent
PAGES = (_ROOT / "docs" / "performance.md", _ROOT / "README.md")
FIGURES = _ROOT / "docs" / "speed.json"
"""What the tables are written from; a test compares the two."""

PUBLISHED = ("price", "greeks", "implied_volatility")
_NAMES = {"rust": "Rust", "c": "C", "numba": "Numba", "numpy": "the fallback"}
WAYS = ("bind",)
"""The ways to call that the tables show: with less to time, each has more of the time."""
_KEPT = (
    "way",
    "operands",
    "group",
    "backend",
    "threads",
    "n",
    "ns_per_option",
    "spread",
    "undisturbed",
)

Entry = Mapping[str, Any]


def figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a run."""
    where = found["surroundings"]
    isas = {facts["isa"] for facts in where["backends"].values() if "isa" in facts}
    place = {name: where[name] for name in ("when", "cpu", "threads", "system", "python")}
    kept: dict[str, Any] = {
        "surroundings": {**place, "isa": ", ".join(sorted(isas)), "versions": where["versions"]},
        **{
            name: {
                "single": [_kept(one) for one in found[name]["single"]],
                "batches": [
                    _kept(one) for one in found[name]["batches"] if one["way"] in {"peer", *WAYS}
                ],
            }
            for name in PUBLISHED
        },
    }
    kept["groups"] = [_kept(one) for one in found["groups of greeks"]]
    return kept


def _kept(entry: Entry) -> dict[str, Any]:
    kept = {name: entry[name] for name in _KEPT if name in entry}
    return {name: round(x, 3) if isinstance(x, float) else x for name, x in kept.items()}


def tables(figures: Mapping[str, Any]) -> dict[str, Table]:
    """Return titles, headings and rows by the name of the marker."""
    made = {name: _batches(name, figures[name]["batches"]) for name in PUBLISHED}
    return {"single": _single(figures), "groups": _groups(figures["groups"]), **made}


def _batches(name: str, entries: Sequence[Entry]) -> Table:
    """Calls of `bind`: a row a batch size, and one more of the largest on all threads."""
    bound = [one for one in entries if one["way"] == "bind"]
    found = {(one["n"], one["threads"], one["backend"]): one for one in bound}
    peers = {one["n"]: one for one in entries if one["way"] == "peer"}
    backends = [each for each in _NAMES if any(each == backend for *_, backend in found)]
    most, all_threads = max(n for n, *_ in found), max(threads for _, threads, _ in found)
    lines = [(n, 1) for n in sorted({n for n, *_ in found})] + [(most, all_threads)]
    rows = [
        [f"{n:,}" + (f", {threads} threads" if threads > 1 else ""), _beside(peers.get(n))]
        + [_beside(found.get((n, threads, each)), peers.get(n)) for each in backends]
        for n, threads in dict.fromkeys(lines)
    ]
    headings = ["options", PEERS[name][0], *(_NAMES[each] for each in backends)]
    return f"{name}: ns per option, × faster", headings, rows


def _beside(entry: Entry | None, peer: Entry | None = None) -> str:
    """A time, and how many times faster that is; what takes too long is not timed."""
    if entry is None:
        return "–"
    time = nanoseconds(entry["ns_per_option"])
    if peer is None:
        return time
    ratio = peer["ns_per_option"] / entry["ns_per_option"]
    times = f"{ratio:.2f}" if ratio < 1 else f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
    return f"{time} ({times}×)"


def nanoseconds(time: float) -> str:
    """Return a time to three digits or to the whole nanosecond."""
    return f"{time:,.0f}" if time >= 100 else f"{time:.1f}"


def _single(figures: Mapping[str, Any]) -> Table:
    """One option: a row a way to call, a column for each function and what it is given."""
    chosen = [("floats", "Python floats"), ("1 element", "arrays of one")]
    rows = [
        [f"`{function}`" if way == "function" else f"`bind`, of {function}"]
        + [
            f"{one['ns_per_option'] / 1e3:.2f}"
            for operands, _ in chosen
            for one in figures[function]["single"]
            if (one["way"], one["operands"], one["backend"]) == (way, operands, "auto")
        ]
        for function in PUBLISHED
        for way in ("function", "bind")
    ]
    return "one option: µs a call", ["one option", *(title for _, title in chosen)], rows


def _groups(entries: Sequence[Entry]) -> Table:
    """What greeks cost: the kernels' times over that of the price, in the larger batch."""
    most = max(one["n"] for one in entries)
    found = {(one["group"], one["backend"]): one for one in entries if one["n"] == most}
    backends = [name for name in _NAMES if ("price", name) in found]
    rows = [
        [group] + [f"{nanoseconds(found[group, one]['ns_per_option'])}" for one in backends]
        for group in dict.fromkeys(group for group, _ in found)
    ]
    headings = [f"{most:,} options", *(_NAMES[one] for one in backends)]
    return "greeks: ns per option", headings, rows


def measured(figures: Mapping[str, Any]) -> str:
    """Return where and how well the times were measured, as a list."""
    where = figures["surroundings"]
    versions = where["versions"]
    entries = [one for name in PUBLISHED for part in figures[name].values() for one in part]
    entries += figures["groups"]
    spreads = sorted(one["spread"] for one in entries)
    disturbed = sum(not one["undisturbed"] for one in entries)
    lines = [
        f"{where['cpu']}, {where['threads']} processors, kernels for {where['isa']}, "
        f"{where['system']}",
        f"Python {where['python']}, NumPy {versions['numpy']}, SciPy {versions['scipy']}, "
        f"{where['when'][:10]}",
        f"the median block is {spreads[len(spreads) // 2]:.0%} above the least in the median and "
        f"{spreads[-1]:.0%} at most; {disturbed} of {len(entries)} times were never without other "
        "load",
    ]
    return "".join(f"- {line}\n" for line in lines)


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """Return a page with what stands below its markers made anew."""
    made = {name: markdown(*table[1:]) for name, table in tables(figures).items()}
    return published.filled(page, "speed", {**made, "measured": measured(figures)})


def write(found: Mapping[str, Any]) -> str:
    """Write the figures of a run and the tables of both pages; return their names."""
    FIGURES.write_text(dump(figures(found)) + "\n", encoding="utf-8")
    stored = json.loads(FIGURES.read_text("utf-8"))
    for page in PAGES:
        page.write_text(filled(page.read_text("utf-8"), stored), encoding="utf-8")
    return ", ".join(map(str, PAGES))
