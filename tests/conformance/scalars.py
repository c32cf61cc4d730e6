"""A pytest plugin that gives every backend a scalar entry, the kernel's own or one with a fault."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

from quantforge import testing

FAULTS: dict[str, Callable[[float], float]] = {
    "none": lambda result: result,
    "one ulp": lambda result: math.nextafter(result, math.inf),
    "a sign": lambda result: -result if result == 0 else result,
}
FAULT = FAULTS[os.environ["QUANTFORGE_SCALAR_FAULT"]]


def scalar(backend: str, operation: str, outputs: Sequence[str] | None = None) -> Any:
    kernel = testing.kernel(backend, operation, outputs)

    def entry(*operands: float) -> Any:
        results = kernel(*operands)
        if isinstance(results, tuple):
            return [FAULT(float(result)) for result in results]
        return FAULT(float(results))

    return entry


testing.scalar = scalar
