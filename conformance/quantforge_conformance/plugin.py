"""The pytest plugin: options, the backend under examination, and the report at the end of a run.

It is loaded into every pytest run of an environment, so nothing heavy is imported before
``--backend`` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quantforge_conformance.report import Report
    from quantforge_conformance.subject import Subject

ROOTS = {
    "test_operands_stay_as_they_were": "it writes its input",
    "test_out_is_written_and_returned": "it ignores `out`",
    "test_something_is_computed": "it computes nothing",
    "test_results_have_double_precision": "it computes in single precision",
}
"""What makes nearly every test fail, by the test that is for it alone."""

QUICK = frozenset(
    {
        *ROOTS,
        "test_results_keep_the_accuracy_contract",
        "test_an_edge_case_has_its_value",
        "test_invalid_is_signalled_exactly_outside_the_domain",
        "test_every_nan_that_comes_in_goes_out_as_the_one_nan_in_silence",
        "test_the_committed_golden_bits_come_out",
        "test_nothing_is_written_beside_the_results",
        "test_no_other_backend_does_the_work",
        "test_the_public_function_returns_what_the_kernel_does",
    }
)
"""What ``--quick`` runs: few shapes of batches, since some backends compile for each."""

_FEWER = 5  # times fewer options are measured then

_MANY = 20  # failures, beyond which these are looked for

SUBJECT: pytest.StashKey[Subject] = pytest.StashKey()
REPORT: pytest.StashKey[Report] = pytest.StashKey()
_REMARKS: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quantforge", "conformance of a QuantForge backend")
    group.addoption(
        "--backend", metavar="NAME", help="the backend that `--pyargs quantforge_conformance` tests"
    )
    group.addoption(
        "--operation",
        metavar="NAME",
        action="append",
        help="test this operation alone; give it once for each",
    )
    group.addoption(
        "--quick",
        action="store_true",
        help="half a minute: accuracy on fewer options, and the tests of the commonest faults",
    )
    group.addoption(
        "--full", action="store_false", dest="quick", help="every test, which is the default"
    )
    group.addoption(
        "--report",
        metavar="FILE",
        type=Path,
        help="write what is found to a .json or .md file, as the run goes",
    )
    group.addoption(
        "--expected",
        metavar="FILE",
        type=Path,
        help="tests that have to fail, a line each: the name, a colon, the reason",
    )
    group.addoption(
        "--drawn",
        metavar="SEED",
        type=int,
        default=0,
        help="the options whose bits are compared with the specification: others for each number",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REMARKS] = []
    name = config.getoption("backend")
    if name is None:
        return
    from quantforge_conformance.subject import Subject, Unfit

    try:
        subject = Subject.alone(name, config.getoption("operation"))
        config.stash[SUBJECT] = subject.sampled(_FEWER) if config.getoption("quick") else subject
    except Unfit as error:
        raise pytest.UsageError(str(error)) from error.__cause__
    from quantforge_conformance.report import SUFFIXES, Report

    path = config.getoption("report")
    if path is not None and (path.suffix not in SUFFIXES or not path.parent.is_dir()):
        raise pytest.UsageError(
            f"--report {path}: a name in a folder that exists, ending in {' or '.join(SUFFIXES)}"
        )
    config.stash[REPORT] = Report(config.stash[SUBJECT], path and path.absolute())
    config.pluginmanager.register(_Counter(config.stash[REPORT]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SUBJECT in config.stash and config.getoption("quick"):
        sides: tuple[list[pytest.Item], list[pytest.Item]] = [], []
        for item in items:  # an author's own tests, beside the suite, are none of these
            ours = item.path.is_relative_to(Path(__file__).with_name("suite"))
            sides[not ours or item.name.partition("[")[0] in QUICK].append(item)
        left_out, items[:] = sides
        config.hook.pytest_deselected(items=left_out)
    if SUBJECT in config.stash and config.getoption("expected"):
        _expect_failures(config.getoption("expected"), items)
    for item in items:
        called = getattr(item, "callspec", None)
        kernel = None if called is None else called.params.get("kernel")
        if kernel is not None and hasattr(kernel, "oracle"):
            item.user_properties.append(("quantforge operation", kernel.name))


def _expect_failures(file: Path, items: list[pytest.Item]) -> None:
    """Mark the tests that a file names: they have to fail, and the report says why."""
    by_name = {item.name: item for item in items}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(f"--expected: {error}") from None
    for number, line in enumerate(lines, 1):
        name, _, reason = (part.strip() for part in line.partition(": "))
        if not name or name.startswith("#"):
            continue
        if not reason:
            raise pytest.UsageError(f"{file}:{number}: give a reason, as in {name}: why it fails")
        if name not in by_name:
            raise pytest.UsageError(f"{file}:{number}: no test of this run is called {name}")
        by_name[name].add_marker(pytest.mark.xfail(reason=reason, strict=True))


class _Counter:
    """Counts tests by operation, which a hook without the configuration cannot."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        operation = dict(report.user_properties).get("quantforge operation")
        if operation is None or (report.when != "call" and report.outcome == "passed"):
            return
        is_expected = report.outcome == "skipped" and hasattr(report, "wasxfail")
        self._report.count(str(operation), "expected" if is_expected else report.outcome)
        if is_expected:
            self._report.expect(str(operation), report.nodeid.rpartition("::")[2], report.wasxfail)


def pytest_report_header(config: pytest.Config) -> list[str]:
    subject = config.stash.get(SUBJECT, None)
    if subject is None:
        return []
    return [f"quantforge: {subject}"]


@pytest.fixture(scope="session")
def quantforge_report(pytestconfig: pytest.Config) -> Report:
    """What the run has found of the backend under examination."""
    return pytestconfig.stash[REPORT]


@pytest.fixture(scope="session")
def quantforge_remark(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keep a line that the end of the run shows, whether the test passes or not."""
    return pytestconfig.stash[_REMARKS].append


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A backend of which nothing was tested has not passed."""
    if REPORT in session.config.stash and not session.config.option.collectonly:
        session.config.stash[REPORT].end(exitstatus == pytest.ExitCode.OK)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if SUBJECT not in session.config.stash or exitstatus != pytest.ExitCode.OK or not reporter:
        return
    if not session.config.option.collectonly and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        session.config.stash[_REMARKS].append("nothing ran: every test was skipped")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = [report.nodeid for report in terminalreporter.stats.get("failed", ())]
    if SUBJECT in terminalreporter.config.stash and len(failed) > _MANY:
        terminalreporter.section(f"quantforge: {len(failed)} tests fail, look here first")
        told = [(name, why) for name, why in ROOTS.items() if any(name in each for each in failed)]
        for name, why in told:
            terminalreporter.write_line(f"{why}: {name}")
        if not told:
            terminalreporter.write_line(f"the first that fails: {failed[0]}")
    report = terminalreporter.config.stash.get(REPORT, None)
    if report is not None:
        terminalreporter.section("quantforge: operations")
        for line in report.lines():
            terminalreporter.write_line(line)
        if report.path is not None:
            terminalreporter.write_line(f"wrote {report.path}")
    remarks = terminalreporter.config.stash[_REMARKS]
    if remarks:
        terminalreporter.section("quantforge: measured")
        for remark in remarks:
            terminalreporter.write_line(remark)
