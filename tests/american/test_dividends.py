"""American options with cash dividends: those on the reduced spot; and what the model costs.

The costs are those that docs/dividends.md states, against a spot that jumps on pay dates.
"""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

import quantforge
from quantforge.plugins import State

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "american_price" in one.operations
]
QUARTERLY = [(0.1, 0.75), (0.35, 0.75), (0.6, 0.75), (0.85, 0.75)]
OPTIONS = [  # spot, strike, time, rate, sigma, sign
    (100.0, 100.0, 1.0, 0.05, 0.25, 1.0),
    (100.0, 100.0, 1.0, 0.05, 0.25, -1.0),
    (85.0, 100.0, 0.5, 0.08, 0.2, -1.0),
    (110.0, 100.0, 0.7, -0.02, 0.3, 1.0),
    (95.0, 100.0, 2.0, 0.03, 0.4, -1.0),
]


def european(spot, strike, time, rate, sigma, sign):
    deviation = sigma * np.sqrt(time)
    d1 = (np.log(spot / strike) + rate * time) / deviation + deviation / 2
    paid = strike * np.exp(-rate * time) * ndtr(sign * (d1 - deviation))
    return sign * (spot * ndtr(sign * d1) - paid)


def tree_price(spot, strike, time, rate, sigma, sign, steps):
    """A tree of Leisen and Reimer (1996) of an odd number of steps; American."""
    step, deviation = time / steps, sigma * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate + sigma**2 / 2) * time) / deviation

    def inverted(z):
        part = z / (steps + 1 / 3 + 0.1 / (steps + 1))
        return 0.5 + np.copysign(0.5, z) * np.sqrt(1 - np.exp(-(part**2) * (steps + 1 / 6)))

    p, q = inverted(d1 - deviation), inverted(d1)
    growth, discount = np.exp(rate * step), np.exp(-rate * step)
    up, down = growth * q / p, growth * (1 - q) / (1 - p)
    spots = spot * up ** np.arange(steps + 1) * down ** np.arange(steps, -1, -1)
    values = np.maximum(sign * (spots - strike), 0.0)
    for _ in range(steps):
        spots = spots[:-1] / down
        values = discount * (p * values[1:] + (1 - p) * values[:-1])
        values = np.maximum(values, sign * (spots - strike))
    return values[0]


def worth(dividends, time, rate):
    return sum(amount * np.exp(-rate * when) for when, amount in dividends if when <= time)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_it_is_the_limit_of_trees_on_the_reduced_spot(backend, option):
    spot, strike, time, rate, sigma, sign = option
    reduced = spot - worth(QUARTERLY, time, rate)
    one, two = (tree_price(reduced, *option[1:], steps) for steps in (1001, 2003))
    how = {"kind": sign, "exercise": "american", "backend": backend, "dividends": QUARTERLY}
    found = quantforge.price(spot, strike, time, rate, sigma, **how)
    assert found == pytest.approx(2 * two - one, abs=2e-4)


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_exercises_and_accuracies_may_differ_beside_dividends():
    spot, strike, time, rate, sigma, _ = OPTIONS[1]
    given = (np.full(3, spot), strike, time, rate, sigma)
    words = ["american", "european", "American"]
    how = {"kind": "put", "dividends": QUARTERLY}
    for accuracy in ("fast", "standard", "high"):
        single = [
            quantforge.price(*OPTIONS[1][:5], exercise=word, accuracy=accuracy, **how)
            for word in words
        ]
        assert single[0] > single[1]
        found = quantforge.price(*given, exercise=words, accuracy=accuracy, **how)
        bound = quantforge.bind("price", exercise=words, accuracy=accuracy, **how)
        assert found.tolist() == bound(*given).tolist() == single


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_a_spot_worth_less_than_its_dividends_is_nan_in_its_place():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = quantforge.price(
            [100.0, 1.0], 100.0, 1.0, 0.05, 0.2, exercise="american", dividends=QUARTERLY
        )
    assert np.isnan(found).tolist() == [False, True]


# --- a spot that jumps -------------------------------------------------------------------------


def before(values, logs, amount):
    """Values just before a dividend, from those just after it: cubic in the logarithm."""
    after = np.maximum(np.exp(logs) - amount, np.exp(logs[0]))
    place = (np.log(after) - logs[0]) / (logs[1] - logs[0])
    left = np.clip(np.floor(place).astype(int) - 1, 0, len(logs) - 4)
    u = place - left
    weights = (
        (u - 1) * (u - 2) * (u - 3) / -6,
        u * (u - 2) * (u - 3) / 2,
        u * (u - 1) * (u - 3) / -2,
        u * (u - 1) * (u - 2) / 6,
    )
    return sum(weight * values[left + i] for i, weight in enumerate(weights))


