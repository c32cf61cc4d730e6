"""Rows from curves, against numbers worked out by hand."""

import pytest

from quantforge.operations import SPLIT_FROM
from quantforge.plan import Row, shipped
from quantforge.profile.curves import UNJUDGED, Curve
from quantforge.profile.decision import (
    Candidate,
    Ties,
    candidates,
    decide,
    reason,
    slow_to_load,
    tied,
)

SIZES = (1, 4, 16, 64, 256, 1024, 4096)


def curve(seconds, threads=1, sizes=SIZES):
    return Curve(threads, sizes, tuple(float(seconds(n)) for n in sizes))


def test_candidates_come_with_fewer_threads_first_then_in_the_order_of_the_backends():
    one, two = curve(float), curve(float, threads=2)
    found = candidates({"b": (one, two), "a": (one, two), "unasked": (one,)}, ("b", "a"))
    assert [(each.backend, each.threads) for each in found] == [
        ("b", 1), ("a", 1), ("b", 2), ("a", 2),
    ]  # fmt: skip


def backends(dip):
    """Backends of the rows if `dipping`, else 20 % slower, takes `dip` around 256 options."""
    sizes = tuple(sorted({round(2 ** (step / 8)) for step in range(8, 97)}))
    steady = Candidate("steady", 1, Curve(1, sizes, (1.0,) * len(sizes)))
    seconds = tuple(dip if 215 < n < 305 else 1.2 for n in sizes)  # half an octave
    dipping = Candidate("dipping", 1, Curve(1, sizes, seconds))
    assert dipping.curve.model == "points"
    return [row.backend for row in decide([steady, dipping])]


def test_a_row_must_save_five_percent_of_an_octave_for_each_switch():
    # 1 / 0.92 - 1 = 9 % over half an octave is less than twice 5 %, 1 / 0.7 - 1 = 43 % is more.
    assert backends(0.92) == ["steady"]
    assert backends(0.7) == ["steady", "dipping", "steady"]


def test_a_curve_of_small_batches_is_not_believed_of_large_ones():
    # As far as it goes it takes a millisecond whatever the size; the other one takes two.
    small = Candidate("small", 1, Curve(1, (1, 4, 16, 64), (1e-3,) * 4))
    large = Candidate("large", 1, curve(lambda n: 2e-3))
    assert [tuple(row) for row in decide([small, large])] == [
        (0, "small", 1),
        (pytest.approx(256, rel=0.05), "large", 1),
    ]


def test_a_switch_lies_where_the_times_cross_not_where_the_margin_is_passed():
    # 1 + n / 1000 against 2: equal at 1000, 5 % apart at 1100.
    rising = Candidate("rising", 1, curve(lambda n: 1.0 + n / 1000))
    flat = Candidate("flat", 1, curve(lambda n: 2.0))
    assert [tuple(row) for row in decide([rising, flat])] == [
        (0, "rising", 1),
        (pytest.approx(1000, rel=0.05), "flat", 1),
    ]


def spread_out(spread, seconds, threads=1):
    """A curve whose times may be off by so much."""
    made = curve(seconds, threads)
    return Curve(threads, made.sizes, made.seconds, (float(spread),) * len(made.sizes))


def test_one_option_counts_as_much_as_all_batches_of_twice_its_size():
    # 10 % of one option is more than the 5 % of an octave that a row has to save.
    single = Candidate("single", 1, Curve(1, SIZES, (1.0, *[1.2] * 6)))
    many = Candidate("many", 1, Curve(1, SIZES, (1.1, *[1.0] * 6)))
    assert [row.backend for row in decide([many, single])] == ["single", "many"]


def test_what_lies_within_what_both_may_be_off_is_a_tie_and_the_order_decides():
    first = Candidate("first", 1, spread_out(0.1, lambda n: 1.19))
    second = Candidate("second", 1, spread_out(0.1, lambda n: 1.0))
    assert [row.backend for row in decide([first, second])] == ["first"]
    assert tied([first, second], 100) == [first, second]
    surely = Candidate("first", 1, spread_out(0.1, lambda n: 1.21))
    assert [row.backend for row in decide([surely, second])] == ["second"]
    assert tied([surely, second], 100) == [second]


def test_an_uncertain_time_does_not_excuse_a_third_one_that_is_surely_slower():
    # `slow` is 30 % slower than `sure`, whatever `doubtful` may be.
    slow = Candidate("slow", 1, curve(lambda n: 1.3))
    sure = Candidate("sure", 1, curve(lambda n: 1.0))
    doubtful = Candidate("sure", 2, spread_out(UNJUDGED, lambda n: 0.9, threads=2))
    assert [row.backend for row in decide([slow, sure, doubtful])] == ["sure"]


def test_a_tie_goes_to_the_backend_that_loads_fastest():
    compiled = Candidate("compiled", 1, curve(lambda n: 1.0))
    ready = Candidate("ready", 1, curve(lambda n: 1.04))
    slow = slow_to_load({"compiled": 1.5, "ready": 0.01, "other": 0.03})
    assert slow == {"compiled"}
    held = (Row(0, "compiled", 1),)
    assert [row.backend for row in decide([compiled, ready], Ties(held, slow))] == ["ready"]
    assert [row.backend for row in decide([compiled, ready], Ties(held))] == ["compiled"]


