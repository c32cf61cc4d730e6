"""The backend in JAX and the prices that JAX differentiates, as examples/jax publishes them."""

import pytest


def test_the_example_in_jax_passes_its_tests(run_its_tests):
    pytest.importorskip("jax")
    assert " passed" in run_its_tests("jax")
