"""Every quote gets the volatility it implies, or a status that says why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from mpmath import erfc, exp, findroot, log, mp, mpf, npdf, sqrt

from quantforge import Code
from quantforge.chain import SAMPLE, price, read, sample
from quantforge.chain.implied import out_of_the_money, vendor_difference


@pytest.fixture(scope="module")
def chain():
    return read(SAMPLE)


@pytest.fixture(scope="module")
def priced(chain):
    return price(chain)


def terms(priced, row):
    """Forward, strike, time, rate and sign of an option."""
    place = priced.expiries.of_option[row]
    return (
        mpf(float(priced.fit.forward[place])),
        mpf(float(priced.quotes.strike[row])),
        mpf(float(priced.expiries.time[place])),
        mpf(float(priced.fit.rate[place])),
        int(priced.quotes.kind[row]),
    )


def normal(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def black(forward, strike, time, rate, sign, sigma):
    """Black (1976), with d1 and the standard deviation."""
    deviation = sigma * sqrt(time)
    d1 = log(forward / strike) / deviation + deviation / 2
    worth = forward * normal(sign * d1) - strike * normal(sign * (d1 - deviation))
    return exp(-rate * time) * sign * worth, d1, deviation


def solved_rows(priced, step):
    return np.flatnonzero(priced.implied.solved)[::step].tolist()


def test_volatilities_are_the_roots_of_black_s_formula(chain, priced):
    implied = priced.implied
    with mp.workdps(30):
        for row in solved_rows(priced, 29):
            bid, ask = (mpf(float(quotes[row])) for quotes in (chain.bid, chain.ask))
            for found, quote in ((implied.mid, (bid + ask) / 2), (implied.ask, ask)):
                option = terms(priced, row)
                exact = findroot(
                    lambda sigma, option=option, quote=quote: black(*option, sigma)[0] - quote,
                    float(found[row]) * 1.01,
                )
                # a deep option's price holds its volatility only to a part of the price's digits
                assert found[row] == pytest.approx(float(exact), rel=1e-8)


def test_bid_mid_and_ask_are_in_order(chain, priced):
    implied = priced.implied
    rows = np.isfinite(implied.bid)
    assert rows.sum() > 250
    assert (implied.bid[rows] < implied.mid[rows]).all()
    assert (implied.mid[rows] < implied.ask[rows]).all()
    assert np.isnan(implied.bid[chain.bid == 0.0]).all()


def test_greeks_are_by_the_prepaid_forward(priced):
    """Delta, gamma and vega by their formulas, theta and rho by differences of 30 digits."""
    greeks = priced.implied.greeks
    with mp.workdps(30):
        for row in solved_rows(priced, 31):
            forward, strike, time, rate, sign = terms(priced, row)
            sigma = mpf(float(priced.implied.mid[row]))
            prepaid = forward * exp(-rate * time)

            def worth(later=0, dearer=0, time=time, rate=rate, prepaid=prepaid, strike=strike,
                      sign=sign, sigma=sigma):  # fmt: skip
                left, grows = time - later, rate + dearer
                level = prepaid * exp(grows * left)
                return black(level, strike, left, grows, sign, sigma)[0]

            _, d1, deviation = black(forward, strike, time, rate, sign, sigma)
            step = mpf(10) ** -10
            expected = {
                "delta": sign * normal(sign * d1),
                "gamma": npdf(d1) / (prepaid * deviation),
                "vega": prepaid * npdf(d1) * sqrt(time),
                "theta": (worth(later=step) - worth(later=-step)) / (2 * step),
                "rho": (worth(dearer=step) - worth(dearer=-step)) / (2 * step),
            }
            for name, value in expected.items():
                assert greeks[name][row] == pytest.approx(float(value), rel=1e-8, abs=1e-9), name


def test_volatilities_are_those_the_sample_was_made_from(priced):
    """But for the noise of its quotes: a third of half the spread."""
    rows = np.flatnonzero(priced.implied.liquid)
    time = priced.expiries.time[priced.expiries.of_option[rows]]
    strikes = priced.quotes.strike[rows]
    true = [sample.volatility(*each) for each in zip(strikes.tolist(), time.tolist(), strict=True)]
    off = np.abs(priced.implied.mid[rows] - true)
    assert np.median(off) < 0.001


@pytest.mark.parametrize(
    ("quotes", "code"),
    [
        ({"bid": 0.0, "ask": 0.0}, Code.NOT_FINITE),
        ({"bid": np.nan}, Code.NOT_FINITE),
        ({"bid": 9.0, "ask": 8.0}, Code.NOT_FINITE),
        ({"bid": 0.0, "ask": np.inf}, Code.NOT_FINITE),
        ({"bid": 5000.0, "ask": 5001.0}, Code.ABOVE_MAXIMUM),
        ({"bid": 0.0, "ask": 0.05}, Code.OK),
    ],
)
def test_the_status_says_why_there_is_no_volatility(chain, priced, quotes, code):
    far = priced.implied.solved & (priced.quotes.strike < 1500.0) & (chain.kind < 0)
    row = int(np.flatnonzero(far)[0])
    columns = {name: getattr(chain, name).copy() for name in quotes}
    for name, value in quotes.items():
        columns[name][row] = value
    implied = price(replace(chain, **columns)).implied
    assert implied.code[row] == code
    assert np.isfinite(implied.mid[row]) == (code == Code.OK)
    assert np.isfinite(implied.greeks["delta"][row]) == (code == Code.OK)
    assert implied.liquid[row] == (code == Code.ABOVE_MAXIMUM)  # an absurd quote is a failure


def test_a_mid_below_intrinsic_value_has_a_status_and_no_volatility(chain, priced):
    forward = priced.fit.forward[priced.expiries.of_option]
    deep = priced.implied.solved & (chain.kind > 0) & (forward > 1.1 * chain.strike)
    row = int(np.flatnonzero(deep)[0])
    worth = (forward[row] - chain.strike[row]) * 0.9
    bid, ask = chain.bid.copy(), chain.ask.copy()
    bid[row], ask[row] = worth - 0.1, worth + 0.1
    implied = price(replace(chain, bid=bid, ask=ask)).implied
    assert implied.code[row] == Code.BELOW_INTRINSIC
    assert np.isnan(implied.mid[row])


def test_an_expired_option_has_invalid_input_and_no_volatility(priced):
    expired = priced.expiries.of_option == 0
    quoted = np.isfinite(priced.quotes.ask) & (priced.quotes.ask > 0.0)
    assert (priced.implied.code[expired & quoted] == Code.INVALID_INPUT).all()
    assert np.isnan(priced.implied.mid[expired]).all()
    assert not priced.implied.liquid[expired].any()


def test_differences_are_ours_less_the_vendor_s_where_both_have_one(chain, priced):
    implied = priced.implied
    both = np.isfinite(implied.mid) & (chain.vendor_iv > 0.0)
    for name, ours, vendor in (
        ("volatility", implied.mid, chain.vendor_iv),
        ("delta", implied.greeks["delta"], chain.vendor_delta),
        ("gamma", implied.greeks["gamma"], chain.vendor_gamma),
    ):
        difference = implied.difference[name]
        np.testing.assert_array_equal(np.isfinite(difference), both)
        np.testing.assert_array_equal(difference[both], (ours - vendor)[both])


def test_liquid_means_out_of_the_money_narrow_and_more_than_a_week_ahead(chain, priced):
    liquid = priced.implied.liquid
    place = priced.expiries.of_option
    assert liquid.sum() > 100
    assert (chain.bid[liquid] > 0.0).all()
    assert (5.0 * (chain.ask - chain.bid) < 0.5 * (chain.ask + chain.bid))[liquid].all()
    assert (priced.expiries.time[place][liquid] * 365.0 > 7.0).all()
    forward = priced.fit.forward[place]
    np.testing.assert_array_equal((chain.strike >= forward)[liquid], (chain.kind > 0)[liquid])
    assert not (
        out_of_the_money(chain, forward)[::2] & out_of_the_money(chain, forward)[1::2]
    ).any()


def test_volatility_at_the_money_lies_between_those_of_the_strikes_around_the_forward(
    chain, priced
):
    implied = priced.implied
    assert np.isnan(implied.at_the_money[0])
    for place in range(1, len(priced.expiries)):
        forward = priced.fit.forward[place]
        own = (priced.expiries.of_option == place) & np.isfinite(implied.mid) & (chain.bid > 0.0)
        puts = np.flatnonzero(own & (chain.kind < 0) & (chain.strike < forward))
        calls = np.flatnonzero(own & (chain.kind > 0) & (chain.strike >= forward))
        around = implied.mid[[puts[-1], calls[0]]]
        assert around.min() <= implied.at_the_money[place] <= around.max()


def test_there_is_no_volatility_at_the_money_where_quotes_do_not_reach_around_it(chain, priced):
    calls = (priced.expiries.of_option == 5) & (chain.kind > 0)
    bid = np.where(calls & (chain.strike > priced.fit.forward[5]), 0.0, chain.bid)
    level = price(replace(chain, bid=bid)).implied.at_the_money
    assert np.isfinite(level).tolist() == [place not in (0, 5) for place in range(8)]


def test_median_and_percentile_are_of_sizes_and_leave_out_what_is_missing():
    difference = np.array([-3.0, 1.0, np.nan, 2.0, 50.0])
    among = np.array([True, True, True, True, False])
    assert vendor_difference(difference, among) == (2.0, pytest.approx(2.9))
    assert np.isnan(vendor_difference(difference, np.zeros(5, bool))).all()
