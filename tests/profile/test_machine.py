"""Whose measurements hold for whom."""

import base64
import hashlib
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from quantforge.profile.machine import Machine


def test_a_machine_serves_itself_and_smaller_budgets_only():
    four = Machine("cpu", "isa", 4)
    assert four.serves(four)
    assert four.serves(Machine("cpu", "isa", 2))
    assert not four.serves(Machine("cpu", "isa", 8))
    assert not four.serves(Machine("cpu", "other", 4))


PLUGIN = """
import quantforge

@quantforge.hookimpl
def quantforge_backend():
    return quantforge.Backend(
        name="tiny", version="1.0", contract=quantforge.CONTRACT, numerics={"price": 1},
        exact=False, load=dict,
    )
"""


def wheel(folder, plugin):
    """A wheel of one module that describes a backend, with a command beside it."""
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": plugin,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": (
            "[quantforge]\ntiny = tiny\n[console_scripts]\ntiny = tiny:quantforge_backend\n"
        ),
    }
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,\n"])
    folder.mkdir()
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _digest(content):
    digest = hashlib.sha256(content.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.fixture
def build_in(tmp_path):
    """A function installing a wheel into an environment of its own; returns the backend's build."""

    def install(name, wheel, *options):
        place = tmp_path / name
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        python = place / "bin" / "python"
        site = Path(
            sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
        )
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index"]
        subprocess.run([*pip, "--quiet", *options, wheel], check=True, timeout=60)
        root = Path(__file__).resolve().parents[2]
        here = [str(root), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        (site / "core.pth").write_text("\n".join(here))
        code = "from quantforge.profile.machine import build; print(build('tiny'))"
        done = subprocess.run(
            [python, "-c", code], check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    return install


def test_one_wheel_is_one_build_in_every_environment(build_in, tmp_path):
    """Wherever it came from, with compiled bytecode or without, asked for or brought along."""
    first, copy = wheel(tmp_path / "here", PLUGIN), wheel(tmp_path / "there", PLUGIN)
    build = build_in("one", first)
    assert build
    assert build_in("two", copy.resolve().as_uri(), "--no-compile") == build
    assert build_in("three", wheel(tmp_path / "changed", PLUGIN + "\n# changed\n")) != build
