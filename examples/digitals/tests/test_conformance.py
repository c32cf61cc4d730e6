"""Both backends pass the quick part of the conformance suite."""

import subprocess
import sys

import pytest

import quantforge


@pytest.mark.parametrize("backend", ["digitals_c", "digitals_numpy"])
def test_a_backend_conforms(backend):
    state = {each.name: each.state for each in quantforge.backends()}[backend]
    if state != "available":
        pytest.skip(f"{backend} is {state}")
    suite = ["-m", "pytest", "-q", "--pyargs", "quantforge_conformance", "--backend", backend]
    ended = subprocess.run([sys.executable, *suite, "--quick"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
