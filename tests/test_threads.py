"""Batches split over the threads of one pool."""

import importlib.util
import threading
import time
import warnings

import numpy as np
import pytest

import quantforge
from quantforge import dispatch, threads
from quantforge.plugins import State, registry

BACKENDS = [one.name for one in quantforge.backends() if one.state is State.AVAILABLE]


# --- splitting ---------------------------------------------------------------------------------


def split(kernel, operands, shape, out, n):
    """`threads.split` for a kernel with one output."""
    return threads.split(kernel, operands, shape, (out,), "d", n)


class Spy:
    """A kernel adding its inputs that records who ran which shape; `meet` waits for as many."""

    def __init__(self, meet=0):
        self.runs = []
        self.barrier = threading.Barrier(meet) if meet else None

    def __call__(self, *operands):
        *inputs, out = operands
        self.runs.append(
            (threading.current_thread().name, np.broadcast_shapes(*map(np.shape, inputs)))
        )
        if self.barrier:
            self.barrier.wait(30)
        total = sum(inputs[1:], start=inputs[0])
        if out is None:
            return total
        np.copyto(out, total)
        return out


def test_a_batch_is_cut_along_its_longest_axis_and_the_caller_does_its_share():
    spy, x = Spy(meet=4), np.arange(30.0).reshape(3, 10)
    got = split(spy, (x, x), (3, 10), None, 4)
    assert (got == 2 * x).all()
    assert sorted(shape for _, shape in spy.runs) == [(3, 2), (3, 2), (3, 3), (3, 3)]
    names = {name for name, _ in spy.runs}
    assert threading.current_thread().name in names
    assert sum(name.startswith("quantforge-") for name in names) == 3


@pytest.mark.parametrize(("n", "pieces"), [(1, 1), (2, 2), (5, 5), (6, 5), (100, 5)])
def test_there_are_never_more_pieces_than_options(n, pieces):
    spy = Spy()
    split(spy, (np.arange(5.0), 1.0), (5,), None, n)
    assert len(spy.runs) == pieces


def operands(shapes):
    """Inputs of these shapes for `price`, some of them outside the domain."""
    rng = np.random.default_rng(5)
    ranges = ((50, 150), (50, 150), (0.05, 3), (0, 0.08), (0, 0.04), (0.05, 0.8), (1, 1))
    made = [rng.uniform(*bounds, shape) for bounds, shape in zip(ranges, shapes, strict=True)]
    for x in made[:6]:
        x[rng.random(x.shape) < 0.1] = np.nan
    return made


