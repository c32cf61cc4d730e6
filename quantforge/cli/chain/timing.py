"""How long the kernels take for a chain, and which backends they are."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

import numpy as np

import quantforge
from quantforge.chain import PricedChain
from quantforge.chain.implied import derivation, inversion
from quantforge.chain.pricing import pricings

__all__ = ["with_times"]

_RUNS: Final = 3


def with_times(report: dict[str, Any], priced: PricedChain, **settings: Any) -> dict[str, Any]:
    """Add seconds and backends to the report on a priced chain.

    `settings` are the backend and threads that it was priced with. Backends are loaded by then, so
    that the calls, made once more, are timed alone.
    """
    asked = priced.chain, priced.expiries, priced.parity
    times: dict[int, tuple[float, str]] = {}
    for place, rows, call in pricings(*asked, priced.reason, **settings):
        times[place] = _fastest(call), _backend("price", rows.size, **settings)
    taken = [times.get(place, (np.nan, "")) for place in range(len(report["expiries"]))]
    expiries = [
        {**each, "seconds": spent, "backend": backend}
        for each, (spent, backend) in zip(report["expiries"], taken, strict=True)
    ]
    quotes = priced.implied
    inverted = quotes.bid.size + quotes.mid.size + quotes.ask.size
    backend = _backend("implied_volatility", inverted, **settings)
    with np.errstate(invalid="ignore"):
        seconds = {
            "price": sum((spent for spent, _ in times.values()), 0.0),
            "invert": _fastest(inversion(*asked, **settings)),
            "greeks": _fastest(derivation(*asked, quotes.mid, **settings)),
        }
    implied = {**report["implied"], "backend": backend}
    return {**report, "implied": implied, "expiries": expiries, "seconds": seconds}


def _backend(function: str, count: int, **settings: Any) -> str:
    """What serves a batch of so many options."""
    return quantforge.explain(function, count, model="black76", **settings).backend


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(_RUNS):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)
