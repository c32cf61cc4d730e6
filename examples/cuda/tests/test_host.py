"""The kernels have the bits of the C backend where there is no GPU.

Once as they are written, and once as NVRTC makes them for a device.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nvrtc
import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("kernels", ["source", "ptx"])
def test_the_tests_of_the_device_pass_on_the_host(kernels):
    if kernels == "ptx" and nvrtc.library() is None:
        pytest.skip("there is no NVRTC")
    paths = [str(HERE), str(HERE / "host"), *sys.path]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "QUANTFORGE_CUDA_HOST": kernels,
    }
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        HERE / "device",
    ]
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr
    assert "skipped" not in ran.stdout
