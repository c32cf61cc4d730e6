"""What `auto` loses against the best candidate, for backends whose speed is known."""

import pytest

from quantforge.tuning.verification import verify


def verified(machine):
    return verify(1.0, clock=machine.clock, seed=1)


def test_a_right_table_has_no_regret_where_the_shipped_one_has(flipping):
    flipping.tune()
    found = verified(flipping)
    assert {one.operation for one in found} == {"price"}
    assert max(one.auto.most for one in found) < 0.01
    # The shipped table names `early` for all: 10 µs + 100 ns n where 50 µs + 50 ns n is better.
    last = found[-1]
    expected = (10e-6 + 100e-9 * last.n) / (50e-6 + 50e-9 * last.n) - 1.0
    assert last.shipped.median == pytest.approx(expected, rel=0.01)
    assert last.best == ("late", 1)


def test_a_profile_that_no_longer_holds_is_found_out(flipping):
    flipping.tune()
    early = flipping.speed("early", fixed=10e-6, each=10e-9)  # became faster, nobody said so
    flipping.install(early, flipping.speed("late", fixed=50e-6, each=50e-9))
    last = verified(flipping)[-1]
    assert tuple(last.chosen)[1:] == ("late", 1)
    assert last.best == ("early", 1)
    assert last.auto.median > 1.0


def test_sizes_and_data_are_fresh_each_time(flipping):
    flipping.tune()
    sizes = [{one.n for one in verify(1.0, clock=flipping.clock)} for _ in range(2)]
    assert sizes[0] != sizes[1]
