"""The conformance suite passes an honest backend and fails each saboteur where it should."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent

MEANT = {
    "one_ulp_off": "test_the_committed_golden_bits_come_out",
    "wrong_at_one_size": "test_every_batch_size_to_1000_gives_the_same",
    "writes_a_neighbour": "test_nothing_is_written_beside_the_results",
    "ignores_stride_0": "test_a_scalar_stands_for_a_whole_operand",
    "reads_past_the_end": "test_nothing_is_touched_beyond_the_ends_of_operands_and_results",
    "holds_the_gil": "test_other_python_threads_run_during_a_large_batch",
    "mutates_an_input": "test_operands_stay_as_they_were",
    "leaks_nan": "test_a_bad_option_touches_no_other",
    "delegates_by_import": "test_no_other_backend_does_the_work",
    "delegates_by_the_registry": "test_no_other_backend_does_the_work",
    "changes_the_environment": "test_the_environment_stays_as_it_was",
    "signals_without_reason": "test_a_batch_in_the_domain_signals_nothing_and_has_no_nan",
    "one_greek_one_ulp_off": "test_the_committed_golden_bits_come_out",
    "mistakes_an_output": "test_any_choice_of_outputs_has_the_results_of_all",
    "wrong_code_at_a_border": "test_an_edge_case_has_its_value",
    "wrong_from_a_size_on": "test_large_batches_give_the_same",
    "wrong_at_one_place": "test_every_place_in_a_batch_gives_the_same",
    "wrong_alone": "test_an_option_alone_gives_the_same",
    "writes_between_the_results": "test_nothing_is_written_beside_the_results",
    "clears_the_results_first": "test_out_may_be_an_input",
    "computes_nothing": "test_something_is_computed",
    "computes_in_single_precision": "test_results_have_double_precision",
    "ignores_out": "test_out_is_written_and_returned",
    "loses_the_sign_of_a_stride": "test_a_layout_changes_no_result",
    "remembers_the_last_batch": "test_a_bad_option_touches_no_other",
    "shares_a_buffer_between_threads": "test_calls_from_several_threads_do_not_disturb_each_other",
    "wrong_in_a_child": "test_a_forked_child_computes_the_same",
    "returns_another_nan": "test_every_nan_that_comes_in_goes_out_as_the_one_nan_in_silence",
    "flushes_small_prices": "test_the_committed_golden_bits_come_out",
    "misses_the_accuracy_contract": "test_results_keep_the_accuracy_contract",
    "follows_the_rounding_mode": "test_the_callers_environment_changes_no_result",
    "keeps_quiet_outside_the_domain": "test_invalid_is_signalled_exactly_outside_the_domain",
    "stops_a_step_early": "test_the_committed_golden_bits_come_out",
}
REFUSED = {
    "one_ulp_off_everywhere": "golden bits of 'price' differ",
    "does_not_load": "RuntimeError: no such device",
    "does_nothing": "declares no operation of this core: declared: telepathy",
    "nobody": "unknown backend 'nobody'; installed: ",
}


class Outcome:
    """How a run of the suite ended."""

    def __init__(self, done: subprocess.CompletedProcess[str], report: Path) -> None:
        self.code = done.returncode
        self.said = done.stdout
        self.errors = done.stderr
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
        self.ran = len(cases)
        self.failed = {
            case.get("name", "").partition("[")[0]
            for case in cases
            if case.find("failure") is not None or case.find("error") is not None
        }


def conformance(options, folder, environment):
    """Run the suite as a backend's author does."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "quantforge_conformance", *options]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Install the saboteurs for other processes: compiled, and with entry points."""
    if shutil.which(os.environ.get("CC", "cc")) is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("saboteurs")
    subprocess.run([sys.executable, HERE / "saboteurs.py", folder], check=True)
    paths = [str(folder), str(HERE), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "QUANTFORGE_SABOTEURS": str(folder / "compiled.so"),
    }


