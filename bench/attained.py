"""The largest errors of the exact backends in each region: the tables of docs/numerics.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import ORACLES, OUT_OF_THE_MONEY, Bound

from bench import published
from bench.published import Table, dump, markdown
from quantforge.operations import OPERATIONS
from quantforge.plugins import registry
from quantforge.tuning.progress import progress_bar

PAGE = Path(__file__).parent.parent / "docs" / "numerics.md"
FIGURES = PAGE.parent / "attained.json"
"""What the tables are written from; a test compares the two."""

COUNTS = {"price": 2_000, "greeks": 2_000, "implied_volatility": 500}
"""Options of each region, by the public function."""

MEASURED = tuple(name for name in ORACLES if OPERATIONS[name].exercise == "european")
"""What is right to the last digits; docs/american.md has the errors of the rest."""

_PIECE = 500
"""Options at a time: the suite keeps the exact values of some thousand."""


def measure(share: float = 1.0) -> dict[str, Any]:
    """Measure one exact backend, for all return the same bits, on a share of the options."""
    counts = {name: round(share * count) for name, count in COUNTS.items()}
    cases = [(name, region) for name in MEASURED for region in ORACLES[name].regions]
    errors: dict[str, dict[str, dict[str, float]]] = {name: {} for name in MEASURED}
    with progress_bar() as progress:
        for done, (name, region) in enumerate(cases):
            progress(name, done / len(cases))
            operands = region.sample(counts[OPERATIONS[name].function])
            errors[name][region.name] = _errors(name, operands)
    return {"counts": counts, "errors": errors}


def _errors(name: str, operands: Any) -> dict[str, float]:
    """Return the largest error of each output in the unit of each of its bounds."""
    found: dict[str, float] = {}
    for start in range(0, len(operands[0]), _PIECE):
        for key, error in _errors_of_few(name, [x[start : start + _PIECE] for x in operands]):
            found[key] = max(found.get(key, 0.0), error)
    return {key: round(error, 3) for key, error in found.items()}


def _errors_of_few(name: str, operands: Sequence[Any]) -> Iterator[tuple[str, float]]:
    measured = Measured(ORACLES[name], operands)
    backend = registry().candidates(name)[0]
    given = registry().kernel(backend, name)(*operands)
    results = given if isinstance(given, tuple) else (given,)
    for place, (output, bounds) in enumerate(ORACLES[name].bounds.items()):
        for bound in bounds:
            yield column(name, output, bound), measured.worst(place, bound, results[place])[0]


def column(operation: str, output: str, bound: Bound) -> str:
    """Return the heading of a bound's column; of greeks the outputs have columns."""
    if OPERATIONS[operation].function != "greeks":
        return bound.name
    own = "own " if bound.name == OUT_OF_THE_MONEY else ""
    return own + output.replace("_", " ")


def tables(figures: Mapping[str, Any]) -> dict[str, Table]:
    """Return title, headings and rows by operation; what is 0 in every region has no column."""
    made = {}
    for name, regions in figures["errors"].items():
        function = OPERATIONS[name].function
        kept = {key for errors in regions.values() for key, error in errors.items() if error}
        # The greeks first, then what is said of some of them in their own ulp.
        order = sorted(next(iter(regions.values())), key=lambda key: key.startswith("own "))
        columns = [key for key in order if key in kept]
        digits = 2 if function == "implied_volatility" else 1
        rows = [
            [region, *(f"{errors[key]:.{digits}f}" for key in columns)]
            for region, errors in regions.items()
        ]
        title = f"{name}: largest errors on {figures['counts'][function]:,} options of each region"
        made[name] = (title, ["region", *columns], rows)
    return made


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """Return a page with the tables below their markers made anew."""
    made = {name: markdown(*table[1:]) for name, table in tables(figures).items()}
    return published.filled(page, "attained", made)


def write(figures: Mapping[str, Any]) -> Path:
    """Write the figures and the page's tables; return the page's path."""
    FIGURES.write_text(dump(figures) + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text("utf-8"), figures), encoding="utf-8")
    return PAGE
