"""Wheels are tried on every Python that is found, and native ones say where they cannot be."""

import sys

import pytest

import quantforge
from release import smoke


def put(folder, name, script):
    """Put an interpreter into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_interpreters_are_found_on_the_path_by_what_they_say_they_are(tmp_path, monkeypatch):
    free, ordinary = tmp_path / "free", tmp_path / "ordinary"
    put(free, "python3.13", "echo 3.13t 3.13.5")  # an installation of both names
    put(free, "python3.13t", "echo 3.13t 3.13.5")
    put(free, "python3.12", "echo no such version >&2; exit 1")  # a shim
    put(ordinary, "python3.13", "echo 3.13 3.13.0")
    put(ordinary, "python3.10", "echo 3.10 3.10.1")
    monkeypatch.setenv("PATH", f"{free}:{ordinary}:{tmp_path / 'nowhere'}")
    this = "{}.{}".format(*sys.version_info[:2])
    monkeypatch.setattr(smoke, "PYTHONS", (*{"3.12", "3.13", this}, "3.13t"))
    found = smoke.interpreters()
    assert found.pop(this)[0] == sys.executable
    expected = {
        "3.13": (str(ordinary / "python3.13"), "3.13.0"),
        "3.13t": (str(free / "python3.13"), "3.13.5"),
    }
    expected.pop(this, None)
    assert found == expected


@pytest.mark.parametrize("module", ["quantforge_rust", "quantforge_c"])
def test_a_native_backend_says_that_a_free_threaded_python_cannot_load_it(module, monkeypatch):
    backend = pytest.importorskip(module)
    monkeypatch.setattr(sys, "abiflags", "t")
    with pytest.raises(quantforge.BackendError, match="free-threaded"):
        backend.quantforge_backend()
