"""Exercise boundaries of every backend: near the reference, where exercise pays, at limits."""

import numpy as np
import pytest
from quantforge_conformance.reference.exercise_boundary import exercise_boundary as reference
from quantforge_conformance.regions.american_price import market
from quantforge_conformance.regions.exercise_boundary import Boundaries, next_to_nothing

import quantforge
from quantforge.plugins import State

BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "exercise_boundary" in one.operations
]
CALL, PUT = 1.0, -1.0
OPTION = (100.0, 0.5, 0.05, 0.2)  # strike, time, rate, sigma
TOLERATED = {
    "fast": (2.3e-4, 2.6e-3),
    "standard": (1.5e-5, 2.6e-3),
    "high": (2.4e-6, 3.3e-4),
}
"""The largest errors that the guide states, over the strike: where r >= q, and where r < q."""

pytestmark = pytest.mark.skipif(not BACKENDS, reason="no backend has exercise boundaries")
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def boundary(o, accuracy="standard", backend="auto", **changes):
    o = o._replace(**changes)
    return quantforge.exercise_boundary(
        *(o.strike, o.time, o.rate, o.sigma),
        dividend=o.dividend,
        kind=o.sign,
        accuracy=accuracy,
        backend=backend,
    )


def book(seed, count):
    return Boundaries(*market(np.random.default_rng(seed), count)[1:])


def as_puts(o):
    """The rates and dividends of the puts that options are by symmetry."""
    return np.where(o.sign > 0, o.dividend, o.rate), np.where(o.sign > 0, o.rate, o.dividend)


def exercised(o):
    """The options that may be exercised before expiry, as puts."""
    rate, dividend = as_puts(o)
    o = o._replace(rate=rate, dividend=dividend, sign=np.full(len(rate), PUT))
    return Boundaries(*(column[(rate > 0.0) | (dividend < rate)] for column in o))


@pytest.fixture(scope="module")
def puts():
    return exercised(book(20261128, 80))


@pytest.fixture(scope="module")
def exact(puts):
    lanes = zip(*(column.tolist() for column in puts[:6]), strict=True)
    return np.array([float(reference(*lane)) for lane in lanes])


@each_backend
@pytest.mark.parametrize("accuracy", TOLERATED)
def test_boundaries_are_as_accurate_as_the_guide_says(backend, puts, exact, accuracy):
    error = np.abs(boundary(puts, accuracy, backend) / exact - 1.0) * exact / puts.strike
    below, above = TOLERATED[accuracy]
    assert (error <= np.where(puts.rate >= puts.dividend, below, above)).all()


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_rates_next_to_nothing_are_within_what_the_guide_says(accuracy):
    o = exercised(next_to_nothing(np.random.default_rng(3), 40))
    lanes = zip(*(column.tolist() for column in o[:6]), strict=True)
    exact = np.array([float(reference(*lane)) for lane in lanes])
    assert (np.abs(boundary(o, accuracy) - exact) <= 0.02 * o.strike).all()


@each_backend
def test_at_its_boundary_an_option_is_worth_what_exercise_brings_and_moves_with_it(backend):
    o = exercised(book(5, 60))
    critical = boundary(o, "high", backend)
    given = {"dividend": o.dividend, "kind": "put", "exercise": "american", "accuracy": "high"}
    rest = (o.strike, o.time, o.rate, o.sigma)
    price = quantforge.price(critical, *rest, **given, backend=backend)
    assert price == pytest.approx(o.strike - critical, abs=2e-4)
    above, below = (
        quantforge.price(critical * (1.0 + step), *rest, **given, backend=backend)
        for step in (2e-3, -2e-3)
    )
    assert (above - price) / (2e-3 * critical) == pytest.approx(-1.0, abs=0.1)
    assert below == pytest.approx(o.strike - critical * (1.0 - 2e-3), abs=2e-4)


def test_the_boundary_of_a_put_falls_with_the_time_that_is_left_and_a_call_s_rises():
    at = np.linspace(0.0, 2.0, 200)
    for kind, dividend, way in (("put", 0.0, -1), ("put", 0.08, -1), ("call", 0.03, 1)):
        curve = quantforge.exercise_boundary(
            100, 2.0, 0.05, 0.25, dividend=dividend, kind=kind, at=at
        )
        assert (way * np.diff(curve) > 0.0).all()


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_a_call_is_a_put_with_rate_and_dividend_exchanged(accuracy):
    puts = exercised(book(6, 200))
    calls = puts._replace(rate=puts.dividend, dividend=puts.rate, sign=-puts.sign)
    product = boundary(puts, accuracy) * boundary(calls, accuracy)
    assert product == pytest.approx(puts.strike**2, rel=1e-14)


def test_boundaries_are_multiples_of_the_strike():
    o = book(7, 500)
    assert np.array_equal(boundary(o, strike=4.0 * o.strike), 4.0 * boundary(o))
    assert boundary(o, strike=3.0 * o.strike) == pytest.approx(3.0 * boundary(o), rel=1e-15)


@pytest.mark.parametrize("changes", [{"time": 0.0}, {"sigma": 0.0}], ids=str)
def test_without_time_or_volatility_there_is_the_limit_before_expiry(changes):
    given = {"strike": 100.0, "time": 1.0, "rate": 0.04, "sigma": 0.2} | changes
    for dividend, put, call in ((0.02, 100.0, 200.0), (0.04, 100.0, 100.0), (0.08, 50.0, 100.0)):
        for kind, expected in (("put", put), ("call", call)):
            found = quantforge.exercise_boundary(**given, dividend=dividend, kind=kind)
            assert found == pytest.approx(expected, rel=1e-15)


