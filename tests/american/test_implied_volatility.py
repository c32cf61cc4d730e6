"""Volatilities implied by American prices, on every backend: there and back, and at the ends."""

import numpy as np
import pytest
from quantforge_conformance import reference
from quantforge_conformance.reference.american_greeks import distance
from quantforge_conformance.regions.american_price import market

import quantforge
from quantforge import Code
from quantforge.plugins import State

BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "american_implied_volatility" in one.operations
]
OPTION = (100.0, 105.0, 0.75, 0.05)

pytestmark = pytest.mark.skipif(not BACKENDS, reason="no backend inverts American prices")
each_backend = pytest.mark.parametrize("backend", BACKENDS)
each_accuracy = pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])


@pytest.fixture(scope="module")
def book():
    return market(np.random.default_rng(20261129), 1_000)


def price(o, sigma=None, **options):
    said = {"exercise": "american", "dividend": o.dividend, "kind": o.sign, **options}
    sigma = o.sigma if sigma is None else sigma
    return quantforge.price(o.spot, o.strike, o.time, o.rate, sigma, **said)


def implied(prices, o, **options):
    said = {"exercise": "american", "dividend": o.dividend, "kind": o.sign, **options}
    with np.errstate(invalid="ignore"):
        return quantforge.implied_volatility(
            prices, o.spot, o.strike, o.time, o.rate, status=True, **said
        )


@each_backend
@each_accuracy
def test_every_price_of_a_book_has_its_volatility(backend, accuracy, book):
    options = {"accuracy": accuracy, "backend": backend}
    o = type(book)(*(column[:300] for column in book)) if accuracy == "high" else book
    prices = price(o, **options)
    sigma, code = implied(prices, o, **options)
    solved = code == Code.OK
    assert np.isin(code, (Code.OK, Code.LOW_PRECISION, Code.AT_INTRINSIC)).all()
    assert solved.mean() > 0.7
    assert np.abs(sigma - o.sigma)[solved].max() < 1e-7
    assert np.abs(price(o, sigma, **options) - prices)[solved].max() < 1e-7


@each_backend
def test_at_the_intrinsic_value_it_is_the_largest_at_which_exercise_is_immediate(backend, book):
    gain = book.sign * (book.spot - book.strike)
    early = (gain > 0.0) & (np.where(book.sign > 0, book.dividend, book.rate) > 0.01)
    early &= np.where(book.sign > 0, book.rate, book.dividend) >= 0.0
    o = type(book)(*(column[early][:50] for column in book))
    gain = gain[early][:50]
    sigma, code = implied(gain, o, backend=backend, accuracy="high")
    searched = (code == Code.AT_INTRINSIC) & (sigma > 0.0)
    assert searched.sum() > 20
    for lane, its in zip(zip(*o[:7], strict=True), sigma, strict=True):
        if its > 0.0:
            spot, strike, time, rate, dividend, _, sign = map(float, lane)
            assert abs(distance((spot, strike, time, rate, dividend, float(its), sign))) < 2e-3
    below = price(o, 0.99 * sigma, backend=backend, accuracy="high")
    above = price(o, 1.05 * sigma, backend=backend, accuracy="high")
    assert (below[searched] == gain[searched]).all()
    assert (above[searched] > gain[searched]).all()


@each_backend
def test_a_volatility_agrees_with_the_root_of_the_reference(backend):
    o = market(np.random.default_rng(3), 10)
    lanes = list(zip(*(column.tolist() for column in o[:7]), strict=True))
    exact = np.array([float(reference.american_price(*lane)) for lane in lanes])
    sigma, code = implied(exact, o, backend=backend, accuracy="high")
    for lane, value, its, status in zip(lanes, exact, sigma, code, strict=True):
        found = reference.american_implied_volatility(value, *lane[:5], lane[6])
        if status == Code.OK:
            assert abs(float(found.sigma) - its) < 8e-6 * float(found.attainable) + 1e-7


