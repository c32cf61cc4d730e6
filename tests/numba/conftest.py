"""What the numba backend's tests need: the backend itself, and processes of their own."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("numba", reason="numba is not installed")
pytest.importorskip("quantforge_numba", reason="the numba backend is not installed")

PROLOGUE = """
import hashlib, json, sys, warnings
import numpy as np

def options(n):
    g = np.random.default_rng(7)
    spot, strike, sigma = g.uniform(1, 300, n), g.uniform(1, 300, n), g.uniform(1e-4, 2, n)
    time, rate, dividend = g.uniform(0, 4, n), g.uniform(-0.2, 0.2, n), g.uniform(-0.2, 0.2, n)
    return spot, strike, time, rate, dividend, sigma, np.where(g.random(n) < 0.5, 1.0, -1.0)

def load():
    from quantforge.plugins import registry
    return registry().kernel("numba", "price")

def digest():
    return hashlib.sha256(load()(*options(100_000)).tobytes()).hexdigest()
"""


@pytest.fixture(scope="session")
def child():
    """Run code in a process of its own, below `PROLOGUE`; return what it prints as JSON."""

    def run(code, **changes):
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NUMBA_", "QUANTFORGE_", "PYTHONWARNINGS"))
        } | {name: str(value) for name, value in changes.items()}
        done = subprocess.run(
            [sys.executable, "-c", PROLOGUE + code],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
