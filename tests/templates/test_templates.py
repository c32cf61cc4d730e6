"""Packages as `new-backend` and `new-operation` write them are built and pass at once."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from quantforge.cli import main

KINDS = ("python", "c", "cpp", "rust", "operation")
NEEDS = {  # beside setuptools: programs by what stands for them, and modules
    "python": ((), ()),
    "operation": ((), ()),
    "c": (("CC",), ()),
    "cpp": (("CXX",), ()),
    "rust": (("cargo",), ("maturin", "cffi")),
}
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]),
    "MATURIN_NO_INSTALL_RUST": "1",
    "CARGO_NET_OFFLINE": "true",  # they need no crate
}


class Package(NamedTuple):
    """What was written, and the wheel that was built of it."""

    kind: str
    name: str
    folder: Path
    wheel: Path


def run(*words, **settings):
    """Run a command, which must succeed; return what it says."""
    settings.setdefault("env", ENVIRONMENT)
    done = subprocess.run(
        [*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **settings
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def check_tools(kind):
    """Skip where what builds it is not there."""
    programs, modules = NEEDS[kind]
    for program in programs:
        command = os.environ.get(program) or sysconfig.get_config_var(program) or program
        if shutil.which(command.split()[0], path=ENVIRONMENT["PATH"]) is None:
            pytest.skip(f"there is no {command.split()[0]}")
    for module in ("setuptools", *modules):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.fixture(scope="module", params=KINDS)
def package(request, tmp_path_factory):
    """Return a package that was written and built here."""
    kind, name = request.param, f"my_{request.param}"
    check_tools(kind)
    folder, wheels = tmp_path_factory.mktemp(kind) / "package", tmp_path_factory.mktemp("wheels")
    language = () if kind == "operation" else ("--language", kind)
    command = "new-operation" if kind == "operation" else "new-backend"
    assert main([command, name, *language, "--folder", str(folder)]) == 0
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "wheel")
    run(*pip, "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", wheels, folder)
    [wheel] = wheels.iterdir()
    return Package(kind, name, folder, wheel)


@pytest.fixture
def installed(package, tmp_path):
    """Return the environment of a process that has the package, and where it is installed."""
    with zipfile.ZipFile(package.wheel) as wheel:
        wheel.extractall(tmp_path / "site")
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    return {**ENVIRONMENT, "PYTHONPATH": path}


def test_its_own_tests_and_the_conformance_suite_pass(package, installed):
    report = package.folder / "conformance.json"
    pytest_quick = (sys.executable, "-m", "pytest", "-q", "--quick", "-p", "no:cacheprovider")
    said = run(*pytest_quick, "--report", report, cwd=package.folder, env=installed)
    found = json.loads(report.read_text())
    assert (found["backend"], found["state"]) == (package.name, "passed")
    [operation] = found["operations"]
    assert operation == (package.name if package.kind == "operation" else "price")
    own = sum(path.read_text().count("\ndef test_") for path in package.folder.glob("tests/*.py"))
    passed = re.search(r"(\d+) passed", said.splitlines()[-1])
    assert own >= 3
    assert int(passed[1]) == found["operations"][operation]["passed"] + own


def test_the_wheel_has_what_a_published_one_needs(package):
    with zipfile.ZipFile(package.wheel) as wheel:
        names = wheel.namelist()
        [metadata] = (name for name in names if name.endswith(".dist-info/METADATA"))
        [points] = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        said, found = wheel.read(metadata).decode(), wheel.read(points).decode()
    settings = tomllib.loads((package.folder / "pyproject.toml").read_text("utf-8"))
    for line in ("License-Expression: MIT", "License-File: LICENSE", "Requires-Python: >=3.11"):
        assert f"{line}\n" in said
    assert "Requires-Dist: quantforge-core>=0.1\n" in said
    assert f"{package.name}" in settings["project"]["entry-points"]["quantforge"]
    assert re.search(rf"^{package.name} ?= ?quantforge_{package.name}$", found, re.MULTILINE)
    assert f"quantforge_{package.name}/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "src/", "python/"))]
    abi = "cp311-abi3" if package.kind in ("c", "cpp") else "py3-none"  # one for every Python
    assert f"-0.1.0-{abi}-" in package.wheel.name


def test_what_is_written_is_linted_and_formatted(package):
    ruff = sys.executable, "-m", "ruff"
    run(*ruff, "check", "--no-cache", package.folder)
    run(*ruff, "format", "--no-cache", "--check", package.folder)
    if package.kind == "rust":
        if shutil.which("rustfmt", path=ENVIRONMENT["PATH"]) is None:
            pytest.skip("there is no rustfmt")
        run("cargo", "fmt", "--check", cwd=package.folder)


@pytest.mark.parametrize("package", ["c", "cpp"], indirect=True)
def test_compilers_have_nothing_to_warn_of(package):
    sources = [str(path) for path in package.folder.glob("src/*.c*")]
    setting = {"c": "CC", "cpp": "CXX"}[package.kind]
    command = os.environ.get(setting) or sysconfig.get_config_var(setting)
    strict = ("-Wall", "-Wextra", "-Werror", "-pedantic", "-O2", "-fsyntax-only")
    run(*command.split(), *strict, *sources)


def test_its_workflows_are_read_and_run_the_commands_of_the_readme(package):
    yaml = pytest.importorskip("yaml")
    flows = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))
        for path in (package.folder / ".github/workflows").iterdir()
    }
    steps = flows["ci"]["jobs"]["test"]["steps"]
    ran = [step["run"] for step in steps if "run" in step]
    readme = (package.folder / "README.md").read_text("utf-8")
    install, test, tag = re.search(r"```\n(.*?)\n```", readme, re.DOTALL)[1].splitlines()
    assert ran[0] == install
    assert ran[1].startswith(f"{test} ")
    assert tag.startswith("git tag v")  # what `publish` starts at
    assert flows["publish"][True]["push"]["tags"] == ["v*"]  # YAML takes `on` for true
    assert flows["publish"]["jobs"]["publish"]["permissions"]["id-token"] == "write"


@pytest.mark.parametrize(
    ("package", "kernel", "right", "wrong"),
    [
        ("python", "price.py", "-0.5 * rate", "0.5 * rate"),
        ("operation", "straddle.py", "-rate * time", "rate * time"),
    ],
    indirect=["package"],
)
def test_a_fault_in_its_kernel_fails(package, installed, tmp_path, kernel, right, wrong):
    [file] = tmp_path.rglob(kernel)
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong))
    words = ("-q", "--quick", "-x", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=package.folder,
        env=installed,
        capture_output=True,
    )
    assert done.returncode == 1
