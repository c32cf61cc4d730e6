"""The backend in Zig: it builds, follows the page step by step, and passes the suite as exact."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "zig"
BACKENDS = """
import json, quantforge
found = {info.name: info for info in quantforge.backends()}["zig"]
print(json.dumps([found.state, found.exact, sorted(found.operations)]))
"""


def run(folder, *command, **environment):
    """Run Python in a folder; a failure shows what was said."""
    settings = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy of the package, and the environment in which it is installed."""
    pytest.importorskip("ziglang", reason="the Zig compiler is not installed: pip install ziglang")
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("zig")
    package, site = folder / "package", folder / "site"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    install = ("-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation")
    run(folder, *install, "--target", site, package)
    path = os.pathsep.join([str(site), str(ROOT), str(ROOT / "conformance")])
    return package, {"PYTHONPATH": path}


def test_it_is_available_as_an_exact_backend(built):
    package, environment = built
    said = json.loads(run(package, "-c", BACKENDS, **environment))
    assert said == ["available", True, ["bachelier_price", "price"]]


def test_it_passes_its_own_tests(built):
    package, environment = built
    said = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", **environment)
    assert "skipped" not in said


def test_every_function_that_its_operations_need_is_compared(built):
    package, environment = built
    listed = "import test_steps; print(test_steps.FUNCTIONS)"
    compared = run(package / "tests", "-c", listed, **environment).split()
    page = (ROOT / "docs" / "bits.md").read_text("utf-8")
    needed = set()
    for operation in ("price", "bachelier_price"):
        block = page.partition(f"### Operation {operation}\n")[2].split("```")[1]
        needed |= set(block.partition("needs")[2].split()) - {operation, "polynomial"}
    assert set(compared) == needed
