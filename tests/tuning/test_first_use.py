"""``QUANTFORGE_AUTOTUNE=first-use``: who asks for it has the first call tune."""

import os
import threading

import pytest

import quantforge
from quantforge import tuning
from quantforge.profile import lookup


@pytest.fixture
def asked(flipping, monkeypatch):
    """A new process that was asked to tune on first use."""
    monkeypatch.setenv("QUANTFORGE_AUTOTUNE", "first-use")
    monkeypatch.setattr(tuning, "_tried", threading.Lock())
    return flipping


def call(backend="auto"):
    return quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend=backend)


def is_tuned():
    return not list(lookup.gaps())


def test_the_first_automatic_call_tunes(asked, capsys):
    call()
    assert is_tuned()
    assert len(asked.rows()) == 2
    assert capsys.readouterr() == ("", "")  # no terminal, no progress


def test_the_second_call_does_not_tune_again(asked):
    call()
    before = asked.clock.now
    asked.restart()
    call()
    assert asked.clock.now - before < 1e-3


def test_without_being_asked_nobody_tunes(asked, monkeypatch):
    monkeypatch.delenv("QUANTFORGE_AUTOTUNE")
    call()
    assert not is_tuned()


def test_explaining_does_not_tune(asked):
    assert quantforge.explain("price", 100).profile == "shipped defaults"
    assert not is_tuned()
    call()  # and does not keep the call from doing it
    assert is_tuned()


def test_a_call_that_names_its_backend_does_not_tune(asked):
    call("early")
    assert not is_tuned()


def test_a_thread_does_not_tune(asked):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert not is_tuned()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_tune(asked):
    child = os.fork()
    if child == 0:
        call()
        os._exit(int(is_tuned()))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_worker_of_multiprocessing_does_not_tune(asked, monkeypatch):
    import multiprocessing.process

    monkeypatch.setattr(multiprocessing.process, "_parent_process", object())
    call()
    assert not is_tuned()


def test_while_another_process_measures_the_call_goes_on_untuned(asked):
    from quantforge.profile import store

    with store.alone(wait=False):
        call()
    assert not is_tuned()
    asked.restart()
    call()  # nor does this process try again
    assert not is_tuned()


def test_calls_that_named_a_backend_before_go_by_the_new_profile(asked):
    asked.threads(2)
    call("early")
    assert asked.rows("early")[1][0] == 65_536  # as shipped
    call()
    assert asked.rows("early")[1][0] == pytest.approx(4000, rel=0.05)


def test_where_nothing_can_be_written_this_process_is_tuned_all_the_same(
    asked, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("QUANTFORGE_PROFILE", str(tmp_path / "file" / "profile.json"))
    with pytest.warns(quantforge.QuantForgeWarning, match="this process only"):
        call()
    assert len(asked.rows()) == 2
    assert quantforge.explain("price").profile == "measured by this process"
