"""How blocks are timed: interleaved, and thrown away where somebody else had the processor."""

import random
from itertools import cycle

import pytest

from quantforge.profile.curves import UNJUDGED
from quantforge.tuning.measurement import Cell, measure


def cells_of(clock, *numbers, calls=None):
    """Cells that take so many microseconds a call and note when they were called."""

    def cell(place, micros):
        def call():
            if calls is not None:
                calls.append(place)
            clock.move(micros * 1e-6)

        return Cell(f"backend {place}", 1, 1, call, estimate=500e-6)

    return [cell(place, micros) for place, micros in enumerate(numbers)]


def run(cells, clock, rounds=5, deadline=1e9, seed=0):
    measure(cells, rounds, deadline, clock, random.Random(seed), lambda done: None)


def test_every_round_visits_every_candidate_once_in_another_order(machine):
    calls = []
    run(cells_of(machine.clock, 500, 500, 500, 500, calls=calls), machine.clock, rounds=6)
    # Each block is one timed call after one untimed: every second entry is a block.
    rounds = [tuple(calls[start : start + 8 : 2]) for start in range(0, len(calls), 8)]
    assert all(sorted(each) == [0, 1, 2, 3] for each in rounds)
    assert len(rounds) == 6
    assert len(set(rounds)) > 1


def test_a_block_holds_as_many_calls_as_half_a_millisecond_does(machine):
    made = []
    short = Cell("short", 1, 1, lambda: (made.append(1), machine.clock.move(1e-6)), estimate=1e-6)
    short.time(machine.clock)
    assert len(made) == 1 + 500
    assert short.seconds == pytest.approx(1e-6)


def test_the_least_time_counts(machine):
    micros = cycle([9, 5, 9, 3, 9, 4, 9, 8, 9, 7])  # untimed and timed calls take turns
    cell = Cell("one", 1, 1, lambda: machine.clock.move(next(micros) * 1e-6), estimate=1e-3)
    run([cell], machine.clock)
    assert cell.seconds == pytest.approx(3e-6)


def test_a_disturbed_block_is_thrown_away_and_repeated(machine):
    """Every other block loses its processor and, were it counted, would be the fastest."""
    blocks = iter(range(100))

    def call():
        disturbed = next(blocks) % 4 == 1
        machine.clock.move(1e-6 if disturbed else 2e-6, busy=0.5e-6 if disturbed else 2e-6)

    cell = Cell("one", 1, 1, call, estimate=1e-3)
    run([cell], machine.clock)
    assert cell.seconds == pytest.approx(2e-6)
    assert (len(cell.clean), len(cell.disturbed)) == (5, 5)
    assert not cell.noisy


def test_a_cell_that_never_stays_undisturbed_is_noisy_and_still_has_a_time(machine):
    cell = Cell("one", 1, 1, lambda: machine.clock.move(2e-6, busy=1e-6), estimate=1e-3)
    run([cell], machine.clock)
    assert cell.noisy
    assert cell.seconds == pytest.approx(2e-6)
    assert len(cell.disturbed) == 20  # four times as many rounds as were asked for, no more


def test_blocks_that_differ_are_repeated_until_the_best_three_agree(machine):
    micros = iter([9, 5.0, 9, 4.0, 9, 4.3, 9, 4.03, 9, 5.0, 9, 4.2, 9, 4.05, 9, 4.0, 9, 4.0])
    cell = Cell("one", 1, 1, lambda: machine.clock.move(next(micros) * 1e-6), estimate=1e-3)
    run([cell], machine.clock)
    assert len(cell.clean) == 7  # 4.0, 4.03 and 4.05 are within two percent


def test_after_the_deadline_no_round_begins_but_there_is_always_one(machine):
    (cell,) = cells_of(machine.clock, 500)
    run([cell], machine.clock, deadline=0.0)
    assert len(cell.clean) == 1


def test_a_time_may_be_off_by_how_far_the_best_three_blocks_lie_apart():
    one = Cell("one", 1, 1, lambda: None, estimate=1e-3)
    one.clean = [4.0, 5.0, 4.2, 4.1]
    assert one.spread == pytest.approx(0.05)
    one.clean = [1.0, 7.0, 8.0]
    assert one.spread == UNJUDGED  # whatever the number, it says no more than that


def test_few_blocks_leave_doubt_and_threads_unjudged():
    one, two = (Cell("one", threads, 1, lambda: None, estimate=1e-3) for threads in (1, 2))
    one.clean, two.clean = [4.0], [4.0]
    assert one.spread == pytest.approx(0.05)
    assert two.spread == UNJUDGED
    two.clean = [4.0, 4.0, 4.0]
    assert two.spread == 0.0


def test_threads_that_seldom_found_a_processor_each_are_unjudged():
    two = Cell("one", 2, 1, lambda: None, estimate=1e-3)
    two.clean, two.disturbed = [4.0] * 4, [5.0] * 10
    assert two.spread == UNJUDGED
    two.clean = [4.0] * 5
    assert two.spread == 0.0


@pytest.mark.parametrize(("waiting", "clean"), [(0.0, 1), (120e-6, 1), (200e-6, 0)])
def test_threads_that_waited_for_a_processor_longer_than_waking_takes_are_disturbed(
    machine, waiting, clean
):
    """Waking takes 100 µs, and 5 % of a millisecond is let pass."""

    def call():
        machine.clock.move(1e-3)
        machine.clock.seconds_waited += waiting

    two = Cell("one", 2, 1, call, estimate=1e-3)
    two.time(machine.clock)
    assert len(two.clean) == clean
