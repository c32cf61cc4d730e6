"""The pytest plugin: options, the backend under examination, and what a run has to say at its end.

It is loaded into every pytest run of an environment, so nothing heavy is imported before
``--backend`` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quantforge_conformance.subject import Subject

SUBJECT: pytest.StashKey[Subject] = pytest.StashKey()
_REMARKS: pytest.StashKey[list[str]] = pytest.StashKey()
_RAN: pytest.StashKey[int] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quantforge", "conformance of a QuantForge backend")
    group.addoption(
        "--backend", metavar="NAME", help="the backend that `--pyargs quantforge_conformance` tests"
    )
    group.addoption(
        "--conformance-level",
        choices=("quick", "full"),
        default="full",
        help="how many options, sizes and repetitions (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REMARKS] = []
    config.stash[_RAN] = 0
    name = config.getoption("backend")
    if name is None:
        return
    from quantforge_conformance.subject import Subject, Unfit

    try:
        config.stash[SUBJECT] = Subject.alone(name)
    except Unfit as error:
        raise pytest.UsageError(str(error)) from error.__cause__


def pytest_report_header(config: pytest.Config) -> list[str]:
    subject = config.stash.get(SUBJECT, None)
    if subject is None:
        return []
    return [f"quantforge: {subject}, level {config.getoption('conformance_level')}"]


@pytest.fixture(scope="session")
def quantforge_remark(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keep a line that the end of the run shows, whether the test passes or not."""
    return pytestconfig.stash[_REMARKS].append


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    pass


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    remarks = terminalreporter.config.stash[_REMARKS]
    if remarks:
        terminalreporter.section("quantforge: measured")
        for remark in remarks:
            terminalreporter.write_line(remark)
