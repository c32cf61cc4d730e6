"""How long a call takes."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final, TypeVar

Result = TypeVar("Result")

_RUNS: Final = 3


def fastest(call: Callable[..., Result], *operands: object) -> tuple[Result, float]:
    """Result of a call and the seconds of the fastest of a few runs."""
    least = float("inf")
    for _ in range(_RUNS):
        start = perf_counter()
        result = call(*operands)
        least = min(least, perf_counter() - start)
    return result, least
