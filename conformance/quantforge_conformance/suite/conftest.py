"""Runs every test on every operation of the backend that ``--backend`` names."""

from __future__ import annotations

import pytest

from quantforge_conformance.plugin import SUBJECT
from quantforge_conformance.subject import Kernel, installed
from quantforge_conformance.worst_cases import worst_cases


@pytest.fixture
def exact(kernel: Kernel) -> None:
    """Skip for a backend that does not promise the specification's bits."""
    if not kernel.exact:
        pytest.skip(f"{kernel.backend} does not promise the bits of this core's specification")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test every kernel, with each region, edge case or worst case where it asks for one."""
    subject = metafunc.config.stash.get(SUBJECT, None)
    kernels = subject.kernels if subject else ()
    cases = {
        "region": lambda kernel: kernel.oracle.regions,
        "edge_case": lambda kernel: kernel.oracle.edge_cases(),
        "worst_case": lambda kernel: worst_cases(kernel.name),
    }
    for case, table in cases.items():
        if case in metafunc.fixturenames:
            pairs = [(kernel, one) for kernel in kernels for one in table(kernel)]
            ids = [f"{kernel.name}-{one.name}" for kernel, one in pairs]
            metafunc.parametrize(("kernel", case), pairs, ids=ids)
            return
    if "kernel" in metafunc.fixturenames:
        metafunc.parametrize("kernel", kernels, ids=[kernel.name for kernel in kernels])


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    if SUBJECT not in config.stash:
        raise pytest.UsageError(f"give --backend NAME; installed: {installed()}")
