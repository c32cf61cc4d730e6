"""A checkout with the real ``dev`` in it, whose commands are recorded instead of run."""

import os
import sys
import sysconfig
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dev"
SOURCES = ("pyproject.toml", "constraints.txt", "conformance/pyproject.toml")
BACKENDS = ("rust", "c", "numba")


class Checkout:
    """The script as a module, the commands it gave, and a machine whose tools come and go."""

    def __init__(self, root, tools):
        self.root, self.tools = root, tools
        self.commands = []
        self.answer = lambda command: 0
        for name in (*SOURCES, *(f"backends/{backend}/kernel" for backend in BACKENDS)):
            self.write(name, "as it was")
        for tool, version in (
            ("cargo", "1.95.0"),
            ("rustc", "1.95.0"),
            ("cc", "12"),
            ("gcc", "12"),
        ):
            self.install(tool, version)
        self.dev = self.load()
        self.dev.call = self.call

    def load(self):
        """Import the script as it lies in this checkout."""
        self.write("dev", SCRIPT.read_text())
        loader = SourceFileLoader("dev", str(self.root / "dev"))
        module = module_from_spec(spec_from_loader("dev", loader))
        loader.exec_module(module)
        return module

    def write(self, name, text):
        """Write a file of the checkout."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def install(self, tool, version):
        """Put a tool on the machine that can only say its version."""
        (self.tools / tool).write_text(f"#!/bin/sh\necho '{tool} {version}'\n")
        (self.tools / tool).chmod(0o755)

    def remove(self, tool):
        """Take a tool off the machine."""
        (self.tools / tool).unlink()

    def call(self, *command, **options):
        """Record a command, leave the wheel it would build, answer with an exit code."""
        said = " ".join(map(str, command))  # builds run side by side: the last may be another's
        self.commands.append(said)
        if "wheel" in command:
            backend = said.rpartition("/")[2]
            self.write(f".venv/wheels/{backend}/quantforge_{backend}.whl", "")
        return self.answer(said)

    def given(self, *words):
        """Return the recorded commands that hold all these words."""
        return [command for command in self.commands if all(word in command for word in words)]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout on a machine with every tool, nothing set up yet."""
    tools, include = tmp_path / "tools", tmp_path / "include"
    tools.mkdir()
    include.mkdir()
    (include / "Python.h").touch()
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: "gcc -pthread")
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"include": str(include)})
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("CC", "QUANTFORGE_REQUIRE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", os.fspath(tools))
    return Checkout(tmp_path / "checkout", tools)
