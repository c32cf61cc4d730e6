"""The forward that a vendor has used is found again in its volatilities."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.optimize import brentq

import quantforge
from quantforge.chain import Quotes, price, sample, summary
from quantforge.plugins import State

QUOTED = datetime(2026, 1, 13, 18, tzinfo=UTC)
RATE, FORWARD = 0.04, 4000.0
needs_american = pytest.mark.skipif(
    not any(
        one.state is State.AVAILABLE and "american_greeks" in one.operations
        for one in quantforge.backends()
    ),
    reason="no backend has greeks of American options",
)


def black(forward, strike, time, sign, sigma):
    deviation = sigma * math.sqrt(time)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    legs = forward * sample._normal(sign * d1) - strike * sample._normal(sign * (d1 - deviation))
    return math.exp(-RATE * time) * sign * legs


def made(apart, later=0.0):
    """Three expiries, whose vendor inverts mids at a forward `apart` from theirs, days `later`."""
    rows = []
    for days in (40, 80, 160):
        time = days / 365
        settled = QUOTED.timestamp() + days * 86400
        for strike in np.arange(3800.0, 4201.0, 25.0):
            for sign in (1, -1):
                mid = black(FORWARD, strike, time, sign, 0.2)
                sigma = brentq(
                    lambda sigma, strike=strike, time=time, sign=sign, mid=mid: (
                        black(FORWARD + apart, strike, time + later / 365, sign, sigma) - mid
                    ),
                    1e-4,
                    3.0,
                    xtol=1e-12,
                )
                rows.append((strike, sign, settled, mid - 0.5, mid + 0.5, sigma))
    strike, kind, settled, bid, ask, sigma = map(np.array, zip(*rows, strict=True))
    return Quotes(
        strike=strike, kind=kind, expiry=settled.astype("datetime64[s]"), quoted=QUOTED, bid=bid,
        ask=ask, vendor_iv=sigma, root="SPXW", spot=FORWARD, source="made",
    )  # fmt: skip


@pytest.mark.parametrize(("apart", "word"), [(-28.3, "28.3 below"), (12.0, "12 above")])
def test_the_forward_of_the_vendor_is_reported_for_every_expiry_and_said(apart, word):
    priced = price(made(apart))
    assert priced.vendor_forward == pytest.approx([FORWARD + apart] * 3, abs=0.02)
    assert [each["vendor_forward"] for each in summary(priced)["expiries"]] == pytest.approx(
        [FORWARD + apart] * 3, abs=0.02
    )
    (remark,) = priced.remarks
    assert f"imply a forward {word} that of the quotes in the median, in 3 of 3" in remark


@pytest.mark.parametrize(("apart", "later"), [(0.0, 1.0), (-10.0, -0.6)])
def test_the_time_that_the_vendor_counts_is_reported_for_every_expiry(apart, later):
    priced = price(made(apart, later))
    assert 365 * priced.vendor_time == pytest.approx(np.array([40, 80, 160]) + later, abs=0.02)
    assert priced.vendor_forward == pytest.approx([FORWARD + apart] * 3, abs=0.05)
    assert [each["vendor_time"] for each in summary(priced)["expiries"]] == list(priced.vendor_time)


def test_a_forward_within_the_spread_of_the_quotes_is_no_remark():
    priced = price(made(0.6))
    assert priced.vendor_forward == pytest.approx([FORWARD + 0.6] * 3, abs=0.02)
    assert priced.remarks == []


def test_without_volatilities_of_calls_and_puts_there_is_no_forward_of_the_vendor():
    quotes = made(-28.3)
    calls = Quotes(
        **{
            **quotes.columns(),
            "vendor_iv": np.where(quotes.kind > 0, quotes.vendor_iv, np.nan),
        }
    )
    assert np.isnan(price(calls).vendor_forward).all()


def american(apart, rate=RATE):
    """An American chain without a yield, whose vendor inverts it at another forward and rate."""
    strike = np.tile(np.repeat(np.arange(90.0, 111.0, 2.0), 2), 3)
    kind = np.tile(np.array([1, -1]), 33)
    days = np.repeat([40, 80, 160], 22)
    time = days / 365
    settled = QUOTED.timestamp() + days * 86400
    spot = 100.0
    mid = quantforge.price(spot, strike, time, RATE, 0.25, kind=kind, exercise="american")
    carry = rate - np.log(np.exp(RATE * time) + apart / spot) / time
    with np.errstate(invalid="ignore"):  # some are below intrinsic at that forward
        sigma = quantforge.implied_volatility(
            mid, spot, strike, time, rate, dividend=carry, kind=kind, exercise="american"
        )
    return Quotes(
        strike=strike, kind=kind, expiry=settled.astype("datetime64[s]"), quoted=QUOTED,
        bid=mid - 0.02, ask=mid + 0.02, vendor_iv=sigma, root="ACME", spot=spot, source="made",
        rate=RATE,
    )  # fmt: skip


@needs_american
@pytest.mark.parametrize(("apart", "word"), [(-0.8, "0.8 below"), (0.5, "0.5 above")])
def test_the_forward_of_the_vendor_of_american_options_is_found_too(apart, word):
    priced = price(american(apart))
    truth = 100.0 * np.exp(RATE * np.array([40, 80, 160]) / 365)
    assert priced.fit.american.all()
    assert priced.fit.forward == pytest.approx(truth, abs=0.01)
    assert priced.vendor_forward == pytest.approx(truth + apart, abs=0.02)
    assert 365 * priced.vendor_time == pytest.approx(np.array([40, 80, 160]), abs=0.3)
    assert any(f"imply a forward {word} that of the quotes" in line for line in priced.remarks)


@needs_american
def test_american_and_european_options_of_one_file_have_their_own():
    european = made(-28.3)
    both = {
        name: np.concatenate([np.asarray(one.columns()[name]) for one in (european, american(0.5))])
        for name in ("strike", "kind", "bid", "ask", "vendor_iv", "root", "spot")
    }
    settled = np.concatenate([european.settled, american(0.5).settled])
    priced = price(Quotes(**both, expiry=settled, quoted=QUOTED, rate=RATE, source="made"))
    apart = (priced.vendor_forward - priced.fit.forward).round(1)
    assert apart[~priced.fit.american].tolist() == [-28.3] * 3
    assert apart[priced.fit.american] == pytest.approx([0.5] * 3, abs=0.05)
