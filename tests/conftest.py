"""What every test starts from: a machine nobody has tuned, and plugins of the test's own."""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from quantforge import CONTRACT, Backend, dispatch, errors, hookimpl, operations, plugins, threads
from quantforge import catalogue as catalogue_of_plugins
from quantforge.operations import OPERATIONS
from quantforge.plan import Row, Source
from quantforge.profile import lookup

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

# A run says the same tomorrow and elsewhere; fresh examples are what `./dev test --fuzz` is for.
settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, print_blob=True
)
settings.register_profile(
    "fuzz", derandomize=False, database=None, deadline=None, print_blob=True, max_examples=200
)
settings.load_profile("repeatable")


def pytest_configure(config):
    """Let tests in every folder use the machines of known speed."""
    source = importlib.util.spec_from_file_location(
        "known_speeds", Path(__file__).with_name("known_speeds.py")
    )
    module = importlib.util.module_from_spec(source)
    sys.modules["known_speeds"] = module  # where dataclasses look for it
    source.loader.exec_module(module)
    config.pluginmanager.register(module, "known_speeds")


@pytest.fixture(scope="session", autouse=True)
def untuned(tmp_path_factory):
    """No profile and no settings of whoever runs the tests decide what they see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUANTFORGE_PROFILE", str(tmp_path_factory.mktemp("profile") / "none.json"))
        for name in ("AUTOTUNE", "EXACT", "NUM_THREADS"):
            patch.delenv(f"QUANTFORGE_{name}", raising=False)
        patch.delenv("OMP_NUM_THREADS", raising=False)
        yield


@pytest.fixture
def python():
    """A function running code in a fresh interpreter; returns what it prints."""

    def run(code, *, timeout=60, **environment):
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def device(tmp_path):
    """A function making the node of a device, by its numbers, for the test alone."""

    def make(name, minor, kind=stat.S_IFCHR, major=1):
        node = tmp_path / name
        try:
            os.mknod(node, 0o666 | kind, os.makedev(major, minor))
            if kind == stat.S_IFCHR:
                os.close(os.open(node, os.O_RDWR))
        except (AttributeError, PermissionError):
            pytest.skip("nodes of devices cannot be made or opened here")
        return node

    return make


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """A function installing a package of ``examples``; returns the folder that it is in."""
    folders = {}

    def install(name):
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp(name)
            source = folder / "source"  # a build leaves files behind
            left = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", ".*")
            shutil.copytree(EXAMPLES / name, source, ignore=left)
            how = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
            pip = [sys.executable, "-m", "pip", "install", *how, "--target", folder / "installed"]
            done = subprocess.run([*pip, source], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        return folders[name] / "installed"

    return install


@dataclass
class Point:
    """An entry point; `plugin` is what importing it gives, or an exception it raises."""

    name: str
    plugin: Any
    value: str = "some_plugin"
    dist: Any = None

    def load(self):
        if isinstance(self.plugin, BaseException):
            raise self.plugin
        return self.plugin


class Plugin:
    """A plugin whose hook returns a description, or calls what it is given instead."""

    def __init__(self, described):
        self.described = described

    @hookimpl
    def quantforge_backend(self):
        return self.described() if callable(self.described) else self.described


@pytest.fixture
def describe():
    """A function describing a backend that loads the NumPy fallback's kernel, but for changes."""

    def load():
        from quantforge.numpy_backend.price import price

        return {"price": price}

    def backend(name="fake", **changes):
        facts = {
            "version": "1.0",
            "contract": CONTRACT,
            "numerics": {"price": OPERATIONS["price"].numerics},
            "exact": False,
            "load": load,
        }
        return Backend(name=name, **{**facts, **changes})

    return backend


@pytest.fixture
def catalogue():
    """The catalogue of operations, which a test may add to."""
    tables = operations._OPERATIONS, operations._RESOLVED, catalogue_of_plugins._ADMITTED
    kept = [dict(table) for table in tables]
    yield operations.OPERATIONS
    for table, entries in zip(tables, kept, strict=True):
        table.clear()
        table.update(entries)


@pytest.fixture
def install(monkeypatch):
    """A function that makes some plugins, by name, the only ones there are beside the fallback.

    Each is a description or a function that the hook calls, a `Point`, or what `Point` takes.
    """

    def only(*points, **named):
        for name, given in named.items():
            is_hook = isinstance(given, Backend) or callable(given)
            points += (Point(name, Plugin(given) if is_hook else given),)
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: list(points))
        monkeypatch.setattr(plugins, "_registry", None)
        monkeypatch.setattr(errors, "_said", set())
        dispatch.invalidate()

    only.point = Point
    yield only
    monkeypatch.undo()
    dispatch.invalidate()


@pytest.fixture
def ran(install, describe, monkeypatch):
    """The names of the backends that ran, of two: `a`, the first choice untuned, and `b`."""
    names = []

    def backend(name, **changes):
        def load():
            kernel = describe().load()["price"]

            def recording(*operands, out=None):
                names.append(name)
                return kernel(*operands, out=out)

            return {"price": recording}

        return describe(name, load=load, **changes)

    monkeypatch.setattr(threads, "budget", lambda: 4)
    install(a=backend("a", preference=1), b=backend("b", preference=2))
    return names


@pytest.fixture
def tuned(ran, monkeypatch):
    """A profile in which `a` serves small batches, `b` from 100 on, with threads from 10,000 on."""
    rows = (Row(0, "a", 1), Row(100, "b", 1), Row(10_000, "b", 2), Row(500_000, "b", 4))

    def costs(backend, count, n):
        if backend == "numpy":
            return None
        return {"a": 20e-9, "b": 10e-9}[backend] * n / count + {"a": 1e-6, "b": 2e-6}[backend]

    source = Source("/cache/profile.json", "2 hours ago", costs)

    def within(operation, candidates, budget):
        return tuple(row for row in rows if row.threads <= budget), source

    monkeypatch.setattr(lookup, "rows", within)
    dispatch.invalidate()
    return rows
