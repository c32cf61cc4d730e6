"""The backend itself does the work: no other backend, and not the core in its name."""

import json
from typing import Any

import numpy as np
import pytest

import quantforge
from quantforge_conformance import isolated, operands
from quantforge_conformance.checks import expect_none, unlike


@pytest.fixture(scope="module")
def witnessed():
    """Return what a kernel used of other backends and the core; each is watched once."""
    reports = {}

    def report(kernel):
        if kernel.name not in reports:
            reports[kernel.name] = json.loads(isolated.run("witness", kernel))
        return reports[kernel.name]

    return report


def test_every_other_backend_is_blocked(kernel):
    states = {info.name: info.state for info in quantforge.backends()}
    assert states.pop(kernel.backend) == "available"
    assert not any(state == "available" for state in states.values()), states


@pytest.mark.parametrize("n", [1, 1_000, 1_000_000])
def test_explain_names_the_backend(kernel, n):
    if not kernel.takes(n):
        pytest.skip(f"{kernel.backend} takes no batch of {n} options")
    how: dict[str, Any] = {"which": [output.name for output in kernel.operation.outputs]}
    if kernel.described.models:
        how["model"] = kernel.described.models[0]
    with quantforge.using(tier=kernel.tier):
        for backend in (kernel.backend, "auto"):
            found = quantforge.explain(kernel.name, n, backend=backend, **how)
            assert found.backend == kernel.backend


@pytest.mark.parametrize("used", ["imported", "called", "mapped"])
def test_no_other_backend_does_the_work(kernel, witnessed, used):
    assert witnessed(kernel)[used] == []


def test_the_public_function_returns_what_the_kernel_does(kernel):
    batch = operands.mixed(kernel, 1_000)
    results = kernel.public(batch)
    expect_none(unlike(kernel, results, kernel(*batch), batch))
    assert all(type(result) is np.ndarray for result in results)
