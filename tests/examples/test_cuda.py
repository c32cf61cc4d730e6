"""The example in CUDA: a backend with the bits of the others; installed and examined."""

import os
import shutil
from pathlib import Path

import pytest

FORMULAS = Path(__file__).resolve().parents[2] / "backends" / "c" / "src"


@pytest.fixture(autouse=True)
def _formulas(monkeypatch):
    """Where an installation finds the files that it copies."""
    monkeypatch.setenv("QUANTFORGE_C_SOURCES", str(FORMULAS))


def test_its_own_tests_pass_without_a_gpu(its_tests_pass):
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    assert " passed" in its_tests_pass("cuda", "-k", "host or ptx or machine")


def test_its_bits_are_equal_on_a_gpu(its_tests_pass):
    pytest.importorskip("cupy", reason="CuPy is not installed")
    if not os.path.exists("/dev/nvidiactl"):
        pytest.skip("there is no NVIDIA GPU")
    assert "skipped" not in its_tests_pass("cuda", tests="tests/device")
