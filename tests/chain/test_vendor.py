"""The forward that a vendor has used is found again in its volatilities."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.optimize import brentq

from quantforge.chain import Quotes, price, sample, summary

QUOTED = datetime(2026, 1, 13, 18, tzinfo=UTC)
RATE, FORWARD = 0.04, 4000.0


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
