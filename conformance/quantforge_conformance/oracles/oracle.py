"""What an oracle is: the suite's counterpart of an operation in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mpmath import mpf

from quantforge_conformance.edge_cases import EdgeCase
from quantforge_conformance.oracles.bounds import Bound
from quantforge_conformance.regions import Region

DATA = Path(__file__).parents[1] / "data"
"""The golden bits and worst cases of this suite's own operations."""


@dataclass(frozen=True)
class Oracle:
    """What one operation is measured against.

    Parameters
    ----------
    exact_values : callable
        From one option's inputs to the exact results, one mpf per output.
    bounds : mapping of str to tuple of Bound
        The accuracy contract of each output, in the order of the outputs.
    regions : tuple of Region
        Where accuracy is promised, ordinary options first.
    special : mapping of str to tuple of float
        By input: values at which code goes wrong.
    edge_cases : callable
        Returns what results are where the formula ends, a case each.
    public : callable
        ``public(operands, **options)`` calls the user's function on a kernel's operands, with
        `backend` and `threads` as options; it returns one result per output, alone or in a tuple.
        Where outputs can be chosen, `which` names some of them.
    specification : callable, optional
        From one option's inputs to the results, one float per output, whose bits every exact
        backend returns.
    golden_bits, worst_cases : Path, optional
        Files as `quantforge_conformance.golden` and `quantforge_conformance.worst_cases` read
        them. Without one its test has no cases.
    points : int
        How many options of each region the suite compares with the exact values.
    share : float, default 1
        Of as many options as others are tried on, for what takes much longer an option.
    """

    exact_values: Callable[..., tuple[mpf, ...]]
    bounds: Mapping[str, tuple[Bound, ...]]
    regions: tuple[Region, ...]
    special: Mapping[str, tuple[float, ...]]
    edge_cases: Callable[[], tuple[EdgeCase, ...]]
    public: Callable[..., Any]
    specification: Callable[..., tuple[float, ...]] | None = None
    golden_bits: Path | None = None
    worst_cases: Path | None = None
    points: int = 50
    share: float = 1.0

    def of(self, outputs: Sequence[str], names: Sequence[str]) -> Oracle:
        """Return the oracle of some of the outputs, for a backend that writes only those."""
        places = [place for place, name in enumerate(outputs) if name in names]

        def some(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(values[place] for place in places)

        def edge_cases() -> tuple[EdgeCase, ...]:
            return tuple(replace(case, expected=some(case.expected)) for case in self.edge_cases())

        specified = self.specification
        return replace(
            self,
            exact_values=lambda *lane: some(self.exact_values(*lane)),
            edge_cases=edge_cases,
            public=partial(self.public, which=[outputs[place] for place in places]),
            specification=specified and (lambda *lane: some(specified(*lane))),
        )
