"""The examples in the docstrings hold."""

import doctest
import importlib

import pytest

MODULES = ("chain", "chain.quotes", "chain.reading", "chain.fitting", "chain.implied")


@pytest.mark.parametrize("module", [*MODULES, "chain.pricing"])
def test_the_examples_in_the_docstrings_hold(module):
    tested = doctest.testmod(importlib.import_module(f"quantforge.{module}"))
    assert tested.attempted > 0
    assert tested.failed == 0
