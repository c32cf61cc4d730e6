"""pandas: how labels, names, types and missing values come through."""

import math

import numpy as np
import pandas
import pytest

import quantforge
from quantforge import labels

ROWS = pandas.Index(["a", "b", "c"], name="option")
SPOTS = pandas.Series([100.0, 101.0, 102.0], ROWS, name="spot")
KINDS = pandas.Series(["call", "put", "put"], ROWS)


def price(spot, kind="call", strike=105.0):
    return quantforge.price(spot, strike, 0.5, 0.03, 0.2, kind=kind)


def numbers(*options):
    """Prices of (spot, kind), from calls with numbers."""
    return [price(*option).item() for option in options]


def test_a_kind_goes_to_the_option_of_its_label():
    shuffled = KINDS.loc[["c", "a", "b"]]
    got = price(SPOTS, shuffled)
    assert got.to_dict() == dict(
        zip("abc", numbers((100.0, "call"), (101.0, "put"), (102.0, "put")), strict=True)
    )


def test_the_index_itself_is_kept():
    got = price(SPOTS, KINDS)
    assert got.index.is_(ROWS)
    dates = pandas.date_range("2030-01-01", periods=3, freq="D")
    pandas.testing.assert_index_equal(price(SPOTS.set_axis(dates)).index, dates)


def test_labels_that_repeat_are_no_matter_where_all_have_the_same():
    twice = pandas.Index(["a", "a", "b"])
    got = price(SPOTS.set_axis(twice), KINDS.set_axis(twice))
    assert list(got.index) == ["a", "a", "b"]
    assert got.tolist() == numbers((100.0, "call"), (101.0, "put"), (102.0, "put"))


def test_labels_that_differ_and_repeat_are_refused_by_name():
    twice = KINDS.set_axis(pandas.Index(["a", "a", "b"]))
    with pytest.raises(ValueError, match="labels of spot and kind differ and some repeat"):
        price(SPOTS, twice)


@pytest.mark.parametrize("other", [["b", "c", "d"], ["d", "e", "f"], ["c", "b", "a"]], ids="".join)
def test_labels_are_those_of_pandas_own_arithmetic(other):
    strikes = pandas.Series([90.0, 95.0, 105.0], other)
    got = price(SPOTS, strike=strikes)
    pandas.testing.assert_index_equal(got.index, (SPOTS + strikes).index)
    for label, value in got.items():
        if label in SPOTS and label in strikes:
            assert value == price(SPOTS[label], strike=strikes[label])
        else:
            assert math.isnan(value)


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_an_option_without_a_kind_is_neither_a_call_nor_a_put(dtype):
    kinds = KINDS.astype(dtype).reindex(["a", "b"])
    value, code = quantforge.implied_volatility(
        pandas.Series(8.0, ROWS), 100.0, 100.0, 0.5, 0.03, kind=kinds, status=True
    )
    assert value.isna().tolist() == [False, False, True]
    missing = pandas.NA if dtype == "string" else quantforge.Code.INVALID_INPUT
    assert code["c"] is missing or code["c"] == missing
    assert price(SPOTS, kinds).isna().tolist() == [False, False, True]


@pytest.mark.parametrize("signs", [[1, -1, -1], [1.0, -1.0, -1.0]], ids=["int", "float"])
def test_signs_align_like_words(signs):
    shuffled = pandas.Series(signs, ROWS).loc[["b", "c", "a"]]
    pandas.testing.assert_series_equal(price(SPOTS, shuffled), price(SPOTS, KINDS))


def test_a_category_that_no_option_has_may_be_any_word():
    kinds = KINDS.astype(pandas.CategoricalDtype(["put", "future", "call"]))
    pandas.testing.assert_series_equal(price(SPOTS, kinds), price(SPOTS, KINDS))


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_an_unknown_kind_is_named_with_its_label(dtype):
    kinds = KINDS.replace({"put": "future"}).astype(dtype)
    with pytest.raises(ValueError, match="unknown kind 'future' at index 'b'; valid: 'call'"):
        price(SPOTS, kinds)


@pytest.mark.parametrize("frame", [False, True])
@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_many_words_are_read_as_few_are(dtype, frame):
    rows = range(300)
    kinds = pandas.Series(["call", None, "P"] * 100, rows, dtype=dtype)
    spots = pandas.Series([100.0, 101.0, 102.0] * 100, rows)
    if frame:
        got = price(spots.to_frame("only"), kinds[::-1].to_frame("only"))["only"]
    else:
        got = price(spots, kinds[::-1])
    call, put = numbers((100.0, "call"), (102.0, "put"))
    assert got[got.notna()].tolist() == [call, put] * 100
    assert got.isna().tolist() == [False, True, False] * 100
    wrong = kinds.astype(object).where(kinds.index != 299, "future").astype(dtype)
    with pytest.raises(ValueError, match="unknown kind 'future' at index 299"):
        price(spots.to_frame("only"), wrong.to_frame("only")) if frame else price(spots, wrong)


