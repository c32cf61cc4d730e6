"""How long the kernels take for a chain, and which backends they are."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain import PricedChain
from quantforge.chain.early_exercise import MODEL
from quantforge.chain.implied import derivation, inversions
from quantforge.chain.pricing import pricings

__all__ = ["with_times"]

_RUNS: Final = 3


def with_times(report: dict[str, Any], priced: PricedChain, **settings: Any) -> dict[str, Any]:
    """Add seconds and backends to the report on a priced chain.

    `settings` are the backend and threads that it was priced with. Backends are loaded by then, so
    that the calls, made once more, are timed alone.
    """
    times: dict[int, tuple[float, str]] = {}
    for place, rows, call in pricings(priced.fit, priced.reason, **settings):
        american = bool(priced.fit.american[place])
        times[place] = _fastest(call), _backend("price", rows.size, american, **settings)
    taken = [times.get(place, (np.nan, "")) for place in range(len(report["expiries"]))]
    expiries = [
        {**each, "seconds": spent, "backend": backend}
        for each, (spent, backend) in zip(report["expiries"], taken, strict=True)
    ]
    inverting: dict[str, float] = {}
    with np.errstate(invalid="ignore"):
        for rows, invert in inversions(priced.fit, **settings):
            american = bool(priced.fit.american[priced.expiries.of_option[rows[0]]])
            backend = _backend("implied_volatility", 3 * rows.size, american, **settings)
            inverting[backend] = inverting.get(backend, 0.0) + _fastest(invert)
        seconds = {
            "price": sum((spent for spent, _ in times.values()), 0.0),
            "invert": sum(inverting.values()),
            "greeks": _fastest(derivation(priced.fit, priced.implied.mid, **settings)),
        }
    implied = {**report["implied"], "backend": " and ".join(inverting)}
    return {**report, "implied": implied, "expiries": expiries, "seconds": seconds}


def _backend(function: str, count: int, american: bool, **settings: Any) -> str:
    """What serves a batch of so many options."""
    return quantforge.explain(function, count, **MODEL[american], **settings).backend


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(_RUNS):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)
