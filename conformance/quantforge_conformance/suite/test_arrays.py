"""Arrays of another library that a backend takes: results are of it, and right."""

import importlib
from typing import Any

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import expect_none, unlike
from quantforge_conformance.subject import several


def library(name):
    """Return a type of arrays, and the function that makes one of NumPy's."""
    module = importlib.import_module(name.rpartition(".")[0])
    place: Any = module if hasattr(module, "asarray") else getattr(module, "numpy", None)
    if hasattr(place, "asarray"):
        return getattr(module, name.rpartition(".")[2]), place.asarray
    return pytest.skip(f"{module.__name__} has no function asarray, in itself or in its numpy")


def host(array):
    """Return NumPy's copy of an array; CuPy makes none unless it is asked by `get`."""
    return array.get() if hasattr(array, "get") else np.asarray(array)


@pytest.mark.parametrize("count", [1, 100, 10_000])
def test_arrays_of_another_library_give_the_same_and_stay_its_own(kernel, count):
    if not kernel.described.arrays:
        pytest.skip(f"{kernel.backend} takes NumPy's arrays alone")
    batch = operands.ordinary(kernel, count)
    for name in kernel.described.arrays:
        kind, make = library(name)
        for given in (list(map(make, batch)), [make(batch[0]), *batch[1:]]):
            held = [np.asarray(host(each), np.float64) for each in given]  # perhaps rounded
            expected = kernel(*held)
            results = several(kernel.call(*given))
            assert all(isinstance(result, kind) for result in results)
            expect_none(unlike(kernel, list(map(host, results)), expected, held), name)
