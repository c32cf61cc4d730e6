"""The wheels in fresh environments, without the sources, on every Python that is found."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from release import DISTRIBUTIONS, ROOT

PROGRAM = Path(__file__).with_name("smoke_program.py")
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")  # t: without a global lock
WHICH = (
    "import sys, platform; number = '.'.join(map(str, sys.version_info[:2])); "
    "print(number + 't' * ('t' in sys.abiflags), platform.python_version())"
)
PIP = ("-m", "pip", "--disable-pip-version-check")


def interpreters():
    """The interpreters on the PATH and this one, by version: command, and version in full."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    commands = [Path(folder, f"python{name}") for folder in folders for name in PYTHONS]
    found = {}
    for command in (sys.executable, *filter(Path.is_file, commands)):
        asked = subprocess.run([command, "-c", WHICH], capture_output=True, text=True, check=False)
        name, _, full = asked.stdout.strip().partition(" ")
        if asked.returncode == 0 and name in PYTHONS:  # a shim is there for what it cannot run
            found.setdefault(name, (str(command), full))
    return {name: found[name] for name in PYTHONS if name in found}


def try_all(folder):
    """Try the wheels of a folder; return a row of the table for each Python, and what is wrong."""
    rows, problems, there = [], [], interpreters()
    for name, (command, full) in there.items():
        began = time.monotonic()
        print(f"Python {full}: trying the wheels", flush=True)
        with tempfile.TemporaryDirectory() as root:
            backends, fault = tried(command, Path(root).resolve(), folder, free="t" in name)
        build = "free-threaded" if "t" in name else "ordinary"
        result = "failed" if fault else "passed"
        rows.append((full, build, backends, f"{time.monotonic() - began:.0f}", result))
        problems += [f"on Python {full}: {fault}"] if fault else []
    missing = ", ".join(name for name in PYTHONS if name not in there)
    if missing:
        print(f"not tried, for no such interpreter is on the PATH: Python {missing}")
    return rows, problems


def tried(command, root, folder, free):
    """Try the wheels with one interpreter: the backends that worked, and what went wrong.

    A free-threaded Python takes no wheel for the stable ABI. There the core has to do without.
    """
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "QUANTFORGE_"))
    }
    env |= {"XDG_CACHE_HOME": str(root / "cache"), "NUMBA_CACHE_DIR": str(root / "numba")}
    python = root / "env" / "bin" / "python"
    wheels = {
        name: next(folder.glob(f"{name.replace('-', '_')}-*.whl")).as_posix()
        for name in DISTRIBUTIONS
    }
    core = f"{wheels.pop('quantforge-core')}[cli]"
    constraints = ("--constraint", ROOT / "constraints.txt")
    only = ("--only-binary", ":all:", *constraints)
    if free:
        core, native = core.removesuffix("[cli]"), ("quantforge-rust", "quantforge-c")
        refused = [(*PIP, "install", "--no-deps", wheels[name]) for name in native]
        wheels = {}
    steps = [
        (command, "-m", "venv", "--without-pip", root / "env"),
        # the pip of ./dev, which may be too old to know this Python, installs one that does
        (sys.executable, *PIP, "--python", python, "install", *constraints, "pip"),
        (python, *PIP, "install", *only, core, *wheels.values()),
    ]
    for step in steps:
        code, said = ended(*step, cwd=root, env=env)
        if code:
            return "", said[-2000:]
    for words in refused if free else ():
        code, said = ended(python, *words, cwd=root, env=env)
        if not code or "is not a supported wheel on this platform" not in said:
            return "", f"a wheel for the stable ABI was not refused: {said[-2000:]}"
    expected = ["numpy", *(() if free else ("rust", "c", "numba"))]
    code, said = ended(python, "-I", PROGRAM, *expected, cwd=root, env=env)
    return ", ".join(expected), said[-4000:] if code else ""


def ended(*command, **settings):
    """Run a command to its end; return its exit code and what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **settings,
    )
    return done.returncode, done.stdout