@pytest.mark.parametrize("dtype", ["bool", "boolean", object])
def test_true_is_a_call(dtype):
    kinds = pandas.Series([True, False, True], ROWS, dtype=dtype)
    words = kinds.map({True: "call", False: "put"}).astype(object)
    assert price(SPOTS, kinds[::-1]).tolist() == price(SPOTS, words).tolist()


def test_the_name_is_kept_where_all_agree():
    assert price(SPOTS).name == "spot"
    assert price(SPOTS, strike=SPOTS + 5).name == "spot"
    assert price(SPOTS, strike=(SPOTS + 5).rename("strike")).name is None
    assert price(SPOTS, KINDS).name is None


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "Float32", "int32[pyarrow]"])
def test_every_type_of_number_is_computed_in_double_precision(dtype):
    got = price(SPOTS.astype(dtype))
    nullable = dtype[0].isupper() or "pyarrow" in dtype
    assert got.dtype == ("Float64" if nullable else "float64")
    assert got.tolist() == price(SPOTS).tolist()


@pytest.mark.parametrize("values", [["1", "2", "3"], [1j, 2j, 3j]], ids=["words", "complex"])
def test_what_is_no_real_number_is_refused_by_name(values):
    with pytest.raises(TypeError, match="strike must be real numbers"):
        price(SPOTS, strike=pandas.Series(values, ROWS))


def test_nan_beside_a_nullable_column_is_missing_as_in_pandas():
    strikes = pandas.Series([95.0, None, 105.0], ROWS, dtype="Float64")
    got = price(SPOTS.where(SPOTS < 102), strike=strikes)
    assert got.isna().tolist() == [False, True, True]
    assert got["c"] is pandas.NA


def test_what_a_rule_forbids_is_nan_and_not_missing():
    strikes = pandas.Series([95.0, -1.0, None], ROWS, dtype="Float64")
    with np.errstate(invalid="ignore"):
        got = price(SPOTS, strike=strikes)
    assert math.isnan(got["b"])
    assert got["c"] is pandas.NA


def test_each_result_has_a_mask_of_its_own():
    result = quantforge.greeks(SPOTS.astype("Float64"), 105.0, 0.5, 0.03, 0.2)
    result.delta.iloc[0] = pandas.NA
    assert not result.gamma.isna().any()


def test_a_codes_column_can_hold_na_where_the_prices_can():
    prices = pandas.Series([8.0, None, 9.0], ROWS, dtype="Float64")
    code = quantforge.implied_volatility(prices, 100.0, 100.0, 0.5, 0.03, status=True)[1]
    assert code.dtype == "Int8"
    assert code.isna().tolist() == [False, True, False]


def test_an_index_is_a_column_of_values():
    spots = pandas.Index([100.0, 101.0, 102.0], name="spot")
    got = price(spots, kind=pandas.Index(["call", "put", "put"]))
    assert isinstance(got, pandas.Index)
    assert got.tolist() == price(SPOTS, KINDS).tolist()
    pandas.testing.assert_series_equal(price(SPOTS, strike=spots), price(SPOTS, strike=SPOTS))


# --- arrays without labels ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "kinds", [["call", "put", "put"], np.array([1, -1, -1]), ("c", "P", "p")], ids=type
)
def test_an_array_goes_row_by_row_where_all_labels_are_the_same(kinds):
    pandas.testing.assert_series_equal(
        price(SPOTS, kinds, SPOTS), price(SPOTS, KINDS, SPOTS), check_names=False
    )


def test_an_array_is_refused_where_the_order_of_rows_is_open():
    with pytest.raises(ValueError, match="kind has no labels, and those of spot and strike are"):
        price(SPOTS, ["call", "put", "put"], SPOTS[::-1])
    assert price(SPOTS, np.array(["call"]), SPOTS[::-1]).notna().all()


@pytest.mark.parametrize("shape", [(2,), (4,), (3, 1), (1, 3), (2, 3)])
def test_an_array_that_does_not_fit_the_labels_is_refused(shape):
    with pytest.raises(ValueError, match=r"strike has shape .* does not fit the labels of spot"):
        price(SPOTS, strike=np.full(shape, 100.0))


