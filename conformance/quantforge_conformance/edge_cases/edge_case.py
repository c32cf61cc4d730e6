"""What an edge case is, and when a result is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import isinf, isnan, mpf

from quantforge_conformance.special import INFINITY, NANS

NAN = NANS[0]
CALL, PUT = 1.0, -1.0
UNDEFINED_SIGNS = ((0.0, True), (2.0, True), (INFINITY, True), (NAN, False))
"""Signs of neither a call nor a put, and whether they are signalled: a NaN that comes in is not."""


@dataclass(frozen=True)
class Near:
    """A number that a result may miss by `tolerance`. A zero may have either sign."""

    value: mpf
    tolerance: mpf

    def holds(self, got: Any, slack: float = 1) -> bool:
        """Return whether a result is near enough; NaN and infinities have to be met exactly."""
        if isnan(self.value) or isinf(float(self.value)):
            return float(got) == float(self.value)
        tolerance = self.tolerance * slack + mpf(2) ** -1074
        return bool(abs(mpf(float(got)) - self.value) <= tolerance)


Expected = float | Near | None
"""None where a result is only promised to be a number, not NaN."""


def right(got: Any, expected: Expected, slack: float = 1, ulps: float = 0) -> bool:
    """Return whether a result is as expected: a float to the bit, signs of zeros included.

    With `ulps`, for a backend that states bounds of its own, a number may be so far off.
    """
    if expected is None:
        return not np.isnan(got)
    if isinstance(expected, Near):
        return expected.holds(got, slack)
    if ulps and expected and np.isfinite(expected):
        return bool(abs(got - expected) <= ulps * np.spacing(abs(expected)))
    return np.asarray(expected, np.asarray(got).dtype).tobytes() == np.asarray(got).tobytes()


@dataclass(frozen=True)
class EdgeCase:
    """Operands, what is expected of each output, and whether *invalid* is signalled."""

    name: str
    operands: tuple[float, ...]
    expected: tuple[Expected, ...]
    invalid: bool = False


def changed(plain: Mapping[str, float], name: str, sign: float) -> tuple[str, tuple[float, ...]]:
    """Return the name and operands of the case described as ``"spot 0.0, sigma inf"``."""
    changes = dict(change.rsplit(" ", 1) for change in filter(None, name.split(", ")))
    operands = {**plain, "sign": sign} | {key: float(value) for key, value in changes.items()}
    side = {CALL: "call", PUT: "put"}.get(sign)
    return f"{side} {name}" if side else name, tuple(operands.values())
