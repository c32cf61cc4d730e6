"""The suite asks of a backend what it says it can, and holds it to what it says of its errors."""

import json
import os
import subprocess
import sys

import pytest

MODULE = """
import numpy as np
import quantforge
from quantforge.numpy_backend.greeks import greeks
from quantforge.numpy_backend.price import price
from quantforge.operations import OPERATIONS

LIMITS = {limits}

def kernels():
    return {{"price": limited(price), "greeks": limited(greeks)}}

def limited(kernel):
    def call(*operands, out, **options):
        n = np.broadcast(*operands).size
        assert n == 0 or LIMITS.get("min_size", 1) <= n <= LIMITS.get("max_size", n), n
        assert n == LIMITS.get("chunk", n), n
        written = LIMITS.get("outputs", {{"greeks": quantforge.ALL}})["greeks"]
        assert {{*options.get("outputs", ())}} <= {{*written}}, options
        results = kernel(*operands, out=out, **options)
        with np.errstate(all="ignore"):
            for result in results if isinstance(results, tuple) else [results]:
                result *= {factor}
        return results
    return call

@quantforge.hookimpl
def quantforge_backend():
    return quantforge.Backend(
        name="limited", version="1.0", contract=1, exact=False, load=kernels,
        numerics={{name: OPERATIONS[name].numerics for name in {operations}}}, **LIMITS,
    )
"""


@pytest.fixture
def examined(tmp_path):
    """A function running the suite on a copy of the fallback that is limited, or a factor off."""

    def run(*options, limits=None, factor=1.0, operations=("price", "greeks")):
        values = {"limits": limits or {}, "factor": factor, "operations": operations}
        (tmp_path / "limited.py").write_text(MODULE.format(**values))
        metadata = tmp_path / "limited-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: limited\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text("[quantforge]\nlimited = limited\n")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rs",
            "--pyargs",
            "quantforge_conformance",
        ]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", "--backend", "limited", *options],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


LIMITED = {
    "small batches": {"max_size": 700},
    "large ones": {"min_size": 50},
    "one size": {"chunk": 64, "threads": False},
    "some outputs": {"outputs": {"greeks": ("price", "delta", "rho")}},
    "some models": {"models": ("black76",)},
}


@pytest.mark.parametrize("limits", LIMITED.values(), ids=LIMITED)
def test_a_limited_backend_passes_and_is_asked_nothing_else(examined, limits):
    tests = "contract and ordinary or layout or out_ or threads_changes or explain or public"
    operations = ("greeks",) if "outputs" in limits else ("price",)
    code, said = examined("-k", tests, limits=limits, operations=operations)
    assert code == 0, said
    assert ("serves only black76" in said) == ("models" in limits)


OFF = 1.0 + 40 * 2.0**-52


def test_a_bound_that_a_backend_states_is_what_it_is_held_to(examined):
    tests = ("-k", "accuracy_contract and ordinary or worst_case or layout", "--operation", "price")
    code, said = examined(*tests, factor=OFF)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "of 8.00 allowed" in said
    code, said = examined(*tests, factor=OFF, limits={"approximate": {"price": 30}})
    assert code == 0, said
    assert "price: approximate, within 30 × the bounds" in said
    code, said = examined(*tests, factor=OFF, limits={"approximate": {"price": 3}})
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "of 12.00 allowed" in said


# --- failures that are expected ----------------------------------------------------------------

KNOWN = "test_results_keep_the_accuracy_contract[price-ordinary]"
PLAN = ("-k", "accuracy_contract and price-ordinary or something", "--operation", "price")


def test_a_failure_that_is_expected_is_no_failure_and_the_report_says_why(examined, tmp_path):
    (tmp_path / "known.txt").write_text(f"# what is known\n\n{KNOWN}: the last digits are lost\n")
    code, said = examined(
        *PLAN, "--expected", "known.txt", "--report", "found.json", factor=1.0 + 1e-12
    )
    assert code == 0, said
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["expected"] == [
        {"operation": "price", "test": KNOWN, "reason": "the last digits are lost"}
    ]
    assert [found["operations"]["price"][word] for word in ("passed", "failed", "expected")] == [
        1, 0, 1
    ]  # fmt: skip
    examined(*PLAN, "--expected", "known.txt", "--report", "found.md", factor=1.0 + 1e-12)
    page = (tmp_path / "found.md").read_text()
    assert "![quantforge conformance: passed but for 1](" in page
    assert f"| price | `{KNOWN}` | the last digits are lost |" in page


def test_one_that_passes_after_all_fails_the_run(examined, tmp_path):
    (tmp_path / "known.txt").write_text(f"{KNOWN}: the last digits are lost\n")
    code, said = examined(*PLAN, "--expected", "known.txt")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "[XPASS(strict)] the last digits are lost" in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("test_nothing: it is so\n", "known.txt:1: no test of this run is called test_nothing"),
        (f"\n{KNOWN}\n", "known.txt:2: give a reason, as in "),
        (None, "--expected: "),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(examined, tmp_path, text, reason):
    if text is not None:
        (tmp_path / "known.txt").write_text(text)
    code, said = examined(*PLAN, "--expected", "known.txt")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert reason in said
