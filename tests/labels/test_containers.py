"""What a container is told by, and what is refused; tables made of labelled results."""

import itertools

import dask.array
import numpy as np
import pandas
import polars
import pyarrow
import pytest
import xarray

import quantforge
from quantforge import labels

VALUES = [100.0, 101.0]
CONTAINERS = {
    "a dask Array": dask.array.from_array(np.array(VALUES)),
    "a numpy MaskedArray": np.ma.array(VALUES),
    "a pandas DataFrame": pandas.DataFrame({"only": VALUES}),
    "a pandas Index": pandas.Index(VALUES),
    "a pandas Series": pandas.Series(VALUES),
    "a polars Series": polars.Series(VALUES),
    "a pyarrow ChunkedArray": pyarrow.chunked_array([VALUES]),
    "a pyarrow DoubleArray": pyarrow.array(VALUES),
    "an xarray DataArray": xarray.DataArray(VALUES),
}
TABLES = {
    "a polars DataFrame": polars.DataFrame({"only": VALUES}),
    "a polars LazyFrame": polars.LazyFrame({"only": VALUES}),
    "a pyarrow RecordBatch": pyarrow.record_batch({"only": VALUES}),
    "a pyarrow Table": pyarrow.table({"only": VALUES}),
    "an xarray Dataset": xarray.Dataset({"only": ("row", VALUES)}),
}


class OfSomebody(pandas.Series):
    """Somebody's own Series."""


@pytest.mark.parametrize("container", [*CONTAINERS.values(), *TABLES.values(), OfSomebody(VALUES)])
def test_containers_are_told_by_their_type(container):
    assert labels.is_labelled(container)


@pytest.mark.parametrize("plain", [1, 1.0, "call", None, VALUES, np.array(VALUES), np.float64(1)])
def test_what_has_no_labels_is_none(plain):
    assert not labels.is_labelled(plain)


@pytest.mark.parametrize("argument", ["strike", "kind"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pair
        for pair in itertools.permutations(CONTAINERS, 2)
        if len({described.split()[1] for described in pair}) == 2
    ],
)
def test_containers_of_two_libraries_are_refused_by_name(first, second, argument):
    given = {"spot": CONTAINERS[first], "strike": 100.0, argument: CONTAINERS[second]}
    with pytest.raises(TypeError, match=f"spot is {first} and {argument} {second}: labels of diff"):
        quantforge.price(**given, time=0.5, rate=0.03, sigma=0.2)


def test_outs_of_two_libraries_are_refused_by_name():
    out = {"delta": CONTAINERS["a pandas Series"], "vega": CONTAINERS["an xarray DataArray"]}
    with pytest.raises(TypeError, match="out is a pandas Series and out an xarray DataArray"):
        quantforge.greeks(100.0, 105.0, 0.5, 0.03, 0.2, out=out)


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_refused_for_what_they_are(table):
    with pytest.raises(TypeError, match=f"sigma is {table}: pass its columns one by one"):
        quantforge.price(100.0, 105.0, 0.5, 0.03, TABLES[table])


def test_a_library_is_imported_only_when_its_container_comes(python):
    code = (
        "import sys, quantforge; from quantforge import labels; labels.is_labelled(1.0);"
        "quantforge.price(100, [105, 106], .5, .03, .2, kind=['call', 'put']);"
        "print({'pandas', 'polars', 'xarray', 'dask', 'pyarrow'} & set(sys.modules))"
    )
    assert python(code) == "set()\n"


# --- tables of results -------------------------------------------------------------------------

WHICH = ("price", "vega")


def greeks(spot):
    return quantforge.greeks(spot, 105.0, 0.5, 0.03, 0.2, which=WHICH)


EXPECTED = [greeks(spot) for spot in VALUES]


@pytest.mark.parametrize("dtype", ["float64", "Float64"])
@pytest.mark.parametrize("table", [pandas.DataFrame, quantforge.Greeks.to_pandas])
def test_a_pandas_table_has_the_index_of_the_arguments(table, dtype):
    index = pandas.Index(["x", "y"], name="option")
    frame = table(greeks(pandas.Series(VALUES, index, dtype=dtype)))
    pandas.testing.assert_index_equal(frame.index, index)
    assert list(frame.columns) == list(WHICH)
    assert frame.dtypes.tolist() == [dtype, dtype]
    assert frame["vega"].tolist() == [one.vega for one in EXPECTED]


def test_a_pandas_table_of_frames_has_a_row_for_each_cell():
    frame = greeks(pandas.DataFrame([VALUES], ["day"], ["x", "y"])).to_pandas()
    assert frame.index.tolist() == [("day", "x"), ("day", "y")]
    assert frame["price"].tolist() == [one.price for one in EXPECTED]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_pandas_table_of_dataarrays_has_a_level_for_each_dimension(lazy):
    spots = xarray.DataArray([VALUES], dims=("day", "k"), coords={"k": [95, 105]}, name="spot")
    frame = greeks(spots.chunk() if lazy else spots).to_pandas()
    assert frame.index.names == ["day", "k"]
    assert frame.index.tolist() == [(0, 95), (0, 105)]
    assert frame["price"].tolist() == [one.price for one in EXPECTED]
    assert greeks(xarray.DataArray(100.0)).to_pandas().shape == (1, 2)


def test_xarray_makes_a_dataset_of_the_results():
    spots = xarray.DataArray(VALUES, dims="k", coords={"k": [95, 105]})
    dataset = xarray.Dataset(greeks(spots))
    assert list(dataset) == list(WHICH)
    assert dataset["k"].values.tolist() == [95, 105]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_makes_tables(name):
    result = greeks(CONTAINERS[name])
    expected = [tuple(one.values()) for one in EXPECTED]
    assert list(result.to_pandas().itertuples(index=False, name=None)) == expected
    assert result.to_polars().rows() == expected


@pytest.mark.parametrize(
    "spots",
    [
        pandas.Series([100.0, None], dtype="Float64"),
        pandas.DataFrame({"only": [100.0, None]}, dtype="Float64"),
        polars.Series([100.0, None]),
        pyarrow.array([100.0, None]),
        pyarrow.chunked_array([[100.0], [None]]),
        np.ma.array([100.0, 0.0], mask=[False, True]),
    ],
    ids=lambda spots: type(spots).__name__,
)
def test_what_is_missing_is_missing_in_a_table(spots):
    result = greeks(spots)
    assert result.to_pandas()["vega"].isna().tolist() == [False, True]
    assert result.to_polars()["vega"].to_list() == [EXPECTED[0].vega, None]


def test_greeks_stay_as_they_are():
    result = greeks(100.0)
    changes = (
        lambda: result.update(price=1.0),
        lambda: result.setdefault("rho", 1.0),
        lambda: result.pop("price"),
        lambda: result.popitem(),
        lambda: result.clear(),
        lambda: result.__delitem__("price"),
        lambda: result.__ior__({"price": 1.0}),
    )
    for change in changes:
        with pytest.raises(TypeError, match="Greeks cannot be changed"):
            change()
    assert list(result) == list(WHICH)
