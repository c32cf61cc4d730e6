"""Columns without labels: polars, Arrow, and NumPy's masked arrays."""

import math

import numpy as np
import polars
import pyarrow
import pytest

import quantforge

SPOTS = [100.0, 101.0, 102.0]
KINDS = ["call", "put", "put"]
LIBRARIES = {
    "polars": (polars.Series, lambda column: column.to_list()),
    "Arrow": (pyarrow.array, lambda column: column.to_pylist()),
    "chunked Arrow": (
        lambda values: pyarrow.chunked_array([values[:1], values[1:]]),
        lambda column: column.to_pylist(),
    ),
}


def price(spot, kind="call", strike=105.0, **options):
    return quantforge.price(spot, strike, 0.5, 0.03, 0.2, kind=kind, **options)


def numbers(kinds=KINDS):
    return [price(*option).item() for option in zip(SPOTS, kinds, strict=True)]


@pytest.fixture(params=LIBRARIES)
def library(request):
    return LIBRARIES[request.param]


# --- polars and Arrow --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kinds", [KINDS, ["C", "P", "p"], [1, -1, -1], [1.0, -1.0, -1.0], [True, False, False]], ids=str
)
def test_kinds_may_be_words_and_signs(library, kinds):
    make, read = library
    assert read(price(make(SPOTS), make(kinds))) == numbers()
    assert read(price(make(SPOTS), kinds)) == numbers()


@pytest.mark.parametrize("kinds", [["call", None, "put"], [1, None, -1], [1.0, None, -1.0]])
def test_an_option_without_a_kind_is_null(library, kinds):
    make, read = library
    call, _, put = numbers()
    assert read(price(make(SPOTS), make(kinds))) == [call, None, put]
    assert read(price(make(SPOTS), make([None] * 3))) == [None] * 3


def test_many_words_are_read_as_few_are(library):
    make, read = library
    call, _, put = numbers()
    got = read(price(make(SPOTS * 100), make(["call", None, "P"] * 100)))
    assert got == [call, None, put] * 100
    with pytest.raises(ValueError, match="unknown kind 'future' at index 299"):
        price(make(SPOTS * 100), make([*["call", None, "P"] * 99, "call", None, "future"]))


@pytest.mark.parametrize("kinds", [["call", "future", "put"], [1, 2, -1], [0.0, 1.0, -1.0]])
def test_an_unknown_kind_is_named_with_its_row(library, kinds):
    make, _ = library
    with pytest.raises(ValueError, match=r"unknown kind .* at index \d; valid: 'call'"):
        price(make(SPOTS), make(kinds))


@pytest.mark.parametrize("strikes", [[95, None, 105], [True, None, False], [None, None, None]])
def test_integers_bools_and_nothing_may_be_null(library, strikes):
    make, read = library
    expected = [None if one is None else price(100.0, strike=float(one)) for one in strikes]
    assert read(price(100.0, strike=make(strikes))) == expected


def test_nan_is_not_null(library):
    make, read = library
    got = read(price(make([100.0, math.nan, None])))
    assert got[0] == price(100.0)
    assert math.isnan(got[1])
    assert got[2] is None


def test_a_null_is_an_error_where_errors_raise(library):
    make, _ = library
    with pytest.raises(ValueError, match=r"spot\[1\] is nan"):
        price(make([100.0, None]), errors="raise")
    with pytest.raises(ValueError, match="kind is missing at index 1"):
        price(100.0, make(["call", None]), errors="raise")


def test_lengths_that_differ_are_refused(library):
    make, _ = library
    with pytest.raises(ValueError, match=r"shapes do not broadcast: spot \(3,\), strike \(2,\)"):
        price(make(SPOTS), strike=make([95.0, 105.0]))


def test_a_grid_beside_a_column_is_refused(library):
    make, _ = library
    with pytest.raises(ValueError, match="strike has 2 dimensions, beside columns that have one"):
        price(make(SPOTS), strike=np.full((2, 3), 100.0))


def test_what_is_no_real_number_is_refused_by_name(library):
    make, _ = library
    with pytest.raises(TypeError, match="strike must be real numbers"):
        price(make(SPOTS), strike=make(["1", "2", "3"]))


def test_codes_are_small_integers(library):
    make, read = library
    prices = make([8.0, None, 101.0])
    with np.errstate(invalid="ignore"):
        code = quantforge.implied_volatility(prices, 100.0, 100.0, 0.5, 0.03, status=True)[1]
    assert read(code) == [0, None, quantforge.Code.ABOVE_MAXIMUM]
    assert str(getattr(code, "dtype", getattr(code, "type", ""))).lower() == "int8"


