"""The normal model: a forward of any sign, and a volatility in its own units."""

import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import quantforge
from quantforge import ALL, Code
from quantforge.plugins import registry

USABLE = [
    name
    for name in registry().names()
    if name in registry().candidates("bachelier_price", "contract")
]
OPTIONS = [  # forward, strike, time, rate, sigma
    (100.0, 103.0, 0.5, 0.03, 20.0),
    (1.5, -0.25, 2.0, -0.01, 0.8),
    (-0.4, -0.37, 0.25, 0.02, 0.1),
    (0.0, 0.0, 1.0, 0.05, 0.01),
    (-2.0, 1.0, 4.0, 0.0, 1.5),
]
KINDS = [("call", 1), ("put", -1)]


@pytest.fixture(params=USABLE)
def settings(request):
    """The model, with every backend that has it."""
    return {"model": "bachelier", "backend": request.param}


def formula(forward, strike, time, rate, sigma, sign):
    """Bachelier's formula in high precision."""
    deviation = sigma * mpmath.sqrt(time)
    d = sign * (forward - strike) / deviation
    return mpmath.exp(-rate * time) * (
        sign * (forward - strike) * mpmath.ncdf(d) + deviation * mpmath.npdf(d)
    )


# By forward, strike, time, rate and sigma; time runs down.
DERIVATIVES = {
    "price": ((0, 0, 0, 0, 0), 1),
    "delta": ((1, 0, 0, 0, 0), 1),
    "gamma": ((2, 0, 0, 0, 0), 1),
    "vega": ((0, 0, 0, 0, 1), 1),
    "theta": ((0, 0, 1, 0, 0), -1),
    "rho": ((0, 0, 0, 1, 0), 1),
    "vanna": ((1, 0, 0, 0, 1), 1),
    "volga": ((0, 0, 0, 0, 2), 1),
    "charm": ((1, 0, 1, 0, 0), -1),
    "veta": ((0, 0, 1, 0, 1), -1),
    "dual_delta": ((0, 1, 0, 0, 0), 1),
    "dual_gamma": ((0, 2, 0, 0, 0), 1),
    "speed": ((3, 0, 0, 0, 0), 1),
    "color": ((2, 0, 1, 0, 0), -1),
    "zomma": ((2, 0, 0, 0, 1), 1),
    "ultima": ((0, 0, 0, 0, 3), 1),
}


def exact(option, sign, name="price"):
    """The price or a derivative of it, by differences of 80 digits."""
    orders, direction = DERIVATIVES[name]
    with mpmath.workdps(80):
        place = tuple(map(mpf, option))
        if not any(orders):
            return float(formula(*place, sign))
        return float(direction * mpmath.diff(lambda *at: formula(*at, sign), place, orders))


@pytest.mark.parametrize(("kind", "sign"), KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_the_price_is_that_of_the_formula(settings, option, kind, sign):
    assert quantforge.price(*option, kind=kind, **settings) == pytest.approx(
        exact(option, sign), rel=1e-14
    )


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize(("kind", "sign"), KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_every_greek_is_its_derivative(settings, option, kind, sign, name):
    got = quantforge.greeks(*option, kind=kind, which=[name], **settings)[name]
    wanted = exact(option, sign, name)
    assert got == pytest.approx(wanted, rel=1e-12, abs=1e-60)


def test_there_is_no_dividend_to_differentiate_by(settings):
    assert quantforge.greeks(*OPTIONS[0], which=ALL, **settings).phi == 0.0
    for function in (quantforge.price, quantforge.greeks, quantforge.implied_volatility):
        with pytest.raises(ValueError, match="takes a forward"):
            function(*OPTIONS[0], dividend=0.01, **settings)


@pytest.mark.parametrize(("kind", "sign"), KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_the_exact_price_gives_its_volatility_back(settings, option, kind, sign):
    got, code = quantforge.implied_volatility(
        exact(option, sign), *option[:4], kind=kind, status=True, **settings
    )
    assert got == pytest.approx(option[4], rel=1e-13)
    assert code == Code.OK


CODES = {  # price, forward, strike, time, rate: a call
    Code.AT_INTRINSIC: ((3.0, 1.0, -2.0, 1.0, 0.0), 0.0),
    Code.BELOW_INTRINSIC: ((2.9, 1.0, -2.0, 1.0, 0.0), math.nan),
    Code.ABOVE_MAXIMUM: ((3.5, 1.0, -2.0, 0.0, 0.0), math.nan),
    Code.NOT_FINITE: ((math.inf, 1.0, -2.0, 1.0, 0.0), math.nan),
    Code.INVALID_INPUT: ((3.5, 1.0, -2.0, -1.0, 0.0), math.nan),
    Code.LOW_PRECISION: ((3.0 + 4e-15, 1.0, -2.0, 1.0, 0.0), None),
}


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_has_its_option(settings, code):
    operands, wanted = CODES[code]
    with np.errstate(invalid="ignore"):
        got, found = quantforge.implied_volatility(*operands, status=True, **settings)
    assert found == code
    if wanted is not None:
        np.testing.assert_equal(float(got), wanted)


def test_calls_and_puts_are_a_forward_apart(settings):
    strikes = np.linspace(-3.0, 3.0, 25)
    call, put = (
        quantforge.price(0.5, strikes, 2.0, 0.03, 1.1, kind=kind, **settings)
        for kind in ("call", "put")
    )
    assert call - put == pytest.approx(math.exp(-0.06) * (0.5 - strikes), rel=1e-13, abs=1e-15)


def test_bound_it_is_the_same(settings):
    for n in (1, 1_000_000):
        call = quantforge.bind("price", kind="put", n=n, **settings)
        got = call(*OPTIONS[1])
        assert got == quantforge.price(*OPTIONS[1], kind="put", **settings)


def test_a_complaint_names_the_argument_as_the_caller_does(settings):
    with pytest.raises(ValueError, match=r"spot\[1\] is nan"):
        quantforge.price([1.0, math.nan], 1.0, 1.0, 0.0, 1.0, errors="raise", **settings)
