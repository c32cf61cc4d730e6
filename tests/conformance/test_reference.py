"""The 50-digit reference agrees with published values, with its own definition and its limits."""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from mpmath import diff, exp, inf, ln, mp, mpf, ncdf, npdf, quad, sqrt
from quantforge_conformance import regions
from quantforge_conformance.oracles.sensitivity import sensitive
from quantforge_conformance.reference import (
    bachelier_greeks,
    bachelier_implied_volatility,
    bachelier_price,
    greeks,
    implied_volatility,
    price,
)

from quantforge import ALL, Code

SHARED = Path(
    os.environ.get("QUANTFORGE_SHARED_DATA")
    or Path(__file__).resolve().parents[3] / "shared" / "data"
)
NAMES = ("spot", "strike", "time", "rate", "dividend", "sigma")
PLAIN = (100.0, 95.0, 0.75, 0.05, 0.03, 0.22)
NEGATIVE = (1.12, 1.3, 2.0, -0.02, 0.045, 0.085)


def published(quantities):
    """Return the European rows of the shared cases for the lognormal models."""
    path = SHARED / "reference_cases.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    models = {"black_scholes", "merton", "black76", "garman_kohlhagen"}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "european"]
    return [row for row in rows if row["model"] in models and row["quantity"] in quantities]


def arguments(row):
    """Return the operands of a row; a future carries like an asset that yields the rate."""
    rate = float(row["rate"])
    dividend = rate if row["model"] == "black76" else float(row["dividend_or_foreign_rate"] or 0)
    amounts = [float(row[name]) for name in ("spot_or_forward", "strike", "time")]
    return (*amounts, rate, dividend, float(row["sigma"]), 1 if row["kind"] == "call" else -1)


def test_the_published_prices_hold():
    rows = published({"price"})
    assert len(rows) >= 35
    for row in rows:
        assert abs(price(*arguments(row)) - mpf(row["expected"])) <= mpf(row["tolerance"]), row


def test_the_published_greeks_hold():
    rows = published({"delta", "gamma", "vega", "theta", "rho"})
    assert len(rows) >= 20
    for row in rows:
        g = greeks(*arguments(row))
        if row["model"] == "black76":
            g["rho"] += g["phi"]
        error = abs(g[row["quantity"]] - mpf(row["expected"]))
        assert error <= mpf(row["tolerance"]), row


def defined(S, K, T, r, q, sigma, sign):
    """Return the textbook price at the precision in force, by mpmath's own normal distribution."""
    d1 = (ln(S / K) + (r - q + sigma**2 / 2) * T) / (sigma * sqrt(T))
    d2 = d1 - sigma * sqrt(T)
    return sign * (S * exp(-q * T) * ncdf(sign * d1) - K * exp(-r * T) * ncdf(sign * d2))


@pytest.mark.parametrize("region", regions.PRICE, ids=lambda region: region.name)
def test_forty_digits_hold_against_the_textbook_formula_with_ample_digits(region):
    for option in zip(*region.sample(8, seed=1), strict=True):
        exact = [mpf(float(x)) for x in option]
        result = price(*map(float, option))
        with mp.workdps(400):
            assert abs(result / defined(*exact) - 1) < mpf(10) ** -40, option


@pytest.mark.parametrize(
    "option",
    [
        (100.0, 100.0, 1e-300, 0.0, 0.0, 1e-300, 1),
        (100.0, 100.0, 5e-324, 5e-324, 0.0, 5e-324, 1),
        (100.0, 100.0, 1.0, 5e-324, 0.0, 1e-300, -1),
        (1e308, 1e-308, 1.0, 0.0, 0.0, 0.01, -1),
    ],
)
def test_forty_digits_hold_where_hundreds_cancel(option):
    result = price(*option)
    with mp.workdps(2500):
        assert abs(result / defined(*map(mpf, option)) - 1) < mpf(10) ** -40


