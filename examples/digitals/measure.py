"""Look for the greatest errors of a backend: hill climbs from the worst of random options.

usage: python measure.py BACKEND [SECONDS]

An error is counted in what rounding costs, as the accuracy contract does. What comes near to a
bound is printed as a line for quantforge_digitals/data.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import Oracle
from quantforge_digitals import conformance
from quantforge_digitals.operations import ASSET_OR_NOTHING, CASH_OR_NOTHING, OUTPUTS

from quantforge import testing

STARTS, TRIES = 200, 40


def errors(oracle: Oracle, kernel: Any, lanes: Any) -> Any:
    """The errors of options, a row for each output; those not in any region count for nothing."""
    operands = np.ascontiguousarray(np.transpose(lanes))
    with np.errstate(all="ignore"):
        results = kernel(*operands)
    measured = Measured(oracle, list(operands))
    found = [
        measured.misses(place, oracle.bounds[name][0], results[place])
        for place, name in enumerate(OUTPUTS)
    ]
    return np.array(found)


def climb(oracle: Oracle, kernel: Any, seconds: float) -> dict[str, tuple[float, Any]]:
    """The greatest error of each output, and the option that has it."""
    worst: dict[str, tuple[float, Any]] = dict.fromkeys(OUTPUTS, (0.0, None))
    rng, end, seed = np.random.default_rng(1), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        region = oracle.regions[seed % len(oracle.regions)]
        lanes = np.transpose(np.array(region.sample(STARTS, seed)))
        seed += 1
        found = errors(oracle, kernel, lanes)
        for place, name in enumerate(OUTPUTS):
            top = int(np.argmax(found[place]))
            error, lane = float(found[place, top]), lanes[top]
            step = 1e-2
            while step > 1e-15:  # from near-by options down to neighbouring doubles
                near = np.repeat(lane[None], TRIES, axis=0)
                near[:, :-1] *= 1.0 + step * rng.standard_normal((TRIES, 6))
                its = errors(oracle, kernel, near)[place]
                best = int(np.argmax(its))
                if its[best] > error:
                    error, lane = float(its[best]), near[best]
                else:
                    step /= 10.0
            if error > worst[name][0]:
                worst[name] = error, lane
    return worst


def main() -> None:
    backend, seconds = sys.argv[1], float((*sys.argv, "60")[2])
    for operation, oracle in (
        (CASH_OR_NOTHING, conformance.CASH_OR_NOTHING),
        (ASSET_OR_NOTHING, conformance.ASSET_OR_NOTHING),
    ):
        kernel = testing.kernel(backend, operation.name)
        for name, (error, lane) in climb(oracle, kernel, seconds / 2).items():
            words = " ".join(float(x).hex() for x in lane)
            print(f"{operation.name} {name}: {error:.2f}\n{words}  # {name} {error:.2f}")


if __name__ == "__main__":
    main()
