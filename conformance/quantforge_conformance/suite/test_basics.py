"""Faults that make nearly everything fail, each with a test of its own."""

import numpy as np
import pytest

from quantforge_conformance import operands

ALMOST_SINGLE = 1e6
"""A bound, in multiples of the accuracy contract, beyond which single precision may do."""


def numbers(kernel):
    """Return the results that are numbers, of ordinary options."""
    results = kernel(*operands.ordinary(kernel, 1_000))
    types = (output.type for output in kernel.operation.outputs)
    return [result for result, kind in zip(results, types, strict=True) if kind == "d"]


def test_something_is_computed(kernel):
    values = [np.unique(result[np.isfinite(result)]) for result in numbers(kernel)]
    assert any(each.size > 1 for each in values)  # some greek may be 0 for all options


def test_results_have_double_precision(kernel):
    if kernel.slack > ALMOST_SINGLE:
        pytest.skip(f"{kernel.backend} states errors up to {kernel.slack:g} times the contract's")
    found = np.concatenate(numbers(kernel))
    found = found[np.isfinite(found) & (found != 0.0)]
    with np.errstate(over="ignore", under="ignore"):
        single = found.astype(np.float32) == found
    assert np.mean(single) < 0.5
