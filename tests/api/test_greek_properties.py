"""What must hold between greeks, between prices and volatilities, and under Bachelier's model.

Each to what the accuracy contract leaves open.
"""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from mpmath import exp, mp, mpf
from quantforge_conformance.oracles import ORACLES

import quantforge
from quantforge import Code

GREEKS = ORACLES["greeks"]
LOGNORMAL = ("spot", "strike", "time", "rate", "dividend", "sigma")
NORMAL = ("spot", "strike", "time", "rate", "sigma")
CALL, PUT = 1.0, -1.0
RATE = st.floats(-0.3, 0.3)
SIGN = st.sampled_from([CALL, PUT])
SIGNLESS = set(quantforge.ALL) - {
    *("price", "delta", "theta", "rho", "phi", "charm", "dual_delta"),
}
UNLIKE_CODES = {
    "spot": 1.0,
    "strike": 0.0015034391929775724,
    "time": 26.0,
    "rate": 0.0,
    "dividend": 0.25,
    "sigma": 2.375,
}
"""Forward and strike a rounding apart: the limit was once computed for the other leg."""
NEAR_THE_MAXIMUM = {
    "spot": 0.97,
    "strike": 1716526.8712438918,
    "time": 28.0,
    "rate": 0.0,
    "dividend": 0.0,
    "sigma": 2.71875,
}
"""Half an ulp from the code AT_MAXIMUM: the volatility may be that of either code."""


@st.composite
def options(draw):
    """Options within 8 standard deviations of the money."""
    spot, time, sigma = (
        draw(st.floats(1e-3, 1e6)),
        draw(st.floats(1e-6, 30)),
        draw(st.floats(0.01, 3)),
    )
    rate, dividend = draw(RATE), draw(RATE)
    away = draw(st.floats(-8, 8)) * sigma * math.sqrt(time)
    strike = spot * math.exp((rate - dividend) * time + away)
    values = (spot, strike, time, rate, dividend, sigma)
    return dict(zip(LOGNORMAL, values, strict=True))


@st.composite
def normal_options(draw):
    """Options on forwards of any sign, within 8 standard deviations of the money."""
    forward, sigma = draw(st.floats(-1e3, 1e3)), draw(st.floats(1e-3, 1e3))
    time = draw(st.floats(1e-6, 30))
    strike = forward + draw(st.floats(-8, 8)) * sigma * math.sqrt(time)
    return dict(zip(NORMAL, (forward, strike, time, draw(RATE), sigma), strict=True))


def greeks(option, sign, **more):
    return quantforge.greeks(**option, kind=int(sign), which=quantforge.ALL, **more)


def lane(option, names, sign):
    return (*(option[name] for name in names), sign)


def uncertainty(oracle, name, option):
    """Return how far an output may be from the exact one, for the call and the put together."""
    place = list(oracle.bounds).index(name)
    total = mpf(0)
    for sign in (CALL, PUT):
        one = lane(option, LOGNORMAL, sign)
        exact = oracle.exact_values(*one)[place]
        total += min(bound.tolerance * bound.unit(one, exact) for bound in oracle.bounds[name])
    return total


@given(options())
def test_greeks_that_know_no_side_are_the_same_for_call_and_put(option):
    call, put = greeks(option, CALL), greeks(option, PUT)
    assert {name for name in SIGNLESS if call[name].hex() != put[name].hex()} == set()


@given(options())
def test_greeks_of_call_less_put_are_those_of_a_forward(option):
    call, put = greeks(option, CALL), greeks(option, PUT)
    with mp.workdps(50):
        S, K, T, r, q = (mpf(option[name]) for name in LOGNORMAL[:5])
        a, b = exp(-q * T), exp(-r * T)
        forward = {
            "price": S * a - K * b,
            "delta": a,
            "dual_delta": -b,
            "rho": T * K * b,
            "phi": -T * S * a,
            "theta": q * S * a - r * K * b,
            "charm": q * a,
        }
        for name, value in forward.items():
            error = abs(mpf(float(call[name])) - mpf(float(put[name])) - value)
            assert error <= uncertainty(GREEKS, name, option), name


@given(options(), st.sets(st.sampled_from(quantforge.ALL), min_size=1))
def test_a_greek_is_the_same_whatever_else_is_asked_for(option, which):
    every = greeks(option, CALL)
    some = quantforge.greeks(**option, which=tuple(which))
    assert set(some) == which
    assert {name for name in which if some[name].hex() != every[name].hex()} == set()


