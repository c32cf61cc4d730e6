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
