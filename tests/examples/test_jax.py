"""The example in JAX: a backend, and prices that JAX differentiates; installed and examined."""

import pytest


def test_its_own_tests_pass(its_tests_pass):
    pytest.importorskip("jax", reason="JAX is not installed: pip install jax")
    assert "skipped" not in its_tests_pass("jax")
