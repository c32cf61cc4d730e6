"""The S&P 500 chain of 14 September 2023, as Cboe published it."""

import numpy as np
import pytest

from quantforge.chain import Reason, price, read


@pytest.fixture(scope="module")
def priced(real_chain):
    return price(read(real_chain))


def test_every_option_is_read(priced):
    quotes = priced.quotes
    assert len(quotes) == 2 * 9960
    assert quotes.name == "Standard & Poors 500 Index"
    assert set(quotes.spot) == {4505.1001}
    assert quotes.local(quotes.quoted[0]).isoformat() == "2023-09-14T16:31:00-04:00"
    assert set(quotes.root) == {"SPX", "SPXW"}
    assert np.isfinite(quotes.bid).all()


def test_at_least_97_percent_of_model_prices_lie_inside_bid_and_ask(priced):
    assert priced.compared.sum() > 18_000
    assert priced.inside_share >= 0.97


def test_volatilities_of_liquid_options_agree_with_the_vendor_s_and_none_fails(priced):
    implied = priced.implied
    assert implied.liquid.sum() > 6_000
    assert implied.solved[implied.liquid].all()
    off = np.abs(implied.difference["volatility"][implied.liquid])
    assert np.isfinite(off).all()
    assert np.median(off) <= 0.0003
    assert np.percentile(off, 95) <= 0.0015


def test_delta_and_gamma_follow_the_vendor_s_convention(priced):
    """Gamma to what rounding in the file leaves, half of 0.0001, for years ahead too."""
    implied = priced.implied
    place = priced.expiries.of_option
    for rows in (implied.liquid, implied.liquid & (priced.expiries.time[place] > 1.0)):
        assert np.median(np.abs(implied.difference["delta"][rows])) <= 0.002
        assert np.percentile(np.abs(implied.difference["delta"][rows]), 95) <= 0.005
        assert np.percentile(np.abs(implied.difference["gamma"][rows]), 95) <= 0.000051


def test_volatility_at_the_money_rises_steadily_from_a_month_on(priced):
    level = priced.implied.at_the_money[priced.expiries.time > 30 / 365]
    assert np.isfinite(level).all()
    assert (np.diff(level) > -0.003).all()
    assert (level > 0.10).all()
    assert (level < 0.18).all()


def test_rates_are_those_of_the_day_where_quotes_can_tell(priced):
    """Treasury bills yielded 5.3 to 5.6 %, financing on the index a little more."""
    sharp = priced.fit.rate_error < 0.004
    assert sharp.sum() > 20
    assert (priced.fit.rate[sharp] > 0.045).all()
    assert (priced.fit.rate[sharp] < 0.062).all()
    known = np.isfinite(priced.fit.rate)
    assert (np.abs(priced.fit.rate[known] - 0.055) < 0.006).all()


def test_forwards_rise_smoothly_from_the_index(priced):
    forward = priced.fit.forward[1:]
    assert np.isfinite(forward).all()
    assert (np.diff(forward) > -1.0).all()
    assert abs(forward[0] - 4510.0) < 2.0


def test_what_expired_half_an_hour_before_the_quotes_is_not_priced(priced):
    today = priced.quotes.expiry == np.datetime64("2023-09-14")
    assert (priced.reason[today] == Reason.EXPIRED).all()
    assert (priced.reason[~today] != Reason.EXPIRED).all()
