"""Checks in a process of their own: they may crash or hang it, or have to come first."""

from __future__ import annotations

import subprocess
import sys

from quantforge_conformance.subject import Kernel

SECONDS = 120


def run(module: str, kernel: Kernel, given: bytes = b"") -> bytes:
    """Run a module of this package on a kernel; return its output, or fail with what it said."""
    command = [sys.executable, "-m", f"quantforge_conformance.isolated.{module}"]
    command += [kernel.backend, kernel.name]
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise AssertionError(f"{module} hangs after: {last_line(said)}") from None
    said, errors = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    how = f"died of signal {-done.returncode}" if done.returncode < 0 else "failed"
    assert done.returncode == 0, f"{module} {how} after: {last_line(said)}\n{errors}"
    return done.stdout


def last_line(text: str) -> str:
    """Return the last line: where the process was when it ended."""
    return (text.splitlines() or ["its start"])[-1]


def kernel() -> Kernel:
    """Return the kernel that the command line names, in the process that `run` has started."""
    from quantforge_conformance.subject import Subject

    backend, operation = sys.argv[1:]
    return next(one for one in Subject.alone(backend).kernels if one.name == operation)
