"""`quantforge.price` as users meet it: models, conversions, results and `out`.

Prices come from mpmath (`quantforge_conformance.reference`) or from the literature.
"""

import numpy as np
import pytest
from quantforge_conformance import reference

import quantforge

OPTION = {"spot": 100.0, "strike": 105.0, "time": 0.5, "rate": 0.03, "sigma": 0.2}
ARGUMENTS = [*OPTION, "dividend"]
STRIKES = np.array([80.0, 95.0, 100.0, 105.0, 130.0])


def exact(spot, strike, time, rate, sigma, dividend=0.0, sign=1):
    return float(reference.price(spot, strike, time, rate, dividend, sigma, sign))


def prices(strikes=STRIKES, **changes):
    """The exact prices of `OPTION` at some strikes, whatever their shape."""
    option = {**OPTION, **changes}
    found = [exact(**{**option, "strike": float(strike)}) for strike in np.ravel(strikes)]
    return np.reshape(found, np.shape(strikes))


def near(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.fixture(params=["auto", "numpy"])
def price(request):
    """`quantforge.price` called twice: first it goes the long way, then the short one."""

    def call(*operands, **options):
        first = np.copy(quantforge.price(*operands, backend=request.param, **options))
        again = quantforge.price(*operands, backend=request.param, **options)
        np.testing.assert_array_equal(first, again)
        return again

    call.backend = request.param
    return call


@pytest.fixture
def compiled():
    """Skip where no backend is compiled: the fallback takes plain arrays only."""
    if quantforge.explain("price").backend == "numpy":
        pytest.skip("no compiled backend is installed")


# --- models ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "sign"), [("call", 1), ("put", -1)])
@pytest.mark.parametrize("model", ["black_scholes", "merton", "garman_kohlhagen"])
def test_the_dividend_is_a_continuous_yield_or_the_foreign_rate(price, model, kind, sign):
    got = price(100.0, 105.0, 0.5, 0.03, 0.2, dividend=0.07, kind=kind, model=model)
    assert got == near(exact(100, 105, 0.5, 0.03, 0.2, 0.07, sign))


def test_without_a_dividend_there_is_none(price):
    assert price(100.0, 105.0, 0.5, 0.03, 0.2) == near(exact(**OPTION))


@pytest.mark.parametrize(("kind", "sign"), [("call", 1), ("put", -1)])
def test_black76_takes_the_forward_and_discounts_its_payoff(price, kind, sign):
    got = price(100.0, STRIKES, 0.5, 0.03, 0.2, kind=kind, model="black76")
    expected = [exact(100, strike, 0.5, 0.03, 0.2, 0.03, sign) for strike in STRIKES]
    assert got == near(expected)


def test_published_prices_come_out(price):
    # Hull, Options, Futures, and Other Derivatives: examples 15.6 and 18.2 of the 9th edition;
    # Haug, The Complete Guide to Option Pricing Formulas, 2nd edition, 1.1.6.
    assert round(price(42, 40, 0.5, 0.10, 0.20), 2) == 4.76
    assert round(price(42, 40, 0.5, 0.10, 0.20, kind="put"), 2) == 0.81
    black76 = price(20, 20, 4 / 12, 0.09, 0.25, kind="put", model="black76")
    assert round(black76, 2) == 1.12
    currency = price(1.56, 1.60, 0.5, 0.06, 0.12, dividend=0.08, model="garman_kohlhagen")
    assert round(currency, 4) == 0.0291


@pytest.mark.parametrize("dividend", [0.02, 0.0, 0, np.zeros(3)], ids=repr)
def test_a_dividend_given_with_black76_is_refused_even_if_it_is_zero(dividend):
    for _ in range(2):
        with pytest.raises(ValueError, match=r"'black76' takes a forward.*leave `dividend` out"):
            quantforge.price(**OPTION, model="black76", dividend=dividend)
        assert quantforge.price(**OPTION, model="black76") > 0


def test_calls_and_puts_mix_in_one_batch(price):
    got = price(100.0, 105.0, 0.5, 0.03, 0.2, kind=["call", "P", -1, 1])
    call, put = exact(**OPTION), exact(**OPTION, sign=-1)
    assert got == near([call, put, put, call])


# --- what is taken and what comes back ---------------------------------------------------------


@pytest.mark.parametrize("one", [float, int, np.float32, np.float16, np.int16, np.uint64, np.array])
def test_scalars_give_a_scalar(price, one):
    got = price(one(100), one(105), 0.5, 0.03, 0.2)
    assert type(got) is np.float64
    assert got == near(exact(**OPTION))


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", ">f4", "i1", "u1", "i2", ">i8", "u8"])
def test_every_real_number_type_is_computed_in_double_precision(price, dtype):
    strikes = np.array([80, 95, 100, 105, 120]).astype(dtype)
    got = price(np.full(5, 100, dtype), strikes, 0.5, 0.03, 0.2)
    assert got.dtype == np.float64
    assert got == near(prices(strikes))


def test_mixed_small_types_are_not_computed_in_single_precision(price):
    # 0.1 in single precision is 0.100000001490116: its exact value counts, at full precision.
    spots, sigmas = np.array([100, 101], np.int16), np.array([0.1, 0.3], np.float32)
    got = price(spots, np.float16(105), np.float32(0.5), np.float32(0.03), sigmas)
    rate = float(np.float32(0.03))
    expected = [exact(float(s), 105, 0.5, rate, float(v)) for s, v in zip(spots, sigmas, strict=1)]
    assert got.dtype == np.float64
    assert got == near(expected)


def test_bools_are_zero_and_one(price):
    assert price(True, np.array([True, False]), True, 0.0, True) == near([exact(1, 1, 1, 0, 1), 1])


def test_lists_and_tuples_are_arrays(price):
    got = price([100, 101.5], (105, 106), 0.5, [[0.03], [0.04]], 0.2)
    expected = [
        [exact(spot, strike, 0.5, rate, 0.2) for spot, strike in ((100, 105), (101.5, 106))]
        for rate in (0.03, 0.04)
    ]
    assert got == near(np.array(expected))


def test_all_arguments_broadcast_against_each_other(price):
    times, kinds = np.array([0.25, 1.0, 3.0]), np.array(["call", "put"])
    got = price(100.0, STRIKES[:, None, None], times[:, None], 0.03, 0.2, kind=kinds)
    assert got.shape == (5, 3, 2)
    for index in np.ndindex(got.shape):
        sign = (1, -1)[index[2]]
        expected = exact(100, STRIKES[index[0]], times[index[1]], 0.03, 0.2, 0, sign)
        assert got[index] == near(expected)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 5)])
