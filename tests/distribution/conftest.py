"""Our wheels, another project's, and fresh environments to install them in."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("quantforge", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
PIP = ("-m", "pip", "--isolated", "--disable-pip-version-check")
FOREIGN = "quantforge-0.1.1"


def is_installed(distribution):
    """Say whether the environment of the tests has a distribution."""
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def run(*command, **settings):
    """Run a command, give back how it ended."""
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, **settings
    )


class Environment:
    """A fresh environment: third-party packages as the tests have them, nothing of ours."""

    def __init__(self, root, wheels):
        self.root, self.wheels = root, wheels
        venv.create(root, symlinks=True)
        places = {"base": str(root), "platbase": str(root)}
        self.site = Path(sysconfig.get_path("purelib", "venv", places))
        third_party = root / "third-party"
        third_party.mkdir()
        for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
            for entry in Path(folder).iterdir():
                if "quantforge" not in entry.name:
                    (third_party / entry.name).symlink_to(entry)
        (self.site / "third-party.pth").write_text(f"{third_party}\n")

    def run(self, program, *words, **variables):
        """Run a program of the environment, away from the checkout."""
        settings = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "QUANTFORGE_"))
        }
        return run(
            self.root / "bin" / program, *words, cwd=self.root, env={**settings, **variables}
        )

    def pip(self, *words):
        """Run pip, which must succeed."""
        ended = self.run("python", *PIP, *words)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def install(self, *words):
        """Install from our wheels; what they do not hold has to be there."""
        self.pip("install", "--no-index", "--find-links", self.wheels, *words)

    def distributions(self):
        """Return what was installed here, by name."""
        found = metadata.distributions(path=[str(self.site)])
        return {each.metadata["Name"]: each for each in found}


def write_foreign_wheel(folder):
    """Write the wheel of another project that is called `quantforge`, as its package is."""
    files = {
        "quantforge/__init__.py": '__version__ = "0.1.1"\n',
        f"{FOREIGN}.dist-info/METADATA": "Metadata-Version: 2.1\n"
        "Name: quantforge\nVersion: 0.1.1\n",
        f"{FOREIGN}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    files[f"{FOREIGN}.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    with zipfile.ZipFile(folder / f"{FOREIGN}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


@pytest.fixture(scope="session")
def backends():
    """The backends that this machine could build."""
    return [name for name in ("rust", "c", "numba") if is_installed(f"quantforge-{name}")]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory, backends):
    """A folder with a wheel of each of our distributions, and of the other `quantforge`.

    Built from copies, along with what ./dev compiled; but Rust where its sources are, since cargo
    compiles anew what moved.
    """
    copies, wheels = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheels")
    (copies / "core").mkdir()
    for name in CORE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, copies / "core" / name)
    shutil.copytree(ROOT / "conformance", copies / "conformance")
    for name in set(backends) - {"rust"}:
        shutil.copytree(ROOT / "backends" / name, copies / name)
    in_place = [ROOT / "backends" / name for name in backends if name == "rust"]
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", wheels)
    ended = run(sys.executable, *PIP, "wheel", *options, *copies.iterdir(), *in_place)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    write_foreign_wheel(wheels)
    return wheels


@pytest.fixture(scope="module")
def environment(tmp_path_factory, wheels):
    """A function making a fresh environment."""
    return lambda: Environment(tmp_path_factory.mktemp("environment"), wheels)
