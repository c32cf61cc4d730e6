"""American greeks of every backend: what ties them together, and what users get."""

import numpy as np
import pytest
from quantforge_conformance.regions.american_price import market

import quantforge
from quantforge.operations import AMERICAN_GREEKS
from quantforge.plugins import State

BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "american_greeks" in one.operations
]
OPTION = (100.0, 105.0, 0.75, 0.05, 0.25)

pytestmark = pytest.mark.skipif(not BACKENDS, reason="no backend has American greeks")
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def greeks(o, backend="auto", accuracy="standard", exercise="american", **options):
    given = {"which": AMERICAN_GREEKS, "dividend": o.dividend, "kind": o.sign, **options}
    return quantforge.greeks(
        *(o.spot, o.strike, o.time, o.rate, o.sigma),
        exercise=exercise,
        accuracy=accuracy,
        backend=backend,
        **given,
    )


@pytest.fixture(scope="module")
def book():
    return market(np.random.default_rng(20261128), 2_000)


@each_backend
@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
def test_time_rates_and_volatility_are_tied_by_homogeneity(backend, accuracy, book):
    """Time in other units changes nothing: T dV/dT = r rho + q phi + sigma vega / 2."""
    o = type(book)(*(column[:400] for column in book))
    g = greeks(o, backend, accuracy)
    left, right = -o.time * g.theta, o.rate * g.rho + o.dividend * g.phi + 0.5 * o.sigma * g.vega
    assert np.abs(left - right).max() < 1e-11


@each_backend
def test_spot_and_strike_are_tied_by_homogeneity(backend, book):
    """In another currency nothing changes: V = S delta + K dual delta, and so for gamma."""
    g = greeks(book, backend)
    value = book.spot * g.delta + book.strike * g.dual_delta
    assert np.abs(value - g.price).max() < 1e-11
    assert book.spot**2 * g.gamma == pytest.approx(book.strike**2 * g.dual_gamma, abs=1e-9)


@each_backend
def test_held_options_obey_the_equation_of_black_and_scholes(backend, book):
    """Which ties theta, delta and gamma, each found by itself."""
    o = type(book)(*(column[:400] for column in book))
    g = greeks(o, backend, "high")
    held = g.price > np.maximum(o.sign * (o.spot - o.strike), 0.0) + 1e-3
    rest = (
        g.theta
        + 0.5 * o.sigma**2 * o.spot**2 * g.gamma
        + (o.rate - o.dividend) * o.spot * g.delta
        - o.rate * g.price
    )
    assert held.sum() > 250
    assert np.abs(rest[held]).max() < 2e-3
    assert np.sqrt(np.mean(rest[held] ** 2)) < 2e-4


@each_backend
def test_the_price_is_that_of_price_and_is_shared_with_it_to_the_bit(backend, book):
    price = quantforge.price(
        *(book.spot, book.strike, book.time, book.rate, book.sigma),
        dividend=book.dividend,
        kind=book.sign,
        exercise="american",
        backend=backend,
    )
    assert np.array_equal(greeks(book, backend).price, price)


@each_backend
def test_what_is_exercised_at_once_has_the_greeks_of_what_that_brings(backend):
    g = quantforge.greeks(
        60.0,
        100.0,
        1.0,
        0.08,
        0.2,
        kind="put",
        exercise="american",
        which=AMERICAN_GREEKS,
        backend=backend,
    )
    gain = {"price": 40.0, "delta": -1.0, "dual_delta": 1.0}
    assert {name: float(x) for name, x in g.items()} == {
        name: gain.get(name, 0.0) for name in AMERICAN_GREEKS
    }


@each_backend
def test_a_european_option_among_american_ones_keeps_its_bits(backend, book):
    mixed = greeks(book, backend, exercise=np.where(np.arange(2_000) % 2, "american", "european"))
    alone = greeks(book, backend, exercise="european")
    american = greeks(book, backend)
    for name in AMERICAN_GREEKS:
        assert np.array_equal(mixed[name][::2], alone[name][::2])
        assert np.array_equal(mixed[name][1::2], american[name][1::2])


@each_backend
def test_one_group_has_the_bits_it_has_among_all(backend, book):
    every = greeks(book, backend)
    for which in (("delta",), ("price", "vega"), quantforge.FIRST_ORDER, ("vanna",)):
        for name, values in greeks(book, backend, which=which).items():
            assert np.array_equal(values, every[name])


@each_backend
def test_backends_return_the_same_bits(backend, book):
    one, other = greeks(book, backend), greeks(book, BACKENDS[0])
    for name in AMERICAN_GREEKS:
        assert np.array_equal(one[name], other[name])


def test_greeks_of_a_forward_hold_it_constant():
    """There the rate moves both rates of the kernel; compared with differences of the price."""
    forward, strike, time, rate, sigma = OPTION
    said = {"model": "black76", "exercise": "american", "accuracy": "high", "kind": "put"}
    h = 1e-4
    up, down = (
        quantforge.price(forward, strike, time, rate + step, sigma, **said) for step in (h, -h)
    )
    found = quantforge.greeks(forward, strike, time, rate, sigma, which=("rho", "phi"), **said)
    assert found.rho == pytest.approx((up - down) / (2 * h), abs=1e-3)
    assert found.phi == 0.0
    assert quantforge.greeks(*OPTION, which="phi", **said).phi == 0.0
    out = {"rho": np.empty(3)}
    several = quantforge.greeks(np.full(3, forward), *OPTION[1:], which="rho", out=out, **said)
    assert several.rho is out["rho"]
    assert (several.rho == found.rho).all()


@pytest.mark.parametrize("name", ["volga", "ultima", "speed"])
def test_a_greek_that_american_options_lack_is_told_those_they_have(name):
    with pytest.raises(ValueError, match=f"unknown output {name!r} of american_greeks; valid: pri"):
        quantforge.greeks(*OPTION, exercise="american", which=("delta", name))


def test_two_boundaries_have_no_greeks_and_spoil_no_other():
    rates = np.array([0.05, -0.02, 0.05])
    with np.errstate(invalid="ignore"):
        found = quantforge.greeks(
            *OPTION[:3], rates, 0.25, dividend=-0.05, kind="put", exercise="american"
        )
    for values in found.values():
        assert np.isnan(values).tolist() == [False, True, False]
    with pytest.raises(ValueError, match=r"american_greeks\[1\] is not defined for"):
        quantforge.greeks(
            *OPTION[:3], rates, 0.25, dividend=-0.05, kind="put", exercise="american",
            errors="raise",
        )  # fmt: skip
