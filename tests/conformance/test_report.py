"""What a run of the suite has found is written down, as it goes and at its end."""

import json
import os
import subprocess
import sys

import pytest


def conformance(folder, *options, **environment):
    command = [sys.executable, "-m", "pytest", "--pyargs", "quantforge_conformance", *options]
    given = os.environ | environment
    return subprocess.run(command, env=given, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A run on the NumPy fallback's prices, of its accuracy and edge cases."""
    folder = tmp_path_factory.mktemp("report")
    options = ["--backend", "numpy", "--operation", "price", "--report", "found.json"]
    done = conformance(folder, *options, "-k", "accuracy_contract or edge_case or golden")
    assert done.returncode == 0, done.stdout
    return json.loads((folder / "found.json").read_text()), done.stdout


def test_every_operation_has_its_counts_bits_and_speed(written):
    found, said = written
    assert (found["backend"], found["state"]) == ("numpy", "passed")
    assert list(found["operations"]) == ["price"]
    price = found["operations"]["price"]
    assert (price["tier"], price["bound"]) == ("contract", 2)
    assert price["passed"] > 50
    assert price["failed"] == 0
    assert price["skipped"] == 3  # bits, which the fallback does not promise
    assert price["ns_per_option"] > 0.0
    assert price["times_the_reference"] == pytest.approx(1.0, abs=0.9)  # it is the reference
    told = f"{price['passed']} passed, 3 skipped"
    assert f"price: contract, within 2 × the bounds, {told}, at most " in said


def test_every_region_has_its_greatest_error_and_the_percentile(written):
    found, _ = written
    errors = found["operations"]["price"]["errors"]
    assert {"ordinary", "negative rates"} <= {one["region"] for one in errors}
    for one in errors:
        assert one["output"] == "price"
        assert 0.0 <= one["p999"] <= one["maximum"] <= one["allowed"]
        assert one["allowed"] in (22.0, 8.0)  # twice the contract, not being exact


def test_markdown_has_a_badge_and_a_row_each(tmp_path):
    options = ["--backend", "numpy", "--operation", "price", "--report", "found.md"]
    done = conformance(tmp_path, *options, "-k", "accuracy_contract and ordinary")
    assert done.returncode == 0
    lines = (tmp_path / "found.md").read_text().splitlines()
    assert lines[0].startswith("# numpy ")
    assert lines[2].startswith("![quantforge conformance: passed](")
    assert any(line.startswith("| price | contract, within 2 × the bounds | ") for line in lines)
    assert sum(line.startswith("| price | ordinary | price | ") for line in lines) == 2


def test_it_is_written_while_the_run_goes_on(tmp_path):
    from quantforge_conformance.report import Report
    from quantforge_conformance.subject import Kernel, Subject

    import quantforge

    [info] = [one for one in quantforge.backends() if one.name == "numpy"]
    kernel = Kernel.load("numpy", "price")
    report = Report(Subject(info, (kernel,)), tmp_path / "found.json")
    report.count("price", "passed")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["state"] == "running"
    assert found["operations"]["price"]["passed"] == 1
    report.count("price", "failed")
    report.end(passed=False)
    assert json.loads((tmp_path / "found.json").read_text())["state"] == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]


@pytest.mark.parametrize("name", ["found.txt", "nowhere/found.json"])
def test_a_name_that_cannot_be_is_refused_at_once(tmp_path, name):
    done = conformance(tmp_path, "--backend", "numpy", "--report", name)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--report {name}: a name in a folder that exists, ending in .json or .md" in done.stderr


@pytest.mark.parametrize("name", ["prize", "telepathy"])
def test_an_operation_that_the_backend_does_not_declare_is_refused(tmp_path, name):
    done = conformance(tmp_path, "--backend", "numpy", "--operation", name)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"backend 'numpy' declares no operation {name!r}; declared: price" in done.stderr
