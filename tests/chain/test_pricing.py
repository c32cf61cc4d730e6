"""Every option gets the price Black's formula gives, or a reason for having none."""

from dataclasses import replace

import numpy as np
import pytest
from mpmath import erfc, exp, log, mp, mpf, sqrt

import quantforge
from quantforge.chain import SAMPLE, Reason, price, read, sample


def black(forward, strike, time, rate, sigma, sign):
    """Black (1976) at 50 digits."""
    with mp.workdps(50):
        forward, strike, time, rate, sigma = map(mpf, (forward, strike, time, rate, sigma))
        deviation = sigma * sqrt(time)
        d1 = log(forward / strike) / deviation + deviation / 2
        normal = [erfc(-sign * d / sqrt(mpf(2))) / 2 for d in (d1, d1 - deviation)]
        return float(exp(-rate * time) * sign * (forward * normal[0] - strike * normal[1]))


@pytest.fixture(scope="module")
def chain():
    return read(SAMPLE)


@pytest.fixture(scope="module")
def priced(chain):
    return price(chain)


def test_prices_are_black_s_at_the_vendor_s_volatility_and_the_fitted_forward(chain, priced):
    place = priced.expiries.of_option
    for row in np.flatnonzero(priced.reason == Reason.PRICED)[::7].tolist():
        expected = black(
            priced.fit.forward[place[row]],
            chain.strike[row],
            priced.expiries.time[place[row]],
            priced.fit.rate[place[row]],
            chain.vendor_iv[row],
            int(chain.kind[row]),
        )
        assert priced.price[row] == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_prices_agree_with_those_the_sample_was_made_from(chain, priced):
    """Within what rounding and noise of the sample's volatilities and quotes explain."""
    rows = np.flatnonzero(priced.reason == Reason.PRICED)
    times = priced.expiries.time[priced.expiries.of_option]
    worth = np.array(
        [
            sample.black(strike, time, kind, sample.volatility(strike, time))[0]
            for strike, time, kind in zip(
                chain.strike[rows], times[rows], chain.kind[rows].tolist(), strict=True
            )
        ]
    )
    spread = np.maximum(chain.ask - chain.bid, 0.1)[rows]
    assert np.median(np.abs(priced.price[rows] - worth) / spread) < 0.1


def test_an_option_has_a_price_or_a_reason_never_both_and_never_neither(priced):
    np.testing.assert_array_equal(np.isnan(priced.price), priced.reason != Reason.PRICED)


def changed(chain, row, **values):
    """The chain with other values at one option."""
    columns = {name: getattr(chain, name).copy() for name in values}
    for name, value in values.items():
        columns[name][row] = value
    return replace(chain, **columns)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"vendor_iv": 0.0}, Reason.NO_VOLATILITY),
        ({"vendor_iv": np.nan}, Reason.NO_VOLATILITY),
        ({"vendor_iv": np.inf}, Reason.NO_VOLATILITY),
        ({"bid": 0.0, "ask": 0.0}, Reason.NO_QUOTE),
        ({"bid": np.nan}, Reason.NO_QUOTE),
        ({"bid": np.nan, "ask": np.nan}, Reason.NO_QUOTE),
        ({"bid": 0.0, "ask": np.inf}, Reason.NO_QUOTE),
        ({"bid": 9.0, "ask": 8.0}, Reason.CROSSED),
        ({"bid": 0.1, "ask": 0.0}, Reason.CROSSED),
        ({"bid": 0.0, "ask": 0.05}, Reason.PRICED),
    ],
)
def test_the_reason_says_what_is_missing_and_the_neighbours_keep_their_prices(
    chain, priced, values, reason
):
    row = int(np.flatnonzero(priced.reason == Reason.PRICED)[40])
    again = price(changed(chain, row, **values))
    assert again.reason[row] == reason
    same_expiry = priced.expiries.of_option == priced.expiries.of_option[row]
    others = (np.arange(len(chain)) != row) & ~same_expiry
    np.testing.assert_array_equal(again.reason[others], priced.reason[others])


def test_options_of_an_expiry_without_forward_say_so(chain, priced):
    first = priced.expiries.of_option == 1
    ask = np.where(first & (chain.kind < 0), 0.05, chain.ask)
    bid = np.where(first & (chain.kind < 0), 0.0, chain.bid)
    again = price(replace(chain, bid=bid, ask=ask))
    assert set(again.reason[first].tolist()) <= {
        Reason.NO_FORWARD, Reason.NO_VOLATILITY, Reason.NO_QUOTE, Reason.CROSSED,
    }  # fmt: skip
    assert Reason.NO_FORWARD in again.reason[first]


def test_inside_means_at_the_bid_at_the_ask_or_between(chain, priced):
    row = int(np.flatnonzero(priced.reason == Reason.PRICED)[40])
    price = priced.price[row]
    above, below = np.nextafter(price, np.inf), np.nextafter(price, 0.0)
    for bid, ask, inside in (
        (price, price + 1.0, True),
        (price - 1.0, price, True),
        (above, price + 1.0, False),
        (price - 1.0, below, False),
    ):
        fitted = replace(priced.fit, quotes=changed(chain, row, bid=bid, ask=ask))
        quoted = replace(priced, fit=fitted)
        assert quoted.inside[row] == inside


def test_the_share_counts_options_with_volatility_and_forward_quoted_or_not(priced):
    place = priced.expiries.of_option
    counted = (priced.quotes.vendor_iv > 0.0) & np.isfinite(priced.fit.forward[place])
    unquoted = counted & np.isin(priced.reason, [Reason.NO_QUOTE, Reason.CROSSED])
    assert unquoted.any()
    assert not priced.inside[unquoted].any()
    assert priced.inside_share == priced.inside.sum() / counted.sum()


@pytest.fixture
def asked(monkeypatch):
    """What the public functions are called with, by name."""
    calls = []

    def listening(name, function):
        def call(*operands, **settings):
            calls.append((name, settings["backend"], settings["threads"]))
            return function(*operands, **settings)

        return call

    for name in ("bind", "greeks", "implied_volatility"):
        monkeypatch.setattr(quantforge, name, listening(name, getattr(quantforge, name)))
    return calls


def test_every_kernel_runs_once_for_every_option_on_the_backend_asked_for(chain, asked):
    priced = price(chain, backend="numpy", threads=1)
    expiries = np.unique(priced.expiries.of_option[priced.reason == Reason.PRICED]).size
    vendor = ["greeks"] * 5  # of pairs near the money, for the vendor's forward
    names = ["bind"] * expiries + ["implied_volatility", "greeks", *vendor]
    assert asked == [(name, "numpy", 1) for name in names]


def test_an_unknown_backend_is_refused(chain):
    with pytest.raises(ValueError, match="unknown backend 'abacus'"):
        price(chain, backend="abacus")