def test_an_option_that_is_never_exercised_early_has_no_price_at_which_it_is():
    assert quantforge.exercise_boundary(100, 1, 0.0, 0.2) == 0.0
    assert quantforge.exercise_boundary(100, 1, -0.01, 0.2, dividend=0.02) == 0.0
    assert quantforge.exercise_boundary(100, 1, 0.05, 0.2, kind="call") == np.inf
    assert (
        quantforge.exercise_boundary(100, [0.0, 1.0], 0.05, 0.2, kind="call").tolist()
        == [np.inf] * 2
    )


def test_two_boundaries_and_bad_numbers_are_nan_in_their_places_and_signalled():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = quantforge.exercise_boundary(
            [100.0, 100.0, -1.0], 1.0, [0.05, -0.02, 0.05], 0.2, dividend=[0.0, -0.05, 0.0]
        )
    assert np.isnan(found).tolist() == [False, True, True]
    with np.errstate(all="raise"):
        assert np.isnan(quantforge.exercise_boundary(np.nan, 1.0, 0.05, 0.2))
    with pytest.raises(ValueError, match=r"exercise_boundary\[1\] is not defined for strike=100"):
        quantforge.exercise_boundary(
            100.0, 1.0, [0.05, -0.02], 0.2, dividend=-0.05, errors="raise", kind=["call", "put"]
        )


def test_at_takes_the_place_of_the_time_and_broadcasts():
    at = np.array([0.0, 0.1, 0.5])
    curve = quantforge.exercise_boundary(*OPTION, at=at)
    assert np.array_equal(curve, quantforge.exercise_boundary(100.0, at, 0.05, 0.2))
    strikes = np.array([[90.0], [100.0]])
    rows = quantforge.exercise_boundary(strikes, 0.5, 0.05, 0.2, at=at)
    assert np.array_equal(rows[1], curve)
    assert type(quantforge.exercise_boundary(*OPTION, at=0.25)) is np.float64


def test_times_beyond_expiry_are_outside_the_domain():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = quantforge.exercise_boundary(*OPTION, at=[0.5, 0.6, -0.1])
    assert np.isnan(found).tolist() == [False, True, True]
    with np.errstate(all="raise"):
        assert np.isnan(quantforge.exercise_boundary(*OPTION, at=np.nan))
    with pytest.raises(ValueError, match=r"at\[1\] is 0\.6; it must be at most time, 0\.5"):
        quantforge.exercise_boundary(*OPTION, at=[0.5, 0.6], errors="raise")
    with pytest.raises(ValueError, match=r"shapes do not broadcast: at \(2,\), time \(3,\)"):
        quantforge.exercise_boundary(100.0, np.ones(3), 0.05, 0.2, at=[0.5, 0.6])
    with pytest.raises(TypeError, match="at must be real numbers"):
        quantforge.exercise_boundary(*OPTION, at="soon")


def test_bad_words_and_models_are_refused():
    with pytest.raises(ValueError, match="is not for model 'bachelier'"):
        quantforge.exercise_boundary(*OPTION, model="bachelier")
    with pytest.raises(ValueError, match="unknown accuracy 'best'"):
        quantforge.exercise_boundary(*OPTION, accuracy="best")
    with pytest.raises(ValueError, match="takes a forward"):
        quantforge.exercise_boundary(*OPTION, model="black76", dividend=0.01)


def test_a_forward_has_the_boundary_of_a_spot_that_pays_the_rate():
    forward = quantforge.exercise_boundary(*OPTION, model="black76")
    assert forward == quantforge.exercise_boundary(*OPTION, dividend=0.05)


def test_labels_come_back_and_align():
    pandas = pytest.importorskip("pandas")
    strikes = pandas.Series([90.0, 100.0], index=["a", "b"])
    at = pandas.Series([0.5, 0.25], index=["b", "a"])
    found = quantforge.exercise_boundary(strikes, 0.5, 0.05, 0.2, at=at)
    assert list(found.index) == ["a", "b"]
    assert found["b"] == quantforge.exercise_boundary(*OPTION)
    assert found["a"] == quantforge.exercise_boundary(90.0, 0.25, 0.05, 0.2)
    xarray = pytest.importorskip("xarray")
    curve = xarray.DataArray([0.1, 0.5], dims="left", coords={"left": [0.1, 0.5]})
    table = quantforge.exercise_boundary(
        xarray.DataArray([90.0, 100.0], dims="strike"), 0.5, 0.05, 0.2, at=curve
    )
    assert table.sizes == {"strike": 2, "left": 2}
    assert table[1, 1] == quantforge.exercise_boundary(*OPTION)


@pytest.mark.skipif(len(BACKENDS) < 2, reason="there is nothing to compare")
@pytest.mark.parametrize("accuracy", TOLERATED)
def test_every_backend_has_the_same_bits(accuracy):
    count = 60 if accuracy == "high" else 1_000
    for o in (book(8, count), next_to_nothing(np.random.default_rng(9), 100)):
        first, *others = (boundary(o, accuracy, backend).tobytes() for backend in BACKENDS)
        assert all(other == first for other in others)


def test_it_is_written_in_place_and_bound_and_handed_out():
    out = np.empty(3)
    assert quantforge.exercise_boundary(*OPTION, at=[0.0, 0.1, 0.5], out=out) is out
    call = quantforge.bind("exercise_boundary", kind="put")
    assert call(*OPTION) == out[2] == quantforge.function("exercise_boundary")(*OPTION)
    assert quantforge.explain("exercise_boundary", 10).operation == "exercise_boundary"
