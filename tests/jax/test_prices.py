"""`quantforge.jax`, tested in a process of its own: whoever has imported JAX may not fork."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


def test_prices_within_programs_of_jax_are_right_with_their_derivatives():
    if find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    tests = Path(__file__).with_name("prices.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
