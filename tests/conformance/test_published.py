"""The suite examines an operation that another distribution publishes with its oracle."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest
from quantforge_conformance import oracles

HERE = Path(__file__).parent


@pytest.fixture
def outcome(tmp_path):
    """Run the whole suite on the published operation, with the given entry points of oracles."""

    def run(*points):
        information = tmp_path / "published-1.dist-info"
        information.mkdir()
        head = "Metadata-Version: 2.1\nName: published\nVersion: 1\n"
        (information / "METADATA").write_text(head)
        groups = ["[quantforge]", "discounting = published", "[quantforge.conformance]", *points]
        (information / "entry_points.txt").write_text("\n".join(groups))
        paths = [str(tmp_path), str(HERE), os.environ.get("PYTHONPATH", "")]
        command = [sys.executable, "-m", "pytest", "--pyargs", "quantforge_conformance"]
        return subprocess.run(
            [*command, "--backend", "discounting"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def test_an_operation_that_comes_with_its_oracle_passes_the_whole_suite(outcome):
    done = outcome("discounting_factor = published:ORACLE")
    assert done.returncode == 0, done.stdout
    assert "discounting_factor, long: at most, in ulp (1 + |rT|)" in done.stdout


def test_an_operation_without_an_oracle_cannot_be_examined(outcome):
    done = outcome()
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "'discounting_factor' needs one oracle in the group 'quantforge.conformance'" in done.stderr
    )


@pytest.fixture
def published(monkeypatch):
    """Let these entry points be all there are."""

    def give(*values):
        points = [importlib.metadata.EntryPoint("swap", value, oracles.GROUP) for value in values]
        monkeypatch.setattr(oracles, "entry_points", lambda **_: points)
        oracles.oracle.cache_clear()

    yield give
    oracles.oracle.cache_clear()


def test_what_is_right_for_an_operation_of_the_core_nobody_else_says(published):
    published("quantforge_conformance.oracles:IN_THE_MONEY")
    assert oracles.oracle("price") is oracles.ORACLES["price"]


def test_an_oracle_is_found_by_the_name_of_its_operation(published):
    published("quantforge_conformance.oracles.price:ORACLE")
    assert oracles.oracle("swap") is oracles.ORACLES["price"]


def test_two_oracles_of_one_operation_are_refused_with_both_named(published):
    published("one.module:ORACLE", "other.module:ORACLE")
    with pytest.raises(LookupError, match=r"one\.module:ORACLE, other\.module:ORACLE"):
        oracles.oracle("swap")


def test_an_entry_point_that_is_no_oracle_is_refused(published):
    published("quantforge_conformance.oracles:IN_THE_MONEY")
    with pytest.raises(TypeError, match="is str, not an Oracle"):
        oracles.oracle("swap")
