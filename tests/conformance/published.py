"""An operation that another distribution publishes: its declaration, its oracle, a backend for it.

The discount factor e^(-rate time), in NumPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from mpmath import exp, mp, mpf
from numpy.typing import NDArray
from quantforge_conformance.edge_cases import EdgeCase, Near
from quantforge_conformance.oracles import Bound, Lane, Oracle
from quantforge_conformance.reference import ulp
from quantforge_conformance.regions import Region

from quantforge import CONTRACT, Backend, hookimpl, testing

NAME = "discounting_factor"
RATE = testing.Operand("rate", "risk-free rate", "1/year", (0.0, 0.08), finite=True)
TIME = testing.Operand("time", "time to payment", "years", (0.05, 3.0), nonnegative=True)
OPERATION = testing.Operation(
    name=NAME,
    summary="present value of a payment of 1",
    inputs=(RATE, TIME),
    outputs=(testing.Output(NAME, "e^(-rate time)", ""),),
    numerics=1,
    function=NAME,
)


def discount_factor(rate: Any, time: Any, out: Any) -> Any:
    """Return e^(-rate time)."""
    missing = np.isnan(rate) | np.isnan(time)
    undefined = ~missing & ((time < 0) | np.isinf(rate))
    with np.errstate(all="ignore"):
        found = np.where(rate == 0, 1.0, np.exp(-rate * time))
    found[missing | undefined] = np.nan
    if undefined.any():
        np.sqrt(np.float64(-1.0))  # NumPy's *invalid* signal, under the caller's errstate
    return np.positive(found, out=out)


@hookimpl
def quantforge_operations() -> list[testing.Operation]:
    return [OPERATION]


@hookimpl
def quantforge_backend() -> Backend:
    return Backend(
        name="discounting",
        version="1",
        contract=CONTRACT,
        numerics={NAME: 1},
        exact=False,
        load=lambda: {NAME: discount_factor},
    )


class Payments(NamedTuple):
    """The operands of `discount_factor`."""

    rate: NDArray[np.float64]
    time: NDArray[np.float64]


def exact(rate: float, time: float) -> tuple[mpf, ...]:
    with mp.workdps(50):
        return (exp(-mpf(rate) * mpf(time)),)


def unit(lane: Lane, value: mpf) -> mpf:
    """Return an ulp of the result, and what half an ulp of rate times time costs it."""
    rate, time = lane
    return ulp(value) * (1 + abs(rate * time))


def edge_cases() -> tuple[EdgeCase, ...]:
    return (
        EdgeCase("nothing to wait for", (0.05, 0.0), (1.0,)),
        EdgeCase("for ever", (0.05, np.inf), (0.0,)),
        EdgeCase("for ever without a rate", (0.0, np.inf), (1.0,)),
        EdgeCase("ten years", (0.1, 10.0), (Near(exact(0.1, 10.0)[0], mpf(2) ** -52),)),
        EdgeCase("time -1.0", (0.05, -1.0), (np.nan,), invalid=True),
        EdgeCase("rate nan", (np.nan, -1.0), (np.nan,)),
    )


ORACLE = Oracle(
    exact_values=exact,
    bounds={NAME: (Bound("ulp (1 + |rT|)", 1, unit),)},
    regions=(
        Region("ordinary", lambda rng, n: Payments(rng.uniform(0, 0.08, n), rng.uniform(0, 3, n))),
        Region("long", lambda rng, n: Payments(rng.uniform(-0.1, 0.1, n), rng.uniform(3, 99, n))),
    ),
    special={"rate": (0.0, 1e300, np.inf, np.nan), "time": (0.0, 1e300, np.inf, -1.0, np.nan)},
    edge_cases=edge_cases,
    public=lambda operands, backend="discounting", **_: testing.kernel(backend, NAME)(*operands),
)
