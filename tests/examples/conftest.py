"""The packages under examples/, installed apart and put to their own tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_its_tests(tmp_path):
    """A function that installs an example in a folder of its own and runs its tests there."""

    def run(name, *options):
        copy, site = tmp_path / "examples" / name, tmp_path / "site"
        shutil.copytree(ROOT / "examples" / name, copy)
        (tmp_path / "backends").symlink_to(ROOT / "backends")  # some read sources of ours
        pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"]
        offline = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run([*pip, *offline, "--target", site, copy], check=True)
        paths = [str(site), str(ROOT), str(ROOT / "conformance"), os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        env["PYTHONSAFEPATH"] = "1"  # what is installed, not the sources in the working directory
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        ran = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
        return ran.stdout

    return run
