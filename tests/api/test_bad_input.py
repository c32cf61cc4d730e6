"""What `quantforge.price` does with wrong calls and with values outside the domain."""

import numpy as np
import pytest
from quantforge_conformance import reference

import quantforge

OPTION = {"spot": 100.0, "strike": 105.0, "time": 0.5, "rate": 0.03, "sigma": 0.2, "dividend": 0.01}
STRIKES = np.array([80.0, 95.0, 100.0, 105.0, 130.0])
EXACT = [
    float(reference.price(100.0, strike, 0.5, 0.03, 0.01, 0.2, 1)) for strike in STRIKES.tolist()
]


@pytest.fixture(params=["auto", "numpy"])
def backend(request):
    return request.param


def near(expected, **options):
    return pytest.approx(expected, rel=1e-12, **options)


# --- what is refused ---------------------------------------------------------------------------

NOT_NUMBERS = {
    "longdouble": np.longdouble(1),
    "longdoubles": np.ones(2, np.longdouble),
    "complex": 1 + 0j,
    "complexes": np.ones(2, np.complex64),
    "a string": "100",
    "strings": np.array(["100", "1"]),
    "None": None,
    "objects": np.array([1.0, 2.0], dtype=object),
    "a list with None": [1.0, None],
    "dates": np.array(["2024-01-01"], "M8[D]"),
    "a record": np.zeros(2, "f8,f8"),
}


