"""The CUDA backend has the bits of the others, as examples/cuda publishes it; without a GPU too."""

import os
import shutil

import pytest


def test_the_example_in_cuda_passes_its_tests_without_a_gpu(run_its_tests):
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    assert " passed" in run_its_tests("cuda", "-k", "host or ptx")


def test_the_example_in_cuda_has_equal_bits_on_a_gpu(run_its_tests):
    pytest.importorskip("cupy")
    if not os.path.exists("/dev/nvidiactl"):
        pytest.skip("there is no GPU")
    assert "skipped" not in run_its_tests("cuda", "tests/device")
