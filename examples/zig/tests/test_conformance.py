"""The suite that any backend has to pass, on this one."""

import subprocess
import sys


def test_the_backend_passes_the_conformance_suite():
    suite = [sys.executable, "-m", "pytest", "-q", "--pyargs", "quantforge_conformance"]
    done = subprocess.run([*suite, "--backend", "zig", "--quick"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