SHAPES = {
    "one axis": [(101,)] * 7,
    "as many as threads": [(3,)] * 7,
    "fewer than threads": [(2,)] * 7,
    "one": [(1,)] * 7,
    "one and no axis": [()] * 6 + [(1,)],
    "two axes": [(7, 31)] * 7,
    "a tall one": [(31, 7)] * 7,
    "three axes": [(2, 3, 50)] * 7,
    "an outer product": [(40, 1), (1, 30), (), (1,), (1, 1), (30,), ()],
    "one vector among scalars": [(), (100,), (), (), (), (), ()],
    "nothing": [(0,)] * 7,
    "nothing on the short axis": [(0, 4)] * 7,
    "nothing on the long axis": [(4, 0)] * 7,
    "nothing after broadcasting": [(1, 5), (0, 1), (), (), (), (), ()],
}
LAYOUTS = {
    "as made": lambda x: x,
    "Fortran": np.asfortranarray,
    "backwards": lambda x: x[::-1] if x.ndim else x,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "single precision": lambda x: x.astype(np.float32),
    "big-endian": lambda x: x.astype(">f8"),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_pieces_give_the_same_bits_as_the_whole(backend, layout, shapes):
    kernel = registry().kernel(backend, "price")
    given = [layout(x) for x in operands(shapes)]
    shape = np.broadcast_shapes(*map(np.shape, given))
    whole = np.asarray(kernel(*given, None))
    pieces = np.asarray(split(kernel, given, shape, None, 3))
    assert (pieces.shape, pieces.dtype) == (shape, np.float64)
    assert (pieces.view(np.int64) == whole.view(np.int64)).all()
    out = np.full((*shape, 2), 7.0)
    split(kernel, given, shape, out[..., 1], 3)
    assert (out[..., 1].view(np.int64) == whole.view(np.int64)).all()
    assert (out[..., 0] == 7.0).all()


def test_in_place_batches_are_split():
    spy, x = Spy(), np.arange(100.0)
    split(spy, (x, 1.0), (100,), x, 4)
    assert len(spy.runs) == 4
    assert (x == np.arange(100.0) + 1).all()


OVERLAPS = {
    "shifted": lambda store: (store[:100], store[1:101]),
    "backwards": lambda store: (store[:100], store[:100][::-1]),
    "interleaved": lambda store: (store[:100:2], store[1:100:2]),
    "transposed": lambda store: (store[:100].reshape(10, 10), store[:100].reshape(10, 10).T),
    "another type": lambda store: (store[:100].view(np.int64), store[:100]),
    "a part": lambda store: (store[:1], store[:100]),
}


@pytest.mark.parametrize("overlap", OVERLAPS.values(), ids=OVERLAPS)
def test_an_out_that_overlaps_an_input_otherwise_is_not_split(overlap):
    spy = Spy()
    x, out = overlap(np.arange(101.0))
    split(spy, (x, 1.0), out.shape, out, 4)
    assert len(spy.runs) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_overlapping_out_is_still_right(backend, monkeypatch):
    monkeypatch.setattr(threads, "budget", lambda: 4)
    dispatch.invalidate()
    store = np.linspace(50.0, 150.0, 1_001)
    expected = quantforge.price(100.0, store[:-1].copy(), 0.5, 0.03, 0.2, backend=backend)
    options = {"backend": backend, "threads": 4}
    with dispatch.forced_threads():
        got = quantforge.price(100.0, store[:-1], 0.5, 0.03, 0.2, out=store[1:], **options)
    np.testing.assert_array_equal(got, expected)
    dispatch.invalidate()


NOT_SPLIT = {
    "a shape of its own": (np.zeros(100), np.zeros((2, 100))),
    "single precision": (np.zeros(100), np.zeros(100, np.float32)),
    "a mask": (np.ma.masked_array(np.zeros(100)), None),
    "a list": ([0.0] * 100, None),
}


@pytest.mark.parametrize(("x", "out"), NOT_SPLIT.values(), ids=NOT_SPLIT)
def test_what_is_no_plain_double_array_is_left_to_one_thread(x, out):
    spy = Spy()
    split(spy, (x, np.ones(100)), (100,), out, 4)
    assert len(spy.runs) == 1


# --- one pool ----------------------------------------------------------------------------------


def test_inside_a_worker_everything_is_serial():
    x, inner = np.arange(100.0), Spy()

    def outer(*operands):
        started.wait(30)
        return split(inner, operands[:-1], operands[0].shape, operands[-1], 4)

    started = threading.Barrier(4)
    got = split(outer, (x, x), (100,), None, 4)
    assert (got == 2 * x).all()
    assert [shape for _, shape in inner.runs] == [(25,)] * 4


def test_while_the_pool_is_busy_a_batch_stays_on_its_own_thread():
    spy, x = Spy(), np.arange(100.0)
    begun, done = threading.Barrier(3), threading.Event()

    def slow(*operands):
        begun.wait(30)
        done.wait(30)

    other = threading.Thread(target=split, args=(slow, (x, x), (100,), None, 2))
    other.start()
    begun.wait(30)
    split(spy, (x, x), (100,), None, 4)
    done.set()
    other.join(30)
    assert spy.runs == [(threading.current_thread().name, (100,))]
    split(spy, (x, x), (100,), None, 4)
    assert len(spy.runs) == 5


def test_batches_of_many_threads_at_once_are_all_right():
    kernel = registry().kernel(quantforge.explain("price").backend, "price")
    given = [np.ascontiguousarray(x) for x in operands([(20_000,)] * 7)]
    expected = np.asarray(kernel(*given, None)).view(np.int64)
    wrong = []

    def call():
        for _ in range(10):
            got = split(kernel, given, (20_000,), None, 3)
            wrong.extend(np.flatnonzero(got.view(np.int64) != expected))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert not any(caller.is_alive() for caller in callers)
    assert not wrong


@pytest.mark.parametrize("where", ["quantforge-", "MainThread"])
def test_an_exception_in_a_piece_reaches_the_caller_and_the_pool_lives_on(where):
    x, met = np.arange(100.0), threading.Barrier(4)

    def failing(*operands):
        met.wait(30)
        if threading.current_thread().name.startswith(where):
            raise MemoryError("no room")

    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            split(failing, (x, x), (100,), None, 4)
    spy = Spy(meet=4)
    assert (split(spy, (x, x), (100,), None, 4) == 2 * x).all()


def test_where_no_thread_can_be_started_the_caller_does_it_all(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    spy, x = Spy(), np.arange(100.0)
    assert (split(spy, (x, x), (100,), None, 4) == 2 * x).all()
    assert {name for name, _ in spy.runs} == {threading.current_thread().name}


def test_large_pieces_are_computed_in_chunks_along_the_outermost_axis_in_memory():
    shapes = []

    def kernel(x, out):
        shapes.append(x.shape)
        time.sleep(x.size * 1e-7)
        np.copyto(out, x)

    x = np.random.default_rng(3).random((600, 700))
    for given in (x, np.asfortranarray(x)):
        out = np.empty_like(given)
        split(kernel, (given,), x.shape, out, 2)
        assert (out == x).all()
        cut = 0 if given is x else 1
        assert {shape[1 - cut] for shape in shapes} == {x.shape[1 - cut] // (1 + (cut == 0))}
        assert len(shapes) > 4
        shapes.clear()


# --- interruptions -----------------------------------------------------------------------------

INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
from quantforge import threads
n = 4_000_000
given, out = np.arange(float(n)), np.zeros(n)

def interrupted(kernel, delays, out=out, kind=signal.SIGINT):
    'Seconds from the first signal until the call left; None if none came in time.'
    sent, begun = [], threading.Event()
    def send():
        begun.wait()
        for delay in delays:
            time.sleep(delay)
            sent.append(time.perf_counter())
            os.kill(os.getpid(), kind)
    sender = threading.Thread(target=send)
    sender.start()
    left, inside = None, True
    try:
        begun.set()
        threads.split(kernel, (given,), (n,), (out,), "d", 2)
        inside = False
        while sender.is_alive(): time.sleep(0.001)
        time.sleep(0.02)  # a signal may come after the call
    except KeyboardInterrupt:
        left = time.perf_counter() - sent[0] if inside else None
    while sender.is_alive():
        try:
            sender.join()
        except KeyboardInterrupt:
            pass
    return left

def assert_nothing_goes_on():
    before = out.copy()
    time.sleep(0.03)
    assert (out == before).all()
    assert not threads._pool.owner
    meeting = threading.Barrier(2)
    def kernel(x, out):
        meeting.wait(10)
        np.copyto(out, x)
    threads.split(kernel, (given[:2],), (2,), (None,), "d", 2)
"""


@pytest.fixture
def interrupting(python):
    """A function running code in a process of its own, below `INTERRUPTED`."""
    return lambda code: python(INTERRUPTED + code, timeout=60)


SLOW_WORKER = """
working = threading.Event()
def kernel(x, out):
    if threading.current_thread() is threading.main_thread():
        working.wait(10)
    else:
        working.set()
        time.sleep(x.size * 1e-6)  # the half that a worker computes takes two seconds
        out += 1
"""


@pytest.mark.parametrize("delays", [[0.1], [0.1, 0.001], [0.1, 0.0, 0.0]], ids=len)
def test_ctrl_c_while_the_caller_waits_ends_every_worker_before_the_call(interrupting, delays):
    code = f"""
left = interrupted(kernel, {delays})
assert left is not None and left < 0.2, left
assert_nothing_goes_on()
assert 0 < np.count_nonzero(out) < n / 2
"""
    interrupting(SLOW_WORKER + code)


def test_ctrl_c_at_any_moment_leaves_a_pool_that_works_and_an_array_nobody_writes(interrupting):
    code = """
def kernel(x, out):
    np.sqrt(x, out)
    np.cbrt(out, out)
    time.sleep(0.1 * x.size / n)  # however fast the machine is, most signals come during the call
delays = np.random.default_rng(11).uniform(0.0, 0.04, 40)
lefts = [interrupted(kernel, [delay]) for delay in delays]
assert_nothing_goes_on()
lefts = [left for left in lefts if left is not None]
assert len(lefts) > 5 and max(lefts) < 0.2, lefts
"""
    interrupting(code)


def test_any_exception_of_a_signal_handler_ends_every_worker_before_the_call(interrupting):
    code = """
def ring(*_): raise KeyboardInterrupt("alarm")
signal.signal(signal.SIGALRM, ring)
left = interrupted(kernel, [0.1], kind=signal.SIGALRM)
assert left is not None and left < 0.2, left
assert_nothing_goes_on()
"""
    interrupting(SLOW_WORKER + code)


@pytest.mark.parametrize("error", ["MemoryError()", "SystemExit(3)", "KeyboardInterrupt()"])
def test_an_error_of_the_callers_own_piece_ends_the_worker_too(interrupting, error):
    code = f"""
def failing(x, out):
    if threading.current_thread() is threading.main_thread():
        working.wait(10)
        time.sleep(0.05)
        raise {error}
    kernel(x, out)
try:
    threads.split(failing, (given,), (n,), (out,), "d", 2)
except type({error}):
    pass
assert 0 < np.count_nonzero(out) < n / 2
assert_nothing_goes_on()
"""
    interrupting(SLOW_WORKER + code)


# --- floating-point signals --------------------------------------------------------------------


@pytest.fixture(params=BACKENDS)
def outside(request, monkeypatch):
    """A function pricing a batch on four threads, three of which meet a negative spot."""
    monkeypatch.setattr(threads, "budget", lambda: 4)
    dispatch.invalidate()
    spots = np.full(100, 100.0)
    spots[[5, 6, 40, 99]] = -1.0

    def call(out=None):
        options = {"backend": request.param, "threads": 4, "out": out}
        return quantforge.price(spots, 105.0, 0.5, 0.03, 0.2, **options)

    with dispatch.forced_threads():
        yield call
    dispatch.invalidate()


def test_invalid_is_reported_once_for_all_threads(outside):
    with np.errstate(all="warn"), warnings.catch_warnings(record=True, action="always") as said:
        got = outside()
    assert [one.category for one in said] == [RuntimeWarning]
    assert np.flatnonzero(np.isnan(got)).tolist() == [5, 6, 40, 99]
    calls = []
    with np.errstate(invalid="call", call=lambda *signal: calls.append(signal)):
        outside()
    assert [kind for kind, _ in calls] == ["invalid value"]


def test_invalid_raises_where_the_caller_asks_for_it_after_all_is_written(outside):
    out = np.full(100, 7.0)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
        outside(out)
    assert np.flatnonzero(np.isnan(out)).tolist() == [5, 6, 40, 99]
    assert not (out == 7.0).any()


def test_invalid_is_ignored_where_the_caller_ignores_it(outside):
    with np.errstate(all="raise", invalid="ignore"):
        outside()


def test_nan_inputs_signal_nothing_on_any_thread(monkeypatch):
    kernel = registry().kernel(quantforge.explain("price").backend, "price")
    given = operands([(1_000,)] * 7)
    with np.errstate(all="raise"):
        assert np.isnan(split(kernel, given, (1_000,), None, 4)).any()


# --- processes ---------------------------------------------------------------------------------

START = """
import os, threading
import numpy as np
import quantforge
from quantforge import threads
threads.budget = lambda: 3
spots = np.linspace(50.0, 150.0, 70_000)
def call(): return quantforge.price(spots, 105.0, 0.5, 0.03, 0.2, threads=3)
expected = call()
assert sum(one.name.startswith("quantforge-") for one in threading.enumerate()) == 2
"""


def test_a_forked_child_prices_with_threads_of_its_own(python):
    code = """
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        right = (call() == expected).all()
        workers = sum(one.name.startswith("quantforge-") for one in threading.enumerate())
        os._exit(0 if right and workers == 2 else 1)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
assert (call() == expected).all()
"""
    assert python(START + code, timeout=30, PYTHONWARNINGS="ignore") == "[0, 0, 0]\n"


def test_a_child_forked_while_the_pool_works_is_not_stuck(python):
    code = """
stop = threading.Event()
def busy():
    while not stop.is_set(): call()
worker = threading.Thread(target=busy)
worker.start()
codes = []
for _ in range(10):
    child = os.fork()
    if child == 0:
        os._exit(0 if (call() == expected).all() else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop.set()
worker.join()
print(set(codes))
"""
    assert python(START + code, timeout=30, PYTHONWARNINGS="ignore") == "{0}\n"


def test_the_interpreter_ends_with_the_pool_started_and_prices_until_then(python):
    code = """
import atexit
atexit.register(lambda: print("exit", (call() == expected).all()))
"""
    assert python(START + code, timeout=30) == "exit True\n"


SUBINTERPRETER = """
import sys
import _xxsubinterpreters as interpreters
code = '''
import threading, warnings
warnings.simplefilter("ignore")  # NumPy's
import numpy as np
import quantforge
from quantforge import threads
threads.budget = lambda: 2
strikes = np.full(200_000, 105.0)
split = quantforge.price(100.0, strikes, 0.5, 0.03, 0.2, threads=2)
assert (split == quantforge.price(100.0, 105.0, 0.5, 0.03, 0.2)).all()
assert not [one for one in threading.enumerate() if one.name.startswith("quantforge-")]
print("right", flush=True)
'''
other = interpreters.create(isolated=False)
interpreters.run_string(other, code)
interpreters.destroy(other)
print("ended", flush=True)
"""


@pytest.mark.skipif(
    importlib.util.find_spec("_xxsubinterpreters") is None, reason="no such interpreters here"
)
def test_an_interpreter_beside_the_main_one_prices_and_ends_without_threads(python):
    assert python(SUBINTERPRETER, timeout=30) == "right\nended\n"
