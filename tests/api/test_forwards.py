"""Forwards of calls and puts, and prepaid spots: sums by hand, mpmath, and what `price` does."""

import numpy as np
import pytest
from mpmath import exp, mp, mpf

from quantforge import implied_forward, prepaid, price

mp.dps = 50


# --- implied forwards --------------------------------------------------------------------------


def test_a_published_forward_comes_out():
    # Cboe, VIX white paper (2019), page 6: near term, strike 1965, call 21.05, put 23.15,
    # 0.0305 %, 0.0683486 years: F = 1962.89996; next term, 1960, 27.30, 24.90, 0.0286 %,
    # 0.0882686: F = 1962.40006
    found = implied_forward(
        [1965.0, 1960.0], [21.05, 27.30], [23.15, 24.90], [0.0683486, 0.0882686], [305e-6, 286e-6]
    )
    assert found.round(5).tolist() == [1962.89996, 1962.40006]


@pytest.mark.parametrize("rate", [-0.05, 0.0, 0.03, 2.0])
@pytest.mark.parametrize("time", [0.0, 1e-3, 0.5, 30.0])
def test_the_forward_is_the_strike_and_what_the_call_is_worth_more_at_expiry(rate, time):
    strike, call, put = 103.0, 4.25, 9.125
    exact = strike + (mpf(call) - mpf(put)) * exp(mpf(rate) * mpf(time))
    found = implied_forward(strike, call, put, time, rate)
    largest = max(strike, abs(exact), abs(exact - strike))
    assert abs(mpf(float(found)) - exact) <= 2 * mpf(2) ** -52 * largest


@pytest.mark.parametrize("model", ["black_scholes", "black76", "bachelier"])
def test_prices_of_a_call_and_a_put_give_their_forward(model):
    strike = np.array([60.0, 90.0, 100.0, 130.0])
    sigma = 20.0 if model == "bachelier" else 0.2
    dividend = {"dividend": 0.01} if model == "black_scholes" else {}
    call, put = (
        price(100.0, strike, 0.5, 0.03, sigma, kind=kind, model=model, **dividend)
        for kind in ("call", "put")
    )
    forward = 100.0 * np.exp(0.02 * 0.5) if dividend else 100.0
    found = implied_forward(strike, call, put, 0.5, 0.03)
    np.testing.assert_allclose(found, forward, rtol=1e-14)


def test_strikes_may_have_any_sign():
    assert implied_forward(-2.0, 1.5, 0.5, 0.25, 0.0) == -1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("time", -1.0), ("rate", np.inf), ("call", np.inf), ("put", -np.inf), ("strike", np.inf)],
)
def test_a_pair_outside_the_domain_is_nan_in_its_place_with_the_invalid_signal(name, value):
    given = {"strike": 100.0, "call": 5.0, "put": 4.0, "time": 0.5, "rate": 0.03}
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        implied_forward(**given | {name: value})
    with np.errstate(invalid="ignore"):
        found = implied_forward(**given | {name: [given[name], value]})
    assert found[0] == implied_forward(**given)
    assert np.isnan(found[1])
    with np.errstate(all="raise"):
        assert np.isnan(implied_forward(**given | {name: np.nan}))


def test_pairs_are_aligned_by_their_labels():
    pandas = pytest.importorskip("pandas")
    call = pandas.Series([12.0, 5.0], index=[90.0, 100.0])
    put = pandas.Series([5.0, 2.0], index=[100.0, 90.0])
    found = implied_forward(call.index.to_series(), call, put, 0.0, 0.03)
    assert found.to_dict() == {90.0: 100.0, 100.0: 100.0}


# --- prepaid spots -----------------------------------------------------------------------------

TIMES, CASH = [0.25, 0.5, 1.5], [2.0, 1.5, 3.0]


def present_value(rate, time=np.inf):
    """The sum at 50 digits."""
    due = [(mpf(t), mpf(c)) for t, c in zip(TIMES, CASH, strict=True) if t <= time]
    return sum((c * exp(-mpf(rate) * t) for t, c in due), mpf(0))