@pytest.fixture(scope="module")
def outcomes(request, environment, tmp_path_factory):
    """Run the suite on every backend that the chosen tests ask for, side by side."""
    folder = tmp_path_factory.mktemp("reports")

    def run(name):
        report = folder / f"{name}.xml"
        options = ["--backend", name, "--junitxml", report, "--tb=line"]
        options += ["-k", MEANT[name]] if name in MEANT else []
        return Outcome(conformance(options, folder, environment), report)

    items = [item for item in request.session.items if "outcomes" in item.fixturenames]
    names = [item.callspec.params["name"] for item in items]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


@pytest.mark.parametrize("name", ["honest"])
def test_an_honest_backend_passes(outcomes, name):
    outcome = outcomes[name]
    assert outcome.code == 0, outcome.said
    assert outcome.ran > 400


OPTION = r"(call|put), lane \d+: spot=\S+ strike=\S+ time=\S+ rate=\S+ dividend=\S+ sigma=\S+ sign="
FIRST = {  # what the whole run says of a fault that fails nearly all of it
    "computes_in_single_precision": "it computes in single precision: test_results_have_double",
    "computes_nothing": "it computes nothing: test_something_is_computed",
}


@pytest.mark.parametrize("name", FIRST)
def test_where_nearly_everything_fails_the_likely_cause_comes_first(environment, tmp_path, name):
    chosen = "accuracy or basics or layout or test_out or edge_case"
    done = conformance(["--backend", name, "--tb=no", "-k", chosen], tmp_path, environment)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert FIRST[name] in done.stdout


SAYINGS = {  # what its author reads, in one line, no operand cut
    "misses_the_accuracy_contract": (
        rf"price, {OPTION}\S+; got \S+, expected \S+; \d+\.\d\d of \d+\.00 allowed, in ulp"
    ),
    "wrong_alone": rf"price, {OPTION}\S+; got \S+ \(bits \w+\), expected \S+ \(bits \w+\)",
    "wrong_at_one_place": rf"price, {OPTION}\S+; got .*\n(.*\n)*?\(from \d+ on\)",
}


@pytest.mark.parametrize("name", SAYINGS)
def test_a_failure_names_the_option_and_what_was_expected(outcomes, name):
    assert re.search(SAYINGS[name], outcomes[name].said), outcomes[name].said


@pytest.mark.parametrize("name", MEANT)
def test_a_saboteur_fails_in_the_test_meant_for_it(outcomes, name):
    assert outcomes[name].code == pytest.ExitCode.TESTS_FAILED
    assert MEANT[name] in outcomes[name].failed


def test_the_guide_for_authors_lists_every_planted_fault():
    guide = (HERE.parents[1] / "docs" / "backends.md").read_text()
    rows = [f"| {name.replace('_', ' ')} | `{test}` |" for name, test in MEANT.items()]
    assert [row for row in rows if row not in guide] == []
    assert len(rows) >= 25


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("none", pytest.ExitCode.OK),
        ("one ulp", pytest.ExitCode.TESTS_FAILED),
        ("a sign", pytest.ExitCode.TESTS_FAILED),
    ],
)
def test_a_scalar_entry_passes_only_with_the_bits_of_the_kernel(environment, tmp_path, fault, code):
    options = ["--backend", "honest", "-p", "scalars", "-k", "scalar_entry"]
    done = conformance(options, tmp_path, environment | {"QUANTFORGE_SCALAR_FAULT": fault})
    assert done.returncode == code, done.stdout


@pytest.mark.parametrize("name", REFUSED)
def test_a_backend_that_cannot_be_examined_fails_with_one_clear_line(outcomes, name):
    assert outcomes[name].code == pytest.ExitCode.USAGE_ERROR
    [line] = filter(None, outcomes[name].errors.splitlines())
    assert REFUSED[name] in line


def test_without_a_backend_the_suite_names_those_there_are(tmp_path):
    done = conformance([], tmp_path, os.environ)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "give --backend NAME; installed: numpy" in done.stderr


@pytest.mark.parametrize("chosen", ["golden_bits", "telepathy"])
def test_a_run_in_which_nothing_ran_is_no_success(tmp_path, chosen):
    done = conformance(["--backend", "numpy", "-k", chosen], tmp_path, os.environ)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
