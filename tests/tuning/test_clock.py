"""What a block of calls took, and whether somebody else had the processor meanwhile."""

from quantforge.tuning.clock import Clock, time_block


def block(clock, call, threads):
    return time_block(clock, call, 1, threads)


def test_a_throttled_block_is_not_clean(machine):
    def call():
        machine.clock.move(1e-3)
        machine.clock.times_throttled += 1

    assert not block(machine.clock, call, threads=1).clean


def test_with_threads_waiting_is_no_disturbance_but_a_lost_processor_is(machine):
    def wait():
        machine.clock.move(1e-3, busy=0.5e-3)

    def lose():
        wait()
        machine.clock.times_preempted += 1

    assert block(machine.clock, wait, threads=2).clean
    assert not block(machine.clock, wait, threads=1).clean
    assert not block(machine.clock, lose, threads=2).clean


def test_the_clock_of_the_machine_runs():
    clock = Clock()
    wall, cpu = clock.wall(), clock.cpu()
    sum(range(100_000))
    assert clock.wall() > wall
    assert clock.cpu() > cpu
    assert clock.throttled() >= 0
    assert clock.preempted() >= 0
