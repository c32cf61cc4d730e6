"""Which backend runs a batch, with how many threads, and how users decide that themselves."""

import asyncio
import threading

import numpy as np
import pytest

import quantforge
from quantforge import calls, dispatch, threads
from quantforge.plan import Row, Source
from quantforge.profile import lookup

OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)


# --- rows --------------------------------------------------------------------------------------

SIZES = [
    (-5, 0),
    (0, 0),
    (1, 0),
    (99, 0),
    (100, 1),
    (101, 1),
    (9_999, 1),
    (10_000, 2),
    (499_999, 2),
    (500_000, 3),
    (10**12, 3),
]


@pytest.mark.parametrize(("n", "row"), SIZES)
def test_the_last_row_that_starts_at_or_below_the_batch_size_decides(tuned, n, row):
    decision = quantforge.explain("price", n)
    assert decision.row == tuned[row]
    assert (decision.backend, decision.threads) == tuned[row][1:]


@pytest.mark.parametrize(("n", "name"), [(1, "a"), (99, "a"), (100, "b"), (1_000, "b")])
def test_price_runs_what_explain_says(tuned, ran, n, name):
    strikes = np.full(n, 105.0)
    for _ in range(3):
        quantforge.price(100.0, strikes, 0.5, 0.03, 0.2)
    quantforge.price([100.0] * n, 105.0, 0.5, 0.03, 0.2, kind=["put"])
    quantforge.bind("price", n=n)(100.0, strikes, 0.5, 0.03, 0.2)
    assert set(ran) == {name}


@pytest.mark.parametrize("function", ["price", "greeks", "implied_volatility"])
@pytest.mark.parametrize("with_out", [False, True])
def test_a_later_row_is_as_short_a_way_as_the_first(function, with_out, monkeypatch):
    rows = *(Row(start, "numpy", 1) for start in (0, 10, 100)), Row(1_000, "numpy", 2)
    monkeypatch.setattr(lookup, "rows", lambda *request: (rows, Source()))
    monkeypatch.setattr(threads, "budget", lambda: 2)
    dispatch.invalidate()
    the_long_way = []
    monkeypatch.setattr(calls.Call, "evaluate", lambda self, given, out: the_long_way.append(out))
    for n in (2, 9, 10, 99, 100, 999, 1_000):
        inverted = function == "implied_volatility"
        given = [np.full(n, number) for number in ((8.0, *OPTION[:4]) if inverted else OPTION)]
        out = {"out": np.empty(n)} if with_out and function != "greeks" else {}
        getattr(quantforge, function)(*given, **out)
        assert len(the_long_way) == (n == 1_000)


def test_a_large_batch_is_split_over_the_threads_of_its_row(tuned, ran):
    quantforge.price(100.0, np.full(10_000, 105.0), 0.5, 0.03, 0.2)
    assert ran == ["b", "b"]


def test_a_mapped_file_is_split_as_well(tuned, ran, tmp_path):
    strikes = np.memmap(tmp_path / "strikes", np.float64, "w+", shape=10_000)
    quantforge.price(100.0, strikes, 0.5, 0.03, 0.2)
    assert ran == ["b", "b"]


def test_a_batch_of_many_axes_counts_by_its_size(tuned, ran):
    quantforge.price(np.full((10, 1), 100.0), np.full(10, 105.0), 0.5, 0.03, 0.2)
    assert ran == ["b"]


def test_without_a_profile_the_first_candidate_takes_all_and_threads_come_late(ran):
    assert [quantforge.explain("price", n).row for n in (1, 65_535, 65_536)] == [
        Row(0, "a", 1),
        Row(0, "a", 1),
        Row(65_536, "a", 4),
    ]


def test_without_a_profile_threads_come_sooner_for_what_takes_long(monkeypatch):
    monkeypatch.setattr("quantforge.threads.budget", lambda: 4)
    dispatch.invalidate()
    for operation in ("american_price", "american_greeks", "american_implied_volatility"):
        try:
            rows = dispatch.preview(operation).rows
        except quantforge.BackendError:
            pytest.skip("no backend has American options")
        assert [(row.start, row.threads) for row in rows] == [(0, 1), (1_024, 4)]


# --- threads -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (2, 2), (4, 4), (5, 4), (10**9, 4)])
def test_threads_are_capped_by_what_is_asked_for_and_by_the_budget(tuned, asked, given):
    assert quantforge.explain("price", 10**6, threads=asked).threads == given
    with quantforge.using(threads=asked):
        assert quantforge.explain("price", 10**6).threads == given


@pytest.mark.parametrize(("n", "given"), [(1, 1), (9_999, 1), (10_000, 2), (20_000, 2)])
def test_asking_for_threads_splits_nothing_below_what_was_found_to_pay(tuned, ran, n, given):
    assert quantforge.explain("price", n, threads=4).threads == given
    quantforge.price(100.0, np.full(n, 105.0), 0.5, 0.03, 0.2, threads=4)
    assert len(ran) == given


@pytest.mark.parametrize(("n", "given"), [(1, 1), (65_535, 1), (65_536, 3)])
def test_asking_an_untuned_machine_for_threads_splits_from_the_shipped_size_on(ran, n, given):
    assert quantforge.explain("price", n, threads=3).threads == given