def test_no_options_give_no_prices(price, shape):
    got = price(np.empty(shape), 105.0, 0.5, 0.03, 0.2, errors="raise")
    assert (got.shape, got.dtype) == (shape, np.float64)


LAYOUTS = {
    "every second": lambda x: np.repeat(x, 2)[::2],
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1],
    "a column": lambda x: np.column_stack([x, -x])[:, 0],
    "repeated": lambda x: np.broadcast_to(x, (3, 5))[1],
    "unaligned": lambda x: np.frombuffer(b"?" + x.tobytes(), np.float64, offset=1),
    "a field": lambda x: np.array([(1, one) for one in x], "i1,f8")["f1"],
    "big-endian": lambda x: x.astype(">f8"),
    "read-only": lambda x: np.frombuffer(x.tobytes()),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_layout_in_memory_does_not_matter(price, layout):
    assert price(100.0, layout(STRIKES), 0.5, 0.03, 0.2) == near(prices())


def test_inputs_stay_as_they_are(price):
    operands = [np.full(5, value) for value in OPTION.values()]
    for operand in operands:
        operand.flags.writeable = False
    price(*operands)
    assert [operand[0] for operand in operands] == list(OPTION.values())


# --- out ---------------------------------------------------------------------------------------


def test_out_is_written_in_place_and_returned(price):
    out = np.full(5, -1.0)
    assert price(100.0, STRIKES, 0.5, 0.03, 0.2, out=out) is out
    assert out == near(prices())


def test_out_may_be_a_view_and_nothing_beside_it_is_touched(price):
    store = np.full((5, 3), -1.0)
    price(100.0, STRIKES, 0.5, 0.03, 0.2, out=store[:, 1])
    assert store[:, 1] == near(prices())
    assert (store[:, [0, 2]] == -1.0).all()


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_out_may_be_any_of_the_inputs(price, argument):
    given = {name: np.linspace(0.9, 1.1, 5) for name in ARGUMENTS}
    expected = [exact(*(values[i] for values in given.values())) for i in range(5)]
    dividend = given.pop("dividend")
    out = dividend if argument == "dividend" else given[argument]
    quantforge.price(*given.values(), dividend=dividend, out=out, backend=price.backend)
    assert out == near(expected)


@pytest.mark.parametrize("shift", [1, -1])
def test_out_may_overlap_an_input(price, shift):
    store = np.concatenate([[0.0], STRIKES, [0.0]])
    strikes, out = store[1:-1], store[1 + shift : 6 + shift]
    quantforge.price(100.0, strikes, 0.5, 0.03, 0.2, out=out, backend=price.backend)
    assert out == near(prices())


def test_a_float32_out_receives_the_rounded_prices(price):
    out = np.empty(5, np.float32)
    price(100.0, STRIKES, 0.5, 0.03, 0.2, out=out)
    assert out.tolist() == prices().astype(np.float32).tolist()


def test_out_may_have_no_axes_or_more_than_the_inputs(price):
    single, rows = np.empty(()), np.empty((2, 5))
    assert price(100.0, 105.0, 0.5, 0.03, 0.2, out=single) is single
    assert single == near(exact(**OPTION))
    price(100.0, STRIKES, 0.5, 0.03, 0.2, out=rows)
    assert rows == near(np.array([prices(), prices()]))


