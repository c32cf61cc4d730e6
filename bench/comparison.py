"""Every backend against the peer, and against itself: bound, on more threads, broadcasting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bench import calls
from bench.peers import PEERS
from bench.surroundings import usable
from bench.timing import cell, figures, time_all
from quantforge import threads
from quantforge.tuning.measurement import Cell

SIZES = (1, 100, 1_000, 10_000, 100_000, 1_000_000)
SPLIT_FROM = 10_000  # no more threads below, where they only cost


@dataclass(frozen=True)
class Way:
    """A way to call, whether more threads are tried too, and what it is compared with."""

    make: Any
    threaded: bool
    against: str
    title: str
    puts: bool = False


WAYS = {
    "function": Way(calls.mixed, True, "peer", "{}, calls and puts", puts=True),
    "bind": Way(calls.bound, True, "peer", "bind, calls and puts", puts=True),
    "one kind": Way(calls.of_one_kind, True, "peer", "{}, calls only"),
    "one spot": Way(
        calls.of_one_spot, False, "one kind", "{}, one spot as a float and many strikes"
    ),
    "one ready spot": Way(
        calls.of_one_spot_ready, False, "one kind", "{}, one spot as a 0-d array and many strikes"
    ),
}

Entry = dict[str, Any]
Table = tuple[str, list[str], list[list[str]]]


def compare(operation: str, quick: bool, ways: Collection[str] = WAYS) -> list[Entry]:
    """One entry per way, backend, number of threads and batch size; the peer's come first."""
    sizes = SIZES[:-1] if quick else SIZES
    cells = _cells(operation, sizes, ways)
    rounds, seconds = (7, 15.0) if quick else (21, 90.0)
    timed = time_all([one for _, one in cells], rounds, seconds, f"timing {operation}")
    entries = [
        {"way": way, "backend": one.backend, "threads": one.threads, "n": one.n, **figures(one)}
        for way, one in cells
        if one in timed
    ]
    for entry in entries:
        other = _compared_with(entry, entries)
        if other is not None:
            entry["ratio"] = other["seconds"] / entry["seconds"]
    return entries


def _cells(operation: str, sizes: Sequence[int], ways: Collection[str]) -> list[tuple[str, Cell]]:
    given = {puts: calls.options(operation, sizes[-1], puts=puts) for puts in (True, False)}
    cells = []
    if operation in PEERS:
        cells += [("peer", cell("", 1, n, calls.peer(operation, given[True], n))) for n in sizes]
    for backend in usable(operation):
        for name, way in WAYS.items():
            if name not in ways:
                continue
            if way.against != "peer" and calls.inverts(operation):
                continue  # one spot and many strikes with prices of their own are no other case
            for count in sorted({1, threads.budget()} if way.threaded else {1}):
                for n in [n for n in sizes if count == 1 or n >= SPLIT_FROM]:
                    call = way.make(operation, given[way.puts], n, backend=backend, threads=count)
                    cells.append((name, cell(backend, count, n, call)))
    return cells


def _compared_with(entry: Entry, entries: Sequence[Entry]) -> Entry | None:
    """The peer, which has one thread and no backend, or another way of the same."""
    if entry["way"] == "peer":
        return None
    against = WAYS[entry["way"]].against
    wanted = {"way": against, "n": entry["n"]}
    if against != "peer":
        wanted.update(backend=entry["backend"], threads=entry["threads"])
    return next((one for one in entries if wanted.items() <= one.items()), None)


def single(operation: str, quick: bool) -> list[Entry]:
    """One option, by the function and by `bind`, as Python and NumPy have numbers."""
    shapes = {"floats": None, "0-d arrays": (), "1 element": (1,)}
    cells = [
        (way, operands, cell(backend, 1, 1, calls.of_one_option(operation, way, shape, backend)))
        for backend in ("auto", *usable(operation))
        for way in ("function", "bind")
        for operands, shape in shapes.items()
    ]
    time_all([one for *_, one in cells], 15 if quick else 51, 10.0, f"one {operation}")
    return [
        {"way": way, "operands": operands, "backend": one.backend, **figures(one)}
        for way, operands, one in cells
    ]


def tables(operation: str, entries: Sequence[Entry]) -> list[Table]:
    """Titles, headings and rows, ready to print."""
    return [
        _table(operation, entries, name, count)
        for name in WAYS
        for count in sorted({one["threads"] for one in entries if one["way"] == name})
    ]


def _table(operation: str, entries: Sequence[Entry], name: str, count: int) -> Table:
    way = WAYS[name]
    found = {
        (one["n"], one["backend"]): one
        for one in entries
        if one["way"] == name and one["threads"] == count
    }
    peers = {one["n"]: one for one in entries if one["way"] == "peer"}
    backends = list(dict.fromkeys(backend for _, backend in found))
    against_peer = bool(peers) and way.against == "peer"
    rows = [
        [f"{n:,}"]
        + ([_figure(peers.get(n))] if against_peer else [])
        + [_figure(found.get((n, backend))) for backend in backends]
        for n in sorted({n for n, _ in found})
    ]
    than = PEERS[operation][0] if against_peer else "full arrays"
    many = f"{count} threads" if count > 1 else "one thread"
    title = f"{way.title.format(operation)}, {many}: ns per option, × faster than {than}"
    return title, ["options", *([than] if against_peer else []), *backends], rows


def _figure(entry: Entry | None) -> str:
    if entry is None:
        return "–"
    return f"{entry['ns_per_option']:,.2f}" + (
        f" {entry['ratio']:6.2f}×" if "ratio" in entry else ""
    )


def single_table(operation: str, entries: Sequence[Entry]) -> Table:
    """One option: microseconds a call."""
    backends = list(dict.fromkeys(one["backend"] for one in entries))
    lines = list(dict.fromkeys((one["way"], one["operands"]) for one in entries))
    found = {(one["way"], one["operands"], one["backend"]): one for one in entries}
    rows = [
        [operation if way == "function" else way, operands]
        + [f"{found[way, operands, backend]['seconds'] * 1e6:.2f}" for backend in backends]
        for way, operands in lines
    ]
    return f"{operation} of one option: µs a call", ["call", "operands", *backends], rows