@each_backend
def test_where_nobody_exercises_early_it_is_the_european_one_to_the_bit(backend, book):
    call = book.sign > 0.0
    never = np.where(call, book.dividend <= 0.0, book.rate <= 0.0)
    o = type(book)(*(column[never] for column in book))
    prices = price(o, exercise="european")
    american, european = (
        implied(prices, o, backend=backend, exercise=word) for word in ("american", "european")
    )
    assert never.sum() > 50
    for one, other in zip(american, european, strict=True):
        assert np.array_equal(one, other)


@each_backend
def test_codes_say_why_there_is_none_and_nothing_is_lost(backend):
    prices = np.array([4.0, 5.0, 8.0, 105.0, 106.0, np.nan, -1.0, np.inf])
    with np.errstate(invalid="ignore"):
        sigma, code = quantforge.implied_volatility(
            *(prices, 100.0, 105.0, 0.75, 0.05),
            kind="put",
            exercise="american",
            status=True,
            backend=backend,
        )
    expected = ["BELOW_INTRINSIC", "AT_INTRINSIC", "OK", "AT_MAXIMUM", "ABOVE_MAXIMUM"]
    expected += ["NOT_FINITE", "BELOW_INTRINSIC", "NOT_FINITE"]
    assert [Code(each).name for each in code.tolist()] == expected
    assert np.isnan(sigma).tolist() == [True, False, False, False, True, True, True, True]
    assert sigma[3] == np.inf


@each_backend
def test_a_batch_has_the_bits_of_its_options_alone(backend, book):
    prices = price(book)
    prices[::7] = np.maximum(book.sign * (book.spot - book.strike), 0.0)[::7]
    sigma, code = implied(prices, book, backend=backend)
    for place in range(0, 1_000, 31):
        one = type(book)(*(column[place : place + 1] for column in book))
        alone, its = implied(prices[place : place + 1], one, backend=backend)
        assert np.array_equal(alone[0], sigma[place], equal_nan=True)
        assert its[0] == code[place]


@each_backend
def test_exercises_may_differ_from_option_to_option(backend, book):
    prices = price(book)
    words = np.where(np.arange(1_000) % 3, "american", "european")
    mixed = implied(prices, book, backend=backend, exercise=words)
    for word in ("american", "european"):
        for one, other in zip(
            mixed, implied(prices, book, backend=backend, exercise=word), strict=True
        ):
            assert np.array_equal(one[words == word], other[words == word], equal_nan=True)


def test_models_of_forwards_and_currencies_have_it_too():
    said = {"kind": "put", "exercise": "american"}
    for model, extra in (("black76", {}), ("garman_kohlhagen", {"dividend": 0.02})):
        value = quantforge.price(*OPTION, 0.3, model=model, **extra, **said)
        back = quantforge.implied_volatility(value, *OPTION, model=model, **extra, **said)
        assert back == pytest.approx(0.3, abs=1e-8)


def test_two_boundaries_are_refused():
    with np.errstate(invalid="ignore"):
        sigma, code = quantforge.implied_volatility(
            7.0, 100.0, 105.0, 0.75, -0.02, dividend=-0.05, kind="put", exercise="american",
            status=True,
        )  # fmt: skip
    assert np.isnan(sigma)
    assert code == Code.INVALID_INPUT


@each_backend
@pytest.mark.parametrize("sigma", [0.3, 2.0, 6.0])
def test_with_centuries_left_the_search_ends_too(backend, sigma):
    """There the European price has no such volatility, and the search no upper bound."""
    option = (90.0, 100.0, 400.0, 0.05)
    given = {"dividend": 0.01, "kind": "put", "exercise": "american", "backend": backend}
    price = quantforge.price(*option, sigma, **given)
    found, code = quantforge.implied_volatility(price, *option, status=True, **given)
    assert code == Code.OK
    assert found == pytest.approx(sigma, rel=1e-8)