def test_threads_can_be_forced(tuned, ran):
    with dispatch.forced_threads():
        assert {quantforge.explain("price", n, threads=3).threads for n in (1, 10, 10**6)} == {3}
        assert quantforge.explain("price", 10).threads == 1  # nothing asked for, nothing forced
        assert quantforge.explain("price", 10, threads=9).threads == 4
        quantforge.price(100.0, np.full(10, 105.0), 0.5, 0.03, 0.2, threads=3)
    assert ran == ["a"] * 3
    quantforge.price(100.0, np.full(10, 105.0), 0.5, 0.03, 0.2, threads=3)
    assert ran == ["a"] * 4


def test_asking_for_threads_gets_the_rows_of_a_machine_that_has_no_more(tuned):
    rows = dispatch.plan("price", threads=3).rows
    assert rows == (Row(0, "a", 1), Row(100, "b", 1), Row(10_000, "b", 2))


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "2", [2]])
def test_using_refuses_a_wrong_number_of_threads(wrong):
    with (
        pytest.raises(ValueError, match="threads must be a whole number of at least 1"),
        quantforge.using(threads=wrong),
    ):
        pytest.fail("entered")


# --- using -------------------------------------------------------------------------------------


def chosen():
    decision = quantforge.explain("price", 100_000)
    return decision.backend, decision.threads


def test_using_sets_what_calls_leave_open(ran):
    with quantforge.using(backend="b", threads=2):
        assert chosen() == ("b", 2)
        quantforge.price(*OPTION)
        quantforge.price(*OPTION, backend="a")
        assert quantforge.explain("price", 100_000, threads=3).threads == 3
    assert ran == ["b", "a"]
    assert chosen() == ("a", 4)


def test_using_nests_and_each_block_restores_what_it_found(ran):
    with quantforge.using(backend="b"):
        with quantforge.using(threads=1):
            assert chosen() == ("b", 1)
            with quantforge.using(backend="auto", threads=3):
                assert chosen() == ("a", 3)
                with quantforge.using(backend="b"):
                    assert chosen() == ("b", 3)
            assert chosen() == ("b", 1)
        assert chosen() == ("b", 4)
    assert chosen() == ("a", 4)


def test_using_is_restored_after_an_exception(ran):
    with pytest.raises(ZeroDivisionError), quantforge.using(backend="b"):
        _ = 1 / 0
    assert chosen() == ("a", 4)


def test_using_may_decorate_a_function(ran):
    decorated = quantforge.using(backend="b")(chosen)
    assert [decorated(), chosen(), decorated()] == [("b", 4), ("a", 4), ("b", 4)]


def test_using_holds_for_one_thread(ran):
    seen = []
    with quantforge.using(backend="b"):
        worker = threading.Thread(target=lambda: seen.append(chosen()))
        worker.start()
        worker.join(30)
    assert seen == [("a", 4)]


def test_using_holds_for_one_asyncio_task(ran):
    async def task(backend, turns):
        with quantforge.using(backend=backend):
            for _ in range(3):
                turns.append((backend, chosen()[0]))
                await asyncio.sleep(0)

    async def together():
        turns = []
        await asyncio.gather(task("a", turns), task("b", turns), task("numpy", turns))
        return turns

    turns = asyncio.run(together())
    assert [asked for asked, _ in turns[:4]] == ["a", "b", "numpy", "a"]  # they did take turns
    assert all(asked == got for asked, got in turns)


# --- exact -------------------------------------------------------------------------------------


@pytest.fixture
def mixed(install, describe):
    """A backend that would be first, were it exact, and an exact one."""
    install(fast=describe("fast", preference=1), precise=describe("precise", exact=True))


@pytest.fixture
def offered(monkeypatch):
    """The candidates that tuning was asked to choose from."""
    seen = []
    monkeypatch.setattr(lookup, "rows", lambda _, candidates, budget: seen.append(candidates))
    return seen


def test_auto_takes_an_exact_backend_unless_told_otherwise(mixed, offered, monkeypatch):
    quantforge.explain("price")
    with quantforge.using(exact=False):
        quantforge.explain("price")
        with quantforge.using(exact=True):
            quantforge.explain("price")
    monkeypatch.setenv("QUANTFORGE_EXACT", "0")
    dispatch.invalidate()
    quantforge.explain("price")
    with quantforge.using(exact=True):
        quantforge.explain("price")
    only, every = ("precise",), ("precise", "fast", "numpy")
    assert offered == [only, every, only, every, only]


# --- concurrency -------------------------------------------------------------------------------


def test_many_threads_may_make_the_first_call_at_once(python):
    code = """
import threading
import quantforge

start, seen = threading.Barrier(16), []

def call():
    start.wait()
    seen.append((quantforge.price(100.0, 105.0, 0.5, 0.03, 0.2).hex(),
                 quantforge.explain("price").backend, len(quantforge.backends())))

workers = [threading.Thread(target=call) for _ in range(16)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(len(seen), len(set(seen)))
"""
    assert python(code).split() == ["16", "1"]


def test_calls_survive_that_plans_are_forgotten_meanwhile(ran):
    stop, failures = threading.Event(), []
    expected = quantforge.price(*OPTION)

    def call():
        try:
            while not stop.is_set():
                assert quantforge.price(*OPTION) == expected
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=call) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(100):
        dispatch.invalidate()
    stop.set()
    for worker in workers:
        worker.join(30)
    assert not failures
