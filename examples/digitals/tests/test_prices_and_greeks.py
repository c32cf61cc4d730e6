"""Prices and greeks against identities, QuantForge's own options, and derivatives by mpmath."""

import numpy as np
import pytest
import quantforge_digitals as digitals
from mpmath import mp, mpf
from quantforge_conformance.regions import PRICE
from quantforge_digitals import conformance
from quantforge_digitals.operations import OUTPUTS

import quantforge

BACKENDS = ("digitals_c", "digitals_numpy")
BY = {"delta": 0, "gamma": 0, "vega": 5, "theta": 2, "rho": 3, "phi": 4}


@pytest.fixture(params=BACKENDS)
def backend(request):
    states = {each.name: each for each in quantforge.backends()}
    if states[request.param].state != "available":
        pytest.skip(f"{request.param}: {states[request.param].reason}")
    return request.param


@pytest.fixture
def options():
    """Operands of ordinary options by name, without the kinds."""
    drawn = PRICE[0].sample(400, seed=5)._asdict()
    del drawn["sign"]
    return drawn


def test_a_call_and_a_put_pay_for_certain(options, backend):
    call, put = (
        digitals.cash_or_nothing(**options, kind=kind, backend=backend).price
        for kind in ("call", "put")
    )
    discount = np.exp(-options["rate"] * options["time"])
    np.testing.assert_allclose(call + put, discount, rtol=1e-15)
    call, put = (
        digitals.asset_or_nothing(**options, kind=kind, backend=backend).price
        for kind in ("call", "put")
    )
    prepaid = options["spot"] * np.exp(-options["dividend"] * options["time"])
    np.testing.assert_allclose(call + put, prepaid, rtol=1e-15)


@pytest.mark.parametrize("kind", ["call", "put"])
def test_the_asset_less_the_strike_in_cash_is_an_option(options, backend, kind):
    how = {"kind": kind, "which": quantforge.FIRST_ORDER}
    asset = digitals.asset_or_nothing(**options, **how, backend=backend)
    cash = digitals.cash_or_nothing(**options, **how, backend=backend)
    vanilla = quantforge.greeks(**options, **how)
    sign = 1.0 if kind == "call" else -1.0
    for name in OUTPUTS:
        made = sign * (asset[name] - options["strike"] * cash[name])
        scale = np.abs(asset[name]) + np.abs(options["strike"] * cash[name])
        assert (np.abs(made - vanilla[name]) <= 1e-13 * (scale + np.abs(vanilla[name]))).all(), name


@pytest.mark.parametrize("asset", [False, True], ids=["cash", "asset"])
@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize("name", BY)
def test_a_greek_is_the_derivative_of_the_price(asset, kind, name):
    lane = (100.0, 93.0, 0.7, 0.04, 0.015, 0.25, 1.0 if kind == "call" else -1.0)
    place = BY[name]

    x, step = mpf(lane[place]), mpf(10) ** -12

    def price(moved):
        moved_lane = (*lane[:place], moved, *lane[place + 1 :])
        return conformance.evaluated(asset, moved_lane)[0]["price"]

    with mp.workdps(conformance.DIGITS):
        up, down = price(x + step), price(x - step)
        if name == "gamma":
            derivative = (up - 2 * price(x) + down) / step**2
        else:
            derivative = (up - down) / (2 * step) * (-1 if name == "theta" else 1)
        exact = conformance.evaluated(asset, lane)[0][name]
        assert abs(exact - derivative) < abs(derivative) * mpf(10) ** -18


@pytest.mark.parametrize("asset", [False, True], ids=["cash", "asset"])
@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["call", "put"])
@pytest.mark.parametrize("case", conformance.AT_THE_STRIKE, ids=lambda case: case[0])
def test_the_limits_at_the_strike_are_those_of_the_formulas(asset, sign, case):
    _, operands, *signs = case
    lane = [*map(mpf, operands), sign]
    lane[2 if operands[2] == 0.0 else 5] = mpf(10) ** -40
    limits = conformance.at_the_strike(asset, (*operands, sign), *signs[asset])
    for name, value in conformance.evaluated(asset, tuple(lane))[0].items():
        if abs(limits[name]) == mp.inf:
            assert value * limits[name] > 0, name
            assert abs(value) > mpf(10) ** 15, name
        else:
            assert abs(value - limits[name]) < mpf(10) ** -15 * (1 + abs(limits[name])), name


def test_a_forward_is_held_constant(options, backend):
    """Of an option on a forward rho is -T V and phi is 0, as QuantForge's own options have it."""
    del options["dividend"]
    how = {"model": "black76", "which": quantforge.FIRST_ORDER, "backend": backend}
    for called in (digitals.cash_or_nothing, digitals.asset_or_nothing):
        found = called(**options, **how)
        np.testing.assert_allclose(found.rho, -options["time"] * found.price, rtol=1e-12)
        assert (found.phi == 0.0).all()


def test_greeks_of_the_market_are_per_per_cent_and_per_day(options, backend):
    how = {"which": quantforge.FIRST_ORDER, "backend": backend}
    raw = digitals.cash_or_nothing(**options, **how)
    market = digitals.cash_or_nothing(**options, **how, units="market")
    for name, steps in {"price": 1, "delta": 1, "gamma": 1, "theta": 365}.items():
        np.testing.assert_allclose(market[name] * steps, raw[name], rtol=1e-15)
    for name in ("vega", "rho", "phi"):
        np.testing.assert_allclose(market[name] * 100, raw[name], rtol=1e-15)


def test_the_price_alone_is_the_default(backend):
    assert list(digitals.cash_or_nothing(100.0, 95.0, 0.5, 0.03, 0.2, backend=backend)) == ["price"]