# --- DataFrames --------------------------------------------------------------------------------

FRAME = pandas.DataFrame({"near": [100.0, 101.0], "far": [102.0, 103.0]}, ["x", "y"])


def test_frames_align_on_both_axes_as_in_pandas_own_arithmetic():
    strikes = pandas.DataFrame({"far": [90.0, 95.0], "new": [100.0, 105.0]}, ["y", "z"])
    got = price(FRAME, strike=strikes)
    pandas.testing.assert_frame_equal(got.isna(), (FRAME + strikes).isna())
    assert got.loc["y", "far"] == price(103.0, strike=90.0)


def test_kinds_in_a_frame_go_to_their_row_and_column():
    kinds = pandas.DataFrame({"far": ["put", "call"], "near": ["call", "put"]}, ["y", "x"])
    got = price(FRAME, kinds)
    for row, column in ((row, column) for row in "xy" for column in FRAME):
        assert got.loc[row, column] == price(FRAME.loc[row, column], kinds.loc[row, column])


def test_the_labels_of_a_series_beside_a_frame_are_columns():
    got = price(
        FRAME,
        pandas.Series({"far": "put", "near": "call"}),
        pandas.Series({"near": 95.0, "far": 90.0}),
    )
    assert got.loc["x"].to_dict() == {
        "near": price(100.0, "call", 95.0),
        "far": price(102.0, "put", 90.0),
    }


def test_a_nullable_column_makes_all_columns_nullable():
    got = price(FRAME.astype({"far": "Float64"}))
    assert [str(dtype) for dtype in got.dtypes] == ["Float64", "Float64"]


def test_an_array_has_rows_and_columns_of_a_frame():
    got = price(FRAME, np.array([["call", "put"]]), np.array([[95.0], [105.0]]))
    assert got.loc["y", "far"] == price(103.0, "put", 105.0)


# --- out, errors, and what is called -----------------------------------------------------------


def test_a_nullable_out_receives_na():
    out = pandas.Series([0.0] * 3, ROWS, dtype="Float64")
    spots = SPOTS.astype("Float64").where(SPOTS != 101)
    assert quantforge.price(spots, 105.0, 0.5, 0.03, 0.2, out=out) is out
    assert out.tolist() == [price(100.0), pandas.NA, price(102.0)]


def test_out_of_another_shape_is_refused():
    for out in (np.zeros(2), np.zeros((2, 3)), pandas.Series([0.0, 0.0])):
        with pytest.raises(ValueError, match="out has"):
            quantforge.price(SPOTS, 105.0, 0.5, 0.03, 0.2, out=out)


def test_a_series_may_receive_what_has_no_labels():
    out = pandas.Series([0.0] * 3, ROWS)
    got = quantforge.price(SPOTS.to_numpy(), 105.0, 0.5, 0.03, 0.2, out=out)
    assert got is out
    assert out.tolist() == price(SPOTS).tolist()


@pytest.mark.parametrize("function", [quantforge.price, quantforge.greeks])
def test_errors_raise_names_the_label(function):
    sigmas = pandas.Series([0.2, -0.2, 0.3], ROWS)
    with pytest.raises(ValueError, match=r"sigma at index 'b' is -0.2; it must be >= 0"):
        function(SPOTS, 105.0, 0.5, 0.03, sigmas, errors="raise")
    frame = FRAME.where(FRAME != 102.0, -1.0)
    with pytest.raises(ValueError, match=r"spot at index 'x', column 'far' is -1\.0"):
        function(frame, 105.0, 0.5, 0.03, 0.2, errors="raise")


def test_errors_raise_names_a_kind_that_is_missing():
    with pytest.raises(ValueError, match="kind is missing at index 'c'"):
        quantforge.price(SPOTS, 105.0, 0.5, 0.03, 0.2, kind=KINDS.loc[["a", "b"]], errors="raise")


def test_the_core_runs_once_on_numpy_arrays():
    calls = []

    def run(plain):
        calls.append({name: type(value) for name, value in plain.items()})
        return (np.zeros(3),)

    given = {"spot": SPOTS, "time": 0.5, "kind": KINDS.astype("category")}
    assert labels.call(run, given, ("price",))[0].tolist() == [0.0, 0.0, 0.0]
    assert calls == [{"spot": np.ndarray, "time": float, "kind": np.ndarray}]


def test_inputs_stay_as_they_are():
    before = SPOTS.copy(), KINDS.copy()
    price(SPOTS, KINDS[::-1])
    pandas.testing.assert_series_equal(SPOTS, before[0])
    pandas.testing.assert_series_equal(KINDS, before[1])
