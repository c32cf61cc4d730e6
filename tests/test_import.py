"""What importing and looking cost: nothing heavy, nothing native; and that the examples hold."""

import doctest
import importlib

import pytest

LIGHT = """
import sys
import numpy
before = set(sys.modules)
import quantforge
{code}
print(*sorted(set(sys.modules) - before))
"""
HEAVY = {
    "asyncio",
    "cffi",
    "ctypes.util",
    "email",
    "http",
    "json",
    "llvmlite",
    "logging",
    "matplotlib",
    "multiprocessing",
    "numba",
    "platformdirs",
    "pyarrow",
    "quantforge_c._native",
    "quantforge_c._scalar",
    "quantforge_numba.loops.kernels",
    "quantforge_rust._native",
    "rich",
    "scipy",
    "unittest",
}
NATIVE = HEAVY - {"email", "json", "logging"}  # reading metadata and a profile needs these
LOOKING = {
    "backends": "quantforge.backends(), repr(quantforge.backends())",
    "explain": "repr(quantforge.explain('price', 10_000))",
    "using": "quantforge.using(backend='numpy').__enter__()",
    "explaining each": "[quantforge.explain('price', backend=one.name)"
    " for one in quantforge.backends() if one.state == 'available']",
}


def modules(python, code):
    return set(python(LIGHT.format(code=code)).split())


def test_importing_quantforge_imports_nothing_heavy(python):
    assert not modules(python, "") & HEAVY


def test_importing_quantforge_imports_neither_plugins_nor_tuning(python):
    ours = {name for name in modules(python, "") if name.startswith("quantforge")}
    assert not {name.partition(".")[0] for name in ours} - {"quantforge"}
    assert not ours & {"quantforge.cli", "quantforge.chain", "quantforge.tuning.session"}


@pytest.mark.parametrize("code", LOOKING.values(), ids=LOOKING)
def test_looking_around_loads_no_backend(python, code):
    loaded = modules(python, code)
    assert "pluggy" in loaded
    assert not loaded & NATIVE


def test_pricing_on_the_fallback_loads_no_other_backend(python):
    assert not modules(python, "quantforge.price(1, 1, 1, 0, 1, backend='numpy')") & NATIVE


def test_everything_public_is_there_and_documented():
    quantforge = importlib.import_module("quantforge")
    for name in set(quantforge.__all__) - {"CONTRACT", "__version__", "hookimpl"}:
        assert getattr(quantforge, name).__doc__, name


@pytest.mark.parametrize(
    "module",
    ["api", "daycounts", "deltas", "dispatch", "forwards", "plugins", "results", "testing"],
)
def test_the_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(importlib.import_module(f"quantforge.{module}"))
    assert results.attempted
    assert not results.failed
