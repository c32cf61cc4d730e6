"""What greeks cost beside the price: kernels alone, written into arrays that are there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import quantforge
from bench import calls
from bench.surroundings import usable
from bench.timing import cell, figures, time_all
from quantforge.operations import OPERATIONS, SIGN
from quantforge.plugins import registry

SIZES = (1_000, 10_000)
GROUPS = {
    "first order": quantforge.FIRST_ORDER,
    "second order": quantforge.SECOND_ORDER,
    "all": quantforge.ALL,
}

Entry = dict[str, Any]


def compare(operation: str, price: str, quick: bool) -> list[Entry]:
    """One entry per group, backend and batch size; `ratio` is the time over that of `price`."""
    cells = []
    given = calls.options(operation, SIZES[-1])
    for backend in usable(operation):
        for n in SIZES:
            made = {"price": _kernel(price, backend, given, n, ())}
            for name, which in GROUPS.items():
                made[name] = _kernel(operation, backend, given, n, which)
            cells += [(name, cell(backend, 1, n, call)) for name, call in made.items()]
    time_all([one for _, one in cells], 15 if quick else 51, 20.0, f"groups of {operation}")
    found = {(name, one.backend, one.n): one for name, one in cells}
    return [
        {
            "group": name,
            "backend": one.backend,
            "n": one.n,
            "ratio": one.seconds / found["price", one.backend, one.n].seconds,
            **figures(one),
        }
        for name, one in cells
    ]


def _kernel(
    operation: str, backend: str, given: calls.Options, n: int, which: Sequence[str]
) -> Callable[[], Any]:
    asked = OPERATIONS[operation]
    wanted = asked.wanted(which) if which else None
    kernel = registry().kernel(backend, operation, wanted)
    inputs = [given["kind" if one is SIGN else one.argument][:n] for one in asked.inputs]
    return partial(kernel, *inputs, *(np.empty(n) for _ in which or asked.outputs))


def table(operation: str, entries: list[Entry]) -> tuple[str, list[str], list[list[str]]]:
    """Title, headings and rows, ready to print."""
    backends = list(dict.fromkeys(one["backend"] for one in entries))
    found = {(one["n"], one["group"], one["backend"]): one for one in entries}
    lines = list(dict.fromkeys((n, group) for n, group, _ in found))
    rows = [
        [f"{n:,}", group]
        + [
            f"{found[n, group, backend]['ns_per_option']:,.2f}"
            f" {found[n, group, backend]['ratio']:5.2f}×"
            for backend in backends
        ]
        for n, group in lines
    ]
    title = f"{operation}, kernels on one thread: ns per option, × the price"
    return title, ["options", "group", *backends], rows
