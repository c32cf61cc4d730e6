"""Use a backend with threads, fork, and use it again in the child and in the parent."""

from __future__ import annotations

import os

from quantforge.testing import forced_threads
from quantforge_conformance import isolated, operands
from quantforge_conformance.checks import unlike
from quantforge_conformance.subject import Kernel


def wrong(kernel: Kernel) -> list[str]:
    """Return how serial and threaded results differ."""
    batch = operands.mixed(kernel, 100_000)
    with forced_threads():
        results = kernel.public(batch, threads=4)
    return unlike(kernel, results, kernel(*batch), batch)


def main() -> None:
    """Compare before the fork, in the child, and after it."""
    kernel = isolated.kernel()
    print("in the parent", flush=True)
    assert not wrong(kernel)
    print("in the child", flush=True)
    child = os.fork()
    if child == 0:
        os._exit(len(wrong(kernel)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print("in the parent after the fork", flush=True)
    assert not wrong(kernel)


if __name__ == "__main__":
    main()
