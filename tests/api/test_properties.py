"""What must hold between prices whatever the inputs: parity, bounds, monotonicity, homogeneity.

Each to what the accuracy contract leaves open, the exact values coming from mpmath.
"""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import exp, mp, mpf
from quantforge_conformance.oracles import ORACLES

import quantforge

STANDARD = ORACLES["price"]
NAMES = ("spot", "strike", "time", "rate", "dividend", "sigma")
CALL, PUT = 1.0, -1.0

AMOUNT = st.floats(1e-3, 1e6)
TIME = st.floats(1e-8, 50)
RATE = st.floats(-0.3, 0.3)
SIGMA = st.floats(1e-5, 5)
RANGES = dict(zip(NAMES, (AMOUNT, AMOUNT, TIME, RATE, RATE, SIGMA), strict=True))
SIGN = st.sampled_from([CALL, PUT])


@st.composite
def options(draw):
    """Options anywhere, and as many within 9 standard deviations of the money."""
    option = {name: draw(values) for name, values in RANGES.items()}
    if draw(st.booleans()):
        total = option["sigma"] * math.sqrt(option["time"])
        log_moneyness = min(draw(st.floats(-9, 9)) * total, 300.0)
        option["strike"] = option["spot"] * math.exp(log_moneyness)
    return option


OPTION = options()
thorough = settings(max_examples=2 * settings.default.max_examples)


def price(option, sign):
    return quantforge.price(**option, kind=int(sign))


def uncertainty(option, sign):
    """Return how far a price may be from the exact one."""
    lane = (*(option[name] for name in NAMES), sign)
    exact = STANDARD.exact_values(*lane)[0]
    return min(bound.tolerance * bound.unit(lane, exact) for bound in STANDARD.bounds["price"])


def legs(option):
    """Return S e^(-qT) and K e^(-rT)."""
    spot, strike, time, rate, dividend, _ = (mpf(option[name]) for name in NAMES)
    with mp.workdps(50):
        return spot * exp(-dividend * time), strike * exp(-rate * time)


@thorough
@given(OPTION)
def test_call_less_put_is_forward_less_strike_discounted(option):
    call, put = price(option, CALL), price(option, PUT)
    a, b = legs(option)
    with mp.workdps(50):
        error = abs((mpf(call) - mpf(put)) - (a - b))
    assert error <= uncertainty(option, CALL) + uncertainty(option, PUT)


@thorough
@given(OPTION, SIGN)
def test_a_price_lies_between_intrinsic_value_and_the_leg_it_pays(option, sign):
    value = price(option, sign)
    a, b = legs(option)
    with mp.workdps(50):
        intrinsic, leg = max(sign * (a - b), 0), a if sign == CALL else b
        allowed = uncertainty(option, sign)
        assert intrinsic - allowed <= value <= leg + allowed
    assert math.copysign(1.0, value) == 1.0


def directions():
    """By operand and sign: whether the price rises (+1) or falls (-1) with it."""
    for sign in (CALL, PUT):
        side = "call" if sign == CALL else "put"
        for name, rises in (("spot", 1), ("strike", -1), ("rate", 1), ("dividend", -1)):
            yield pytest.param(name, sign, rises * sign, id=f"{name} of a {side}")
        yield pytest.param("sigma", sign, 1, id=f"sigma of a {side}")
        yield pytest.param("time", sign, 1, id=f"time of a {side}")


def assert_monotone(option, name, sign, direction, other):
    assume(option[name] != other)
    one, two = option, option | {name: other}
    lower, higher = (one, two) if (option[name] < other) == (direction > 0) else (two, one)
    with mp.workdps(50):
        allowed = uncertainty(lower, sign) + uncertainty(higher, sign)
        assert mpf(price(lower, sign)) <= mpf(price(higher, sign)) + allowed


@pytest.mark.parametrize(("name", "sign", "direction"), [*directions()])
@thorough
@given(option=OPTION, near=st.booleans(), data=st.data())
def test_prices_are_monotone(name, sign, direction, option, near, data):
    if name == "time":  # a European option gains from time where waiting costs nothing
        waiting = {"rate": sign * abs(option["rate"]), "dividend": -sign * abs(option["dividend"])}
        option = option | waiting
    x = option[name]
    other = math.nextafter(x, math.inf) if near else data.draw(RANGES[name])
    assert_monotone(option, name, sign, direction, other)


@thorough
@given(OPTION, SIGN, st.integers(-980, 980))
def test_prices_scale_with_powers_of_two_to_the_bit(option, sign, power):
    amounts = {name: option[name] for name in ("spot", "strike")}
    assume(all(abs(math.log2(amount) + power) < 1000 for amount in amounts.values()))
    scaled = option | {name: math.ldexp(amount, power) for name, amount in amounts.items()}
    value = price(option, sign)
    expected = math.ldexp(value, power)
    assume(min(value, expected) >= 2.0**-1022)  # denormals are rounded
    assert price(scaled, sign).hex() == expected.hex()
