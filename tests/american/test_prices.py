"""American prices of every backend: near the reference, within their bounds, without a step."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from quantforge_conformance import reference
from quantforge_conformance.regions.american_price import market, two_boundaries
from quantforge_conformance.regions.region import log_uniform
from scipy.special import log_ndtr, ndtr

import quantforge
from quantforge.plugins import State

BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "american_price" in one.operations
]
STRIKE = 100.0
TOLERATED = {"fast": 5e-3, "standard": 2e-4, "high": 8e-6}
"""The largest error at a strike of 100 that the guide states; and the mean one:"""
ON_AVERAGE = {"fast": 3e-4, "standard": 1e-5, "high": 3e-7}

pytestmark = [
    pytest.mark.skipif(not BACKENDS, reason="no backend has American options"),
    pytest.mark.parametrize("backend", BACKENDS),
]


def american(backend, options, accuracy="standard", **changes):
    given = {**options._asdict(), **changes}
    return quantforge.price(
        *(given[name] for name in ("spot", "strike", "time", "rate", "sigma")),
        dividend=given["dividend"],
        kind=given["sign"],
        exercise="american",
        accuracy=accuracy,
        backend=backend,
    )


@pytest.fixture(scope="module")
def book():
    return market(np.random.default_rng(20261127), 120)


@pytest.fixture(scope="module")
def exact(book):
    lanes = zip(*(column.tolist() for column in book[:7]), strict=True)
    return np.array([float(reference.american_price(*lane)) for lane in lanes])


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_a_book_is_as_accurate_as_the_guide_says(backend, book, exact, accuracy):
    error = american(backend, book, accuracy) - exact
    assert np.abs(error).max() <= TOLERATED[accuracy]
    assert np.sqrt(np.mean(error**2)) <= ON_AVERAGE[accuracy]


def test_an_option_that_nobody_exercises_early_has_the_bits_of_the_european_one(backend):
    o = market(np.random.default_rng(1), 2_000)
    never = np.where(o.sign > 0.0, (o.dividend <= 0.0) & (o.rate >= o.dividend), False)
    never |= (o.sign < 0.0) & (o.rate <= 0.0) & (o.dividend >= o.rate)
    european = quantforge.price(
        o.spot, o.strike, o.time, o.rate, o.sigma, dividend=o.dividend, kind=o.sign
    )
    assert never.sum() > 100
    assert np.array_equal(american(backend, o)[never], european[never])


@pytest.mark.parametrize("accuracy", ["fast", "standard"])
def test_a_price_is_between_its_bounds(backend, accuracy):
    o = market(np.random.default_rng(2), 5_000)
    price = american(backend, o, accuracy)
    european = quantforge.price(
        o.spot, o.strike, o.time, o.rate, o.sigma, dividend=o.dividend, kind=o.sign
    )
    assert (price >= np.maximum(european, o.sign * (o.spot - o.strike))).all()
    assert (price <= np.where(o.sign > 0.0, o.spot, o.strike)).all()


@pytest.mark.parametrize("what", ["time", "sigma"])
def test_more_time_and_more_volatility_are_worth_more(backend, what):
    o = market(np.random.default_rng(3), 3_000)
    grown = getattr(o, what) * 1.05
    cheaper, dearer = american(backend, o), american(backend, o, **{what: grown})
    assert (dearer >= cheaper - TOLERATED["standard"]).all()


def test_calls_and_puts_mirror_each_other(backend):
    o = market(np.random.default_rng(4), 2_000)
    mirrored = o._replace(
        spot=o.strike, strike=o.spot, rate=o.dividend, dividend=o.rate, sign=-o.sign
    )
    assert american(backend, o) == pytest.approx(american(backend, mirrored), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("accuracy", ["standard", "high"])
def test_in_spot_it_is_monotone_and_convex_but_for_its_error(backend, accuracy):
    spot = np.linspace(60.0, 160.0, 401)
    n = spot.size
    for sign, rate, dividend in ((-1.0, 0.08, 0.02), (-1.0, 0.02, 0.08), (1.0, 0.03, 0.07)):
        o = market(np.random.default_rng(5), n)._replace(
            spot=spot,
            time=np.full(n, 1.5),
            rate=np.full(n, rate),
            dividend=np.full(n, dividend),
            sigma=np.full(n, 0.25),
            sign=np.full(n, sign),
        )
        price = american(backend, o, accuracy)
        assert (sign * np.diff(price) >= -TOLERATED[accuracy]).all()
        assert (np.diff(price, 2) >= -2.0 * TOLERATED[accuracy]).all()


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_options_that_share_a_boundary_have_the_bits_they_have_alone(backend, accuracy):
    strikes = np.linspace(70.0, 140.0, 64)
    for times in ([0.7], [0.7, 0.9]):  # one boundary in a block, and two
        n = strikes.size
        o = market(np.random.default_rng(7), n)._replace(
            spot=np.full(n, 100.0),
            strike=strikes,
            time=np.resize(times, n),
            rate=np.full(n, 0.05),
            dividend=np.full(n, 0.02),
            sigma=np.full(n, 0.25),
            sign=np.full(n, -1.0),
        )
        alone = [
            american(backend, type(o)(*(column[[i]] for column in o)), accuracy)[0]
            for i in range(n)
        ]
        assert np.array_equal(american(backend, o, accuracy), alone)


def test_nothing_jumps_where_rate_and_dividend_meet(backend):
    apart = np.linspace(-1e-4, 1e-4, 201)
    n = apart.size
    for sigma, time in ((0.1, 3.0), (0.3, 1.0), (0.7, 4.0)):
        o = market(np.random.default_rng(6), n)._replace(
            spot=np.full(n, 85.0),
            time=np.full(n, time),
            rate=np.full(n, 0.05),
            dividend=0.05 + apart,
            sigma=np.full(n, sigma),
            sign=np.full(n, -1.0),
        )
        steps = np.abs(np.diff(american(backend, o)))
        slope = np.abs(np.diff(american(backend, o, "high"))).max()
        assert steps.max() <= slope + TOLERATED["standard"]


def test_nothing_jumps_where_the_table_ends(backend):
    time = np.linspace(4.0, 12.0, 401)
    n = time.size
    o = market(np.random.default_rng(7), n)._replace(
        spot=np.full(n, 90.0),
        time=time,
        rate=np.full(n, 0.06),
        dividend=np.full(n, 0.08),
        sigma=np.full(n, 0.4),
        sign=np.full(n, -1.0),
    )
    price = american(backend, o)
    assert (np.diff(price) >= -TOLERATED["standard"]).all()
    assert np.abs(np.diff(price, 2)).max() <= 10 * TOLERATED["standard"]


class Endless(NamedTuple):
    """Puts of endless time, and what exercise at their boundary brings in the time there is."""

    value: NDArray
    boundary: NDArray
    least: NDArray
    deviations: NDArray  # beyond which nobody survives the time there is


def endless(o):
    """Merton (1973), and the time in which a Brownian motion with drift falls by a distance."""
    variance, deviation = o.sigma**2, o.sigma * np.sqrt(o.time)
    h = 0.5 - (o.rate - o.dividend) / variance
    root = np.sqrt(h * h + 2.0 * o.rate / variance)
    power = np.where(h > 0.0, 2.0 * o.rate / variance / (h + root), root - h)
    boundary = o.strike * power / (1.0 + power)
    distance = np.maximum(np.log(o.spot / boundary), 0.0)
    value = (o.strike - boundary) * np.exp(-power * distance)
    z = root * deviation - distance / deviation
    other = 2.0 * root * distance + log_ndtr(-distance / deviation - root * deviation)
    least = np.where(distance > 0.0, value * (ndtr(z) + np.exp(other)), o.strike - o.spot)
    return Endless(np.where(distance > 0.0, value, least), boundary, least, z)


def lasting(rng, count):
    """Puts of any volatility, with up to 5,000 years left."""
    return market(rng, count)._replace(
        spot=100.0 * np.exp(rng.uniform(-2.0, 2.0, count)),
        time=log_uniform(rng, 1.0, 5_000.0, count),
        rate=log_uniform(rng, 1e-4, 0.3, count),
        dividend=rng.choice([-1.0, 0.0, 1.0], count) * log_uniform(rng, 1e-4, 0.3, count),
        sigma=log_uniform(rng, 0.005, 5.0, count),
        sign=np.full(count, -1.0),
    )


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_no_time_is_too_long_for_a_price_between_its_bounds_or_none(backend):
    o = lasting(np.random.default_rng(21), 4_000)
    price, known = american(backend, o), endless(o)
    assert (price <= known.value + 1e-4)[~np.isnan(price)].all()
    assert (price >= known.least - 1e-4)[~np.isnan(price)].all()
    boundary = quantforge.exercise_boundary(
        o.strike, o.time, o.rate, o.sigma, dividend=o.dividend, backend=backend
    )
    assert (boundary >= known.boundary * (1.0 - 2e-3))[~np.isnan(boundary)].all()
    refused = (known.deviations < 9.0) & (
        (o.sigma**2 * o.time > 1_000.0) | (-o.dividend * o.time > 15.0)
    )
    assert not np.isnan(price[~refused]).any()
    assert not np.isnan(boundary[~refused]).any()
    assert np.count_nonzero(refused) < 400


def test_where_endless_time_takes_over_prices_do_not_jump(backend):
    o = lasting(np.random.default_rng(22), 2_000)
    z = np.where(np.arange(2_000) % 2, 8.499, 8.501)
    o = o._replace(spot=100.0, dividend=0.0)  # so that the deviations grow with the time
    for _ in range(60):
        o = o._replace(time=o.time * (z / np.maximum(endless(o).deviations, 4.0)) ** 1.5)
    assert endless(o).deviations == pytest.approx(z)
    assert american(backend, o) == pytest.approx(endless(o).value, abs=1e-4)


def test_endless_time_has_a_price_and_greeks(backend):
    """Of a put of strike 100 at r = 5 %, sigma = 20 %: g = 2 r / sigma^2 = 2.5, B = 500 / 7."""
    option = (100.0, 100.0, np.inf, 0.05, 0.2)
    given = {"kind": "put", "exercise": "american", "backend": backend}
    boundary = 500.0 / 7.0
    price = (100.0 - boundary) * 0.7142857142857143**2.5
    assert quantforge.price(*option, **given) == pytest.approx(price, rel=1e-14)
    assert quantforge.exercise_boundary(100.0, np.inf, 0.05, 0.2) == pytest.approx(boundary)
    greeks = quantforge.greeks(*option, **given)
    assert greeks.delta == pytest.approx(-2.5 * price / 100.0)
    assert greeks.gamma == pytest.approx(2.5 * 3.5 * price / 1e4)
    assert greeks.theta == 0.0
    assert greeks.vega == pytest.approx(2.5 * price * np.log(1.4) * 2.0 / 0.2)


def with_two_boundaries(rng, count):
    """Options with two boundaries: of the market, and where rates, volatility and time vanish."""
    o = market(rng, count)
    odd = np.arange(count) % 3 > 0
    owed = np.where(odd, log_uniform(rng, 1e-300, 1.0, count), rng.uniform(0.001, 0.1, count))
    more = owed * (1.0 + log_uniform(rng, 1e-14, 1e3, count))
    put = o.sign < 0.0
    return o._replace(
        time=np.where(odd, log_uniform(rng, 1e-20, 1e3, count), o.time),
        rate=np.where(put, -owed, -more),
        dividend=np.where(put, -more, -owed),
        sigma=np.where(odd, log_uniform(rng, 1e-12, 1e3, count), o.sigma),
    )


def greeks(backend, o, accuracy="standard"):
    return quantforge.greeks(
        *(o.spot, o.strike, o.time, o.rate, o.sigma),
        dividend=o.dividend,
        kind=o.sign,
        exercise="american",
        accuracy=accuracy,
        backend=backend,
    )


@pytest.fixture(scope="module")
def between():
    return two_boundaries(np.random.default_rng(12), 60, one_in=1)


@pytest.fixture(scope="module")
def exact_between(between):
    lanes = zip(*(column.tolist() for column in between[:7]), strict=True)
    return np.array([float(reference.american_price(*lane)) for lane in lanes])


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_between_two_boundaries_every_accuracy_is_as_the_guide_says(
    backend, between, exact_between, accuracy
):
    price = american(backend, between, accuracy)
    unit = np.maximum(between.spot, between.strike)
    assert np.abs((price - exact_between) / unit).max() <= 2e-7
    assert np.array_equal(price, american(backend, between))


def test_two_boundaries_are_refused_only_beyond_all_measure(backend):
    o = with_two_boundaries(np.random.default_rng(8), 3_000)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        price = american(backend, o)
    variance = o.sigma**2
    larger = np.maximum(-o.rate, -o.dividend)
    beyond = (larger >= 2.0**17 * variance) | (variance * o.time >= 128.0) | (larger * o.time > 10)
    european = quantforge.price(
        o.spot, o.strike, o.time, o.rate, o.sigma, dividend=o.dividend, kind=o.sign, backend=backend
    )
    now = o.sign * (o.spot - o.strike)
    assert not np.isnan(price[~beyond]).any()
    assert (~beyond).sum() > 1_500
    found = ~np.isnan(price)
    assert (price >= np.maximum(european, now))[found].all()


def test_between_two_boundaries_calls_and_puts_mirror_each_other(backend):
    o = two_boundaries(np.random.default_rng(13), 200, one_in=1)
    mirrored = o._replace(
        spot=o.strike, strike=o.spot, rate=o.dividend, dividend=o.rate, sign=-o.sign
    )
    assert american(backend, o) == pytest.approx(american(backend, mirrored), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("time", [0.2, 1.55, 1.56, 5.0])  # they meet after 1.553 years
def test_between_two_boundaries_it_is_monotone_and_convex_in_spot(backend, time):
    spot = np.linspace(30.0, 140.0, 401)
    price = american(backend, put_with_two(spot=spot, time=time))
    assert (np.diff(price) <= 0.0).all()
    assert (np.diff(price, 2) >= -1e-5).all()


def test_nothing_jumps_where_two_boundaries_meet(backend):
    time = np.linspace(1.50, 1.60, 401)
    for spot in (45.0, 50.2, 55.0, 80.0):
        price = american(backend, put_with_two(spot=spot, time=time))
        assert (np.diff(price) >= -1e-6).all()
        assert np.abs(np.diff(price, 2)).max() <= 1e-5


def test_as_the_rate_vanishes_two_boundaries_become_one(backend):
    price = american(backend, put_with_two(rate=np.array([-1e-9, -1e-300, 0.0])), "high")
    assert price[:2] == pytest.approx(price[2], abs=1e-5)


def test_as_rate_and_dividend_meet_two_boundaries_become_none(backend):
    apart = np.array([1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-16, 0.0])
    price = american(backend, put_with_two(dividend=-0.02 - apart))
    assert price[1:] == pytest.approx(price[-1], abs=1e-4)
    assert price[3:] == pytest.approx(price[-1], abs=1e-8)


def test_options_that_share_two_boundaries_have_the_bits_they_have_alone(backend):
    for time in (0.5, 3.0):
        o = put_with_two(spot=np.linspace(20.0, 140.0, 70), time=time)
        alone = [
            american(backend, type(o)(*(column[[i]] for column in o)))[0]
            for i in range(o.spot.size)
        ]
        assert np.array_equal(american(backend, o), alone)


def put_with_two(**changes):
    """Puts that lie between two boundaries or outside."""
    n = max(np.size(x) for x in changes.values())
    given = {"spot": 95.0, "strike": 100.0, "time": 1.0, "rate": -0.02, "dividend": -0.05}
    given |= {"sigma": 0.3, "sign": -1.0, "style": 2.0} | changes
    return market(np.random.default_rng(0), n)._replace(
        **{name: np.full(n, x) for name, x in given.items()}
    )


@pytest.mark.parametrize("accuracy", TOLERATED)
def test_what_has_two_boundaries_has_no_greeks(backend, accuracy):
    o = with_two_boundaries(np.random.default_rng(8), 3_000)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = greeks(backend, o, accuracy)
    assert all(np.isnan(greek).all() for greek in found.values())


@pytest.mark.parametrize("without", ["time", "sigma"])
def test_without_time_or_volatility_two_boundaries_are_no_matter(backend, without):
    o = with_two_boundaries(np.random.default_rng(9), 300)
    price = american(backend, o, **{without: np.zeros(300)})
    assert (price >= np.maximum(o.sign * (o.spot - o.strike), 0.0)).all()


def test_without_volatility_a_price_is_no_less_than_the_european_one(backend):
    o = market(np.random.default_rng(10), 5_000)._replace(sigma=np.zeros(5_000))
    rate, dividend = (np.where(np.arange(5_000) % 2, one, -one) for one in (o.rate, o.dividend))
    european = quantforge.price(
        o.spot, o.strike, o.time, rate, 0.0, dividend=dividend, kind=o.sign, backend=backend
    )
    assert (american(backend, o, rate=rate, dividend=dividend) >= european).all()
