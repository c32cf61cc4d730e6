"""Forwards come from what is given or from pairs, and each says from which."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from quantforge.chain import Quotes, Reason, fit, invert, price

QUOTED = datetime(2024, 1, 2, 21, 0, tzinfo=UTC)
EXPIRY = datetime(2024, 7, 2, 21, 0, tzinfo=UTC)
YEARS = 182 / 365
SPOT, RATE, SIGMA = 100.0, 0.04, 0.2
FORWARD = SPOT * math.exp(RATE * YEARS)
STRIKES = np.arange(70.0, 131.0, 5.0)
NEAR = 10  # of them are within a quarter of the forward, 80 to 125


def black(forward, strike, sign, rate=RATE, sigma=SIGMA, years=YEARS):
    """Black (1976)."""
    deviation = sigma * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    normal = [math.erfc(-sign * d / math.sqrt(2)) / 2 for d in (d1, d1 - deviation)]
    return math.exp(-rate * years) * sign * (forward * normal[0] - strike * normal[1])


def made(forward=FORWARD, expiry=EXPIRY, quoted=QUOTED, rate=RATE, strikes=STRIKES, **columns):
    """Calls, then puts, without any volatility of a vendor, in European options."""
    strike = np.tile(strikes, 2)
    kind = np.repeat([1, -1], len(strikes))
    years = (expiry - quoted) / timedelta(days=365)
    worth = np.array(
        [
            black(forward, *each, rate=rate, years=years)
            for each in zip(strike.tolist(), kind.tolist(), strict=True)
        ]
    )
    return Quotes(
        **{
            "strike": strike, "kind": kind, "expiry": expiry, "quoted": quoted,
            "bid": worth - 0.01, "ask": worth + 0.01, "exercise": "european", **columns,
        }
    )  # fmt: skip


def some(quotes, rows, **columns):
    """A part of the rows, with some columns replaced."""
    kept = {name: values[rows] for name, values in quotes.columns().items()}
    return replace(quotes, **{**kept, **columns})


def joined(*tables):
    rows = {
        name: np.concatenate([table.columns()[name] for table in tables])
        for name in tables[0].columns()
    }
    return replace(tables[0], **rows)


def test_calls_and_puts_are_paired_whatever_their_order():
    quotes = made()
    shuffled = some(quotes, np.random.default_rng(3).permutation(len(quotes)))
    found = fit(shuffled)
    assert found.source == ("parity",)
    assert found.pairs.tolist() == [NEAR]
    assert found.forward == pytest.approx([FORWARD], rel=1e-8)
    assert found.rate == pytest.approx([RATE], abs=1e-6)


def test_unpaired_options_and_second_quotes_of_a_pair_do_not_disturb_the_fit():
    quotes = made()
    absurd = some(quotes, quotes.strike == 90.0, bid=50.0, ask=51.0)
    lonely = some(quotes, quotes.kind < 0, strike=STRIKES + 1.0, bid=50.0, ask=51.0)
    found = fit(joined(quotes, lonely, absurd))
    assert found.pairs.tolist() == [NEAR]
    assert found.forward == pytest.approx([FORWARD], rel=1e-8)


def test_without_any_volatility_of_a_vendor_every_quote_is_inverted():
    priced = price(made())
    assert not priced.compared.any()
    assert (priced.reason == Reason.NO_VOLATILITY).all()
    assert priced.implied.mid == pytest.approx([SIGMA] * 2 * len(STRIKES), abs=1e-5)
    assert priced.remarks == []


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"forward": FORWARD, "rate": RATE}, "given"),
        ({"spot": SPOT, "rate": RATE}, "spot and rate"),
    ],
)
@pytest.mark.parametrize("side", ["puts", "out of the money"])
def test_where_there_is_no_pair_what_is_given_says_the_forward(side, given, source):
    quotes = made()
    out = np.where(quotes.kind > 0, quotes.strike > FORWARD, quotes.strike < FORWARD)
    alone = some(quotes, quotes.kind < 0 if side == "puts" else out)
    assert fit(alone).source == ("",)
    found = fit(replace(alone, **given))
    assert found.source == (source,)
    assert found.forward == pytest.approx([FORWARD], rel=1e-12)
    assert found.rate.tolist() == [RATE]
    assert invert(found).mid == pytest.approx([SIGMA] * len(alone), abs=1e-6)


def test_without_a_forward_a_remark_says_which_options_would_give_one():
    quotes = made()
    priced = price(some(quotes, quotes.kind < 0))
    assert priced.remarks == [
        "1 of 1 expiries without a forward: --forward, or --spot and --rate, would say it"
    ]
    assert np.isnan(priced.implied.mid).all()


def test_spot_and_a_rate_of_other_expiries_are_no_forward():
    """What the underlying pays until then nobody has said."""
    later = made(expiry=datetime(2024, 12, 31, 21, 0, tzinfo=UTC), spot=SPOT)
    puts = some(made(spot=SPOT), slice(len(STRIKES), None))
    found = fit(joined(puts, later))
    assert found.source == ("", "parity")
    assert found.reason[0] == "0 strikes with usable call and put, 1 is needed"


def test_a_forward_without_a_rate_prices_nothing_unless_other_expiries_say_the_rate():
    puts = some(made(forward=FORWARD), slice(len(STRIKES), None), forward=FORWARD)
    assert fit(puts).reason == ("a forward is given, but no rate",)
    later = made(expiry=datetime(2024, 12, 31, 21, 0, tzinfo=UTC))
    found = fit(joined(puts, later))
    assert found.source == ("given", "parity")
    assert found.rate == pytest.approx([RATE, RATE], abs=1e-4)


def test_a_rate_that_is_given_is_used_and_the_forward_fitted_with_it():
    quotes = made(rate=0.01)
    assert fit(quotes).rate == pytest.approx([0.01], abs=1e-6)
    found = fit(replace(quotes, rate=0.011))
    assert found.rate.tolist() == [0.011]
    assert found.source == ("parity",)
    assert found.forward == pytest.approx([FORWARD], rel=2e-4)
    refused = fit(replace(quotes, rate=0.03))
    assert refused.reason == ("calls and puts do not obey parity at the rate that is given",)


def test_a_forward_that_calls_and_puts_contradict_is_used_and_a_remark_says_so():
    quotes = replace(made(), forward=FORWARD + 1.0, rate=RATE)
    priced = price(quotes)
    assert priced.fit.forward.tolist() == [FORWARD + 1.0]
    assert priced.remarks == [
        "1 of 1 expiries with a forward that calls and puts contradict by more than a spread"
    ]
    assert price(replace(made(), forward=FORWARD, rate=RATE)).remarks == []


def test_a_forward_or_spot_of_zero_is_none():
    blank = np.arange(2 * len(STRIKES)) % 3 == 0
    quotes = replace(made(), forward=0.0, spot=np.where(blank, 0.0, SPOT))
    found = fit(quotes)
    assert found.source == ("parity",)
    assert found.expiries.spot.tolist() == [SPOT]


def test_each_time_of_the_quotes_has_expiries_of_its_own():
    hours = [QUOTED + timedelta(hours=each) for each in range(3)]
    forwards = [100.0, 101.0, 99.5]
    rates = [0.01, 0.03, 0.05]
    tables = [
        made(forward, quoted=each, rate=rate)
        for forward, each, rate in zip(forwards, hours, rates, strict=True)
    ]
    found = fit(joined(*tables[::-1]))
    assert found.expiries.quoted.tolist() == [each.replace(tzinfo=None) for each in hours]
    assert found.expiries.time * 365 * 24 == pytest.approx([182 * 24 - each for each in range(3)])
    assert found.forward == pytest.approx(forwards, rel=1e-8)
    assert found.rate == pytest.approx(rates, abs=1e-5)


def test_exercise_that_the_file_states_counts_before_the_root_and_apart():
    quotes = made(spot=SPOT, root="SPX")
    mixed = replace(quotes, exercise=np.where(quotes.kind > 0, "american", "european"))
    found = fit(replace(mixed, rate=RATE))
    assert found.american.tolist() == [True, False]
    assert found.source == ("spot and rate", "spot and rate")
    assert not fit(replace(quotes, exercise="")).american.any()
    assert fit(mixed, american_roots={"NDX"}).american.tolist() == [False, False]


def test_prices_in_coins_give_the_volatility_that_they_were_made_with():
    """A coin's option is worth its price over the spot, and pays no interest."""
    quotes = made(rate=0.0, forward=FORWARD)
    coins = {name: getattr(quotes, name) / FORWARD for name in ("bid", "ask")}
    priced = price(replace(quotes, **coins, forward=FORWARD, price_unit="underlying"))
    assert priced.fit.source == ("given",)
    assert priced.fit.rate.tolist() == [0.0]
    assert priced.remarks == ["prices in units of the underlying are converted to currency"]
    assert priced.implied.mid == pytest.approx([SIGMA] * len(quotes), abs=1e-6)


def test_the_nearest_expiry_says_the_spot_of_american_options_that_have_none():
    near = datetime(2024, 1, 9, 21, 0, tzinfo=UTC)
    forward = SPOT * math.exp(RATE * 7 / 365)
    week = made(forward, expiry=near, root="ACME", exercise="american")
    other = made(2.0 * forward, expiry=near, root="OTHER", exercise="european", strikes=2 * STRIKES)
    found = fit(joined(week, other))
    assert found.expiries.spot[0] == pytest.approx(SPOT, rel=5e-4)
    assert np.isnan(found.expiries.spot[1])
    assert found.spot_fitted.tolist() == [True, False]
    assert found.american.tolist() == [True, False]
