"""What the calls that are timed have to return: a backend that is fast and wrong must not win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantforge import api
from quantforge.errors import BackendError
from quantforge.operations import OPERATIONS
from quantforge.plugins import registry
from quantforge.tuning import inputs

__all__ = ["Reference", "WrongResult"]

_CHUNK: Final = 256
"""Options per call here, so that a backend that is wrong from some size on is right in this."""

_RELATIVE: Final = 1e-8
_ABSOLUTE: Final = 1e-10  # of the largest result
"""How far a backend that is not exact may be off: more than rounding, less than any fault."""

Column = NDArray[Any]


class WrongResult(BackendError):
    """A backend has returned something else than the reference."""


class Reference:
    """The results of one operation, bit for bit what most of the exact backends return.

    They are computed in small chunks, as far as they are needed. Without an exact backend there are
    none, and nothing is checked.
    """

    def __init__(self, operation: str, arrays: inputs.Arrays, backends: Sequence[str]) -> None:
        self.operation, self.arrays = operation, arrays
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
        if not self.exact:
            return
        if n > self.known:
            self._extend(n)
        if not self.columns:
            return
        for name, got in _columns(result).items():
            expected = self.columns[name][:n]
            if backend in self.exact:
                wrong = _bits(got) != _bits(expected)
            else:
                wrong = self._far(got, expected)
            if wrong.any():
                first = int(np.argmax(wrong))
                raise WrongResult(
                    f"{self.operation} of {n:,} options is wrong: {name}[{first}] is "
                    f"{got[first].item()!r}, {expected[first].item()!r} is right"
                )
            if isinstance(result, np.ndarray):
                result.fill(np.nan)  # the next call has to write it again

    def _extend(self, n: int) -> None:
        computed = {name: self._computed(name, self.known, n) for name in self.exact}
        answers = {name: its for name, its in computed.items() if its}
        if not answers:
            self.exact = []
            return
        bits = {
            name: b"".join(each.tobytes() for each in its.values()) for name, its in answers.items()
        }
        votes = {name: sum(its == other for other in bits.values()) for name, its in bits.items()}
        most = max(votes.values())
        leaders = [name for name in answers if votes[name] == most]
        if len({bits[name] for name in leaders}) > 1:
            leaders.sort(key=partial(self._faults, answers, n))
        for name, column in answers[leaders[0]].items():
            self.columns[name] = np.concatenate([self.columns.get(name, column[:0]), column])
        self.known = n

    def _computed(self, backend: str, low: int, high: int) -> dict[str, Column]:
        """Results of a backend for some of the options; none where it fails."""
        parts = []
        for start in range(low, high, _CHUNK):
            stop = min(start + _CHUNK, high)
            part = {name: array[start:stop] for name, array in self.arrays.items()}
            try:
                found = _columns(inputs.call(self.operation, part, stop - start, backend, 1)())
            except Exception:  # whoever times it will say so
                return {}
            parts.append(found)
        return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}

    def _faults(self, answers: Mapping[str, dict[str, Column]], n: int, backend: str) -> int:
        """How many results of a backend are far from those of the fallback, which is not exact."""
        others = self._computed("numpy", self.known, n)
        its = answers[backend]
        return sum(int(self._far(its[name], others[name], self.known).sum()) for name in others)

    def _far(self, got: Column, expected: Column, start: int = 0) -> NDArray[np.bool_]:
        """Which results differ by more than rounding explains."""
        with np.errstate(all="ignore"):
            far = ~_close(got, expected)
            inverted = OPERATIONS[self.operation].inverse_of
            if inverted and far.any():  # many volatilities may have one price
                far &= ~_close(self._prices(got, start), self._prices(expected, start))
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
            **given, **{unknown: found}, kind="call", model=priced.model
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


def _close(got: Column, expected: Column) -> NDArray[np.bool_]:
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max() if finite.size else 0.0
    near = np.abs(got - expected) <= _RELATIVE * np.abs(expected) + _ABSOLUTE * scale
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.asarray(near | same)
