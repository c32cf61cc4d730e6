"""American options with cash dividends: the best of several expiries, as Black does it for calls.

The costs are those that docs/dividends.md states, against a spot that jumps on pay dates.
"""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

import quantforge
from quantforge import Code
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
    (130.0, 100.0, 0.9, 0.04, 0.2, 1.0),
]
SCHEDULES = {
    "one": [(0.4, 3.0)],
    "quarterly": QUARTERLY,
    "out of order, two on a day": [(0.9, 2.0), (0.3, 0.5), (0.3, 1.5), (0.8, 1.0), (0.1, 0.0)],
    "larger and larger": [(0.05, 0.5), (0.5, 2.0), (0.95, 6.0)],
}


def european(spot, strike, time, rate, sigma, sign):
    deviation = sigma * np.sqrt(time)
    d1 = (np.log(spot / strike) + rate * time) / deviation + deviation / 2
    paid = strike * np.exp(-rate * time) * ndtr(sign * (d1 - deviation))
    return sign * (spot * ndtr(sign * d1) - paid)


def tree_price(spot, strike, time, rate, sigma, sign, steps, dividend=0.0):
    """A tree of Leisen and Reimer (1996) of an odd number of steps; American."""
    step, deviation = time / steps, sigma * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate - dividend + sigma**2 / 2) * time) / deviation

    def inverted(z):
        part = z / (steps + 1 / 3 + 0.1 / (steps + 1))
        return 0.5 + np.copysign(0.5, z) * np.sqrt(1 - np.exp(-(part**2) * (steps + 1 / 6)))

    p, q = inverted(d1 - deviation), inverted(d1)
    growth, discount = np.exp((rate - dividend) * step), np.exp(-rate * step)
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


def others(spot, strike, time, rate, sigma, sign, dividends, carry=0.0):
    """The options of which one has the best price: spot, strike, time, rate, sigma and yield."""
    dates = {when for when, amount in dividends if amount and when <= time}
    for date in {0.0, *dates} if sign > 0.0 else {0.0, *dates} - {time}:
        rest = spot - worth([each for each in dividends if each[0] <= date], date, rate)
        if date and sign > 0.0:  # expires just before the dividend
            earlier = [each for each in dividends if each[0] < date]
            yield spot - worth(earlier, date, rate), strike, date, rate, sigma, carry
        else:  # exercised from then on
            left, prepaid = time - date, spot - worth(dividends, time, rate)
            yield (
                rest * np.exp(-carry * date), strike * np.exp(-rate * date), left, rate,
                sigma * np.sqrt(time / left), carry + np.log(rest / prepaid) / left,
            )  # fmt: skip


@pytest.fixture
def book():
    """Options of all kinds and exercises, at random; time to expiry may be a pay date."""
    n, draw = 3000, np.random.default_rng(8)
    time = draw.uniform(0.0, 1.5, n)
    time[:300] = draw.choice([when for when, _ in QUARTERLY], 300)
    return {
        "spot": draw.uniform(20.0, 250.0, n),
        "strike": draw.uniform(50.0, 150.0, n),
        "time": time,
        "rate": draw.choice([-0.03, 0.0, 0.02, 0.1], n),
        "sigma": draw.choice([0.0, 0.05, 0.2, 0.6], n),
        "dividend": draw.choice([0.0, 0.03, 0.08], n),
        "kind": draw.choice([1.0, -1.0], n),
        "exercise": draw.choice(["american", "european"], n),
    }


def some(book, part):
    return {name: column[part] for name, column in book.items()}


# --- what a price is ---------------------------------------------------------------------------


@pytest.mark.parametrize("dividend", [0.0, 0.06])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_it_is_the_limit_of_trees_of_the_best_option(backend, option, dividend):
    spot, strike, time, rate, sigma, sign = option

    def limit(*given):
        *option, carry = given
        one, two = (tree_price(*option, sign, steps, carry) for steps in (1001, 2003))
        return 2 * two - one

    how = {"kind": sign, "exercise": "american", "backend": backend, "dividends": QUARTERLY}
    found = quantforge.price(spot, strike, time, rate, sigma, dividend=dividend, **how)
    expected = max(limit(*each) for each in others(*option, QUARTERLY, dividend))
    assert found == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
