"""Every backend against the peer: `price` and `bind`, one thread and all, and broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench import calls
from bench.peers import PEERS
from bench.surroundings import usable
from bench.timing import cell, figures, time_all
from quantforge import threads

SIZES = (1, 100, 1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = SIZES[:-1]

_WAYS = {"function": calls.public, "bind": calls.bound, "broadcast": calls.broadcast}

Entry = dict[str, Any]


def compare(operation: str, quick: bool) -> list[Entry]:
    """One entry per way, backend, number of threads and batch size; the peer's come first."""
    sizes = QUICK_SIZES if quick else SIZES
    arrays = calls.arrays(operation, sizes[-1])
    kinds: list[tuple[str, Any]] = []
    if operation in PEERS:
        kinds += [("peer", cell("", 1, n, calls.peer(operation, arrays, n))) for n in sizes]
    for backend in usable(operation):
        for way, make in _WAYS.items():
            for count in sorted({1, threads.budget()}):
                for n in sizes:
                    call = make(operation, arrays, n, backend=backend, threads=count)
                    kinds.append((way, cell(backend, count, n, call)))
    timed = time_all(
        [one for _, one in kinds], 7 if quick else 21, 20 if quick else 90, f"timing {operation}"
    )
    entries = [
        {"way": way, "backend": one.backend, "threads": one.threads, "n": one.n, **figures(one)}
        for way, one in kinds
        if one in timed
    ]
    peers = {entry["n"]: entry["seconds"] for entry in entries if entry["way"] == "peer"}
    for entry in entries:
        if entry["n"] in peers and entry["way"] != "peer":
            entry["ratio"] = peers[entry["n"]] / entry["seconds"]
    return entries


def single(operation: str, rounds: int) -> list[Entry]:
    """One option, a call of one kind, and ready arrays of no dimension and of one element."""
    cells, ways = [], []
    for backend in usable(operation):
        for shape in ((), (1,)):
            given = {
                name: array.reshape(shape) for name, array in calls.arrays(operation, 1).items()
            }
            given["kind"] = "call"
            settings = {"backend": backend, "threads": 1}
            for way, call in (
                ("function", calls.single_public(operation, given, **settings)),
                ("bind", calls.single_bound(operation, given, **settings)),
            ):
                cells.append(cell(backend, 1, 1, call))
                ways.append((way, "0-d" if shape == () else "1 element"))
    time_all(cells, rounds, 20, f"one {operation}")
    return [
        {"way": way, "backend": one.backend, "operands": operands, **figures(one)}
        for (way, operands), one in zip(ways, cells, strict=True)
    ]


def tables(operation: str, entries: Sequence[Entry]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Titles, headings and rows, ready to print."""
    return [
        _table(operation, entries, way, count)
        for way in ("function", "bind", "broadcast")
        for count in sorted({entry["threads"] for entry in entries if entry["way"] == way})
    ]


def _table(
    operation: str, entries: Sequence[Entry], way: str, count: int
) -> tuple[str, list[str], list[list[str]]]:
    names = {"function": operation, "bind": "bind", "broadcast": f"{operation}, one spot"}
    found = {
        (entry["n"], entry["backend"]): entry
        for entry in entries
        if entry["way"] == way and entry["threads"] == count
    }
    peers = {entry["n"]: entry for entry in entries if entry["way"] == "peer"}
    backends = list(dict.fromkeys(backend for _, backend in found))
    rows = []
    for n in sorted({n for n, _ in found}):
        rows.append(
            [f"{n:,}"]
            + ([f"{peers[n]['ns_per_option']:,.2f}"] if peers else [])
            + [_cell(found.get((n, backend))) for backend in backends]
        )
    peer = [PEERS[operation][0]] if peers else []
    many = f"{count} threads" if count > 1 else "one thread"
    return f"{names[way]}, {many}: ns per option", ["options", *peer, *backends], rows


def _cell(entry: Entry | None) -> str:
    if entry is None:
        return ""
    ratio = f"  {entry['ratio']:5.1f}×" if "ratio" in entry else ""
    return f"{entry['ns_per_option']:,.2f}{ratio}"
