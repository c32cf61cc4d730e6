"""Kernels run on several threads at once, let Python go on meanwhile, and survive a fork."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from quantforge.testing import forced_threads
from quantforge_conformance import isolated, operands
from quantforge_conformance.checks import expect_none, unlike


@pytest.mark.parametrize("threads", [1, 2, pytest.param(1_000, id="all there are")])
@pytest.mark.parametrize("count", [1, 7, 1_000, 100_003])
def test_the_number_of_threads_changes_no_result(kernel, threads, count):
    batch = operands.mixed(kernel, count)
    with forced_threads():
        results = kernel.public(batch, threads=threads)
    expect_none(unlike(kernel, results, kernel(*batch), batch))


def test_calls_from_several_threads_do_not_disturb_each_other(kernel):
    batches = [operands.mixed(kernel, 3_000 + seed, seed) for seed in range(4)]
    expected = [kernel(*batch) for batch in batches]
    together = threading.Barrier(len(batches))

    def wrong(batch, right):
        together.wait()
        return [line for _ in range(50) for line in unlike(kernel, kernel(*batch), right, batch)]

    with ThreadPoolExecutor(len(batches)) as pool:
        assert list(pool.map(wrong, batches, expected)) == [[]] * len(batches)


def longest_pause_during(call):
    """Run `call` while another Python thread counts; return its longest pause and the time taken.

    A thread without the GIL cannot count, so a call that holds it makes a pause as long as itself,
    whatever else the machine does. One that releases it makes pauses of a scheduler's length.
    """
    counting, done = threading.Event(), threading.Event()
    longest = 0.0

    def count():
        nonlocal longest
        last = time.perf_counter()
        counting.set()
        while not done.is_set():
            now = time.perf_counter()
            longest = max(longest, now - last)
            last = now
            time.sleep(0)  # or a call of many pieces waits 5 ms for the GIL after each

    counter = threading.Thread(target=count)
    counter.start()
    counting.wait()
    began = time.perf_counter()
    call()
    taken = time.perf_counter() - began
    done.set()
    counter.join()
    return longest, taken


def test_other_python_threads_run_during_a_large_batch(kernel):
    count = batch_that_takes(kernel, seconds=0.1)
    scalars = [x[0] for x in operands.ordinary(kernel, 1)]
    batch = [np.broadcast_to(scalars[0], count), *scalars[1:]]
    out = kernel.outputs(count)
    tries = []
    for _ in range(8):  # on a busy machine a pause may be long for other reasons
        tries.append(longest_pause_during(lambda: kernel(*batch, out=out)))
        longest, taken = tries[-1]
        if longest < taken / 2:
            return
    pytest.fail(f"the GIL is held: (longest pause, time taken) in seconds: {tries}")


def batch_that_takes(kernel, seconds):
    """Return a number of options that takes about that long, at most 16 million."""
    batch = operands.ordinary(kernel, 50_000)
    kernel(*batch)
    began = time.perf_counter()
    kernel(*batch)
    taken = time.perf_counter() - began
    return int(min(max(50_000 * seconds / taken, 50_000), 16_000_000))


def test_a_forked_child_computes_the_same(kernel):
    if not kernel.described.forks:
        pytest.skip(f"{kernel.backend} cannot run in a forked child")
    isolated.run("forked", kernel)