@pytest.mark.parametrize("argument", OPTION)
@pytest.mark.parametrize("given", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_what_is_no_real_number_is_refused_by_the_name_of_the_argument(backend, argument, given):
    for _ in range(2):
        with pytest.raises(TypeError, match=f"^{argument} must be real numbers of at most double"):
            quantforge.price(**{**OPTION, argument: given}, backend=backend)


def test_a_ragged_list_is_refused_by_the_name_of_the_argument(backend):
    with pytest.raises(ValueError, match="strike is not an array of numbers"):
        quantforge.price(100.0, [[1.0], [1.0, 2.0]], 0.5, 0.03, 0.2, backend=backend)


@pytest.mark.parametrize(("kind", "named"), [("put", ""), (["c"] * 3, ", kind (3,)")])
def test_shapes_that_do_not_broadcast_are_named(backend, kind, named):
    given = {**OPTION, "spot": np.ones(3), "strike": np.ones((4, 1)), "sigma": np.ones(2)}
    for _ in range(2):
        with pytest.raises(ValueError, match="shapes do not broadcast") as caught:
            quantforge.price(**given, kind=kind, backend=backend)
        assert str(caught.value).endswith(f": spot (3,), strike (4, 1), sigma (2,){named}")
    vectors = {**OPTION, "spot": np.ones(3), "strike": np.ones(4)}
    for _ in range(2):
        with pytest.raises(ValueError, match=r": spot \(3,\), strike \(4,\)$"):
            quantforge.price(**vectors, backend=backend)


WRONG = {
    "model": ("heston", "valid: black_scholes, merton, black76, "),
    "kind": ("straddle", "valid: 'call', 'put', 'c', 'p', +1, -1"),
    "errors": ("ignore", "valid: 'nan', 'raise'"),
    "backend": ("cobol", "installed: auto, numpy"),
}


@pytest.mark.parametrize(("argument", "given", "valid"), [(a, *w) for a, w in WRONG.items()])
def test_an_unknown_word_is_told_the_valid_ones(argument, given, valid):
    for _ in range(2):
        with pytest.raises(ValueError, match=f"unknown {argument} '{given}'") as caught:
            quantforge.price(**OPTION, **{argument: given})
        assert valid in str(caught.value)


@pytest.mark.parametrize("argument", ["model", "errors", "backend"])
@pytest.mark.parametrize("given", [None, 1, ["call"], {}], ids=repr)
def test_what_is_no_word_is_refused_like_an_unknown_one(argument, given):
    with pytest.raises(ValueError, match=f"unknown {argument}"):
        quantforge.price(**OPTION, **{argument: given})


@pytest.mark.parametrize("threads", [0, -1, 1.5, 1.0, True, False, "2", [2], np.float64(2)])
def test_threads_are_a_whole_number_of_at_least_one(threads):
    for good in (None, 1, np.int64(2)):
        assert quantforge.price(**OPTION, threads=good) == near(EXACT[3])
        with pytest.raises(ValueError, match="threads must be a whole number of at least 1, not"):
            quantforge.price(**OPTION, threads=threads)


# --- outside the domain ------------------------------------------------------------------------

OUTSIDE = [
    ("spot", -1.0, ">= 0"),
    ("strike", -1e-300, ">= 0"),
    ("time", -np.inf, ">= 0"),
    ("sigma", -0.2, ">= 0"),
    ("rate", np.inf, "finite"),
    ("dividend", -np.inf, "finite"),
]


@pytest.mark.parametrize(("argument", "value", "rule"), OUTSIDE)
def test_a_value_outside_the_domain_is_nan_in_its_place(backend, argument, value, rule):
    given = {name: np.full(5, number) for name, number in OPTION.items()}
    given["strike"][:] = STRIKES
    given[argument][3] = value
    with np.errstate(invalid="ignore"):
        got = quantforge.price(**given, backend=backend)
    assert got.tolist() == near([*EXACT[:3], np.nan, EXACT[4]], nan_ok=True)


@pytest.mark.parametrize(("argument", "value", "rule"), OUTSIDE)
def test_numpys_invalid_signal_says_so_as_errstate_asks(backend, argument, value, rule):
    option = {**OPTION, argument: value}
    for _ in range(2):
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
            quantforge.price(**option, backend=backend)
        with np.errstate(invalid="warn"), pytest.warns(RuntimeWarning, match="invalid value"):
            quantforge.price(**option, backend=backend)
        with np.errstate(invalid="ignore"):
            assert np.isnan(quantforge.price(**option, backend=backend))


@pytest.mark.parametrize("argument", OPTION)
def test_nan_in_is_nan_out_without_a_signal(backend, argument):
    with np.errstate(all="raise"):
        assert np.isnan(quantforge.price(**{**OPTION, argument: np.nan}, backend=backend))


@pytest.mark.parametrize(("argument", "value", "rule"), [*OUTSIDE, ("time", np.nan, ">= 0")])
def test_errors_raise_names_argument_first_index_value_and_rule(backend, argument, value, rule):
    given = {name: np.full((3, 5), number) for name, number in OPTION.items()}
    given[argument][1, 2] = given[argument][2, 0] = value
    out = np.full((3, 5), 7.0)
    with pytest.raises(ValueError, match="it must be") as caught:
        quantforge.price(**given, errors="raise", out=out, backend=backend)
    assert str(caught.value) == f"{argument}[1, 2] is {value!r}; it must be {rule}, and not NaN"
    assert (out == 7.0).all()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("others", [1, 2, 3])
def test_errors_raise_names_an_element_of_a_matrix(others):
    # With a third dimension NumPy drops axes of length 1 from the result, which stays a matrix.
    given = {**OPTION, "spot": np.matrix([100.0, -1.0, 100.0]), "strike": np.ones((1,) * others)}
    place = ", ".join(["0"] * (max(others, 2) - 1) + ["1"])
    with pytest.raises(ValueError, match=rf"^spot\[{place}\] is -1\.0; it must be >= 0"):
        quantforge.price(**given, errors="raise")
    given["strike"] = np.ones((2, 1, 1))
    with pytest.raises(ValueError, match=r"^spot\[0, 0, 1\] is -1\.0; it must be >= 0"):
        quantforge.price(**given, errors="raise")


def test_errors_raise_finds_a_bad_scalar_too(backend):
    with pytest.raises(ValueError, match=r"^spot is -1\.0; it must be >= 0, and not NaN$"):
        quantforge.price(**{**OPTION, "spot": -1}, errors="raise", backend=backend)


def test_errors_raise_says_what_is_not_defined_though_every_argument_is(backend):
    strikes = np.array([100.0, np.inf])
    given = {**OPTION, "spot": np.inf, "strike": strikes}
    with pytest.raises(ValueError, match=r"^price\[1\] is not defined for spot=inf, strike=inf, "):
        quantforge.price(**given, errors="raise", backend=backend)


def test_errors_raise_gives_good_options_their_prices(backend):
    given, out = {**OPTION, "strike": STRIKES}, np.empty(5)
    with np.errstate(all="raise"):
        got = quantforge.price(**given, errors="raise", out=out, backend=backend)
        assert quantforge.price(**OPTION, errors="raise", backend=backend) == near(EXACT[3])
    assert got is out
    assert got == near(EXACT)


def test_errors_raise_may_write_into_an_input(backend):
    strikes = STRIKES.copy()
    quantforge.price(**{**OPTION, "strike": strikes}, errors="raise", out=strikes, backend=backend)
    assert strikes == near(EXACT)
