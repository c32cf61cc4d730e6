"""Every argument of every function in every container: values, labels and what is missing.

What is expected comes from calls with numbers, option by option.
"""

import math
from dataclasses import dataclass
from typing import Any

import dask.array
import numpy as np
import pandas
import polars
import pyarrow
import pytest
import xarray

import quantforge

ROWS = ["a", "b", "c", "d"]
OPTIONS = {
    "spot": [100.0, 90.0, 110.0, 95.0],
    "strike": [105.0, 95.0, 100.0, 90.0],
    "time": [0.5, 1.0, 0.25, 2.0],
    "rate": [0.03, 0.01, 0.05, 0.02],
    "sigma": [0.2, 0.3, 0.25, 0.4],
    "dividend": [0.01, 0.0, 0.02, 0.03],
    "kind": ["call", "put", "put", "call"],
    "price": [26.0, 31.0, 27.0, 34.0],
}
PRICED = ("spot", "strike", "time", "rate", "sigma", "dividend", "kind")
DIVIDENDS = [(0.2, 1.0), (0.8, 2.0)]
INVERTED = ("price", "spot", "strike", "time", "rate", "dividend", "kind")


@dataclass(frozen=True)
class Function:
    """A public function: its arguments, and the results of a call as a tuple."""

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    call: Any

    def expected(self, **option):
        """The results for one option, from a call with numbers; NaN where something is missing."""
        if option["kind"] is None:  # neither a call nor a put
            option.update(kind="call", time=None)
        numbers = {name: math.nan if one is None else one for name, one in option.items()}
        return tuple(one.item() for one in self.call(**numbers))


FUNCTIONS = {
    "price": Function(PRICED, ("price",), lambda **given: (quantforge.price(**given),)),
    "greeks": Function(
        PRICED,
        ("delta", "vega"),
        lambda out=None, **given: tuple(
            quantforge.greeks(
                **given,
                which=("delta", "vega"),
                out=None if out is None else {"delta": out},
            ).values()
        ),
    ),
    "price with dividends": Function(
        PRICED,
        ("price",),
        lambda **given: (quantforge.price(**given, dividends=DIVIDENDS),),
    ),
    "greeks with dividends": Function(
        PRICED,
        ("delta", "theta"),
        lambda out=None, **given: tuple(
            quantforge.greeks(
                **given,
                dividends=DIVIDENDS,
                which=("delta", "theta"),
                out=None if out is None else {"delta": out},
            ).values()
        ),
    ),
    "implied_volatility": Function(
        INVERTED,
        ("sigma", "code"),
        lambda **given: quantforge.implied_volatility(**given, status=True),
    ),
}
EVERY_ARGUMENT = [(name, each) for name, one in FUNCTIONS.items() for each in one.arguments]


@dataclass(frozen=True)
class Container:
    """A library's container: how to make one of values by row, and to read a result.

    `read` gives values by row, None for null; `nulls` says whether a missing value comes back
    as that, or as NaN.
    """

    make: Any
    read: Any
    type: type
    dtype: str
    labelled: bool = False
    nulls: bool = False
    lazy: bool = False


def _objects(values):
    words = any(isinstance(one, str) for one in values)
    if words:
        return np.array(values, dtype=object if None in values else None)
    return np.array([math.nan if one is None else one for one in values])


def _masked(values, rows):
    mask = [one is None for one in values]
    stand_in = "junk" if any(isinstance(one, str) for one in values) else -1.0
    return np.ma.array([stand_in if one is None else one for one in values], mask=mask)


def _nullable(values, rows):
    words = any(isinstance(one, str) for one in values)
    return pandas.Series(values, rows, dtype="string" if words else "Float64")


def _arrow_backed(values, rows):
    kind = pyarrow.string() if any(isinstance(one, str) for one in values) else pyarrow.float64()
    return pandas.Series(values, rows, dtype=pandas.ArrowDtype(kind))


def _by_row(result):
    missing = result.isna() & np.array([not isinstance(one, float) for one in result])
    pairs = zip(result.index, result, missing, strict=True)
    return {row: None if absent else float(one) for row, one, absent in pairs}


def _data_array(values, rows):
    return xarray.DataArray(_objects(values), dims="row", coords={"row": rows})


def _series(values, rows):
    return pandas.Series(_objects(values), rows)


