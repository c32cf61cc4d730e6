"""What the calls that are timed have to return: a backend that is fast and wrong must not win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import api
from quantforge.errors import BackendError
from quantforge.operations import OPERATIONS
from quantforge.plugins import registry
from quantforge.tuning.inputs import Arrays, choice, model, taken

__all__ = ["Reference", "WrongResult"]

_CHUNK: Final = 1024
"""Options per call here, so that a backend that is wrong from some size on is right in this."""

_FALLBACK: Final = "numpy"  # which is not exact, and simple

_RELATIVE: Final = 1e-8
_ABSOLUTE: Final = 1e-10  # of the largest result
"""How far a backend that is not exact may be off: more than rounding, less than any fault."""

_OF_A_BOUND: Final = 1e-5
"""Bounds of the accuracy contract, some ulp, in units of what is allowed here."""

Column = NDArray[Any]


class WrongResult(BackendError):
    """A backend has returned something else than the reference."""


class Reference:
    """The results of one operation, bit for bit what most of the exact backends return.

    They are computed in small chunks, as far as they are needed, and have to be near those of the
    fallback; if none is, those of the fallback themselves are the reference. Where nothing exact
    was ever installed there is no reference, and nothing is checked.
    """

    def __init__(
        self, operation: str, arrays: Arrays, backends: Sequence[str], model: str = ""
    ) -> None:
        """`model` is the operation's first one by default."""
        self.model = model or OPERATIONS[operation].model
        self.operation, self.arrays = operation, taken(arrays, self.model)
        self.others: dict[str, Reference] = {}
        self.exact = [name for name in backends if registry().exact(name, operation)]
        self.columns: dict[str, Column] = {}
        self.known = 0

    def check(self, backend: str, n: int, result: Any) -> None:
        """Compare what a backend has returned for the first `n` options.

        Raises
        ------
        WrongResult
            It is not what the reference says; the message has the first value that differs.
        """
        served = model(self.operation, backend)
        if served != self.model:
            if served not in self.others:
                self.others[served] = Reference(self.operation, self.arrays, self.exact, served)
            self.others[served].check(backend, n, result)
            return
        if n > self.known and (self.exact or self.known):
            self._extend(n)
        if n > self.known:
            return
        for name, got in _columns(result).items():
            expected = self.columns[name][:n]
            if backend in self.exact:
                wrong = _bits(got) != _bits(expected)
            else:
                wrong = self._far(got, expected, slack=self._slack(backend))
            if wrong.any():
                first = int(np.argmax(wrong))
                self.exact = [name for name in self.exact if name != backend]
                raise WrongResult(
                    f"{self.operation} of {n:,} options is wrong: {name}[{first}] is "
                    f"{got[first].item()!r}, {expected[first].item()!r} is right"
                )
            if isinstance(result, np.ndarray):
                result.fill(np.nan)  # the next call has to write it again

    def _extend(self, n: int) -> None:
        answers = {name: self._computed(name, self.known, n) for name in self.exact}
        bits = {
            name: b"".join(each.tobytes() for each in its.values())
            for name, its in answers.items()
            if its
        }
        rough = self._computed(_FALLBACK, max(self.known, n - _CHUNK), n)
        near = [name for name in bits if self._agree(answers[name], rough, n)]
        if near:
            votes = [bits[name] for name in near]
            found = answers[max(near, key=lambda name: votes.count(bits[name]))]
        else:
            self.exact, found = [], self._computed(_FALLBACK, self.known, n)
        if not found:
            return
        for name, column in found.items():
            self.columns[name] = np.concatenate([self.columns.get(name, column[:0]), column])
        self.known = n

    def _agree(self, its: Mapping[str, Column], rough: Mapping[str, Column], n: int) -> bool:
        """Whether the last results are near those of the fallback; if it has none, whatever is."""
        return not any(
            self._far(its[name][-column.size :], column, n - column.size).any()
            for name, column in rough.items()
        )

    def _computed(self, backend: str, low: int, high: int) -> dict[str, Column]:
        """Results of a backend for some of the options; none where it fails."""
        asked, parts = OPERATIONS[self.operation], []
        function = api.function(asked.function)
        how: dict[str, Any] = {
            "kind": "call",
            **choice(self.operation, self.model),
            "backend": backend,
            "threads": 1,
        }
        for start in range(low, high, _CHUNK):
            chunk = slice(start, min(start + _CHUNK, high))
            try:
                found = function(**{name: its[chunk] for name, its in self.arrays.items()}, **how)
            except Exception:  # whoever times it will say so
                return {}
            parts.append(_columns(found))
        return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}

    def _slack(self, backend: str) -> float:
        """How many times as far off a backend may be as one that keeps the accuracy contract."""
        stated = registry().description(backend).approximate.get(self.operation, 0.0)
        return max(1.0, _OF_A_BOUND * stated)

    def _far(
        self, got: Column, expected: Column, start: int = 0, slack: float = 1.0
    ) -> NDArray[np.bool_]:
        """Which results differ by more than rounding explains."""
        with np.errstate(all="ignore"):
            far = ~_close(got, expected, slack)
            inverted = OPERATIONS[self.operation].inverse_of
            if inverted and far.any():  # many volatilities may have one price
                prices = self._prices(got, start), self._prices(expected, start)
                far &= ~_close(*prices, slack)
        return far

    def _prices(self, found: Column, start: int) -> Column:
        """What the operation that this one inverts makes of its results."""
        asked = OPERATIONS[self.operation]
        assert asked.inverse_of is not None
        priced = OPERATIONS[asked.inverse_of]
        given = {name: array[start : start + found.size] for name, array in self.arrays.items()}
        del given[asked.inputs[0].argument]
        (unknown,) = {each.argument for each in priced.inputs} - {
            each.argument for each in asked.inputs
        }
        prices = api.function(priced.function)(
            **given, **{unknown: found}, kind="call", **choice(priced.name)
        )
        return np.asarray(prices)


def _columns(result: Any) -> dict[str, Column]:
    """The results of a call by name."""
    if isinstance(result, Mapping):
        return {name: np.asarray(each) for name, each in result.items()}
    several = result if isinstance(result, tuple) else (result,)
    return {f"result {place}": np.asarray(each) for place, each in enumerate(several)}


def _bits(column: Column) -> Column:
    return np.ascontiguousarray(column).view(f"i{column.itemsize}")


def _close(got: Column, expected: Column, slack: float = 1.0) -> NDArray[np.bool_]:
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max() if finite.size else 0.0
    allowed = slack * (_RELATIVE * np.abs(expected) + _ABSOLUTE * scale)
    near = np.abs(got - expected) <= allowed
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.asarray(near | same)
