"""What tuning decides about backends whose speed is known."""

import pytest

import quantforge
from quantforge.errors import QuantForgeError


def near(expected):
    return pytest.approx(expected, rel=0.05)  # the grid has 16 batch sizes per octave


def test_the_tuner_finds_where_the_order_of_two_backends_flips(flipping):
    flipping.tune()
    assert flipping.rows() == [(0, "early", 1), (near(800), "late", 1)]


def test_it_finds_from_where_on_a_second_thread_pays(machine):
    # 50 ns n = 25 ns n + 200 µs at n = 8000.
    machine.threads(2)
    machine.install(machine.speed("one", each=50e-9))
    machine.tune()
    assert machine.rows() == [(0, "one", 1), (near(8000), "one", 2)]


def test_beside_a_busy_process_threads_are_not_given_up(machine):
    """Whoever measures two threads on one free processor measures the other process."""
    machine.threads(2)
    machine.shared = True
    machine.install(machine.speed("one", each=50e-9))
    machine.tune()
    assert machine.rows() == [(0, "one", 1), (65_536, "one", 2)]  # as shipped


def test_it_finds_flip_and_threads_together(flipping):
    # 50 ns n = 25 ns n + 200 µs at n = 8000, where `early` is far behind.
    flipping.threads(2)
    flipping.tune()
    assert flipping.rows() == [
        (0, "early", 1),
        (near(800), "late", 1),
        (near(8000), "late", 2),
    ]


def test_every_backend_gets_a_threshold_of_its_own(flipping):
    # Where a call names its backend: 100 ns n = 50 ns n + 200 µs at n = 4000.
    flipping.threads(2)
    flipping.tune()
    assert flipping.rows("early") == [(0, "early", 1), (near(4000), "early", 2)]
    assert flipping.rows("late") == [(0, "late", 1), (near(8000), "late", 2)]


def test_every_operation_gets_a_threshold_of_its_own(machine):
    # 50 ns factor n = 25 ns factor n + 200 µs at n = 8000 / factor.
    machine.threads(2)
    slower = {"price": 1.0, "greeks": 2.0, "implied_volatility": 8.0, "bachelier_price": 0.5}
    machine.install(machine.speed("one", fixed=0.0, each=50e-9, slower=slower))
    tuned = machine.tune()
    assert set(tuned.section.backends["one"].operations) == set(slower)
    for operation, factor in slower.items():
        rows = machine.rows(operation=operation)
        assert rows == [(0, "one", 1), (near(8000 / factor), "one", 2)], operation


def test_a_backend_is_measured_in_what_it_implements_alone(machine):
    machine.install(
        machine.speed("whole", slower={"price": 1.0, "greeks": 2.0}),
        machine.speed("fast", fixed=1e-6, each=1e-9),
    )
    machine.tune()
    assert machine.rows() == [(0, "fast", 1)]
    assert machine.rows(operation="greeks") == [(0, "whole", 1)]


def test_points_are_added_around_every_threshold(flipping):
    """Where `auto` switches, and where a call that names its backend does."""
    flipping.threads(2)
    backends = flipping.tune().section.backends
    sizes = {
        name: {curve.threads: curve.sizes for curve in record.operations["price"].by_threads}
        for name, record in backends.items()
    }

    def is_close_to(n, backend, threads):
        found = set(sizes[backend][threads]) - {4**power for power in range(11)}  # the grid
        return any(0.7 * n < size < 1.4 * n for size in found)

    assert is_close_to(800, "early", 1)
    assert is_close_to(800, "late", 1)
    for threads in (1, 2):
        assert is_close_to(4000, "early", threads)
        assert is_close_to(8000, "late", threads)


def test_a_flip_that_no_line_shows_is_closed_in_upon(machine):
    # `late` takes a millisecond up to 600 options: the grid has seen 256 and 1024 only.
    machine.install(
        machine.speed("early", fixed=10e-6, each=100e-9),
        machine.speed("late", seconds=lambda n: 1e-3 if n < 600 else 20e-6 + 20e-9 * n),
    )
    machine.tune(rigor="measure")
    (_, *first), (start, *second) = machine.rows()
    assert (first, second) == (["early", 1], ["late", 1])
    assert start == pytest.approx(600, rel=0.15)


