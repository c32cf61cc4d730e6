"""The reference of American prices agrees with trees and with published values."""

import csv
from pathlib import Path

import numpy as np
import pytest
from quantforge_conformance import reference
from quantforge_conformance.reference.american_price import premium_between

CALL, PUT = 1.0, -1.0
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "reference_cases.csv"

PUBLISHED = [
    # Andersen, Lake and Offengenden (2016), table 2; then inputs of Longstaff and Schwartz (2001)
    # and of Broadie and Detemple (1996), computed to ten digits by the former's method.
    ((100.0, 100.0, 1.0, 0.05, 0.05, 0.25, PUT), 9.5694452991),
    ((100.0, 100.0, 1.0, 0.05, 0.0, 0.2, PUT), 6.0903705910),
    ((36.0, 40.0, 1.0, 0.06, 0.0, 0.2, PUT), 4.4866743569),
    ((100.0, 100.0, 3.0, 0.03, 0.07, 0.2, CALL), 9.0660315920),
]
OPTIONS = [
    (110.0, 100.0, 0.5, -0.01, -0.009, 0.3, PUT),
    (90.0, 100.0, 2.0, 0.02, 0.09, 0.4, PUT),
    (95.0, 100.0, 0.25, 0.08, 0.02, 0.15, PUT),
    (100.0, 100.0, 1.0, 0.0, -0.02, 0.2, PUT),
    (120.0, 100.0, 5.0, 0.05, 0.02, 0.6, CALL),
    (100.0, 100.0, 1.0, 0.05, 0.05, 0.25, CALL),
    (105.0, 100.0, 0.1, 0.02, 0.06, 0.2, CALL),
    (130.0, 100.0, 2.0, -0.02, 0.03, 0.25, CALL),
]

TWO_BOUNDARIES = [  # puts and a call, exercised between two boundaries or once these part
    # they do not cross: above the upper, between them, below the lower
    ((98.0, 100.0, 1.0, -0.005, -0.01, 0.08, PUT), 1e-6),
    ((105.0, 100.0, 1.0, -0.05, -0.1, 0.05, PUT), 1e-6),
    ((85.0, 100.0, 1.0, -0.005, -0.01, 0.08, PUT), 1e-12),
    ((50.0, 100.0, 1.0, -0.005, -0.01, 0.08, PUT), 1e-6),
    ((40.0, 100.0, 1.0, -0.05, -0.1, 0.05, PUT), 1e-6),
    ((100.0, 98.0, 1.0, -0.01, -0.005, 0.08, CALL), 1e-6),
    # they cross
    ((98.0, 100.0, 5.0, -0.005, -0.01, 0.08, PUT), 5e-6),
    ((85.0, 100.0, 5.0, -0.005, -0.01, 0.08, PUT), 1e-5),
    ((50.0, 100.0, 2.0, -0.02, -0.05, 0.3, PUT), 1e-5),
    ((120.0, 100.0, 3.0, -0.01, -0.03, 0.2, PUT), 5e-6),
    ((93.0, 100.0, 2.0, -0.01, -0.012, 0.2, PUT), 1e-6),
    ((100.0, 93.0, 2.0, -0.012, -0.01, 0.2, CALL), 1e-6),
    ((70.0, 100.0, 5.0, -0.001, -0.1, 0.8, PUT), 5e-5),
]
"""With what two trees leave open."""


def tree_price(spot, strike, time, rate, dividend, sigma, sign, steps):
    """A tree of Leisen and Reimer (1996): errors fall as 1 / steps, smoothly enough to go on."""
    steps += 1 - steps % 2
    step = time / steps
    deviation = sigma * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate - dividend + sigma**2 / 2) * time) / deviation

    def inverted(z):
        part = z / (steps + 1 / 3 + 0.1 / (steps + 1))
        return 0.5 + np.copysign(0.5, z) * np.sqrt(1 - np.exp(-(part**2) * (steps + 1 / 6)))

    p, q = inverted(d1 - deviation), inverted(d1)
    growth = np.exp((rate - dividend) * step)
    up, down = growth * q / p, growth * (1 - q) / (1 - p)
    discount = np.exp(-rate * step)
    prices = spot * up ** np.arange(steps + 1) * down ** np.arange(steps, -1, -1)
    values = np.maximum(sign * (prices - strike), 0.0)
    for _ in range(steps):
        prices = prices[:-1] / down
        values = discount * (p * values[1:] + (1 - p) * values[:-1])
        values = np.maximum(values, sign * (prices - strike))
    return values[0]


def extrapolated(option, steps=1001):
    """The limit of two trees, and how far the last two such limits are apart."""
    half, one, two = (tree_price(*option, n) for n in (steps // 2, steps, 2 * steps + 1))
    first, second = 2 * one - half, 2 * two - one
    return second, abs(second - first)


@pytest.mark.parametrize(("option", "price"), PUBLISHED)
def test_it_is_what_was_published(option, price):
    assert float(reference.american_price(*option)) == pytest.approx(price, abs=2e-9)


@pytest.mark.parametrize("option", OPTIONS)
def test_it_is_the_limit_of_trees(option):
    limit, apart = extrapolated(option)
    assert float(reference.american_price(*option)) == pytest.approx(limit, abs=2e-5 + apart)


def test_at_little_volatility_an_option_beyond_its_boundary_is_worth_what_exercise_brings():
    price = reference.american_price(145.7, 100.0, 14.2, -0.0044, 0.1187, 0.0051, CALL)
    assert float(price) == pytest.approx(45.7, abs=1e-9)


@pytest.mark.parametrize(("option", "tolerance"), TWO_BOUNDARIES)
def test_between_two_boundaries_it_is_the_limit_of_trees(option, tolerance):
    limit, _ = extrapolated(option, 2001)
    assert float(reference.american_price(*option)) == pytest.approx(limit, abs=tolerance)


@pytest.mark.parametrize("option", [option for option, _ in TWO_BOUNDARIES])
def test_between_two_boundaries_its_grid_is_fine_enough(option):
    spot, strike, time, rate, dividend, sigma, sign = option
    if sign > 0.0:
        spot, strike, rate, dividend = strike, spot, dividend, rate
    variance, log_m = sigma * sigma, float(np.log(spot / strike))
    at = rate / variance, dividend / variance, variance * time, log_m
    coarser = premium_between(*at, points=40, nodes=100)
    assert coarser == pytest.approx(premium_between(*at), abs=1e-9)


@pytest.mark.skipif(not SHARED.is_file(), reason="the table of published values is not here")
def test_every_published_value_holds_within_its_tolerance():
    with SHARED.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "american"]
    rows = [row for row in rows if row["quantity"] == "price"]
    assert len(rows) > 10
    for row in rows:
        names = ("spot_or_forward", "strike", "time", "rate", "dividend_or_foreign_rate", "sigma")
        numbers = [float(row[name] or 0.0) for name in names]
        found = float(reference.american_price(*numbers, CALL if row["kind"] == "call" else PUT))
        assert found == pytest.approx(float(row["expected"]), abs=float(row["tolerance"])), row
