"""`quantforge.jax.price` has the bits of QuantForge's price, and its derivatives are the greeks."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from mpmath import diff, exp, log, mp, mpf, ncdf, sqrt

import quantforge

jax = pytest.importorskip("jax")
jnp = jax.numpy
price = pytest.importorskip("quantforge.jax").price

OPTION = (100.0, 95.0, 0.5, 0.03, 0.2)
DIVIDEND = 0.01
CHAIN = np.linspace(80.0, 120.0, 9)


@pytest.fixture(autouse=True)
def sixty_four_bits():
    with jax.enable_x64(True):
        yield


def black_scholes(spot, strike, time, rate, sigma, dividend, sign):
    """The formula of the textbooks, at 40 digits."""
    root = sigma * sqrt(time)
    d1 = (log(spot / strike) + (rate - dividend) * time) / root + root / 2
    a, b = spot * exp(-dividend * time), strike * exp(-rate * time)
    return sign * (a * ncdf(sign * d1) - b * ncdf(sign * (d1 - root)))


def derivative(orders, sign):
    """A derivative of the textbooks' formula at `OPTION`."""
    with mp.workdps(40):
        inputs = tuple(map(mpf, (*OPTION, DIVIDEND)))
        return float(diff(lambda *x: black_scholes(*x, sign), inputs, orders))


def of_six(sign):
    return lambda *x: price(*x[:5], dividend=x[5], kind=sign)


@pytest.mark.parametrize("model", ["black_scholes", "black76", "garman_kohlhagen", "bachelier"])
def test_a_price_has_the_bits_of_quantforge(model):
    sigma = 20.0 if model == "bachelier" else 0.2
    for kind in ("call", "put"):
        got = jax.jit(
            lambda spot, kind=kind: price(spot, *OPTION[1:4], sigma, kind=kind, model=model)
        )
        expected = quantforge.price(CHAIN, *OPTION[1:4], sigma, kind=kind, model=model)
        assert np.asarray(got(CHAIN)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("mode", [jax.jacfwd, jax.jacrev])
def test_first_derivatives_are_those_of_the_formula(mode, sign):
    found = mode(of_six(sign), argnums=tuple(range(6)))(*OPTION, DIVIDEND)
    for place, slope in enumerate(found):
        orders = tuple(int(each == place) for each in range(6))
        assert float(slope) == pytest.approx(derivative(orders, sign), rel=1e-13)


def test_first_derivatives_have_the_bits_of_the_greeks():
    greeks = quantforge.greeks(*OPTION, dividend=DIVIDEND, which=quantforge.ALL)
    found = jax.grad(of_six(1.0), argnums=tuple(range(6)))(*OPTION, DIVIDEND)
    names = ("delta", "dual_delta", "theta", "rho", "vega", "phi")
    signs = (1, 1, -1, 1, 1, 1)
    assert [float(each) for each in found] == [
        sign * greeks[name] for name, sign in zip(names, signs, strict=True)
    ]


@pytest.mark.parametrize(
    ("one", "other"), [(0, 0), (0, 2), (0, 4), (2, 0), (4, 0), (4, 2), (4, 4), (1, 1), (2, 4)]
)
def test_second_derivatives_are_those_of_the_formula(one, other):
    found = jax.grad(jax.grad(of_six(-1.0), one), other)(*OPTION, DIVIDEND)
    orders = tuple((each == one) + (each == other) for each in range(6))
    assert float(found) == pytest.approx(derivative(orders, -1.0), rel=1e-12)


@pytest.mark.parametrize("places", [(0, 0, 0), (0, 0, 2), (0, 0, 4), (4, 4, 4)])
def test_third_derivatives_are_those_of_the_formula(places):
    one, two, three = places
    found = jax.grad(jax.grad(jax.grad(of_six(1.0), one), two), three)(*OPTION, DIVIDEND)
    assert float(found) == pytest.approx(
        derivative(tuple(map(places.count, range(6))), 1), rel=1e-11
    )


def test_a_derivative_that_is_no_greek_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="derivative of rho by spot"):
        jax.grad(jax.grad(price, 3), 0)(*OPTION)

    def american(sigma):
        return price(*OPTION[:4], sigma, exercise="american")

    with pytest.raises(NotImplementedError, match="vega by sigma of American options"):
        jax.grad(jax.grad(american))(0.2)


def test_american_options_have_their_own_greeks():
    spots = jnp.asarray(CHAIN)
    slopes = jax.vmap(
        jax.grad(lambda spot: price(spot, *OPTION[1:], kind="put", exercise="american"))
    )
    expected = quantforge.greeks(CHAIN, *OPTION[1:], kind="put", exercise="american").delta
    assert np.asarray(slopes(spots)).tobytes() == expected.tobytes()


def test_mapped_arguments_meet_those_that_are_not():
    strikes, signs = jnp.array([90.0, 100.0, 110.0]), jnp.array([1.0, -1.0, 1.0])
    table = jax.vmap(lambda spot: price(spot, strikes, *OPTION[2:], kind=signs))(jnp.asarray(CHAIN))
    expected = quantforge.price(CHAIN[:, None], strikes, *OPTION[2:], kind=np.asarray(signs))
    assert np.asarray(table).tobytes() == expected.tobytes()


def test_a_volatility_is_found_by_newtons_method_on_a_loss():
    strikes = jnp.linspace(80.0, 120.0, 5)
    quotes = jnp.asarray(quantforge.price(100.0, np.asarray(strikes), 0.5, 0.03, 0.27))

    def loss(sigma):
        return jnp.sum((price(100.0, strikes, 0.5, 0.03, sigma) - quotes) ** 2)

    step = jax.jit(lambda sigma: sigma - jax.grad(loss)(sigma) / jax.grad(jax.grad(loss))(sigma))
    sigma = 0.2
    for _ in range(6):
        sigma = step(sigma)
    assert float(sigma) == pytest.approx(0.27, rel=1e-12)


def test_outside_the_domain_is_nan_with_its_slope():
    value, slope = jax.value_and_grad(price)(-1.0, *OPTION[1:])
    assert np.isnan(value)
    assert np.isnan(slope)


def test_what_cannot_be_right_is_refused():
    with pytest.raises(ValueError, match="a word for all options, or"):
        price(*OPTION, kind=["call", "put"])
    with pytest.raises(ValueError, match="cannot run while JAX waits"):
        price(*OPTION, backend="jax")
    with pytest.raises(Exception, match="takes a forward, which holds the dividends already"):
        jax.block_until_ready(price(*OPTION, dividend=0.01, model="black76"))


def test_with_thirty_two_bits_the_double_is_rounded_once():
    with jax.enable_x64(False):
        value = price(100.0, 95.0, 0.5, 0.0, 0.25)  # arguments that float32 holds
        assert value.dtype == np.float32
        assert float(value) == np.float32(quantforge.price(100.0, 95.0, 0.5, 0.0, 0.25))


def test_import_leaves_jax_alone():
    code = (
        "import sys, quantforge; quantforge.backends()\n"
        "assert 'jax' not in sys.modules\n"
        "from quantforge.jax import price; import jax\n"
        "price(100.0, 95.0, 0.5, 0.03, 0.2); assert not jax.config.jax_enable_x64"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_example_in_the_docstring_holds():
    results = doctest.testmod(sys.modules["quantforge.jax"])
    assert results.attempted
    assert not results.failed