def test_more_than_two_threads_are_tried_in_powers_of_two_and_as_many_as_there_are(machine):
    machine.threads(6)
    machine.install(machine.speed("one"))
    tuned = machine.tune()
    curves = tuned.section.backends["one"].operations["price"].by_threads
    assert [curve.threads for curve in curves] == [1, 2, 4, 6]


def test_a_challenger_that_wins_by_less_than_five_percent_does_not_win(machine):
    machine.install(
        machine.speed("first", fixed=10.4e-6, each=104e-9, preference=1),
        machine.speed("second", fixed=10e-6, each=100e-9, preference=2),
    )
    machine.tune()
    assert machine.rows() == [(0, "first", 1)]


def test_a_challenger_that_wins_by_more_than_five_percent_wins(machine):
    machine.install(
        machine.speed("first", fixed=10.8e-6, each=108e-9, preference=1),
        machine.speed("second", fixed=10e-6, each=100e-9, preference=2),
    )
    machine.tune()
    assert machine.rows() == [(0, "second", 1)]


@pytest.mark.parametrize("seed", range(5))
def test_two_runs_on_a_restless_machine_choose_the_same(machine, seed):
    machine.threads(2)
    machine.install(
        machine.speed("early", fixed=10e-6, each=100e-9, noise=0.2),
        machine.speed("twin", fixed=9.9e-6, each=99e-9, noise=0.2, preference=60),
        machine.speed("late", fixed=50e-6, each=50e-9, noise=0.2),
    )
    machine.tune(seed=seed)
    rows = machine.rows()
    assert [row[1:] for row in rows] == [("early", 1), ("late", 1), ("late", 2)]
    assert rows[1][0] == pytest.approx(800, rel=0.15)


def test_a_debug_build_is_not_measured_and_that_is_said(flipping):
    slow, debug = flipping.speed("slow"), flipping.speed("debug", each=1e-12, build="debug")
    flipping.install(slow, debug)
    tuned = flipping.tune()
    assert flipping.rows() == [(0, "slow", 1)]
    assert "debug build" in tuned.section.backends["debug"].left_out
    assert debug.sizes == []


def test_a_backend_that_does_not_load_is_left_out_and_that_is_said(machine):
    machine.install(machine.speed("good"), machine.speed("bad", broken="no such library"))
    tuned = machine.tune()
    assert "no such library" in tuned.section.backends["bad"].left_out
    assert machine.rows() == [(0, "good", 1)]


def test_without_any_backend_to_measure_tuning_fails_with_the_reasons(machine):
    machine.install(machine.speed("bad", broken="no such library"))
    with pytest.raises(QuantForgeError, match="no such library"):
        machine.tune()


def test_explain_tells_the_profile_and_what_each_candidate_would_cost(flipping):
    flipping.tune()
    decision = quantforge.explain("price", 10_000)
    assert (decision.backend, decision.threads) == ("late", 1)
    assert decision.profile == str(flipping.profile)
    assert decision.age == "just now"
    # 10 µs + 100 ns n and 50 µs + 50 ns n
    assert "1,010.00 us" in decision.candidates["early"]
    assert "550.00 us" in decision.candidates["late"]


def test_compiling_takes_nothing_from_measuring(machine):
    late = machine.speed("late")
    load = late.load_kernels

    def compile_for_half_a_minute():
        machine.clock.move(30.0)
        return load()

    late.load_kernels = compile_for_half_a_minute
    machine.install(late)
    tuned = machine.tune()
    assert tuned.loading == pytest.approx(30.0, abs=1.0)
    calls = len(late.sizes)
    machine.tune()  # compiled already
    assert calls == pytest.approx(len(late.sizes) - calls, rel=0.05)


def test_the_quick_level_takes_less_than_fifteen_seconds(flipping):
    flipping.threads(8)
    assert flipping.tune().seconds < 15.0


def test_a_budget_ends_tuning_early_and_still_chooses_well(flipping):
    full = flipping.tune().seconds
    flipping.clock.now = 0.0
    assert flipping.tune(seconds=full / 5).seconds < full / 2
    assert flipping.rows() == [(0, "early", 1), (near(800), "late", 1)]


def test_no_call_is_longer_than_the_rigor_allows_unless_a_single_option_is(machine):
    slow = machine.speed("slow", fixed=0.0, each=1e-3)  # one option per millisecond
    machine.install(slow)
    machine.tune()
    assert max(slow.sizes) <= 16  # 12 ms are allowed: 4 ms were, 16 ms were tried and refused
