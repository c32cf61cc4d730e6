"""`quantforge.bind`: resolved once, called many times, also in another process."""

import multiprocessing
import pickle

import numpy as np
import pytest
from quantforge_conformance import reference

import quantforge
from quantforge import dispatch, loaded, threads

STRIKES = np.array([80.0, 100.0, 130.0])
PUTS = [float(reference.price(100.0, k, 0.5, 0.03, 0.01, 0.2, -1)) for k in STRIKES.tolist()]
FORWARDS = [float(reference.price(100.0, k, 0.5, 0.03, 0.03, 0.2, 1)) for k in STRIKES.tolist()]
BACKENDS = [info.name for info in quantforge.backends() if info.state == "available"]


def near(expected):
    return pytest.approx(expected, rel=1e-12)


@pytest.fixture(params=[1, 1_000_000], ids=["one thread", "several threads"])
def size(request, monkeypatch):
    """Two sizes to bind for, the larger of which is split on this machine."""
    monkeypatch.setattr(threads, "budget", lambda: 3)
    dispatch.invalidate()
    yield request.param
    dispatch.invalidate()


@pytest.fixture
def put(size):
    return quantforge.bind("price", kind="put", n=size)


@pytest.fixture
def black76(size):
    return quantforge.bind("price", model="black76", n=size)


def test_a_bound_price_is_the_price(put):
    assert put(100.0, STRIKES, 0.5, 0.03, 0.2, 0.01) == near(PUTS)
    assert put(100.0, STRIKES, 0.5, 0.03, 0.2, dividend=0.01) == near(PUTS)
    plain = reference.price(100.0, 105.0, 0.5, 0.03, 0.0, 0.2, -1)
    assert put(100.0, 105.0, 0.5, 0.03, 0.2) == near(float(plain))


def test_other_sizes_than_the_one_bound_for_work(put):
    for n in (0, 1, 2, 7, 100_000):
        got = put(100.0, np.full(n, 130.0), 0.5, 0.03, 0.2, 0.01)
        assert got.shape == (n,)
        assert (got == put(100.0, 130.0, 0.5, 0.03, 0.2, 0.01)).all()
    assert put([100, 100], [[80], [130]], 0.5, 0.03, 0.2, 0.01)[:, 1] == near(PUTS[::2])


def test_a_bound_black76_takes_a_forward_and_no_dividend(black76):
    assert black76(100.0, STRIKES, 0.5, 0.03, 0.2) == near(FORWARDS)
    with pytest.raises((TypeError, ValueError), match="dividend"):
        black76(100.0, STRIKES, 0.5, 0.03, 0.2, dividend=0.0)
    with pytest.raises((TypeError, ValueError), match=r"dividend|positional arguments"):
        black76(100.0, STRIKES, 0.5, 0.03, 0.2, 0.0)


def test_out_is_written_and_returned(put, black76):
    out = np.empty(3)
    assert put(100.0, STRIKES, 0.5, 0.03, 0.2, 0.01, out=out) is out
    assert out == near(PUTS)
    assert black76(100.0, STRIKES, 0.5, 0.03, 0.2, out=out) is out
    assert out == near(FORWARDS)


def test_a_bound_kind_may_be_an_array(size):
    mixed = quantforge.bind("price", kind=["put", "c"], n=size)
    call = float(reference.price(100.0, 80.0, 0.5, 0.03, 0.01, 0.2, 1))
    assert mixed(100.0, 80.0, 0.5, 0.03, 0.2, 0.01) == near([PUTS[0], call])


def test_a_wrong_request_fails_when_binding_not_when_calling():
    for wrong in (
        {"model": "heston"},
        {"kind": "straddle"},
        {"backend": "cobol"},
        {"threads": 0},
        {"n": "many"},
    ):
        with pytest.raises(ValueError, match=r"unknown|threads|invalid"):
            quantforge.bind("price", **wrong)
    for operation in ("telepathy", ["price"]):
        with pytest.raises(ValueError, match=r"unknown operation .* valid: .*\bprice\b"):
            quantforge.bind(operation)


def test_the_backend_and_the_threads_of_the_moment_are_kept(size):
    with quantforge.using(backend="numpy", threads=1):
        bound = quantforge.bind("price", n=size)
    assert repr(bound) == "<price of a black_scholes call on numpy, 1 thread>"


def test_the_repr_says_what_was_resolved(put, size):
    many = "1 thread" if size == 1 else "3 threads"
    backend = quantforge.explain("price", size).backend
    assert repr(put) == f"<price of a black_scholes put on {backend}, {many}>"


# --- pickles -----------------------------------------------------------------------------------


def test_a_bound_price_survives_pickling(put, black76):
    again, forward = (pickle.loads(pickle.dumps(bound)) for bound in (put, black76))
    assert again(100.0, STRIKES, 0.5, 0.03, 0.2, 0.01) == near(PUTS)
    assert forward(100.0, STRIKES, 0.5, 0.03, 0.2) == near(FORWARDS)


def test_a_pickle_keeps_what_using_had_set(size):
    with quantforge.using(backend="numpy", threads=2, exact=False):
        bound = quantforge.bind("price", n=size)
    again = pickle.loads(pickle.dumps(bound))
    assert repr(again) == repr(bound)
    now = dispatch.settings.get()
    assert (now.backend, now.threads, now.tier) == ("auto", None, None)


def test_a_pickle_works_in_a_fresh_interpreter(put, python):
    code = f"""
import pickle
bound = pickle.loads({pickle.dumps(put)!r})
print(bound(100.0, 130.0, 0.5, 0.03, 0.2, 0.01).hex())
"""
    assert float.fromhex(python(code)) == put(100.0, 130.0, 0.5, 0.03, 0.2, 0.01)


@pytest.mark.parametrize("backend", BACKENDS)
def test_kernels_pickle_by_name(backend, python):
    quantforge.price(100, 105, 0.5, 0.03, 0.2, backend=backend)
    kernel = getattr(loaded, f"price_{backend}")
    pickled = pickle.dumps(kernel)
    assert pickle.loads(pickled) is kernel
    assert len(pickled) < 100
    code = f"""
import pickle, sys
kernel = pickle.loads({pickled!r})
print(kernel(100.0, 130.0, 0.5, 0.03, 0.01, 0.2, -1.0).hex())
"""
    assert float.fromhex(python(code)) == near(PUTS[2])


def test_no_kernel_of_an_unknown_backend_is_invented():
    with pytest.raises(AttributeError, match="has no attribute 'price_cobol'"):
        _ = loaded.price_cobol
    assert not hasattr(loaded, "telepathy_numpy")


def test_worker_processes_take_bound_prices_and_kernels():
    call = quantforge.bind("price")
    put = quantforge.bind("price", kind="put", backend="numpy")
    operands = (100.0, STRIKES, 0.5, 0.03, 0.2, 0.01)
    quantforge.price(100, 105, 0.5, 0.03, 0.2)
    kernel = getattr(loaded, f"price_{quantforge.explain('price').backend}")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        calls, puts = pool.apply(call, operands), pool.apply(put, operands)
        raw = pool.apply(kernel, (100.0, STRIKES, 0.5, 0.03, 0.01, 0.2, -1.0))
    np.testing.assert_array_equal(calls, call(*operands))
    assert puts == near(PUTS)
    assert raw == near(PUTS)