def jumping(option, dividends, american, steps):
    """The price where sigma is the volatility of the spot itself: trinomial steps between jumps.

    The last step to expiry is Black and Scholes' formula, so that no kink is on the grid.
    """
    spot, strike, time, rate, sigma, sign = option
    spacing = sigma * np.sqrt(3 * time / steps)
    half = int((6.5 * sigma * np.sqrt(time) + 0.3) / spacing)
    logs = np.log(spot) + spacing * np.arange(-half, half + 1)
    exercised = sign * (np.exp(logs) - strike) if american else np.full(len(logs), -np.inf)
    amounts, values = dict(dividends), None
    dates = [0.0, *sorted(amounts), time]
    for early, late in reversed(list(pairwise(dates))):
        count = int(np.ceil((late - early) / time * steps))
        step = (late - early) / count
        spread, drift = sigma**2 * step / spacing**2, (rate - sigma**2 / 2) * step / spacing
        up, down = (spread + drift**2 + drift) / 2, (spread + drift**2 - drift) / 2
        for _ in range(count):
            if values is None:
                values = european(np.exp(logs), strike, step, rate, sigma, sign)
            else:
                inner = up * values[2:] + (1 - up - down) * values[1:-1] + down * values[:-2]
                inner *= np.exp(-rate * step)
                ends = 2 * inner[0] - inner[1], 2 * inner[-1] - inner[-2]
                values = np.concatenate((ends[:1], inner, ends[1:]))
            values = np.maximum(values, exercised)
        if early:
            values = np.maximum(before(values, logs, amounts[early]), exercised)
    return values[half]


def jumping_limit(option, dividends, american, steps=1000):
    one, two = (jumping(option, dividends, american, n) for n in (steps, 2 * steps))
    return 2 * two - one


@pytest.mark.parametrize("when", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_reference_of_jumps_is_the_integral_over_the_spot_on_the_pay_date(when, sign):
    spot, strike, time, rate, sigma = 100.0, 100.0, 1.0, 0.05, 0.3
    nodes, weights = np.polynomial.legendre.leggauss(400)
    z, weights = 8 * nodes, 8 * weights * np.exp(-32 * nodes**2) / np.sqrt(2 * np.pi)
    paid = spot * np.exp((rate - sigma**2 / 2) * when + sigma * np.sqrt(when) * z) - 5.0
    after = european(np.maximum(paid, 1e-12), strike, time - when, rate, sigma, sign)
    expected = np.exp(-rate * when) * (weights @ after)
    option = (spot, strike, time, rate, sigma, sign)
    assert jumping(option, [(when, 5.0)], False, 1000) == pytest.approx(expected, abs=2e-5)


def test_the_reference_of_jumps_is_the_tree_where_nothing_is_paid():
    option = OPTIONS[1]
    expected = 2 * tree_price(*option, 2003) - tree_price(*option, 1001)
    assert jumping_limit(option, [], True) == pytest.approx(expected, abs=1e-4)


def stated():
    """Rows of the guide's table: spot, time, dividends, sign, and six prices and differences."""
    text = (ROOT / "docs" / "dividends.md").read_text("utf-8")
    section = text.partition("## What the model costs")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if re.match(r"\| \d", line):
            spot, time, paid, kind, *figures = (cell.strip() for cell in line.split("|")[1:-1])
            pairs = [each.split(" at ") for each in paid.split(", ")]
            dividends = [(float(when), float(amount)) for amount, when in pairs]
            figures = [float(figure.replace("−", "-")) for figure in figures]
            yield float(spot), float(time), dividends, {"call": 1.0, "put": -1.0}[kind], figures


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
@pytest.mark.parametrize("row", list(stated()), ids=str)
def test_what_the_model_costs_is_what_the_guide_says(row):
    spot, time, dividends, sign, figures = row
    option = (spot, 100.0, time, 0.05, 0.25, sign)
    for exercise, (model, jumps, cost) in zip(
        ("european", "american"), (figures[:3], figures[3:]), strict=True
    ):
        how = {"kind": sign, "exercise": exercise, "dividends": dividends}
        found = quantforge.price(*option[:5], **how)
        exact = jumping_limit(option, dividends, exercise == "american")
        assert [found, exact, found - exact] == pytest.approx([model, jumps, cost], abs=6e-3)


def test_the_guide_has_examples_of_every_kind():
    rows = list(stated())
    assert len(rows) >= 8
    assert {row[3] for row in rows} == {1.0, -1.0}
