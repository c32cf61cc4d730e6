"""Forwards and rates are found again in quotes that were made from known ones."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from quantforge.chain import Quotes, fit

QUOTED = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)


def made(forward, rate, days, strikes, root="SPXW", spread=0.2, noise=0.0, seed=1):
    """A chain of one expiry whose mids obey parity, but for `noise` (in spreads) on each."""
    count = len(strikes)
    day = QUOTED.date() + timedelta(days=days)
    end = datetime(day.year, day.month, day.day, 21, 0, tzinfo=UTC)
    settled = np.datetime64(end.replace(tzinfo=None))
    discount = math.exp(-rate * (end - QUOTED).total_seconds() / (365 * 86400))
    strikes = np.asarray(strikes, dtype=float)
    strike = np.repeat(strikes, 2)
    kind = np.tile(np.array([1, -1], dtype=np.int8), count)
    # time value of any shape: parity only ties calls to puts
    worth = np.repeat(30.0 * np.exp(-(((strikes - forward) / 400.0) ** 2)), 2)
    mid = discount * np.maximum(kind * (forward - strike), 0.0) + worth
    mid += noise * spread * np.random.default_rng(seed).standard_normal(2 * count)
    mid = np.maximum(mid, spread)
    return Quotes(
        name="made", source="made", quoted=QUOTED, spot=forward,
        symbol=np.array([f"{root}{i}" for i in range(2 * count)]),
        root=np.full(2 * count, root), expiry=np.full(2 * count, settled),
        kind=kind, strike=strike, bid=mid - spread / 2, ask=mid + spread / 2,
    )  # fmt: skip


def joined(*chains):
    """Several expiries in one chain."""
    first = chains[0]
    columns = {
        name: np.concatenate([getattr(chain, name) for chain in chains])
        for name in first.__slots__
        if isinstance(getattr(first, name), np.ndarray)
    }
    return replace(first, **columns)


STRIKES = np.arange(3600.0, 4501.0, 25.0)


def test_exact_quotes_give_the_exact_forward_and_rate():
    parity = fit(made(4012.5, 0.05, 400, STRIKES))
    assert parity.forward == pytest.approx([4012.5], abs=1e-6)
    assert parity.rate == pytest.approx([0.05], abs=2e-5)
    assert parity.reason == ("",)


@pytest.mark.parametrize("seed", range(5))
def test_noise_of_a_third_of_the_spread_moves_the_forward_by_less_than_the_spread(seed):
    chain = made(4012.5, 0.05, 400, STRIKES, spread=2.0, noise=1 / 3, seed=seed)
    parity = fit(chain)
    assert parity.forward == pytest.approx([4012.5], abs=1.0)
    assert parity.rate == pytest.approx([0.05], abs=0.004)


def test_absurd_quotes_among_good_ones_do_not_move_the_fit():
    chain = made(4012.5, 0.05, 400, STRIKES)
    absurd = np.arange(len(chain)) % 10 == 4  # a fifth of the calls
    shifted = replace(chain, bid=chain.bid + 80.0 * absurd, ask=chain.ask + 80.0 * absurd)
    parity = fit(shifted)
    assert parity.forward == pytest.approx([4012.5], abs=0.2)
    assert parity.rate == pytest.approx([0.05], abs=0.001)


def test_many_absurd_quotes_at_one_end_of_the_strikes_do_not_turn_the_line():
    chain = made(4012.5, 0.05, 400, STRIKES)
    end = (chain.strike < 3900.0) & (chain.kind > 0)  # a third of the calls
    shifted = replace(chain, bid=chain.bid + 5.0 * end, ask=chain.ask + 5.0 * end)
    parity = fit(shifted)
    assert parity.rate == pytest.approx([0.05], abs=2e-4)
    assert parity.forward == pytest.approx([4012.5], abs=0.01)


def test_crossed_empty_and_one_sided_quotes_are_left_out():
    chain = made(4012.5, 0.05, 400, STRIKES)
    bid, ask = chain.bid.copy(), chain.ask.copy()
    bid[0::12] = ask[0::12] + 500.0
    bid[3::12] = ask[3::12] = 0.0
    bid[6::12], ask[6::12] = 0.0, 900.0
    parity = fit(replace(chain, bid=bid, ask=ask))
    assert parity.forward == pytest.approx([4012.5], abs=1e-6)
    assert parity.pairs[0] < len(STRIKES)


def test_stale_quotes_with_bid_and_ask_the_same_do_not_draw_the_fit():
    chain = made(4012.5, 0.05, 400, STRIKES)
    locked = np.arange(len(chain)) % 16 < 2  # call and put of every eighth strike
    stale = np.where(locked & (chain.kind > 0), chain.ask + 500.0, chain.ask)
    parity = fit(replace(chain, bid=np.where(locked, stale, chain.bid), ask=stale))
    assert parity.forward == pytest.approx([4012.5], abs=0.5)
    assert parity.rate == pytest.approx([0.05], abs=0.002)


def test_a_week_to_expiry_takes_its_rate_from_its_neighbours():
    week = made(4003.0, 0.05, 7, STRIKES, spread=4.0, noise=0.2)
    chain = joined(week, made(4020.0, 0.05, 90, STRIKES), made(4100.0, 0.05, 360, STRIKES))
    parity = fit(chain)
    assert parity.expiries.time[0] < 0.02
    assert parity.rate_error[0] > 0.05
    assert parity.rate == pytest.approx([0.05] * 3, abs=0.01)
    assert parity.forward[0] == pytest.approx(4003.0, abs=2.0)


def test_a_sharp_rate_is_kept_where_the_curve_bends():
    rates = (0.055, 0.052, 0.045, 0.038)
    parts = [
        made(4000.0 + days, rate, days, STRIKES)
        for rate, days in zip(rates, (90, 180, 360, 720), strict=True)
    ]
    parity = fit(joined(*parts))
    assert parity.rate == pytest.approx(rates, abs=0.0005)


def test_settlement_roots_of_one_date_have_forwards_of_their_own():
    chain = joined(
        made(4000.0, 0.05, 100, STRIKES, root="SPXW"), made(4010.0, 0.05, 100, STRIKES, root="XSP")
    )
    parity = fit(chain)
    assert dict(
        zip(parity.expiries.root.tolist(), parity.forward.round(3).tolist(), strict=True)
    ) == {
        "SPXW": 4000.0,
        "XSP": 4010.0,
    }


def test_a_few_strikes_give_a_forward_and_a_sane_rate():
    parity = fit(made(4000.0, 0.05, 5, [3975.0, 4000.0, 4025.0], spread=4.0, noise=0.3))
    assert parity.forward == pytest.approx([4000.0], abs=4.0)
    assert -0.05 < parity.rate[0] < 0.15


def test_no_forward_without_three_pairs_and_the_reason_is_told():
    parity = fit(made(4000.0, 0.05, 30, [3990.0, 4010.0]))
    assert np.isnan(parity.forward[0])
    assert np.isnan(parity.rate[0])
    assert parity.reason == ("2 strikes with usable call and put, 3 are needed",)


def test_one_pair_says_the_forward_where_other_expiries_say_the_rate():
    one = made(4000.0, 0.05, 30, [3990.0])
    parity = fit(joined(one, made(4010.0, 0.05, 60, STRIKES)))
    assert parity.reason == ("", "")
    assert parity.pairs[0] == 1
    assert parity.forward == pytest.approx([4000.0, 4010.0], abs=0.01)
    later = replace(made(4010.0, 0.05, 60, STRIKES), quoted=QUOTED + timedelta(days=1))
    apart = fit(joined(one, later))
    assert apart.reason == ("1 strikes with usable call and put, 3 are needed", "")


def test_an_expired_expiry_has_no_forward():
    chain = joined(made(4000.0, 0.05, -1, STRIKES), made(4000.0, 0.05, 60, STRIKES))
    parity = fit(chain)
    assert parity.reason == ("expired", "")
    assert np.isnan(parity.forward[0])
    assert parity.forward[1] == pytest.approx(4000.0)


def test_a_chain_without_any_usable_quote_has_no_forward():
    chain = made(4000.0, 0.05, 30, STRIKES)
    parity = fit(replace(chain, bid=np.zeros(len(chain))))
    assert np.isnan(parity.forward).all()
    assert parity.reason[0].startswith("0 strikes")


def test_quotes_that_have_nothing_to_do_with_parity_give_no_forward():
    chain = made(4000.0, 0.05, 60, STRIKES)
    mids = np.random.default_rng(5).uniform(1.0, 500.0, len(chain))
    parity = fit(replace(chain, bid=mids - 0.1, ask=mids + 0.1))
    assert parity.reason == ("calls and puts do not obey parity",)
    assert np.isnan(parity.forward[0])


def test_an_expiry_with_strikes_far_from_the_money_only_keeps_to_its_own_quotes():
    far = np.array([3300.0, 3310.0, 3320.0, 3330.0])
    chain = joined(made(4000.0, 0.05, 60, STRIKES), made(4050.0, 0.05, 200, far))
    parity = fit(chain)
    assert parity.forward == pytest.approx([4000.0, 4050.0], abs=0.01)


def single(chain, error, seed=7):
    """The same chain with last prices alone, each off by `error` of the spot."""
    last = 0.5 * (chain.bid + chain.ask)
    last = last + error * chain.spot * np.random.default_rng(seed).standard_normal(len(chain))
    last = np.maximum(last, 0.05)
    return replace(chain, bid=last, ask=last)


def test_single_prices_without_a_spread_give_a_forward_too():
    chain = single(made(4012.5, 0.05, 30, STRIKES), 1e-4)
    found = fit(chain)
    assert found.reason == ("",)
    assert found.forward == pytest.approx([4012.5], rel=3e-4)


def test_single_prices_that_are_far_off_parity_are_refused():
    found = fit(single(made(4012.5, 0.05, 30, STRIKES), 5e-3))
    assert found.reason == ("calls and puts do not obey parity",)


def test_an_expiry_of_single_prices_leaves_one_with_quotes_alone():
    quoted = made(4012.5, 0.05, 400, STRIKES, noise=0.3)
    alone, beside = fit(quoted), fit(joined(single(made(4012.5, 0.05, 30, STRIKES), 0.0), quoted))
    assert beside.pairs[1] == alone.pairs[0]
    assert beside.forward[1] == pytest.approx(alone.forward[0], rel=1e-6)


def test_american_calls_beside_european_puts_have_the_forward_of_their_pairs():
    chain = made(4012.5, 0.05, 30, STRIKES, root="ACME")
    exercise = np.where(chain.kind > 0, "american", "european")
    both = fit(replace(chain, exercise=exercise))
    assert both.expiries.american.tolist() == [True, False]
    assert both.reason == ("", "")
    assert both.forward == pytest.approx([4012.5] * 2, rel=1e-5)
    assert both.rate == pytest.approx(fit(replace(chain, exercise="european")).rate.repeat(2))
