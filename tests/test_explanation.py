"""`explain`: which backend would run a batch, with how many threads, and why."""

import pytest

import quantforge


def test_explain_reports_an_untuned_machine(ran):
    decision = quantforge.explain("price", 100_000)
    assert (
        repr(decision)
        == """\
price of 100,000 options: a, 4 threads
  row      from 65,536 options on
  profile  shipped defaults
  why      this machine is not tuned: run `python -m quantforge.autotune`
  numpy  not measured; not exact, so auto takes it only where nothing exact is usable
  a      not measured; not exact, so auto takes it only where nothing exact is usable
  b      not measured; not exact, so auto takes it only where nothing exact is usable"""
    )


def test_explain_reports_what_was_measured_and_what_the_others_would_cost(tuned):
    decision = quantforge.explain("price", 10_000)
    assert (decision.operation, decision.n) == ("price", 10_000)
    assert (decision.profile, decision.age) == ("/cache/profile.json", "2 hours ago")
    lines = repr(decision).splitlines()
    assert lines[0] == "price of 10,000 options: b, 2 threads"
    assert lines[1] == "  row      from 10,000 options on"
    assert lines[2] == "  profile  /cache/profile.json, measured 2 hours ago"
    # 20 ns and 10 ns per option, and 1 us and 2 us per call: 201 us and 102 us on one thread.
    times = {name: text.partition(";")[0] for name, text in decision.candidates.items()}
    assert times == {
        "numpy": "not measured",
        "a": "201.00 us with 1 thread, 101.00 us with 2 threads, 51.00 us with 4 threads",
        "b": "102.00 us with 1 thread, 52.00 us with 2 threads, 27.00 us with 4 threads",
    }


def test_explain_says_who_asked(tuned):
    assert quantforge.explain("price", 1, backend="b").reason == "backend 'b' was asked for"
    with quantforge.using(backend="numpy"):
        assert quantforge.explain("price").reason == "backend 'numpy' was asked for"


def test_explain_says_why_the_others_are_not_considered(install, describe):
    install(
        good=describe("good", exact=True),
        other=describe("other", numerics={"telepathy": 1}),
        bad=RuntimeError("no"),
    )
    assert quantforge.explain("price").candidates == {
        "numpy": "not measured; not exact, so auto takes it only where nothing exact is usable",
        "good": "not measured",
        "bad": "broken: import failed: RuntimeError: no",
        "other": "does not implement 'price'",
    }


def test_explain_loads_nothing(ran):
    quantforge.explain("price", 10**6)
    assert all(not one.details for one in quantforge.backends())
    assert not ran


@pytest.mark.parametrize("operation", ["telepathy", "", None, ["price"]], ids=repr)
def test_an_unknown_operation_is_told_the_valid_ones(operation):
    with pytest.raises(ValueError, match=r"unknown operation .*; valid: .*\bprice\b"):
        quantforge.explain(operation)