@pytest.mark.parametrize("dividends", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_it_is_the_best_of_options_without_cash_dividends(backend, dividends, accuracy):
    how = {"exercise": "american", "accuracy": accuracy, "backend": backend}
    for spot, strike, time, rate, sigma, sign in OPTIONS:
        for shift in (0.0, 20.0, 60.0):
            option = spot + shift, strike, time, rate, sigma
            single = [
                quantforge.price(*one, dividend=carry, kind=sign, **how)
                for *one, carry in others(*option, sign, dividends)
            ]
            found = quantforge.price(*option, kind=sign, dividends=dividends, **how)
            assert found == pytest.approx(max(single), rel=1e-12)


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_it_is_hull_s_example_of_black_s_method():
    # Options, Futures, and Other Derivatives: 3.52 to the second dividend, 3.67 to expiry
    paid = [(2 / 12, 0.5), (5 / 12, 0.5)]
    found = quantforge.price(40.0, 40.0, 0.5, 0.09, 0.3, exercise="american", dividends=paid)
    assert found == pytest.approx(3.67, abs=5e-3)
    sooner = quantforge.price(40.0, 40.0, 5 / 12, 0.09, 0.3, dividends=paid[:1])
    assert sooner == pytest.approx(3.52, abs=5e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_dividend_on_the_day_of_expiry_costs_a_call_nothing(backend):
    spots = np.linspace(50.0, 200.0, 40)
    given = (spots, 100.0, 0.75, 0.04, 0.3)
    how = {"exercise": "american", "backend": backend}
    plain = quantforge.price(*given, **how)
    found = quantforge.price(*given, dividends=[(0.75, 7.0)], **how)
    assert np.array_equal(found, np.maximum(plain, spots - 100.0))


@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_call_is_worth_what_exercise_brings_and_the_european_one_at_least(
    book, backend, accuracy
):
    book |= {"kind": np.ones(len(book["kind"])), "exercise": "american"}
    how = {"dividends": QUARTERLY, "backend": backend}
    found = quantforge.price(**book, accuracy=accuracy, **how)
    paid = book["time"] >= QUARTERLY[0][0]
    assert (found >= book["spot"] - book["strike"])[paid].all()
    european = quantforge.price(**{**book, "exercise": "european"}, **how)
    rounded = np.where(book["sigma"] > 0.0, 0.0, 4.0 * np.spacing(european))  # paths are sums
    assert (found >= european - rounded).all()
    assert (found <= book["spot"]).all()


@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_put_is_worth_what_exercise_brings_and_the_european_one_at_least(book, backend, accuracy):
    book |= {"kind": np.full(len(book["kind"]), -1.0), "exercise": "american"}
    how = {"dividends": QUARTERLY, "backend": backend}
    found = quantforge.price(**book, accuracy=accuracy, **how)
    assert (found >= book["strike"] - book["spot"]).all()
    european = quantforge.price(**{**book, "exercise": "european"}, **how)
    # S exp(-y T) is S - P but for rounding
    assert (found >= european - 1e-14 * (book["spot"] + book["strike"])).all()
    assert (found <= book["strike"] * np.exp(np.maximum(-book["rate"], 0.0) * book["time"])).all()


# --- the volatility of a price -----------------------------------------------------------------


@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_implied_volatility_is_the_one_that_gives_the_price(book, backend, accuracy):
    how = {"dividends": QUARTERLY, "backend": backend, "accuracy": accuracy}
    book["exercise"][:] = "american"
    book["sigma"] = np.random.default_rng(12).uniform(0.05, 0.8, len(book["sigma"]))
    price = quantforge.price(**book, **how)
    sigma = book.pop("sigma")
    found, code = quantforge.implied_volatility(price, **book, **how, status=True)
    alone = quantforge.implied_volatility(price, **book, **how)
    np.testing.assert_array_equal(found, alone)
    assert np.isin(code, [Code.OK, Code.LOW_PRECISION, Code.AT_INTRINSIC]).all()
    solved = code == Code.OK
    assert np.count_nonzero(solved) > 1500
    again = quantforge.price(**book, sigma=found, **how)
    assert again[solved] == pytest.approx(price[solved], rel=1e-7)
    sign = np.where(book["kind"] > 0.0, 1.0, -1.0)
    intrinsic = np.maximum(sign * (book["spot"] - book["strike"]), 0.0)
    worth_waiting = solved & (price > 1.01 * intrinsic + 0.01)
    assert np.median(np.abs(found - sigma)[worth_waiting]) < 1e-9


@pytest.mark.parametrize("backend", BACKENDS)
def test_codes_say_where_a_price_has_no_volatility(backend):
    rates = {"call": 0.0, "put": 0.1}  # exercise at once is best, without volatility
    how = {"exercise": "american", "dividends": QUARTERLY, "backend": backend, "status": True}
    cases = [
        ("call", 120.0, 20.0, Code.AT_INTRINSIC),  # before the first dividend
        ("call", 120.0, 19.9, Code.BELOW_INTRINSIC),
        ("call", 120.0, 118.5, Code.OK),  # more than S - P, and less than S
        ("call", 120.0, 121.0, Code.ABOVE_MAXIMUM),
        ("put", 80.0, 20.0, Code.AT_INTRINSIC),
        ("put", 80.0, 19.9, Code.BELOW_INTRINSIC),
        ("put", 80.0, 101.0, Code.ABOVE_MAXIMUM),
        ("call", 2.0, 0.1, Code.INVALID_INPUT),  # dividends are worth more than the spot
        ("put", 2.0, 98.5, Code.INVALID_INPUT),
        ("put", 80.0, np.nan, Code.NOT_FINITE),
    ]
    kinds, spots, prices, expected = zip(*cases, strict=True)
    option = {"strike": 100.0, "time": 1.0, "rate": [rates[kind] for kind in kinds]}
    with np.errstate(invalid="ignore"):
        sigma, codes = quantforge.implied_volatility(
            prices, spots, **option, kind=list(kinds), **how
        )
        single = [
            quantforge.implied_volatility(price, spot, 100.0, 1.0, rates[kind], kind=kind, **how)
            for kind, spot, price, _ in cases
        ]
    assert [Code(int(code)) for code in codes] == list(expected)
    solved = [code in (Code.OK, Code.AT_INTRINSIC) for code in expected]
    assert np.isfinite(sigma).tolist() == solved
    np.testing.assert_array_equal([each for each, _ in single], sigma)
    assert [code for _, code in single] == codes.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_volatilities_of_options_that_no_dividend_reaches_keep_their_bits(book, backend):
    book["sigma"] = np.full(len(book["sigma"]), 0.3)
    price = quantforge.price(**book, backend=backend)
    del book["sigma"]
    plain = quantforge.implied_volatility(price, **book, backend=backend, status=True)
    with np.errstate(invalid="ignore"):
        found = quantforge.implied_volatility(
            price, **book, dividends=QUARTERLY, backend=backend, status=True
        )
    free = book["time"] < QUARTERLY[0][0]
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_array_equal(one[free], other[free])


# --- bits and places ---------------------------------------------------------------------------


@pytest.mark.parametrize("accuracy", ["fast", "standard", "high"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_options_that_no_dividend_reaches_keep_their_bits(book, backend, accuracy):
    how = {"accuracy": accuracy, "backend": backend}
    plain = quantforge.price(**book, **how)
    found = quantforge.price(**book, dividends=QUARTERLY, **how)
    free = book["time"] < QUARTERLY[0][0]
    assert np.array_equal(found[free], plain[free])
    assert not np.array_equal(found[~free], plain[~free])
    for nothing in ([], [(2.0, 3.0)], [(0.2, 0.0)]):
        assert np.array_equal(quantforge.price(**book, dividends=nothing, **how), plain)


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_backends_batches_and_threads_return_the_same_bits(book, monkeypatch):
    from quantforge import dispatch, threads

    monkeypatch.setattr(threads, "budget", lambda: 2)
    dispatch.invalidate()
    expected = quantforge.price(**book, dividends=QUARTERLY, backend=BACKENDS[0], threads=1)
    assert not np.isnan(expected).any()
    for backend in BACKENDS:
        for count in (1, 2):
            found = quantforge.price(**book, dividends=QUARTERLY, backend=backend, threads=count)
            assert np.array_equal(found, expected)
        for size in (1, 7, 500):
            for start in range(0, 20 * size, size) if size < 500 else range(0, 3000, size):
                part = slice(start, start + size)
                found = quantforge.price(**some(book, part), dividends=QUARTERLY, backend=backend)
                assert np.array_equal(found, expected[part])
    dispatch.invalidate()


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_each_option_has_the_rule_of_its_own_kind_and_exercise(book):
    found = quantforge.price(**book, dividends=QUARTERLY)
    bound = quantforge.bind(
        "price", kind=book["kind"], exercise=book["exercise"], dividends=QUARTERLY
    )
    numbers = [book[name] for name in ("spot", "strike", "time", "rate", "sigma", "dividend")]
    assert np.array_equal(bound(*numbers), found)
    for kind in (1.0, -1.0):
        for exercise in ("american", "european"):
            lanes = (book["kind"] == kind) & (book["exercise"] == exercise)
            alone = {**some(book, lanes), "kind": kind, "exercise": exercise}
            assert np.array_equal(quantforge.price(**alone, dividends=QUARTERLY), found[lanes])
            place = int(np.flatnonzero(lanes & (book["time"] > 0.4))[0])
            one = {name: column[place].item() for name, column in book.items()}
            assert quantforge.price(**one, dividends=QUARTERLY) == found[place]


@pytest.mark.parametrize("backend", BACKENDS)
def test_calls_broadcast_and_keep_their_type(backend):
    how = {"exercise": "american", "dividends": QUARTERLY, "backend": backend}
    spots, times = np.array([90.0, 150.0]), np.array([[0.05], [0.5], [1.0]])
    found = quantforge.price(spots, 100.0, times, 0.05, 0.2, kind=[[["c"]], [["p"]]], **how)
    assert found.shape == (2, 3, 2)
    for place in np.ndindex(found.shape):
        kind, spot, time = "cp"[place[0]], float(spots[place[2]]), float(times[place[1], 0])
        one = quantforge.price(spot, 100.0, time, 0.05, 0.2, kind=kind, **how)
        assert type(one) is np.float64
        assert one == found[place]
    assert quantforge.price([], 100.0, 1.0, 0.05, 0.2, **how).shape == (0,)
    with pytest.warns(PendingDeprecationWarning):
        square = np.asmatrix(spots)
    one = quantforge.price(square, 100.0, 1.0, 0.05, 0.2, **how)
    assert type(one) is np.matrix
    assert one.tolist() == [found[0, 2].tolist()]


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_are_written_to_out_also_over_what_they_are_made_from(book, backend):
    expected = quantforge.price(**book, dividends=QUARTERLY, backend=backend)
    for name in ("spot", "strike", "time", "rate", "sigma", "dividend", "kind"):
        given = {each: column.copy() for each, column in book.items()}
        found = quantforge.price(**given, dividends=QUARTERLY, out=given[name], backend=backend)
        assert found is given[name]
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_missing_is_nan_in_its_place(book, backend):
    expected = quantforge.price(**book, dividends=QUARTERLY, backend=backend)
    names = ("spot", "strike", "time", "rate", "sigma", "dividend")
    for place, name in enumerate(names):
        book[name][place::7] = np.nan
    with np.errstate(invalid="raise"):  # a missing number is no signal
        found = quantforge.price(**book, dividends=QUARTERLY, backend=backend)
    good = np.arange(found.size) % 7 == len(names)
    assert np.isnan(found[~good]).all()
    assert np.array_equal(found[good], expected[good])


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_errors_raise_names_a_call_before_out_is_touched(book):
    how = {"dividends": QUARTERLY, "errors": "raise"}
    assert np.array_equal(
        quantforge.price(**book, **how), quantforge.price(**book, dividends=QUARTERLY)
    )
    book |= {"kind": np.ones(3000), "exercise": "american"}
    book["spot"][5], book["time"][5], out = 0.5, 1.0, np.full(3000, 7.0)
    with pytest.raises(ValueError, match=r"^spot\[5\] is 0.5, and the dividends until expiry"):
        quantforge.price(**book, out=out, **how)
    assert (out == 7.0).all()
    given = {"spot": 30.0, "strike": 20.0, "time": 1.0, "rate": 0.05, "sigma": 1e-4}
    with pytest.raises(ValueError, match=r"^american_price is not defined for spot=30.0"):
        quantforge.price(**given, dividend=0.03, exercise="american", **how)


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


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_an_american_call_is_nearer_to_a_spot_that_jumps_than_one_to_expiry_and_never_above():
    draw, costs = np.random.default_rng(9), []
    for _ in range(25):
        time, first = draw.uniform(0.3, 2.0), draw.uniform(0.02, 0.28)
        dividends = [(when, draw.uniform(0.2, 3.0)) for when in np.arange(first, time, 0.5)]
        option = (draw.uniform(80.0, 140.0), 100.0, time, draw.uniform(0.0, 0.08), 0.25, 1.0)
        exact = jumping_limit(option, dividends, True, 500)
        costs.append(
            [
                quantforge.price(*option[:5], exercise=exercise, dividends=dividends) - exact
                for exercise in ("american", "european")
            ]
        )
    american, european = np.array(costs).T
    assert (american < 1e-3).all()
    assert (american >= european).all()
    assert np.linalg.norm(american) < 0.5 * np.linalg.norm(european)


def test_the_guide_has_examples_of_every_kind():
    rows = list(stated())
    assert len(rows) >= 8
    assert {row[3] for row in rows} == {1.0, -1.0}
