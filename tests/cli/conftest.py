"""Running commands, in this process and in one of their own."""

import subprocess
import sys
from typing import NamedTuple

import pytest

from quantforge.cli import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys):
    """A function running ``quantforge`` with the given words."""

    def command(*words):
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return command


@pytest.fixture
def run_apart():
    """A function running ``quantforge`` in a process of its own."""

    def command(*words, **settings):
        done = subprocess.run(
            [sys.executable, "-m", "quantforge", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **settings,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def without(monkeypatch):
    """A function that makes modules look as if they were not installed."""
    import importlib.util

    find = importlib.util.find_spec

    def hide(*modules):
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, package=None: None if name in modules else find(name, package),
        )

    return hide
