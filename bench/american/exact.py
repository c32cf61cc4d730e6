"""Exact values of a book's options and where each stands beside its exercise boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import quantforge_conformance
from quantforge_conformance import reference
from quantforge_conformance.reference.american_price import Boundaries

from bench.american import books
from bench.american.books import Book, Floats, Options
from bench.kept import kept
from quantforge.tuning.progress import progress_bar

_PIECE = 20  # boundaries solved for at once
_POINTS, _TURNS = 24, 40  # of these boundaries; a picture shows no more than three digits


@dataclass(frozen=True)
class Exact:
    """A book's options, what each is worth, and where it stands.

    Attributes
    ----------
    value : ndarray
        The price by the conformance suite's reference, right to some 1e-9 of the strike.
    distance : ndarray
        ln(S / B) over sigma sqrt(T) of the put that the option is by symmetry, B being the exercise
        boundary today: below 0 it is exercised now. NaN where nobody ever exercises early.
    """

    options: Options
    value: Floats
    distance: Floats


def exact(book: Book, count: int, seed: int) -> Exact:
    """Return options of a book with what is known of them, which is kept in bench/results."""
    options = book.draw(count, seed)
    name = f"american_{book.name}-{seed}-{count}"

    def made() -> dict[str, Any]:
        with progress_bar() as progress:
            value = _values(options, lambda share: progress(f"{book.name} book, exact", share))
        return {"value": value, "distance": _distances(options.as_puts())}

    return Exact(options, **kept(name, _sources(), made))


def _sources() -> tuple[Path, ...]:
    folder = Path(quantforge_conformance.__file__).parent / "reference"
    return (Path(__file__), Path(books.__file__), folder / "american_price.py", folder / "price.py")


def _values(options: Options, progress: Callable[[float], None]) -> Floats:
    lanes = list(zip(*(column.tolist() for column in options), strict=True))
    found = np.empty(len(lanes))
    for place, lane in enumerate(lanes):
        progress(place / len(lanes))
        found[place] = float(reference.american_price(*lane))
    progress(1.0)
    return found


def _distances(puts: Options) -> Floats:
    found = np.full(len(puts.spot), np.nan)
    early = np.flatnonzero((puts.rate > 0.0) | (puts.dividend < puts.rate))
    for places in _pieces(early):
        few = puts.taken(places)
        variance = few.sigma**2
        a, b, x = few.rate / variance, few.dividend / variance, variance * few.time
        boundary = Boundaries(a, b, x, points=_POINTS, turns=_TURNS)
        log_boundary = boundary.log_start[:, 0] - boundary.depth[:, 0]
        found[places] = (np.log(few.spot / few.strike) - log_boundary) / np.sqrt(x)
    return found


def _pieces(places: Any) -> Iterator[Any]:
    for start in range(0, len(places), _PIECE):
        yield places[start : start + _PIECE]