CONTAINERS = {
    "Series": Container(_series, _by_row, pandas.Series, "float64", labelled=True),
    "nullable Series": Container(
        _nullable, _by_row, pandas.Series, "Float64", labelled=True, nulls=True
    ),
    "Arrow-backed Series": Container(
        _arrow_backed, _by_row, pandas.Series, "Float64", labelled=True, nulls=True
    ),
    "DataFrame": Container(
        lambda values, rows: _series(values, rows).to_frame("only"),
        lambda result: _by_row(result["only"]),
        pandas.DataFrame,
        "float64",
        labelled=True,
    ),
    "nullable DataFrame": Container(
        lambda values, rows: _nullable(values, rows).to_frame("only"),
        lambda result: _by_row(result["only"]),
        pandas.DataFrame,
        "Float64",
        labelled=True,
        nulls=True,
    ),
    "polars": Container(
        lambda values, rows: polars.Series("values", values),
        lambda result: dict(zip(ROWS, result.to_list(), strict=True)),
        polars.Series,
        "Float64",
        nulls=True,
    ),
    "Arrow": Container(
        lambda values, rows: pyarrow.array(values),
        lambda result: dict(zip(ROWS, result.to_pylist(), strict=True)),
        pyarrow.Array,
        "double",
        nulls=True,
    ),
    "chunked Arrow": Container(
        lambda values, rows: pyarrow.chunked_array([values[:1], values[1:]]),
        lambda result: dict(zip(ROWS, result.to_pylist(), strict=True)),
        pyarrow.ChunkedArray,
        "double",
        nulls=True,
    ),
    "masked": Container(
        _masked,
        lambda result: dict(zip(ROWS, result.tolist(), strict=True)),
        np.ma.MaskedArray,
        "float64",
        nulls=True,
    ),
    "dask": Container(
        lambda values, rows: dask.array.from_array(_objects(values), chunks=3),
        lambda result: dict(zip(ROWS, result.compute().tolist(), strict=True)),
        dask.array.Array,
        "float64",
        lazy=True,
    ),
    "DataArray": Container(
        _data_array,
        lambda result: dict(
            zip(result["row"].values.tolist(), result.values.tolist(), strict=True)
        ),
        xarray.DataArray,
        "float64",
        labelled=True,
    ),
    "lazy DataArray": Container(
        lambda values, rows: _data_array(values, rows).chunk(row=3),
        lambda result: dict(
            zip(result["row"].values.tolist(), result.values.tolist(), strict=True)
        ),
        xarray.DataArray,
        "float64",
        labelled=True,
        lazy=True,
    ),
}
LABELLED = [name for name, one in CONTAINERS.items() if one.labelled]
EAGER = [name for name, one in CONTAINERS.items() if not one.lazy]


def options(function, **changes):
    """The arguments of a function, a list of values per row each."""
    return {name: changes.get(name, OPTIONS[name]) for name in function.arguments}


def expected(function, columns, rows=ROWS):
    """Results by row, a tuple per row, where a column is a list by row or one value for all."""
    found = {}
    for place, row in enumerate(rows):
        option = {
            name: column[place] if isinstance(column, list) else column
            for name, column in columns.items()
        }
        found[row] = function.expected(**option)
    return found


@pytest.fixture(params=CONTAINERS)
def container(request):
    return CONTAINERS[request.param]


@pytest.fixture(params=LABELLED)
def labelled(request):
    return CONTAINERS[request.param]


def check(container, results, function, wanted):
    """Results in containers hold, row by row, what calls with numbers give."""
    assert len(results) == len(function.outputs)
    for place, (result, output) in enumerate(zip(results, function.outputs, strict=True)):
        assert isinstance(result, container.type)
        if output != "code":
            kind = result.dtypes.iloc[0] if isinstance(result, pandas.DataFrame) else None
            assert str(kind or getattr(result, "dtype", getattr(result, "type", None))) == (
                container.dtype
            )
        got = container.read(result)
        assert got.keys() == wanted.keys()
        for row, values in wanted.items():
            value = None if values is None else values[place]
            assert got[row] == value or (
                got[row] is not None and value is not None and math.isnan(got[row] + value)
            ), (output, row)


@pytest.mark.parametrize(("name", "argument"), EVERY_ARGUMENT)
def test_one_column_among_numbers_makes_columns_of_its_kind(container, name, argument):
    function = FUNCTIONS[name]
    option = {each: values[0] for each, values in options(function).items()}
    column = container.make(OPTIONS[argument], ROWS)
    results = function.call(**{**option, argument: column})
    check(container, results, function, expected(function, {**option, argument: OPTIONS[argument]}))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_arguments_may_be_columns(container, name):
    function = FUNCTIONS[name]
    columns = options(function)
    results = function.call(**{each: container.make(one, ROWS) for each, one in columns.items()})
    check(container, results, function, expected(function, columns))


