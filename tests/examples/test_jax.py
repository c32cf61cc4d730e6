"""The example in JAX: a backend, installed and examined."""

from importlib.util import find_spec

import pytest


def test_its_own_tests_pass(its_tests_pass):
    if find_spec("jax") is None:  # whoever has imported it may not fork
        pytest.skip("JAX is not installed: pip install jax")
    assert "skipped" not in its_tests_pass("jax")