def test_forty_digits_of_gamma_hold_deep_in_the_money_at_vanishing_volatility():
    sigma = 1e-20
    gamma = greeks(100.0, 90.0, 1.0, 0.0, 0.0, sigma, 1)["gamma"]
    with mp.workdps(400):
        d1 = ln(mpf(100) / 90) / mpf(sigma) + mpf(sigma) / 2
        assert abs(gamma / (npdf(d1) / (100 * mpf(sigma))) - 1) < mpf(10) ** -40


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("option", [PLAIN, NEGATIVE])
def test_the_price_is_the_discounted_expectation_of_the_payoff(option, sign):
    with mp.workdps(30):
        S, K, T, r, q, sigma = map(mpf, option)
        s = sigma * sqrt(T)
        forward = S * exp((r - q) * T)

        def payoff(z):
            return max(sign * (forward * exp(s * z - s**2 / 2) - K), 0) * npdf(z)

        kink = (ln(K / forward) + s**2 / 2) / s
        expected = exp(-r * T) * quad(payoff, [-20, -5, kink, 5, 20])
        assert abs(price(*option, sign) / expected - 1) < mpf(10) ** -25


@pytest.mark.parametrize("region", regions.PRICE, ids=lambda region: region.name)
def test_call_minus_put_is_forward_minus_strike(region):
    for option in zip(*region.sample(8, seed=2), strict=True):
        S, K, T, r, q, sigma, _ = map(float, option)
        with mp.workdps(60):
            bought, sold = mpf(S) * exp(-mpf(q) * T), mpf(K) * exp(-mpf(r) * T)
            difference = price(S, K, T, r, q, sigma, 1) - price(S, K, T, r, q, sigma, -1)
            assert abs(difference - (bought - sold)) < mpf(10) ** -40 * max(bought, sold)


# Each greek as (sign of the derivative, how often in each of NAMES).
DERIVATIVES = {
    "price": (1, (0, 0, 0, 0, 0, 0)),
    "delta": (1, (1, 0, 0, 0, 0, 0)),
    "gamma": (1, (2, 0, 0, 0, 0, 0)),
    "vega": (1, (0, 0, 0, 0, 0, 1)),
    "theta": (-1, (0, 0, 1, 0, 0, 0)),
    "rho": (1, (0, 0, 0, 1, 0, 0)),
    "phi": (1, (0, 0, 0, 0, 1, 0)),
    "vanna": (1, (1, 0, 0, 0, 0, 1)),
    "volga": (1, (0, 0, 0, 0, 0, 2)),
    "charm": (-1, (1, 0, 1, 0, 0, 0)),
    "veta": (-1, (0, 0, 1, 0, 0, 1)),
    "dual_delta": (1, (0, 1, 0, 0, 0, 0)),
    "dual_gamma": (1, (0, 2, 0, 0, 0, 0)),
    "speed": (1, (3, 0, 0, 0, 0, 0)),
    "color": (-1, (2, 0, 1, 0, 0, 0)),
    "zomma": (1, (2, 0, 0, 0, 0, 1)),
    "ultima": (1, (0, 0, 0, 0, 0, 3)),
}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("option", [PLAIN, NEGATIVE])
def test_every_greek_is_the_derivative_it_is_named_for(option, sign):
    result = greeks(*option, sign)
    assert list(result) == list(DERIVATIVES)
    with mp.workdps(60):
        point = tuple(map(mpf, option))
        for name, (direction, orders) in DERIVATIVES.items():
            expected = direction * (
                diff(lambda *x: defined(*x, sign), point, orders)
                if any(orders)
                else defined(*point, sign)
            )
            assert abs(result[name] / expected - 1) < mpf(10) ** -30, name


@pytest.mark.parametrize("sign", [1, -1])
def test_the_sensitivity_of_a_price_is_the_sum_over_its_inputs(sign):
    with mp.workdps(60):
        point = tuple(map(mpf, PLAIN))
        expected = mpf(0)
        for i in range(len(NAMES)):
            orders = tuple(int(j == i) for j in range(len(NAMES)))
            expected += abs(point[i] * diff(lambda *x: defined(*x, sign), point, orders))
        assert abs(sensitive(greeks, (*PLAIN, sign)).sums[0] / expected - 1) < mpf(10) ** -17


INFINITY, NAN = math.inf, math.nan


@pytest.mark.parametrize("position", range(7))
def test_a_nan_anywhere_is_a_nan(position):
    option = [*PLAIN, 1]
    option[position] = NAN
    assert mp.isnan(price(*option))


