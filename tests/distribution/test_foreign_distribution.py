"""What ``quantforge doctor`` says of another distribution that owns the package `quantforge`."""

import json

import pytest

FOUND = (
    "quantforge 0.1.1 is not quantforge-core and owns the package quantforge too: "
    "pip uninstall quantforge && pip install --force-reinstall quantforge-core"
)


@pytest.fixture(scope="module")
def alone(environment):
    """An environment with the core alone."""
    fresh = environment()
    fresh.install("quantforge-core")
    return fresh


def doctor(environment, **variables):
    """Return the exit code and the problems that the command finds."""
    ended = environment.run("quantforge", "doctor", "--json", **variables)
    return ended.returncode, json.loads(ended.stdout)["problems"]


def test_the_core_alone_is_no_problem(alone):
    assert doctor(alone) == (0, [])


def test_a_foreign_distribution_under_the_core_is_named_until_it_is_gone(environment):
    fresh = environment()
    fresh.install("quantforge")
    fresh.install("quantforge-core")
    assert doctor(fresh) == (1, [FOUND])
    cure(fresh)


def test_a_foreign_distribution_over_the_core_is_named_until_it_is_gone(environment):
    fresh = environment()
    fresh.install("quantforge-core")
    fresh.install("quantforge")
    for command in ("doctor", "price"):
        ended = fresh.run("quantforge", command)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"quantforge: {FOUND}\n"
    cure(fresh)


def cure(environment):
    """Do what the line says; but the core's requirements are not to be fetched again."""
    environment.pip("uninstall", "--yes", "quantforge")
    environment.install("--force-reinstall", "--no-deps", "quantforge-core")
    assert doctor(environment) == (0, [])


def write_metadata(folder, **files):
    """Write a distribution's metadata, by its name and version the other project's."""
    folder.mkdir()
    files = {"METADATA": "Metadata-Version: 2.1\nName: quantforge\nVersion: 0.1.1\n", **files}
    for name, text in files.items():
        (folder / name).write_text(text)


def test_a_foreign_distribution_without_a_list_of_files_is_found_by_its_modules(alone, tmp_path):
    write_metadata(tmp_path / "quantforge-0.1.1.dist-info", **{"top_level.txt": "quantforge\n"})
    assert doctor(alone, PYTHONPATH=str(tmp_path)) == (1, [FOUND])


def test_what_a_build_leaves_beside_the_sources_is_not_an_installation(alone, tmp_path):
    listed = {"SOURCES.txt": "quantforge/__init__.py\n", "top_level.txt": "quantforge\n"}
    write_metadata(tmp_path / "quantforge.egg-info", **listed)
    assert doctor(alone, PYTHONPATH=str(tmp_path)) == (0, [])


def test_a_distribution_that_owns_another_package_is_no_problem(alone, tmp_path):
    write_metadata(tmp_path / "quantforge-0.1.1.dist-info", RECORD="quantforge_more.py,,\n")
    assert doctor(alone, PYTHONPATH=str(tmp_path)) == (0, [])
