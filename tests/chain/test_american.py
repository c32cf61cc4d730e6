"""Rates, forwards and volatilities are found again in American chains that a tree has made."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import quantforge
from quantforge import Code
from quantforge.chain import ChainError, Dividends, Quotes, Reason, expiries, fit, price
from quantforge.plugins import State

BACKENDS = [
    one.name
    for one in quantforge.backends()
    if one.state is State.AVAILABLE and "american_implied_volatility" in one.operations
]
pytestmark = pytest.mark.skipif(not BACKENDS, reason="no backend inverts American prices")

QUOTED = datetime(2024, 1, 2, 21, 0, tzinfo=UTC)  # the close in New York
SPOT = 250.0
DAYS = (45, 80, 171, 353, 717)
SEED = 20240102
STRIKES = np.arange(175.0, 326.0, 5.0)
QUARTERS = tuple(0.15 + 0.25 * quarter for quarter in range(8))  # when dividends are paid
STEPS = 300


def true_rate(time):
    """The curve: 5.2 % at the start, falling towards 4.8 %."""
    return 0.048 + 0.004 * math.exp(-time)


def true_volatility(strike, time):
    """A skew that flattens with time."""
    return 0.28 - 0.08 * np.log(strike / SPOT) / math.sqrt(time + 0.1)


def tree(kind, strike, time, rate, sigma, *, carry=0.0, cash=(), american=True, spot=SPOT):
    """Prices in a binomial tree (Cox, Ross and Rubinstein 1979) of the spot less its dividends."""
    step = time / STEPS
    up = np.exp(sigma * math.sqrt(step))[:, None]
    share = (math.exp((rate - carry) * step) - 1.0 / up) / (up - 1.0 / up)
    paid = [(when, amount) for when, amount in cash if when <= time]

    def ahead(now):
        return sum(amount * math.exp(-rate * (when - now)) for when, amount in paid if when > now)

    def exercised(level):
        moves = 2.0 * np.arange(level + 1) - level
        value = (spot - ahead(0.0)) * up**moves + ahead(level * step)
        return np.maximum(kind[:, None] * (value - strike[:, None]), 0.0)

    worth = exercised(STEPS)
    for level in range(STEPS - 1, -1, -1):
        worth = share * worth[:, 1:] + (1.0 - share) * worth[:, :-1]
        worth *= math.exp(-rate * step)
        if american:
            worth = np.maximum(worth, exercised(level))
    return worth[:, 0]


def until(days):
    """The expiry, and the years until then: it is winter or summer in New York."""
    day = QUOTED.date() + timedelta(days=days)
    summer = any(
        start <= day < end
        for start, end in (
            (datetime(2024, 3, 10).date(), datetime(2024, 11, 3).date()),
            (datetime(2025, 3, 9).date(), datetime(2025, 11, 2).date()),
        )
    )
    return day, (days - summer / 24) / 365


def made(days, *, root="ACME", strikes=STRIKES, rate=None, **market):
    """A chain of one expiry, quoted to the cent; mids are off by a part of the spread."""
    day, time = until(days)
    strike = np.repeat(strikes, 2)
    kind = np.tile(np.array([1, -1], dtype=np.int8), len(strikes))
    sigma = true_volatility(strike, time)
    rate = true_rate(time) if rate is None else rate
    worth = tree(kind, strike, time, rate, sigma, **market)
    spread = np.maximum(0.04, 0.01 * worth)
    chance = np.random.default_rng((SEED, days))
    mid = worth + 0.1 * spread * chance.standard_normal(len(worth))
    return Quotes(
        name="made", source="made", quoted=QUOTED, spot=SPOT,
        symbol=np.array([f"{root}{row}" for row in range(len(strike))]),
        root=np.full(len(strike), root), expiry=np.full(len(strike), np.datetime64(day)),
        kind=kind, strike=strike, bid=np.round(np.maximum(mid - spread / 2, 0.0), 2),
        ask=np.round(mid + spread / 2, 2) + 0.01, vendor_iv=sigma,
    )  # fmt: skip


def joined(*chains):
    """Several expiries in one chain."""
    names = [name for name in Quotes.__slots__ if isinstance(getattr(chains[0], name), np.ndarray)]
    return replace(
        chains[0],
        **{name: np.concatenate([getattr(each, name) for each in chains]) for name in names},
    )


MARKETS = {
    "yield": {"carry": 0.02},
    "none": {},
    "cash": {"cash": [(when, 0.3) for when in QUARTERS]},
    "much cash": {"cash": [(when, 1.25) for when in QUARTERS]},
}


@pytest.fixture(scope="module")
def chains():
    return {name: joined(*(made(days, **how) for days in DAYS)) for name, how in MARKETS.items()}


@pytest.fixture(scope="module")
def priced(chains):
    return {name: price(chain) for name, chain in chains.items()}


def truth(name):
    """Rates and forwards of the expiries."""
    market = MARKETS[name]
    rates, forwards = [], []
    for days in DAYS:
        time = until(days)[1]
        rate = true_rate(time)
        cash = sum(
            amount * math.exp(-rate * when)
            for when, amount in market.get("cash", ())
            if when <= time
        )
        rates.append(rate)
        forwards.append((SPOT - cash) * math.exp((rate - market.get("carry", 0.0)) * time))
    return np.array(rates), np.array(forwards)


def test_the_tree_gives_black_and_scholes_prices_where_nothing_is_exercised_early():
    """Hull, Options, Futures, and Other Derivatives: S=42, K=40, r=10 %, 20 %, half a year."""
    kind, strike = np.array([1, -1]), np.array([40.0, 40.0])
    sigma = np.array([0.2, 0.2])
    found = tree(kind, strike, 0.5, 0.1, sigma, american=False, spot=42.0)
    assert found == pytest.approx([4.759, 0.808], abs=0.005)
    assert tree(kind, strike, 0.5, 0.1, sigma, spot=42.0)[0] == pytest.approx(4.759, abs=0.005)


@pytest.mark.parametrize(
    ("name", "rate", "basis_points"),
    [("yield", 0.003, 5), ("none", 0.003, 5), ("cash", 0.003, 12), ("much cash", 0.004, 40)],
)
def test_rates_and_forwards_are_those_the_quotes_were_made_with(priced, name, rate, basis_points):
    rates, forwards = truth(name)
    parity = priced[name].fit
    assert parity.reason == ("",) * len(DAYS)
    assert parity.american.all()
    assert parity.rate == pytest.approx(rates, abs=rate)
    assert parity.forward == pytest.approx(forwards, rel=basis_points * 1e-4)


@pytest.mark.parametrize("name", MARKETS)
def test_taken_as_european_the_same_quotes_give_rates_two_to_five_points_too_low(chains, name):
    rates, forwards = truth(name)
    chain = chains[name]
    parity = fit(chain, american_roots=())
    fitted = np.isfinite(parity.rate)
    assert ((rates - parity.rate)[fitted] > 0.02).all()
    assert parity.forward[-1] < 0.995 * forwards[-1]


def test_a_european_fit_below_zero_does_not_hide_the_premium():
    """At a rate below zero nothing would be exercised early, and parity would seem to hold."""
    chain = joined(*(made(days) for days in DAYS[:3]))
    european = fit(chain, american_roots=())
    assert (european.rate < 0.0).all()
    found = fit(chain)
    assert found.rate == pytest.approx([true_rate(0.0)] * 3, abs=0.01)
    assert found.forward == pytest.approx(truth("none")[1][:3], rel=5e-4)


def test_a_rate_below_zero_counts_as_none_and_every_option_has_a_price():
    """An American put has two exercise boundaries where carry < rate < 0, and no price."""
    one = price(joined(*(made(days, rate=-0.001, carry=-0.02) for days in DAYS)))
    assert (one.fit.rate >= 0.0).all()
    assert one.fit.rate == pytest.approx([0.0] * len(DAYS), abs=0.003)
    assert one.fit.carry == pytest.approx([-0.019] * len(DAYS), abs=0.003)
    assert (one.reason == Reason.PRICED).all()
    assert one.inside_share > 0.97


def test_the_carry_is_the_yield(priced):
    carry = priced["yield"].fit.carry
    assert carry == pytest.approx([0.02] * len(DAYS), abs=0.003)
    assert priced["none"].fit.carry == pytest.approx([0.0] * len(DAYS), abs=0.003)


def test_prices_are_those_of_a_tree_with_the_fitted_rate_and_carry(priced):
    for one in priced.values():
        chain, place = one.quotes, one.expiries.of_option
        assert (one.reason == Reason.PRICED).all()
        for which in range(len(DAYS)):
            rows = np.flatnonzero(place == which)[::5]
            expected = tree(
                chain.kind[rows], chain.strike[rows], float(one.expiries.time[which]),
                float(one.fit.rate[which]), chain.vendor_iv[rows],
                carry=float(one.fit.carry[which]),
            )  # fmt: skip
            assert one.price[rows] == pytest.approx(expected, abs=0.06)


def test_prices_lie_inside_the_quotes_that_the_market_made(chains, priced):
    assert priced["yield"].inside_share > 0.97
    assert priced["none"].inside_share > 0.97
    assert priced["cash"].inside_share > 0.9
    assert price(chains["yield"], american_roots=()).inside_share < 0.6


@pytest.mark.parametrize(("name", "most"), [("yield", 0.002), ("none", 0.002), ("cash", 0.003)])
def test_volatilities_are_those_the_quotes_were_made_with(priced, name, most):
    implied = priced[name].implied
    assert implied.liquid.sum() > 100
    assert implied.solved[implied.liquid].all()
    off = np.abs(implied.difference["volatility"][implied.liquid])
    assert np.median(off) < 0.0005
    assert np.percentile(off, 95) < most


def test_greeks_are_by_the_spot(priced):
    """Delta as a difference of prices in the tree, over a step that its nodes do not show."""
    one = priced["yield"]
    rows = np.flatnonzero(one.implied.liquid & (one.expiries.of_option == 3))[::4]
    time, rate, carry = (
        float(values[3]) for values in (one.expiries.time, one.fit.rate, one.fit.carry)
    )
    low, high = (
        tree(
            one.quotes.kind[rows], one.quotes.strike[rows], time, rate, one.implied.mid[rows],
            carry=carry, spot=SPOT * bump,
        )
        for bump in (0.97, 1.03)
    )  # fmt: skip
    assert one.implied.greeks["delta"][rows] == pytest.approx(
        (high - low) / (0.06 * SPOT), abs=0.01
    )


def test_an_option_at_its_intrinsic_value_has_a_status_and_no_part_in_the_fit(chains):
    chain = chains["yield"]
    deep = (chain.kind < 0) & (chain.strike >= 310.0)
    worth = np.where(deep, chain.strike - SPOT, 0.5 * (chain.bid + chain.ask))
    again = replace(
        chain,
        bid=np.where(deep, worth - 0.5, chain.bid),
        ask=np.where(deep, worth + 0.5, chain.ask),
    )
    one = price(again)
    assert (one.implied.code[deep] == Code.AT_INTRINSIC).all()
    assert one.fit.rate == pytest.approx(truth("yield")[0], abs=0.003)


def test_an_expiry_whose_puts_are_all_exercised_has_no_forward_and_the_reason_is_told(chains):
    later = joined(*(made(days, carry=0.02) for days in DAYS[1:]))
    strikes = np.arange(300.0, 331.0, 5.0)
    first = made(DAYS[0], strikes=strikes, carry=0.02)
    worth = np.where(first.kind < 0, first.strike - SPOT, 0.2)
    first = replace(first, bid=worth - 0.1, ask=worth + 0.1)
    one = price(joined(first, later))
    assert one.fit.reason[0] == "0 strikes whose call and put have a volatility, 1 is needed"
    assert one.fit.reason[1:] == ("",) * 4
    assert np.isnan([one.fit.forward[0], one.fit.rate[0], one.fit.carry[0]]).all()
    assert one.fit.american.all()
    assert (one.reason[one.expiries.of_option == 0] == Reason.NO_FORWARD).all()
    assert one.fit.rate[1:] == pytest.approx(truth("yield")[0][1:], abs=0.003)


def test_two_strikes_are_too_few_unless_other_expiries_tell_the_rate():
    few = made(DAYS[0], strikes=np.array([245.0, 255.0]), carry=0.02)
    alone = fit(few)
    assert alone.reason == ("2 strikes with usable call and put, 3 are needed",)
    assert np.isnan(alone.carry[0])
    found = fit(joined(few, *(made(days, carry=0.02) for days in DAYS[1:])))
    assert found.reason[0] == ""
    assert found.forward[0] == pytest.approx(truth("yield")[1][0], rel=5e-4)


def test_missing_quotes_and_volatilities_leave_their_neighbours_alone(chains):
    chain = chains["yield"]
    gone = np.arange(len(chain)) % 14 == 4
    bid = np.where(gone, np.nan, chain.bid)
    sigma = np.where(np.arange(len(chain)) % 14 == 6, np.nan, chain.vendor_iv)
    one = price(replace(chain, bid=bid, vendor_iv=sigma))
    assert one.fit.rate == pytest.approx(truth("yield")[0], abs=0.003)
    assert (one.reason[gone] == Reason.NO_QUOTE).all()
    assert (one.implied.code[gone] == Code.NOT_FINITE).all()
    assert np.isnan(one.price[np.isnan(sigma)]).all()
    np.testing.assert_array_equal(np.isnan(one.price), one.reason != Reason.PRICED)


def test_a_volatility_that_no_market_has_is_a_reason_for_no_price(chains):
    chain = chains["yield"]
    sigma = chain.vendor_iv.copy()
    sigma[30] = 1e-6
    one = price(replace(chain, vendor_iv=sigma))
    assert one.reason[30] == Reason.REFUSED
    assert Reason.REFUSED.words == "outside the domain of American prices"
    assert np.count_nonzero(np.isnan(one.price)) == 1


@pytest.mark.parametrize("spot", [math.nan, 0.0, math.inf])
def test_without_a_spot_american_options_are_taken_as_european_and_a_remark_says_so(chains, spot):
    chain = replace(chains["yield"], spot=spot)
    found, european = price(chain), price(chain, american_roots=())
    assert found.remarks == ["no value of the underlying: ACME taken as European"]
    assert european.remarks == []
    assert found.american_roots == []
    np.testing.assert_array_equal(found.fit.rate, european.fit.rate)
    np.testing.assert_array_equal(found.price, european.price)
    np.testing.assert_array_equal(found.implied.mid, european.implied.mid)
    assert np.isnan(found.fit.carry).all()


def test_a_european_root_beside_an_american_one_keeps_its_results_to_the_bit(chains):
    index = joined(*(made(days, root="SPX", carry=0.02, american=False) for days in DAYS))
    mixed = joined(index, chains["yield"])
    found, before = price(mixed), price(mixed, american_roots=())
    assert found.american_roots == ["ACME"]
    rows = mixed.root == "SPX"
    for name, values in found.columns().items():
        np.testing.assert_array_equal(values[rows], before.columns()[name][rows], err_msg=name)
    american = found.expiries.root == "ACME"
    assert found.fit.american.tolist() == american.tolist()
    assert found.fit.rate[american] == pytest.approx(truth("yield")[0], abs=0.003)


@pytest.mark.parametrize(
    ("asked", "american"),
    [
        (None, {"ACME", "OEX", "SPY"}),
        ((), set()),
        ({"SPX", "ACME"}, {"SPX", "ACME"}),
    ],
)
def test_all_roots_but_those_of_european_index_options_are_american_unless_named(asked, american):
    roots = ("ACME", "OEX", "SPY", "SPX", "SPXW", "XSP", "NDX", "RUTW", "VIX", "VIXW", "XEO")
    few = STRIKES[::10]
    chain = joined(*(made(45, root=root, strikes=few) for root in roots))
    found = expiries(chain, american_roots=asked)
    assert set(found.root[found.american].tolist()) == american


def test_the_forward_is_that_of_spot_rate_and_carry(priced):
    for one in priced.values():
        growth = np.exp((one.fit.rate - one.fit.carry) * one.expiries.time)
        assert one.fit.forward == pytest.approx(SPOT * growth, rel=1e-12)


# --- cash dividends ----------------------------------------------------------------------------


def paid(first, amount, *, root=None):
    """Quarterly dividends from a day on, and when each is paid in years: 9:30 in New York."""
    days = [first + 91 * quarter for quarter in range(9)]
    dates = [QUOTED.date() + timedelta(days=day) for day in days]
    table = Dividends(
        source="dividends.csv",
        date=np.array(dates, dtype="datetime64[D]"),
        amount=np.full(len(days), amount),
        root=None if root is None else np.full(len(days), root),
    )
    summer = [until(day)[1] for day in days]  # to the close; the open is six and a half hours less
    return table, [(time - 6.5 / 24 / 365, amount) for time in summer]


@pytest.fixture(scope="module")
def with_cash():
    """A chain of an underlying that goes ex shortly before most expiries, and the dividends."""
    table, cash = paid(77, 2.5)
    return joined(*(made(days, cash=cash) for days in DAYS)), table, cash


def forwards_of(cash, spot=SPOT):
    found = []
    for days in DAYS:
        time = until(days)[1]
        rate = true_rate(time)
        worth = sum(amount * math.exp(-rate * when) for when, amount in cash if when <= time)
        found.append((spot - worth) * math.exp(rate * time))
    return np.array(found)


def test_dividends_on_their_dates_give_forwards_that_a_constant_carry_misses(with_cash):
    chain, table, cash = with_cash
    expected = forwards_of(cash)
    found, without = fit(chain, dividends=table), fit(chain)
    off, before = (np.abs(each.forward / expected - 1.0) for each in (found, without))
    assert (off[:4] < 0.001).all()
    assert (before[1:4] > 0.003).all()
    assert (off[1:] < 0.7 * before[1:]).all()
    assert found.rate == pytest.approx([true_rate(until(days)[1]) for days in DAYS], abs=0.015)
    assert found.carry[1:] == pytest.approx([0.0] * 4, abs=0.015)
    assert found.expiries.cash.tolist() == [0.0, 2.5, 5.0, 10.0, 20.0]


def test_prices_volatilities_and_greeks_are_those_of_the_same_dividends(with_cash):
    chain, table, cash = with_cash
    one = price(chain, dividends=table)
    assert (one.reason == Reason.PRICED).all()
    rows = np.flatnonzero((one.expiries.of_option == 2) & one.implied.liquid)[::3]
    known = {
        "spot": SPOT, "strike": chain.strike[rows], "time": float(one.expiries.time[2]),
        "rate": float(one.fit.rate[2]), "dividend": float(one.fit.carry[2]),
        "kind": chain.kind[rows], "exercise": "american",
    }  # fmt: skip
    expected = quantforge.price(**known, sigma=chain.vendor_iv[rows], dividends=cash)
    assert one.price[rows] == pytest.approx(expected, rel=1e-9)
    sigma = one.implied.mid[rows]
    mid = 0.5 * (chain.bid + chain.ask)[rows]
    again = quantforge.price(**known, sigma=sigma, dividends=cash)
    assert again == pytest.approx(mid, rel=1e-6)
    greeks = one.implied.greeks
    for name, argument, step in (("delta", "spot", 0.05), ("vega", "sigma", 1e-3)):
        given = known | {"sigma": sigma}
        up, down = (
            quantforge.price(**given | {argument: given[argument] + side * step}, dividends=cash)
            for side in (1.0, -1.0)
        )
        assert greeks[name][rows] == pytest.approx((up - down) / (2.0 * step), rel=5e-3, abs=2e-3)
    day = 1.0 / 365.0
    later = quantforge.price(
        **known | {"sigma": sigma, "time": known["time"] - day},
        dividends=[(when - day, amount) for when, amount in cash],
    )
    assert greeks["theta"][rows] == pytest.approx((later - mid) / day, rel=0.02, abs=0.05)
    assert (greeks["gamma"][rows] > 0.0).all()


def test_a_european_root_beside_dividends_keeps_its_results_to_the_bit(with_cash):
    _, table, _ = with_cash
    index = joined(*(made(days, root="SPX", carry=0.02, american=False) for days in DAYS[:3]))
    found, before = price(index, dividends=table), price(index)
    for name, values in found.columns().items():
        np.testing.assert_array_equal(values, before.columns()[name], err_msg=name)


def test_without_pairs_spot_and_rate_give_a_forward_less_the_dividends(with_cash):
    chain, table, cash = with_cash
    puts = replace(chain, bid=np.where(chain.kind < 0, chain.bid, np.nan), rate=0.05)
    found = fit(puts, dividends=table)
    assert set(found.source) == {"spot and rate"}
    expected = [
        (SPOT - sum(a * math.exp(-0.05 * t) for t, a in cash if t <= time)) * math.exp(0.05 * time)
        for time in found.expiries.time.tolist()
    ]
    assert found.forward == pytest.approx(expected, rel=1e-7)
    assert found.carry == pytest.approx([0.0] * 5, abs=1e-9)


def test_dividends_go_to_the_root_that_they_name(with_cash):
    chain, _, cash = with_cash
    table, _ = paid(77, 2.5, root="ACME")
    other = replace(chain, root="ZETA")
    both = price(joined(chain, other), dividends=table)
    expected, zeta = forwards_of(cash), both.expiries.root == "ZETA"
    off = [np.abs(both.fit.forward[rows] / expected - 1.0)[1:4] for rows in (~zeta, zeta)]
    assert (off[0] < 0.001).all()
    assert (off[1] > 0.003).all()  # as without a table
    assert not both.expiries.cash[zeta].any()
    assert both.remarks[0] == (
        "dividends of dividends.csv between the quotes and the last expiry: ACME 8, 20 in all; "
        "none of ZETA"
    )


def test_a_table_that_helps_nobody_says_so(with_cash):
    chain, _, _ = with_cash
    past, _ = paid(-1000, 2.5)
    found = price(chain, dividends=past)
    assert found.remarks[0] == (
        "no dividend of dividends.csv is paid between the quotes and the last expiry"
    )
    np.testing.assert_array_equal(found.price, price(chain).price)


def test_dividends_without_a_root_are_refused_where_they_may_be_anybody_s(with_cash):
    chain, table, _ = with_cash
    with pytest.raises(ChainError, match=r"ACME, ZETA: a column root has to say whose"):
        fit(joined(chain, replace(chain, root="ZETA")), dividends=table)


def test_dividends_worth_more_than_the_spot_leave_their_expiry_without_a_forward(with_cash):
    chain, _, _ = with_cash
    table, _ = paid(77, 300.0)
    found = price(chain, dividends=table)
    place = found.expiries.of_option
    assert np.isfinite(found.fit.forward[0])
    assert (found.reason[place == 0] == Reason.PRICED).all()
    assert np.isnan(found.price[place > 0]).all()