@pytest.mark.parametrize(
    "changed",
    [
        {"spot": -1.0},
        {"strike": -1.0},
        {"time": -1.0},
        {"sigma": -1.0},
        {"rate": INFINITY},
        {"rate": -INFINITY, "time": 0.0},
        {"dividend": INFINITY},
        {"dividend": -INFINITY, "sigma": 0.0},
        {"spot": INFINITY, "strike": INFINITY},
        {"time": INFINITY, "sigma": 0.0},
        {"time": 0.0, "sigma": INFINITY},
    ],
    ids=str,
)
@pytest.mark.parametrize("sign", [1, -1])
def test_outside_the_domain_there_is_no_price(changed, sign):
    option = dict(zip(NAMES, PLAIN, strict=True)) | changed
    assert mp.isnan(price(**option, sign=sign))


BASE = {"spot": 100.0, "strike": 90.0, "time": 2.0, "rate": 0.0, "dividend": 0.0, "sigma": 0.2}


@pytest.mark.parametrize(
    ("changed", "call", "put"),
    [
        ({"sigma": 0.0}, 10, 0),
        ({"time": 0.0}, 10, 0),
        ({"time": -0.0, "spot": 80.0}, 0, 10),
        ({"spot": 0.0}, 0, 90),
        ({"spot": -0.0}, 0, 90),
        ({"strike": 0.0}, 100, 0),
        ({"spot": 0.0, "strike": 0.0}, 0, 0),
        ({"spot": INFINITY}, inf, 0),
        ({"strike": INFINITY}, 0, inf),
        ({"spot": INFINITY, "sigma": 0.0}, inf, 0),
        ({"sigma": INFINITY}, 100, 90),
        ({"time": INFINITY}, 100, 90),
        ({"time": INFINITY, "rate": 0.01, "dividend": 0.01}, 0, 0),
        ({"time": INFINITY, "rate": 0.01}, 100, 0),
        ({"time": INFINITY, "rate": -0.01}, 100, inf),
        ({"time": INFINITY, "dividend": -0.01}, inf, 90),
        ({"time": INFINITY, "rate": -0.01, "strike": 0.0}, 100, 0),
        ({"time": INFINITY, "sigma": INFINITY}, 100, 90),
    ],
    ids=str,
)
def test_a_zero_or_infinite_argument_gives_the_limit(changed, call, put):
    assert price(**BASE | changed, sign=1) == call
    assert price(**BASE | changed, sign=-1) == put


def test_without_volatility_the_price_is_the_discounted_intrinsic_value():
    with mp.workdps(60):
        expected = 100 * exp(-mpf(0.03) * 2) - 90 * exp(-mpf(0.05) * 2)
        result = price(100.0, 90.0, 2.0, 0.05, 0.03, 0.0, 1)
        assert abs(result / expected - 1) < mpf(10) ** -40
        tiny = price(100.0, 100.0, 1.0, 5e-324, 0.0, 0.0, 1)
        assert abs(tiny / (100 * mpf(5e-324)) - 1) < mpf(10) ** -40


# By hand, at S = 100 and without rates: call and put, what is not named being 0.
HALF_VEGA = 100 * sqrt(mpf(2)) / sqrt(2 * mp.pi)
LIMITING_GREEKS = [
    ({"time": 0.0}, {"delta": 1, "dual_delta": -1}, {}),
    ({"sigma": 0.0}, {"delta": 1, "dual_delta": -1, "rho": 180, "phi": -200}, {}),
    ({"time": 0.0, "strike": 110.0}, {}, {"delta": -1, "dual_delta": 1}),
    (
        {"sigma": 0.0, "strike": 100.0},
        {"delta": 0.5, "dual_delta": -0.5, "gamma": inf, "vega": HALF_VEGA},
        {"delta": -0.5, "dual_delta": 0.5, "gamma": inf, "vega": HALF_VEGA},
    ),
    (
        {"time": 0.0, "strike": 100.0},
        {"delta": 0.5, "dual_delta": -0.5, "gamma": inf, "theta": -inf},
        {"delta": -0.5, "dual_delta": 0.5, "gamma": inf, "theta": -inf},
    ),
]


