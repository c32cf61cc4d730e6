"""Exercises in containers: aligned as every argument is; where one is missing, so is the price.

The kernel returns spot + 1000 style, so that a result tells the style.
"""

import math

import dask.array
import numpy as np
import pandas
import polars
import pyarrow
import pytest
import xarray

import quantforge

REST = (105.0, 0.5, 0.03, 0.2)
ROWS = ["a", "b", "c", "d"]
WORDS = ["american", "European", None, "american"]
STYLED = [2100.0, 100.0, math.nan, 2100.0]
OBJECTS = np.array(WORDS, dtype=object)
MASK = [word is None for word in WORDS]

CONTAINERS = {
    "Series": pandas.Series(WORDS, ROWS),
    "nullable Series": pandas.Series(WORDS, ROWS, dtype="string"),
    "Arrow-backed Series": pandas.Series(WORDS, ROWS, dtype=pandas.ArrowDtype(pyarrow.string())),
    "categories": pandas.Series(pandas.Categorical(WORDS), ROWS),
    "DataFrame": pandas.DataFrame({"only": WORDS}, ROWS),
    "polars": polars.Series("values", WORDS),
    "polars categories": polars.Series("values", WORDS, dtype=polars.Categorical),
    "Arrow": pyarrow.array(WORDS),
    "Arrow dictionary": pyarrow.array(WORDS).dictionary_encode(),
    "chunked Arrow": pyarrow.chunked_array([WORDS[:1], WORDS[1:]]),
    "masked": np.ma.array([word or "junk" for word in WORDS], mask=MASK),
    "dask": dask.array.from_array(OBJECTS, chunks=3),
    "DataArray": xarray.DataArray(OBJECTS, dims="row", coords={"row": ROWS}),
    "lazy DataArray": xarray.DataArray(OBJECTS, dims="row", coords={"row": ROWS}).chunk(row=3),
}


@pytest.fixture(autouse=True)
def styled(install, describe):
    """A backend with American options."""

    def kernel(spot, strike, time, rate, dividend, sigma, sign, style, out=None):
        return np.add(spot, np.multiply(1000.0, style), out=out)

    american = {"american_price": 1}
    install(one=describe("one", numerics=american, load=lambda: {"american_price": kernel}))


def by_row(result):
    values = result.to_pylist() if hasattr(result, "to_pylist") else np.ma.filled(result, np.nan)
    return np.array([math.nan if x is None else x for x in np.ravel(values)], float)


@pytest.mark.parametrize("column", CONTAINERS.values(), ids=CONTAINERS)
def test_a_missing_exercise_makes_a_missing_price(column):
    np.testing.assert_array_equal(by_row(quantforge.price(100.0, *REST, exercise=column)), STYLED)
    bound = quantforge.bind("price", exercise=column)
    np.testing.assert_array_equal(by_row(bound(100.0, *REST)), STYLED)


@pytest.mark.parametrize(
    "spot",
    [
        pandas.Series([1.0, 2.0], ["x", "y"]),
        polars.Series([1.0, 2.0]),
        pyarrow.array([1.0, 2.0]),
        np.ma.array([1.0, 2.0]),
        dask.array.from_array(np.array([1.0, 2.0])),
        xarray.DataArray([1.0, 2.0], dims="row"),
    ],
    ids=lambda spot: type(spot).__module__.partition(".")[0],
)
def test_a_word_for_all_goes_with_any_container(spot):
    found = quantforge.price(spot, *REST, exercise="american", accuracy="fast")
    assert by_row(found).tolist() == [1001.0, 1002.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda values, rows: pandas.Series(values, rows),
        lambda values, rows: xarray.DataArray(values, dims="row", coords={"row": rows}),
    ],
    ids=["pandas", "xarray"],
)
def test_exercises_are_aligned_by_label(make):
    spot = make([1.0, 2.0], ["a", "b"])
    found = quantforge.price(spot, *REST, exercise=make(["european", "american"], ["b", "a"]))
    assert by_row(found.loc[["a", "b"]] if hasattr(found, "loc") else found).tolist() == [2001, 2]


def test_a_list_of_exercises_goes_along_the_rows_of_the_containers_beside_it():
    spot = pandas.Series([1.0, 2.0], ["a", "b"])
    found = quantforge.price(spot, *REST, exercise=["european", "american"])
    assert found.to_dict() == {"a": 1.0, "b": 2002.0}
    lazy = quantforge.price(
        dask.array.from_array(spot.to_numpy(), chunks=1), *REST, exercise=["european", "american"]
    )
    assert lazy.compute().tolist() == [1.0, 2002.0]


def test_what_a_mask_hides_may_be_anything():
    spot = np.ma.array([1.0, 2.0], mask=[False, True])
    found = quantforge.price(spot, *REST, exercise=["american", "european"])
    assert found.tolist() == [2001.0, None]
    words = np.ma.array(["american", "junk"], mask=[False, True])
    assert quantforge.price(spot, *REST, exercise=words).tolist() == [2001.0, None]


WRONG = {
    "Series": (pandas.Series(["american", "x"], ["k", "l"]), "'x' at index 'l';"),
    "polars": (polars.Series(["american", "x"]), "'x' at index 1;"),
    "Arrow": (pyarrow.array(["american", "x"]), "'x' at index 1;"),
    "masked": (np.ma.array(["american", "x"]), "'x' at index 1;"),
    "DataArray": (xarray.DataArray(["x"], dims="r", coords={"r": ["q"]}), "'x' at r='q';"),
    "numbers": (pandas.Series([1.0, 0.0]), "1.0 at index 0;"),
}


@pytest.mark.parametrize(("column", "named"), WRONG.values(), ids=WRONG)
def test_an_unknown_exercise_is_named_with_its_label(column, named):
    with pytest.raises(ValueError, match=f"unknown exercise {named}"):
        quantforge.price(100.0, *REST, exercise=column)


@pytest.mark.parametrize("wrong", ["x", 1.0])
def test_an_unknown_exercise_in_a_block_is_named_when_it_is_computed(wrong):
    lazy = quantforge.price(100.0, *REST, exercise=dask.array.from_array(np.array([wrong])))
    with pytest.raises(ValueError, match=f"unknown exercise {wrong!r} at index 0 of a block"):
        lazy.compute()
