"""`price` for pytest-benchmark: ``pytest bench``."""

import pytest

from bench import calls
from bench.surroundings import usable
from quantforge import threads
from quantforge.dispatch import forced_threads

SIZES = (1, 100, 10_000, 1_000_000)


@pytest.fixture(scope="module")
def options():
    """A million ordinary options."""
    return calls.options("price", SIZES[-1])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.benchmark(warmup=True)
class TestPrice:
    @pytest.mark.parametrize("count", sorted({1, threads.budget()}))
    @pytest.mark.parametrize("backend", usable("price"))
    def test_price(self, benchmark, options, n, backend, count):
        benchmark.group = f"price, {n:,} options"
        with forced_threads():
            benchmark(calls.mixed("price", options, n, backend=backend, threads=count))

    @pytest.mark.parametrize("backend", usable("price"))
    def test_bind(self, benchmark, options, n, backend):
        benchmark.group = f"price, {n:,} options"
        benchmark(calls.bound("price", options, n, backend=backend, threads=1))

    def test_numpy_and_scipy(self, benchmark, options, n):
        benchmark.group = f"price, {n:,} options"
        benchmark(calls.peer("price", options, n))