def test_a_published_prepaid_spot_comes_out():
    # Hull, Options, Futures, and Other Derivatives: dividends of 0.50 in two and five months at
    # 9 %, on a share at 40: 0.9742 off
    found = prepaid(40.0, 0.09, [2 / 12, 5 / 12], [0.5, 0.5])
    assert found == pytest.approx(40 - 0.9742, abs=0.0001)


@pytest.mark.parametrize("rate", [-0.02, 0.0, 0.05, 0.5])
@pytest.mark.parametrize("time", [0.1, 0.25, 1.0, 1.5, np.inf])
def test_the_dividends_until_expiry_are_taken_off(rate, time):
    exact = 100 - present_value(rate, time)
    found = prepaid(100.0, rate, TIMES, CASH, time=time)
    assert abs(mpf(float(found)) - exact) <= mpf(2) ** -52 * 100
    if time == np.inf:
        assert found == prepaid(100.0, rate, TIMES, CASH)


@pytest.mark.parametrize("kind", ["call", "put"])
def test_european_prices_at_the_prepaid_spot_are_those_with_dividends_to_the_bit(kind):
    draw = np.random.default_rng(5)
    spot, rate = draw.uniform(50, 150, 10_000), draw.uniform(-0.05, 0.1, 10_000)
    time = draw.uniform(0.0, 2.0, 10_000)
    for r, t in ((rate, time), (0.03, time), (rate, 1.0), (0.03, 1.0)):
        at = prepaid(spot, r, TIMES, CASH, time=t)
        plain = price(at, 100.0, t, r, 0.2, kind=kind)
        paid = price(
            spot, 100.0, t, r, 0.2, kind=kind, dividends=list(zip(TIMES, CASH, strict=True))
        )
        assert plain.tobytes() == paid.tobytes()


def test_one_dividend_may_be_two_numbers_and_none_is_nothing():
    assert prepaid(100.0, 0.05, 0.25, 2.0) == prepaid(100.0, 0.05, [0.25], [2.0])
    assert prepaid(100.0, 0.05, [], []) == 100.0
    assert prepaid(100.0, -1e9, [0.25], [0.0]) == 100.0


def test_dividends_worth_more_than_the_spot_are_nan_in_their_place():
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        prepaid(6.0, 0.0, TIMES, CASH)
    with np.errstate(invalid="ignore"):
        assert np.isnan(prepaid([6.0, 6.5], 0.0, TIMES, CASH)).tolist() == [True, False]
    assert prepaid(6.5, 0.0, TIMES, CASH) == 0.0


@pytest.mark.parametrize(
    ("name", "value"), [("spot", -1.0), ("rate", np.inf), ("rate", -np.inf), ("time", -1.0)]
)
def test_what_is_outside_the_domain_is_nan_with_the_invalid_signal(name, value):
    given = {"spot": 100.0, "rate": 0.05, "time": 1.0}
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        prepaid(**given | {name: value}, times=TIMES, cash=CASH)
    with np.errstate(all="raise"):
        assert np.isnan(prepaid(**given | {name: np.nan}, times=TIMES, cash=CASH))


def test_prepaid_spots_keep_their_labels():
    pandas = pytest.importorskip("pandas")
    spot = pandas.Series([100.0, 101.0], index=["a", "b"])
    found = prepaid(spot, 0.05, TIMES, CASH)
    assert found["b"] == prepaid(101.0, 0.05, TIMES, CASH)


@pytest.mark.parametrize(
    ("times", "cash", "error", "message"),
    [
        ([0.25], [1.0, 2.0], ValueError, r"not as many: times \(1,\), cash \(2,\)"),
        ([[0.25]], [[1.0]], ValueError, "not as many"),
        ([0.25, -0.5], [1.0, 2.0], ValueError, r"time of dividends\[1\] is -0.5"),
        ([0.25, 0.5], [1.0, -2.0], ValueError, r"amount of dividends\[1\] is -2.0"),
        ([0.25], [np.nan], ValueError, r"amount of dividends\[0\] is nan"),
        (["soon"], [1.0], TypeError, r"time of dividends\[0\]"),
    ],
)
def test_bad_dividends_are_named_by_their_place(times, cash, error, message):
    with pytest.raises(error, match=message):
        prepaid(100.0, 0.05, times, cash)