@given(options(), SIGN)
@example(UNLIKE_CODES, CALL)
@example(NEAR_THE_MAXIMUM, PUT)
def test_the_volatility_of_a_price_is_that_which_gives_the_price(option, sign):
    oracle = ORACLES["implied_volatility"]
    paid = float(quantforge.price(**option, kind=int(sign)))
    quote = {name: value for name, value in option.items() if name != "sigma"}
    sigma, code = quantforge.implied_volatility(paid, **quote, kind=int(sign), status=True)
    one = (paid, *quote.values(), sign)
    exact, expected = oracle.exact_values(*one)
    [right] = oracle.bounds["code"]
    assert abs(int(code) - expected) / right.unit(one, expected) <= right.tolerance
    assume(code in (Code.OK, Code.LOW_PRECISION))
    [bound] = oracle.bounds["sigma"]
    assert abs(mpf(float(sigma)) - exact) <= bound.tolerance * bound.unit(one, exact)


@given(options(), SIGN, st.integers(-900, 900))
def test_the_volatility_does_not_depend_on_the_currency_to_the_bit(option, sign, power):
    paid = float(quantforge.price(**option, kind=int(sign)))
    quote = {name: value for name, value in option.items() if name != "sigma"}
    plain = quantforge.implied_volatility(paid, **quote, kind=int(sign), status=True)
    amounts = {
        "spot": math.ldexp(quote["spot"], power),
        "strike": math.ldexp(quote["strike"], power),
    }
    scaled = math.ldexp(paid, power)
    assume(paid == 0 or min(paid, scaled) >= 2.0**-1022)
    other = quantforge.implied_volatility(scaled, **quote | amounts, kind=int(sign), status=True)
    assert (float(plain[0]).hex(), plain[1]) == (float(other[0]).hex(), other[1])


@given(normal_options())
def test_a_normal_call_less_put_is_forward_less_strike_discounted(option):
    prices = {
        sign: quantforge.price(**option, kind=int(sign), model="bachelier") for sign in (CALL, PUT)
    }
    oracle = ORACLES["bachelier_price"]
    allowed = mpf(0)
    for sign in prices:
        one = lane(option, NORMAL, sign)
        [exact] = oracle.exact_values(*one)
        allowed += min(x.tolerance * x.unit(one, exact) for x in oracle.bounds["price"])
    with mp.workdps(50):
        discount = exp(-mpf(option["rate"]) * mpf(option["time"]))
        forward = discount * (mpf(option["spot"]) - mpf(option["strike"]))
        assert abs(mpf(float(prices[CALL])) - mpf(float(prices[PUT])) - forward) <= allowed


@given(normal_options())
def test_a_normal_call_is_the_put_with_forward_and_strike_exchanged_to_the_bit(option):
    call = greeks(option, CALL, model="bachelier")
    exchanged = option | {"spot": option["strike"], "strike": option["spot"]}
    negated = option | {"spot": -option["spot"], "strike": -option["strike"]}
    for other in (exchanged, negated):
        put = greeks(other, PUT, model="bachelier")
        for name in ("price", "gamma", "vega", "theta", "rho", "volga", "ultima"):
            assert call[name].hex() == put[name].hex(), name
        assert call["delta"].hex() == (-put["delta"]).hex()


@given(normal_options(), SIGN)
def test_the_normal_volatility_of_a_price_is_that_which_gives_the_price(option, sign):
    oracle = ORACLES["bachelier_implied_volatility"]
    paid = float(quantforge.price(**option, kind=int(sign), model="bachelier"))
    quote = {name: value for name, value in option.items() if name != "sigma"}
    sigma, code = quantforge.implied_volatility(
        paid, **quote, kind=int(sign), model="bachelier", status=True
    )
    one = (paid, *quote.values(), sign)
    exact, expected = oracle.exact_values(*one)
    [right] = oracle.bounds["code"]
    assert abs(int(code) - expected) / right.unit(one, expected) <= right.tolerance
    assume(code in (Code.OK, Code.LOW_PRECISION))
    [bound] = oracle.bounds["sigma"]
    assert abs(mpf(float(sigma)) - exact) <= bound.tolerance * bound.unit(one, exact)


@pytest.mark.parametrize("operation", ["greeks", "bachelier_greeks"])
def test_every_greek_has_a_contract(operation):
    assert tuple(ORACLES[operation].bounds) == quantforge.ALL
