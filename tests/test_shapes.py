"""Shapes broadcast as NumPy's do, and beyond the 32 dimensions at which NumPy's function ends."""

import random

import numpy as np
import pytest

import quantforge
from quantforge.shapes import broadcast_shapes

OPTION = {"strike": 105.0, "time": 0.5, "rate": 0.03, "sigma": 0.2}
DEEP = (1,) * 62 + (2, 2500)


def outcome(broadcast, shapes):
    try:
        return broadcast(*shapes)
    except ValueError:
        return "no common shape"


def test_shapes_broadcast_as_numpys_do():
    draw = random.Random(1)
    for _ in range(5000):
        shapes = [
            tuple(draw.choices((0, 1, 1, 2, 3), k=draw.randint(0, 3)))
            for _ in range(draw.randint(0, 4))
        ]
        assert outcome(broadcast_shapes, shapes) == outcome(np.broadcast_shapes, shapes), shapes


@pytest.mark.parametrize("backend", ["auto", "numpy"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("errors", ["nan", "raise"])
def test_arrays_of_64_dimensions_have_the_results_of_flat_ones(backend, threads, errors):
    spot = np.linspace(80.0, 120.0, 5000)
    settings = {"backend": backend, "threads": threads, "errors": errors}
    flat = quantforge.greeks(spot, **OPTION, backend=backend)
    for kind in ("call", np.full(DEEP, "call")):
        deep = quantforge.greeks(spot.reshape(DEEP), **OPTION, kind=kind, **settings)
        for name, values in deep.items():
            assert values.shape == DEEP
            np.testing.assert_array_equal(values.ravel(), flat[name])
    out = np.empty(DEEP)
    assert quantforge.price(spot.reshape(DEEP), **OPTION, out=out, **settings) is out
    np.testing.assert_array_equal(out.ravel(), quantforge.price(spot, **OPTION, backend=backend))


def test_errors_raise_names_an_element_among_64_dimensions():
    spot = np.full(DEEP, 100.0)
    spot[..., 1, 7] = -1.0
    place = ", ".join(["0"] * 62 + ["1", "7"])
    with pytest.raises(ValueError, match=rf"^spot\[{place}\] is -1\.0; it must be >= 0"):
        quantforge.price(spot, **OPTION, errors="raise")


def test_masked_arrays_may_have_64_dimensions():
    masked = np.ma.masked_array(np.full(DEEP, -1.0), mask=True)
    masked[..., 0, 0] = 100.0
    got = quantforge.price(masked, **{**OPTION, "strike": np.ma.masked_array(105.0)})
    assert got.count() == 1
    assert got[..., 0, 0].item() == quantforge.price(100.0, **OPTION)


def test_shapes_of_many_dimensions_that_do_not_broadcast_are_named():
    with pytest.raises(ValueError, match="shapes do not broadcast: spot "):
        quantforge.price(np.ones((1,) * 39 + (3,)), **{**OPTION, "strike": np.ones(2)})
