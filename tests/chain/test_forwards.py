"""Forwards and rates of arrays of calls and puts: lines in the strike that are written out here."""

from math import exp, log

import numpy as np
import pytest

from quantforge.chain import parity_forward

STRIKES = np.array([85.0, 90.0, 95.0, 100.0, 105.0, 110.0, 115.0])
PUTS = np.array([1.5, 2.6, 4.2, 6.3, 9.0, 12.3, 16.0])


def calls(forward, discount, strikes=STRIKES, puts=PUTS):
    """What calls cost where puts cost this: puts + discount (forward - strike)."""
    return puts + discount * (forward - strikes)


def test_a_line_gives_its_root_and_its_slope():
    # 0.98 (101 - K) is 15.68, 10.78, 5.88, 0.98, -3.92, -8.82, -13.72
    call = [17.18, 13.38, 10.08, 7.28, 5.08, 3.48, 2.28]
    found = parity_forward(STRIKES, call, PUTS, 1.0)
    assert found.forward == pytest.approx(101.0, abs=1e-9)
    assert found.rate == pytest.approx(0.0202027073, abs=1e-7)  # -ln 0.98
    assert found.reason == ""
    assert isinstance(found.forward, float)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e5])
def test_the_size_of_the_underlying_does_not_matter(size):
    found = parity_forward(size * STRIKES, size * calls(101.0, 0.98), size * PUTS, 1.0)
    assert found.forward == pytest.approx(101.0 * size, rel=1e-11)
    assert found.rate == pytest.approx(-log(0.98), abs=1e-7)


def test_axes_before_the_strikes_are_expiries():
    forward, rate, time = [99.0, 100.0, 103.0], [0.05, 0.04, 0.03], [0.25, 1.0, 2.0]
    discount = np.exp(-np.multiply(rate, time))
    call = [calls(*each) for each in zip(forward, discount, strict=True)]
    found = parity_forward(STRIKES, call, PUTS, time)
    assert found.forward == pytest.approx(forward, abs=1e-6)
    assert found.rate == pytest.approx(rate, abs=1e-6)
    assert found.reason.tolist() == ["", "", ""]
    one = parity_forward(STRIKES, call[1], PUTS, [[0.5], [1.0]], [0.04, 0.08])
    assert one.forward.shape == (2, 2)
    assert (one.rate == [[0.04, 0.08]] * 2).all()


def test_one_pair_is_enough_where_the_rate_is_given():
    found = parity_forward([100.0], [5.0], [4.0], 0.5, 0.03)
    assert found.forward == pytest.approx(100.0 + exp(0.015), abs=1e-12)
    assert found.rate == 0.03
    none = parity_forward([100.0], [5.0], [4.0], 0.5)
    assert np.isnan(none.forward)
    assert "1 strikes with usable call and put, 3 are needed" in none.reason


def test_a_stale_price_and_a_missing_one_have_no_weight():
    call = calls(101.0, 0.98)
    call[1] += 4.0
    call[5] = np.nan
    for more in ({}, {"spread": 0.1}):
        found = parity_forward(STRIKES, call, PUTS, 1.0, **more)
        assert found.forward == pytest.approx(101.0, abs=0.01), more
        assert found.rate == pytest.approx(-log(0.98), abs=2e-3), more


def test_prices_without_a_spread_are_judged_by_each_other():
    call = calls(101.0, 0.98) + np.array([0.03, -0.05, 0.04, -0.03, 0.05, -0.04, 0.02])
    noisy = parity_forward(STRIKES, call, PUTS, 1.0)
    assert noisy.forward == pytest.approx(101.0, abs=0.1)
    # with a spread of a cent they are several spreads off
    sure = parity_forward(STRIKES, call, PUTS, 1.0, spread=0.01)
    assert np.isnan(sure.forward)
    assert sure.reason == "calls and puts do not obey parity"


def test_calls_and_puts_that_are_exchanged_have_no_forward():
    found = parity_forward(STRIKES, PUTS, calls(101.0, 0.98), 1.0)
    assert np.isnan(found.forward)
    assert np.isnan(found.rate)
    assert found.reason == "calls and puts do not obey parity"


@pytest.mark.parametrize("forward", [-0.004, 0.0, 0.003, -37.0])
def test_forwards_of_absolute_models_may_be_small_or_negative(forward):
    size = max(abs(forward), 0.01)
    strikes = forward + size * np.linspace(-0.9, 1.1, 9)
    puts = size * np.linspace(0.1, 1.3, 9)
    call = calls(forward, 0.95, strikes, puts)
    found = parity_forward(strikes, call, puts, 2.0, absolute=True)
    assert found.forward == pytest.approx(forward, abs=1e-9 * size)
    assert found.rate == pytest.approx(-log(0.95) / 2, abs=1e-6)
    with_sign = parity_forward(strikes, call, puts, 2.0)
    assert not np.isfinite(with_sign.forward) or forward > 0


def test_an_expiry_that_is_over_has_no_forward():
    found = parity_forward(STRIKES, calls(101.0, 1.0), PUTS, [0.0, 1.0])
    assert found.reason.tolist() == ["expired", ""]
    assert np.isnan(found.forward[0])


def test_a_strike_without_an_axis_is_refused():
    with pytest.raises(ValueError, match="an array over the strikes"):
        parity_forward(100.0, 5.0, 4.0, 0.5)