@pytest.mark.parametrize(("name", "argument"), EVERY_ARGUMENT)
def test_labels_in_another_order_change_nothing(labelled, name, argument):
    function = FUNCTIONS[name]
    columns = options(function)
    given = {each: labelled.make(one, ROWS) for each, one in columns.items()}
    order = [2, 0, 3, 1]
    given[argument] = labelled.make([OPTIONS[argument][i] for i in order], [ROWS[i] for i in order])
    check(labelled, function.call(**given), function, expected(function, columns))


@pytest.mark.parametrize(("name", "argument"), EVERY_ARGUMENT)
def test_what_is_missing_is_missing_in_the_result(container, name, argument):
    function = FUNCTIONS[name]
    columns = options(function)
    columns[argument] = [
        None if row == "c" else one for row, one in zip(ROWS, columns[argument], strict=True)
    ]
    results = function.call(**{each: container.make(one, ROWS) for each, one in columns.items()})
    wanted = expected(function, columns)
    if container.nulls:
        wanted["c"] = None
    check(container, results, function, wanted)


@pytest.mark.parametrize(("name", "argument"), EVERY_ARGUMENT)
@pytest.mark.parametrize("library", ["polars", "Arrow", "chunked Arrow", "masked", "dask"])
def test_a_column_of_one_row_goes_with_every_row(library, name, argument):
    container, function = CONTAINERS[library], FUNCTIONS[name]
    columns = options(function)
    given = {each: container.make(one, ROWS) for each, one in columns.items()}
    given[argument] = container.make(OPTIONS[argument][:1], ROWS[:1])
    columns[argument] = OPTIONS[argument][0]
    check(container, function.call(**given), function, expected(function, columns))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("rows", [0, 1])
def test_columns_of_no_row_or_one_stay_columns(container, name, rows):
    function = FUNCTIONS[name]
    columns = {each: one[:rows] for each, one in options(function).items()}
    given = {each: container.make(one, ROWS[:rows]) for each, one in columns.items()}
    results = function.call(**given)
    assert all(isinstance(result, container.type) for result in results)
    assert [len(result) for result in results] == [rows] * len(function.outputs)


# --- out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("library", [name for name in EAGER if "DataFrame" not in name])
def test_an_array_takes_the_first_result_in_the_order_of_the_rows(library, name):
    container, function = CONTAINERS[library], FUNCTIONS[name]
    columns = options(function)
    out = np.full(4, -1.0)
    given = {each: container.make(one, ROWS) for each, one in columns.items()}
    assert function.call(**given, out=out)[0] is out
    assert out.tolist() == [one[0] for one in expected(function, columns).values()]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "library", [name for name in EAGER if "rrow" not in name and name != "polars"]
)
def test_a_container_with_the_same_labels_takes_the_first_result(library, name):
    container, function = CONTAINERS[library], FUNCTIONS[name]
    columns = options(function)
    out = container.make([-1.0] * 4, ROWS)
    given = {each: container.make(one, ROWS) for each, one in columns.items()}
    results = function.call(**given, out=out)
    assert results[0] is out
    check(container, results, function, expected(function, columns))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_where_a_result_goes_is_not_guessed(labelled, name):
    function = FUNCTIONS[name]
    given = {each: labelled.make(one, ROWS) for each, one in options(function).items()}
    words = "nothing is computed yet" if labelled.lazy else "out has not the labels of the result"
    out = labelled.make([-1.0] * 4, ROWS[::-1])
    with pytest.raises(ValueError, match=words):
        function.call(**given, out=out)
    assert set(labelled.read(out).values()) == {-1.0}
    given["kind"] = labelled.make(OPTIONS["kind"][::-1], ROWS[::-1])
    words = "nothing is computed yet" if labelled.lazy else "out has no labels"
    shape = (4, 1) if labelled.type is pandas.DataFrame else 4
    with pytest.raises(ValueError, match=words):
        function.call(**given, out=np.zeros(shape))


@pytest.mark.parametrize("library", ["polars", "Arrow", "chunked Arrow"])
def test_a_column_that_never_changes_is_no_out(library):
    column = CONTAINERS[library].make(OPTIONS["spot"], ROWS)
    with pytest.raises(ValueError, match="it never changes; pass an array"):
        quantforge.price(column, 105.0, 0.5, 0.03, 0.2, out=column)
