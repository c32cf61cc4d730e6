"""Plugins that do harm, as real distributions in a folder that a process of its own finds."""

import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

import quantforge.testing

HEAD = """
import ctypes, os, signal, sys, time
import numpy as np
from quantforge import CONTRACT, Backend, hookimpl
from quantforge.operations import OPERATIONS
from quantforge.numpy_backend.price import price

class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def crash():
    ctypes.string_at(0)

exact, details, load = False, None, lambda: {"price": price}
"""
TAIL = """
@hookimpl
def quantforge_backend():
    return Backend(
        name=NAME, version="1.0", contract=CONTRACT, exact=exact, preference=1, load=load,
        numerics={"price": OPERATIONS["price"].numerics}, details=details,
    )
"""


class Site:
    """A folder of distributions, and a profile of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.profile = folder / "cache" / "profile.json"

    def add(self, name, code="", backend=None, entry_points=None):
        """Write a plugin whose module runs `code` between imports and description."""
        backend = backend or name
        text = f"NAME = {backend!r}\n{HEAD}\n{dedent(code)}\n{TAIL}"
        (self.folder / f"bad_{name}.py").write_text(text)
        metadata = self.folder / f"bad_{name}-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bad_{name}\nVersion: 1\n")
        (metadata / "RECORD").write_text(f"bad_{name}.py,sha256={abs(hash(text))},{len(text)}\n")
        points = entry_points or f"[quantforge]\n{backend} = bad_{name}\n".encode()
        (metadata / "entry_points.txt").write_bytes(points)

    def python(self, *words, blocked=(), **variables):
        """Run Python where these plugins, the fallback and nothing else are there to be used."""
        natives = set(quantforge.testing.plugins()) - {"numpy"}
        settings = {
            name: value for name, value in os.environ.items() if not name.startswith("QUANTFORGE_")
        }
        settings |= {
            "PYTHONPATH": str(self.folder),
            "QUANTFORGE_BLOCK": ",".join([*natives, *blocked]),
            "QUANTFORGE_PROFILE": str(self.profile),
            "QUANTFORGE_TRIAL_SECONDS": "2",
            **variables,
        }
        return subprocess.run(
            [sys.executable, *map(str, words)],
            env=settings, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def command(self, *words, **settings):
        """Run ``quantforge`` with the given words."""
        return self.python("-m", "quantforge", *words, **settings)

    def doctor(self):
        """What ``quantforge doctor`` reports: the backends by name, and the problems."""
        ended = self.command("doctor", "--json")
        findings = json.loads(ended.stdout)
        return {each["name"]: each for each in findings["backends"]}, findings["problems"]

    def price(self, *words, **settings):
        """Price one option by ``python -c``."""
        code = "import quantforge; print(float(quantforge.price(100.0, 105.0, 0.5, 0.03, 0.2)))"
        return self.python(*words, "-c", code, **settings)


@pytest.fixture
def site(tmp_path):
    """An environment without plugins."""
    return Site(tmp_path)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """An environment for many plugins."""
    return Site(tmp_path_factory.mktemp("crowd"))