def test_the_first_series_gives_its_name():
    kinds = polars.Series("kind", KINDS)
    assert price(polars.Series("spot", SPOTS), kinds).name == "spot"
    assert price(100.0, kinds).name == "kind"


@pytest.mark.parametrize("dtype", [polars.Categorical, polars.Enum(["put", "call", "future"])])
def test_polars_categories_are_kinds(dtype):
    kinds = polars.Series(KINDS, dtype=dtype)
    assert price(polars.Series(SPOTS), kinds).to_list() == numbers()


def test_arrow_dictionaries_are_kinds_whatever_their_order():
    chunks = [pyarrow.array(KINDS[:1]).dictionary_encode(), pyarrow.array(KINDS[1:])]
    chunks[1] = chunks[1].dictionary_encode()
    kinds = pyarrow.chunked_array(chunks)
    assert price(pyarrow.array(SPOTS), kinds).to_pylist() == numbers()
    assert price(pyarrow.array(SPOTS), chunks[1].take([1, 1, 0])).to_pylist() == numbers(
        ["put"] * 3
    )


def test_a_slice_of_an_arrow_array_is_only_that():
    spots = pyarrow.array([1.0, *SPOTS, None])[1:4]
    kinds = pyarrow.array(["future", *KINDS, None])[1:4]
    assert price(spots, kinds).to_pylist() == numbers()


# --- masked arrays -----------------------------------------------------------------------------

MASK = [False, True, False]


def test_a_mask_may_be_on_any_argument_and_broadcasts():
    strikes = np.ma.array([[95.0], [105.0]], mask=[[False], [True]])
    got = price(np.ma.array(SPOTS, mask=MASK), KINDS, strikes)
    assert got.mask.tolist() == [[False, True, False], [True, True, True]]
    assert got[0, 2] == price(102.0, "put", 95.0)


@pytest.mark.parametrize(
    "kinds", [["call", "junk", "put"], [b"c", b"junk", b"p"], [1, 7, -1], [1.0, np.nan, -1.0]]
)
def test_a_kind_under_a_mask_may_be_anything(kinds):
    call, _, put = numbers()
    got = price(np.array(SPOTS), np.ma.array(kinds, mask=MASK), errors="raise")
    assert got.tolist() == [call, None, put]


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
@pytest.mark.parametrize("kind", ["call", "put"])
def test_what_a_mask_covers_is_neither_an_error_nor_a_signal(model, kind):
    spots = np.ma.array([100.0, np.nan, -1.0, 100.0], mask=[0, 1, 1, 0])
    prices = np.ma.array([8.0, 8.0, -8.0, 9.0], mask=[0, 1, 1, 0])
    options = {"kind": kind, "model": model}
    with np.errstate(invalid="raise"):
        for errors in ("nan", "raise"):
            got = quantforge.greeks(spots, 100.0, 0.5, 0.03, 0.2, errors=errors, **options)
            assert got.delta.mask.tolist() == [False, True, True, False]
            sigma, code = quantforge.implied_volatility(
                prices, spots, 100.0, 0.5, 0.03, status=True, errors=errors, **options
            )
            assert sigma.mask.tolist() == code.mask.tolist() == [False, True, True, False]
            assert code.compressed().tolist() == [0, 0]


def test_what_no_mask_covers_is_an_error():
    spots = np.ma.array([-1.0, 100.0, -1.0], mask=[1, 0, 0])
    with pytest.raises(ValueError, match=r"spot\[2\] is -1\.0"):
        price(spots, errors="raise")
    with pytest.warns(RuntimeWarning, match="invalid"):
        assert math.isnan(price(spots)[2])


def test_each_result_has_a_mask_of_its_own():
    result = quantforge.greeks(np.ma.array(SPOTS, mask=MASK), 105.0, 0.5, 0.03, 0.2)
    result.delta[0] = np.ma.masked
    assert result.gamma.mask.tolist() == MASK


def test_a_masked_number_gives_the_masked_constant():
    assert price(np.ma.array(100.0, mask=True)) is np.ma.masked
    assert price(np.ma.array(100.0)) == price(100.0)


def test_a_masked_out_receives_the_mask_and_a_plain_one_nan():
    spots = np.ma.array(SPOTS, mask=MASK)
    masked, plain = np.ma.zeros(3), np.zeros(3)
    assert price(spots, out=masked) is masked
    assert masked.mask.tolist() == MASK
    assert price(spots, out=plain) is plain
    assert np.isnan(plain).tolist() == MASK