@pytest.mark.parametrize(("changed", "call", "put"), LIMITING_GREEKS, ids=str)
def test_greeks_have_the_limits_without_time_or_volatility(changed, call, put):
    for sign, expected in ((1, call), (-1, put)):
        found = greeks(**BASE | changed, sign=sign)
        for name in ("delta", "gamma", "vega", "theta", "dual_delta"):
            value, wanted = found[name], expected.get(name, 0)
            assert value == wanted or abs(value - wanted) < mpf(10) ** -12, name


def test_greeks_come_continuously_to_their_limits_away_from_the_money():
    for sign in (1, -1):
        limit = greeks(**BASE | {"sigma": 0.0, "rate": 0.05, "dividend": 0.02}, sign=sign)
        close = greeks(**BASE | {"sigma": 1e-4, "rate": 0.05, "dividend": 0.02}, sign=sign)
        for name in ALL:
            assert abs(close[name] - limit[name]) < mpf(10) ** -30, name


@pytest.mark.parametrize("region", regions.PRICE, ids=lambda region: region.name)
def test_a_region_yields_valid_options_of_both_kinds_with_and_without_dividend(region):
    options = region.sample(600)
    assert all(operand.shape == (600,) and np.isfinite(operand).all() for operand in options)
    assert min(operand.min() for operand in (*options[:3], options.sigma)) > 0
    for sign in (1, -1):
        paying = options.dividend[options.sign == sign] != 0
        assert 150 <= paying.sum() <= 250
    assert all(map(np.array_equal, options, region.sample(600)))
    assert not np.array_equal(options.time, region.sample(600, seed=1).time)


@pytest.mark.parametrize("region", regions.IMPLIED_VOLATILITY, ids=lambda region: region.name)
def test_the_price_at_the_implied_volatility_is_the_price(region):
    for quote in zip(*map(np.ndarray.tolist, region.sample(5, seed=1)), strict=True):
        paid, *option, sign = quote
        found = implied_volatility(*quote)
        assert found.code in (Code.OK, Code.LOW_PRECISION)
        with mp.workdps(60):
            again = price(*option, found.sigma, sign)
            assert abs(again - paid) < mpf(10) ** -38 * max(again, option[0])
            assert abs(again / paid - 1) < mpf(10) ** -35


@pytest.mark.parametrize(
    "region", regions.BACHELIER_IMPLIED_VOLATILITY, ids=lambda region: region.name
)
def test_the_bachelier_price_at_the_implied_volatility_is_the_price(region):
    for quote in zip(*map(np.ndarray.tolist, region.sample(5, seed=1)), strict=True):
        paid, *option, sign = quote
        found = bachelier_implied_volatility(*quote)
        assert found.code in (Code.OK, Code.LOW_PRECISION)
        with mp.workdps(60):
            assert abs(bachelier_price(*option, found.sigma, sign) / paid - 1) < mpf(10) ** -30


def test_the_attainable_error_is_what_half_a_unit_of_each_input_costs():
    quote = (10.0, 100.0, 95.0, 0.75, 0.05, 0.03, -1.0)
    found = implied_volatility(*quote)
    with mp.workdps(60):
        cost = mpf(math.ulp(float(found.sigma)))
        for place in range(6):
            moved = list(map(mpf, quote))
            moved[place] += mpf(math.ulp(quote[place])) / 2
            cost += abs(implied_volatility(*moved).sigma - found.sigma)
    assert abs(found.attainable / cost - 1) < 1e-10


def test_an_option_at_its_intrinsic_value_has_no_volatility():
    assert implied_volatility(5.0, 100.0, 95.0, 0.75, 0.0, 0.0, 1)[:2] == (0, Code.AT_INTRINSIC)
    assert bachelier_implied_volatility(5.0, 100.0, 95.0, 0.75, 0.0, 1)[:2] == (
        0,
        Code.AT_INTRINSIC,
    )