def test_a_tie_stays_with_what_was_chosen_before_and_so_does_its_place():
    # Equal within 5 % from 900 to 1100, where the times cross at 1000.
    rising = Candidate("rising", 1, curve(lambda n: 1.0 + n / 1000))
    flat = Candidate("flat", 1, curve(lambda n: 2.0))
    held = (Row(0, "rising", 1), Row(939, "flat", 1))
    assert decide([flat, rising], Ties(held)) == held
    same = [Candidate(name, 1, curve(lambda n: 1.0)) for name in ("a", "b")]
    held = (Row(0, "b", 1), Row(256, "a", 1), Row(2048, "b", 1))
    assert decide(same, Ties(held)) == held


def test_a_place_that_loses_is_not_kept():
    rising = Candidate("rising", 1, curve(lambda n: 1.0 + n / 1000))
    flat = Candidate("flat", 1, curve(lambda n: 2.0))
    held = (Row(0, "rising", 1), Row(128, "flat", 1))
    assert [tuple(row) for row in decide([flat, rising], Ties(held))] == [
        (0, "rising", 1),
        (pytest.approx(1000, rel=0.05), "flat", 1),
    ]


def test_threads_that_could_not_be_judged_are_used_where_they_were_before():
    sizes = tuple(4**power for power in range(11))
    alone = Candidate("one", 1, curve(lambda n: 1e-6 + 50e-9 * n, sizes=sizes))
    # Disturbed, two threads seem to take longer than one, whatever the size.
    seconds = tuple(1.1 * one for one in alone.curve.seconds)
    doubtful = Candidate("one", 2, Curve(2, sizes, seconds, (UNJUDGED,) * len(sizes)))
    for held in (shipped(["one"], 2, SPLIT_FROM), (Row(0, "one", 1), Row(8192, "one", 2))):
        assert decide([alone, doubtful], Ties(held)) == held
    # Shipped rows name another backend, which `alone` surely beats: its threads stay all the same.
    other = Candidate("other", 1, curve(lambda n: 1e-6 + 90e-9 * n, sizes=sizes))
    rows = decide([other, alone, doubtful], Ties(shipped(["other"], 2, SPLIT_FROM)))
    assert rows[-1] == (65_536, "one", 2)


def test_the_reason_names_ties_and_what_broke_them():
    fast, near = (Candidate(name, 1, curve(lambda n: 1.0)) for name in ("fast", "near"))
    slow = Candidate("slow", 1, curve(lambda n: 3.0))

    def why(ties, found=(fast, near, slow), backend="fast"):
        return reason(found, ties, Row(0, backend, 1), 10)

    assert why(Ties(), (fast, slow)) == "the fastest measured candidate at this size"
    assert why(Ties()) == "a tie with near (within 0%): it comes first in the fixed order"
    held = Ties((Row(0, "fast", 1),))
    assert why(held) == "a tie with near (within 0%): it was in force before"
    loads = Ties((), frozenset({"near"}))
    assert why(loads) == "a tie with near (within 0%): it loads faster"
    assert why(Ties(), (fast, slow), "slow").startswith("fast takes 67% less here")


def test_nobody_loads_a_slow_backend_for_batches_where_it_gains_nothing():
    compiled = Candidate("compiled", 1, curve(lambda n: 10.0 + 0.5 * n))
    ready = Candidate("ready", 1, curve(lambda n: 10.1 + 0.6 * n))
    # 0.1 + 0.1 n is 8 % of 10 + 0.5 n at n = 11.7.
    rows = decide([compiled, ready], Ties((), frozenset({"compiled"})))
    assert [row.backend for row in rows] == ["ready", "compiled"]
    assert rows[1].start == 12
    assert [row.backend for row in decide([compiled, ready])] == ["compiled"]


def test_beyond_everything_measured_the_last_sizes_count():
    first, second = (Candidate(name, 1, curve(lambda n: 1.0)) for name in ("first", "second"))
    assert tied([first, second], 10**9) == [first, second]
    said = reason([first, second], Ties(), Row(0, "first", 1), 10**9)
    assert said == f"at most {SIZES[-1]:,} options were measured: it serves those"


def test_beyond_what_little_time_allowed_to_measure_threads_stay_as_shipped():
    alone = Candidate("one", 1, curve(lambda n: 1e-6 + 50e-9 * n, sizes=SIZES[:5]))
    both = Candidate("one", 2, curve(lambda n: 200e-6 + 25e-9 * n, threads=2, sizes=SIZES[:5]))
    ties = Ties(shipped(["one"], 2, SPLIT_FROM))
    last = decide([alone, both], ties)[-1]
    assert last == (65_536, "one", 2)
    said = reason([alone, both], ties, last, 10**6)
    assert said == f"at most {SIZES[4]:,} options were measured: it was in force before"