REFUSED = {
    "too short": (np.zeros(4), ValueError),
    "no axes": (np.zeros(()), ValueError),
    "integers": (np.zeros(5, int), TypeError),
    "a list": ([0.0] * 5, TypeError),
    "read-only": (np.broadcast_to(np.zeros(5), (5,)), ValueError),
}


@pytest.mark.parametrize(("out", "error"), REFUSED.values(), ids=REFUSED)
def test_an_out_that_cannot_take_the_prices_is_refused(price, out, error):
    before = np.copy(out)
    for errors in ("nan", "nan", "raise"):
        with pytest.raises(error):
            quantforge.price(
                100.0, STRIKES, 0.5, 0.03, 0.2, out=out, errors=errors, backend=price.backend
            )
    assert np.array_equal(out, before)


# --- NumPy's relatives and other libraries -----------------------------------------------------


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("shape", [(5,), (1, 5)])
def test_masked_options_stay_masked(shape):
    strikes = np.ma.masked_array(STRIKES, [0, 1, 0, 0, 1]).reshape(shape)
    for _ in range(2):
        got = quantforge.price(100.0, strikes, 0.5, 0.03, 0.2)
        assert got.mask.tolist() == strikes.mask.tolist()
        assert got.compressed() == near(prices()[[0, 2, 3]])


@pytest.mark.usefixtures("compiled")
def test_a_mask_excuses_what_it_covers():
    strikes = np.ma.masked_array([95.0, -1.0, -1.0], [False, True, False])
    with pytest.raises(ValueError, match=r"strike\[2\] is -1.0"):
        quantforge.price(100.0, strikes, 0.5, 0.03, 0.2, errors="raise")
    got = quantforge.price(100.0, strikes[:2], 0.5, 0.03, 0.2, errors="raise")
    assert got.mask.tolist() == [False, True]


@pytest.mark.usefixtures("compiled")
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("columns", [1, 5])
def test_a_matrix_gives_a_matrix(columns):
    for _ in range(2):
        got = quantforge.price(100.0, np.asmatrix(STRIKES[:columns]), 0.5, 0.03, 0.2)
        assert type(got) is np.matrix
        assert np.asarray(got)[0] == near(prices()[:columns])


def test_the_fallback_keeps_a_mask_as_every_backend_does():
    strikes = np.ma.masked_array(STRIKES, STRIKES[1] == STRIKES)
    got = quantforge.price(100.0, strikes, 0.5, 0.03, 0.2, backend="numpy")
    assert got.mask.tolist() == strikes.mask.tolist()
    assert got.compressed() == near([x for i, x in enumerate(prices()) if i != 1])


def test_a_mapped_file_is_an_array_like_any_other(price, tmp_path):
    strikes = np.memmap(tmp_path / "strikes", np.float64, "w+", shape=5)
    strikes[:] = STRIKES
    got = price(100.0, strikes, 0.5, 0.03, 0.2)
    assert type(got) is np.ndarray
    assert got == near(prices())


class Labelled:
    """Another library's array: it takes part in ufuncs, and broadcasts, in its own way."""

    def __init__(self, values, axis=0):
        self.values, self.axis = values, axis

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [
            np.expand_dims(one.values, 1 - one.axis) if isinstance(one, Labelled) else one
            for one in inputs
        ]
        return Labelled(getattr(ufunc, method)(*plain, **options))


@pytest.mark.usefixtures("compiled")
def test_another_librarys_arrays_broadcast_its_way_into_one_of_its_own():
    times = np.array([0.5, 1.0])
    for _ in range(2):
        got = quantforge.price(100.0, Labelled(STRIKES), Labelled(times, axis=1), 0.03, 0.2)
        assert isinstance(got, Labelled)
        assert got.values == near(np.column_stack([prices(time=time) for time in times]))


def test_errors_raise_says_that_it_needs_numpy_arrays():
    with pytest.raises(TypeError, match="pass NumPy arrays, not Labelled"):
        quantforge.price(100.0, Labelled(STRIKES), 0.5, 0.03, 0.2, errors="raise")


@pytest.mark.usefixtures("compiled")
def test_a_series_gives_a_series_with_its_index():
    pandas = pytest.importorskip("pandas")
    strikes = pandas.Series(STRIKES, index=list("abcde"))
    got = quantforge.price(100.0, strikes, 0.5, 0.03, 0.2)
    assert list(got.index) == list("abcde")
    assert got.to_numpy() == near(prices())


@pytest.mark.usefixtures("compiled")
def test_xarray_broadcasts_by_name():
    xarray = pytest.importorskip("xarray")
    strikes, times = xarray.DataArray(STRIKES, dims="k"), xarray.DataArray([0.5, 1.0], dims="t")
    got = quantforge.price(100.0, strikes, times, 0.03, 0.2)
    assert got.dims == ("k", "t")
    assert got.to_numpy()[:, 0] == near(prices())