BACHELIER_OPTION = (2.5, -1.0, 0.75, 0.05, 3.0)
BACHELIER_NAMES = ("forward", "strike", "time", "rate", "sigma")
BACHELIER_DERIVATIVES = {
    "price": (1, (0, 0, 0, 0, 0)),
    "delta": (1, (1, 0, 0, 0, 0)),
    "gamma": (1, (2, 0, 0, 0, 0)),
    "vega": (1, (0, 0, 0, 0, 1)),
    "theta": (-1, (0, 0, 1, 0, 0)),
    "rho": (1, (0, 0, 0, 1, 0)),
    "vanna": (1, (1, 0, 0, 0, 1)),
    "volga": (1, (0, 0, 0, 0, 2)),
    "charm": (-1, (1, 0, 1, 0, 0)),
    "veta": (-1, (0, 0, 1, 0, 1)),
    "dual_delta": (1, (0, 1, 0, 0, 0)),
    "dual_gamma": (1, (0, 2, 0, 0, 0)),
    "speed": (1, (3, 0, 0, 0, 0)),
    "color": (-1, (2, 0, 1, 0, 0)),
    "zomma": (1, (2, 0, 0, 0, 1)),
    "ultima": (1, (0, 0, 0, 0, 3)),
}


def bachelier_defined(F, K, T, r, sigma, sign):
    """Return Bachelier's textbook price at the precision in force."""
    v = sigma * sqrt(T)
    d = (F - K) / v
    return exp(-r * T) * (sign * (F - K) * ncdf(sign * d) + v * npdf(d))


@pytest.mark.parametrize("sign", [1, -1])
def test_every_bachelier_greek_is_the_derivative_it_is_named_for(sign):
    result = bachelier_greeks(*BACHELIER_OPTION, sign)
    assert result["phi"] == 0
    with mp.workdps(60):
        point = tuple(map(mpf, BACHELIER_OPTION))
        for name, (direction, orders) in BACHELIER_DERIVATIVES.items():
            expected = direction * (
                diff(lambda *x: bachelier_defined(*x, sign), point, orders)
                if any(orders)
                else bachelier_defined(*point, sign)
            )
            assert abs(result[name] / expected - 1) < mpf(10) ** -30, name


@pytest.mark.parametrize("region", regions.BACHELIER_PRICE, ids=lambda region: region.name)
def test_forty_digits_of_the_bachelier_price_hold_with_ample_digits(region):
    for option in zip(*map(np.ndarray.tolist, region.sample(8, seed=1)), strict=True):
        with mp.workdps(700):
            expected = bachelier_defined(*map(mpf, option))
            assert abs(bachelier_price(*option) / expected - 1) < mpf(10) ** -40, option


def sampled(name, quantity):
    """Return `quantity` of 600 options of the region called `name`."""
    region = next(region for region in regions.PRICE if region.name == name)
    return np.array(
        [float(quantity(*map(float, o))) for o in zip(*region.sample(600), strict=True)]
    )


def deviations(S, K, T, r, q, sigma, sign):
    """Return how many sd out of the money the option is."""
    with mp.workdps(30):
        return sign * (ln(mpf(K)) - ln(mpf(S)) - (mpf(r) - mpf(q)) * T) / (sigma * sqrt(mpf(T)))


def test_the_regions_reach_as_far_as_their_names_say():
    out = sampled("out of the money 21-36 sd", deviations)
    assert 20.99 < out.min() < 21.5 < 35.5 < out.max() < 36.01
    inside = sampled("in the money 0-36 sd", deviations)
    assert -36.01 < inside.min() < -35.5 < -0.5 < inside.max() < 0.01
    discounts = np.abs(sampled("|rT| to 600", lambda S, K, T, r, *_: r * T))
    assert 590 < discounts.max() <= 600.01
    apart = np.abs(sampled("|ln S/K| to 300", lambda S, K, *_: math.log(S) - math.log(K)))
    assert 290 < apart.max() < 302
    total = sampled("total volatility 1e-9 to 60", lambda S, K, T, r, q, v, _: v * math.sqrt(T))
    assert total.min() < 2e-9 < 50 < total.max()
    near = np.abs(sampled("|ln F/K| 1e-16 to 1e-6", lambda *o: deviations(*o) * o[5] * o[2] ** 0.5))
    assert near.min() < 1e-15 < 5e-7 < near.max() < 1.1e-6
    prices = sampled("prices to 1e-320", price)
    assert ((prices > 0) & (prices < 1e-310)).sum() >= 20
