"""Loading a backend: what it must give, what happens if it fails, and how `auto` goes on."""

import contextlib
import threading
import warnings

import numpy as np
import pytest
from quantforge_conformance import reference

import quantforge
from quantforge import BackendError, QuantForgeWarning
from quantforge.plugins import State, registry

OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)
EXACT = float(reference.price(100.0, 105.0, 0.5, 0.03, 0.0, 0.2, 1))
NATIVE = [one.name for one in quantforge.backends() if one.exact and one.state is State.AVAILABLE]


def near(expected):
    return pytest.approx(expected, rel=1e-12)


def info(name):
    return {one.name: one for one in quantforge.backends()}[name]


def fail(error):
    """A function that raises."""

    def function(*_):
        raise error

    return function


class Panic(BaseException):
    """What PyO3 makes of a panic derives from BaseException."""


def test_it_is_loaded_once_and_not_before_it_is_needed(install, describe):
    loads = []
    numpy = describe()

    def load():
        loads.append(threading.get_ident())
        return numpy.load()

    install(fake=describe(load=load, preference=1))
    quantforge.backends()
    quantforge.explain("price", backend="fake")
    assert not loads
    start = threading.Barrier(8)

    def call():
        start.wait()
        assert quantforge.price(*OPTION, backend="fake") == near(EXACT)

    workers = [threading.Thread(target=call) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(loads) == 1


LOADS = {
    "raises": (fail(OSError("libfoo.so: bad ELF")), "OSError: libfoo.so: bad ELF"),
    "exits": (fail(SystemExit(1)), "SystemExit: 1"),
    "panics": (fail(Panic("unwrap on None")), "Panic: unwrap on None"),
    "returns too little": (dict, "TypeError: load() returned no kernel for 'price'"),
    "returns None": (lambda: None, "TypeError: load() returned NoneType, not a mapping"),
    "returns a list": (lambda: ["price"], "TypeError: load() returned list, not a mapping"),
    "gives a word": (lambda: {"price": "fast"}, "TypeError: kernel 'price' is neither"),
    "gives a null pointer": (lambda: {"price": 0}, "TypeError: kernel 'price' is neither"),
    "gives True": (lambda: {"price": True}, "TypeError: kernel 'price' is neither"),
}


@pytest.mark.parametrize(("load", "reason"), LOADS.values(), ids=LOADS)
def test_a_backend_that_does_not_load_is_broken_from_then_on(install, describe, load, reason):
    install(bad=describe("bad", load=load), good=describe("good"))
    assert info("bad").state is State.AVAILABLE
    with pytest.raises(BackendError, match="'bad' is broken: loading failed: ") as first:
        quantforge.price(*OPTION, backend="bad")
    assert info("bad").state is State.BROKEN
    assert info("bad").reason.startswith(f"loading failed: {reason}")
    with pytest.raises(BackendError, match="'bad' cannot run 'price': broken, ") as again:
        quantforge.price(*OPTION, backend="bad")
    assert first.value.__cause__ is again.value.__cause__ is info("bad").error
    assert quantforge.price(*OPTION, backend="good") == near(EXACT)


def test_an_exact_backend_that_misses_a_golden_bit_is_broken(install, describe):
    def one_ulp_up(*operands, out=None):
        return np.nextafter(describe().load()["price"](*operands, out=out), np.inf)

    install(bad=describe("bad", exact=True, load=lambda: {"price": one_ulp_up}))
    with pytest.raises(BackendError, match=r"\d+ of \d+ golden bits of 'price' differ, the first"):
        quantforge.price(*OPTION, backend="bad")
    assert info("bad").state is State.BROKEN


def test_an_exact_backend_must_give_a_result_per_option(install, describe):
    install(bad=describe("bad", exact=True, load=lambda: {"price": lambda *_, out=None: 10.0}))
    with pytest.raises(BackendError, match=r"TypeError: 'price' has shape \(\), not \(\d+,\)"):
        quantforge.price(*OPTION, backend="bad")


@pytest.mark.parametrize("asks_for", ["bad", "auto"])
def test_load_may_not_ask_for_what_it_is_to_load(install, describe, asks_for):
    def load():
        with contextlib.suppress(BackendError), warnings.catch_warnings(action="ignore"):
            quantforge.price(*OPTION, backend=asks_for)
        return describe().load()

    install(bad=describe("bad", load=load, preference=1))
    for _ in range(2):
        with pytest.raises(BackendError, match=r"load\(\) asks for what it is to load"):
            quantforge.price(*OPTION, backend="bad")
    assert info("bad").state is State.BROKEN


def test_load_may_use_the_other_backends(install, describe):
    def load():
        assert quantforge.price(*OPTION, backend="numpy") == near(EXACT)
        return describe().load()

    install(fake=describe(load=load))
    assert quantforge.price(*OPTION, backend="fake") == near(EXACT)


def test_details_that_fail_are_shown_as_such(install, describe):
    install(fake=describe(details=fail(OSError("gone"))))
    quantforge.price(*OPTION, backend="fake")
    assert dict(info("fake").details) == {"details": "failed: OSError: gone"}


def test_a_thread_that_waited_for_a_failing_load_does_not_try_again(install, describe):
    loads, entered, go = [], threading.Event(), threading.Event()

    def load():
        loads.append(1)
        entered.set()
        go.wait(30)
        raise OSError("no device")

    install(bad=describe("bad", load=load))
    seen = []

    def call():
        try:
            registry().kernel("bad", "price")
        except BackendError as error:
            seen.append(error.__cause__)

    workers = [threading.Thread(target=call) for _ in range(4)]
    for worker in workers:
        worker.start()
    entered.wait(30)
    go.set()
    for worker in workers:
        worker.join(30)
    assert len(loads) == 1
    assert [str(error) for error in seen] == ["no device"] * 4


# --- auto --------------------------------------------------------------------------------------


def test_auto_goes_on_without_a_backend_that_does_not_load_and_says_so_once(install, describe):
    install(bad=describe("bad", load=fail(OSError("no device")), preference=1))
    with pytest.warns(QuantForgeWarning) as said:
        assert quantforge.price(*OPTION) == near(EXACT)
    assert [str(one.message) for one in said] == [
        "backend 'bad' is left out: it is broken, loading failed: OSError: no device"
    ]
    assert said[0].filename == __file__
    for options in ({}, {"kind": "put"}, {"threads": 1}, {"errors": "raise"}):
        quantforge.price(*OPTION, **options)  # warnings are errors
    quantforge.bind("price")


LEFT_OUT = {
    "broken": (fail(KeyError("isa")), "it is broken, hook failed: KeyError: 'isa'"),
    "incompatible": ({"contract": 99}, "it is incompatible, built for contract 99"),
    "unavailable": ({"requires": ("no_such_module",)}, "it is unavailable, needs no_such_module"),
}


@pytest.mark.parametrize(("bad", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_auto_says_once_what_it_cannot_use(install, describe, bad, reason):
    install(bad=describe("bad", **bad) if isinstance(bad, dict) else bad)
    quantforge.explain("price")  # only looks
    with pytest.warns(QuantForgeWarning, match=f"backend 'bad' is left out: {reason}"):
        assert quantforge.price(*OPTION) == near(EXACT)
    quantforge.price(*OPTION, kind="put")
    quantforge.price(*OPTION, backend="numpy")


def test_auto_without_any_backend_says_where_to_look(install, monkeypatch):
    monkeypatch.setenv("QUANTFORGE_BLOCK", "numpy")
    install()
    with pytest.raises(BackendError, match=r"no usable backend .* 'price'; see backends\(\)"):
        quantforge.price(*OPTION)


def test_blocked_plugins_are_not_even_imported_and_auto_is_silent_about_them(
    install, describe, monkeypatch
):
    monkeypatch.setenv("QUANTFORGE_BLOCK", " bad , numpy,")
    install(bad=AssertionError("imported"), good=describe("good"))
    for name in ("bad", "numpy"):
        assert (info(name).state, info(name).reason) == ("blocked", "named in QUANTFORGE_BLOCK")
        with pytest.raises(BackendError, match=f"'{name}' cannot run 'price': blocked, named in"):
            quantforge.price(*OPTION, backend=name)
    assert quantforge.explain("price").backend == "good"
    assert quantforge.price(*OPTION) == near(EXACT)


def test_auto_takes_exact_backends_before_all_others_and_then_goes_by_preference(install, describe):
    install(
        rough=describe("rough", preference=1),
        late=describe("late", exact=True, preference=60),
        soon=describe("soon", exact=True, preference=40),
        tied=describe("tied", exact=True, preference=60),
    )
    assert registry().candidates("price") == ("soon", "late", "tied")
    every = ("soon", "late", "tied", "rough", "numpy")
    assert registry().candidates("price", "contract") == every


def test_a_backend_for_another_numerics_version_is_not_exact(install, describe):
    old = describe("old", exact=True, numerics={"price": 0}, preference=1)
    install(old=old, new=describe("new", exact=True))
    assert [info(name).exact for name in ("old", "new")] == [False, True]
    assert registry().candidates("price") == ("new",)
    assert quantforge.price(*OPTION, backend="old") == near(EXACT)  # no golden bits asked of it


# --- instruction sets --------------------------------------------------------------------------


def test_the_best_instruction_set_is_chosen_or_the_one_asked_for(monkeypatch):
    monkeypatch.delenv("QUANTFORGE_ISA", raising=False)
    assert quantforge.instruction_set(["avx2", "baseline"]) == "avx2"
    monkeypatch.setenv("QUANTFORGE_ISA", "baseline")
    assert quantforge.instruction_set(["avx2", "baseline"]) == "baseline"
    monkeypatch.setenv("QUANTFORGE_ISA", "avx512")
    with pytest.raises(ValueError, match=r"QUANTFORGE_ISA=avx512 cannot be .* avx2, baseline"):
        quantforge.instruction_set(["avx2", "baseline"])


# --- processes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NATIVE)
def test_the_installed_backends_load_and_pass_their_golden_bits(name):
    assert quantforge.price(*OPTION, backend=name) == near(EXACT)
    assert info(name).state is State.AVAILABLE
    assert {"isa", "build"} <= set(info(name).details)


def test_a_child_forked_while_another_thread_loads_a_backend_loads_it_itself(python):
    code = """
import importlib.metadata, os, sys, threading
import quantforge
from quantforge.numpy_backend.price import price

parent, entered, go = os.getpid(), threading.Event(), threading.Event()

def load():
    if os.getpid() == parent:
        entered.set()
        go.wait()
    return {"price": price}

class Plugin:
    name, value, dist = "slow", "slow", None
    load = lambda self: self
    @quantforge.hookimpl
    def quantforge_backend(self):
        return quantforge.Backend("slow", "1", quantforge.CONTRACT, {"price": 1}, False, load)

importlib.metadata.entry_points = lambda group: [Plugin()]
call = lambda: quantforge.price(100, 105, 0.5, 0.03, 0.2, backend="slow")
thread = threading.Thread(target=call)
thread.start()
entered.wait()
child = os.fork()
if child == 0:
    os._exit(0 if call() > 0 else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
go.set()
thread.join()
print(code, call() > 0)
"""
    assert python(code, timeout=20, PYTHONWARNINGS="ignore").split() == ["0", "True"]


def test_warnings_are_shown_only_once_even_if_all_are_wanted(install, describe):
    install(bad=fail(KeyError("isa")))
    with warnings.catch_warnings(record=True, action="always") as said:
        for kind in ("call", "put", "c"):
            quantforge.price(*OPTION, kind=kind)
            quantforge.dispatch.invalidate()
    assert len(said) == 1
