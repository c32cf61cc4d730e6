"""What the profile says about a request, and for how long that holds."""

import logging
import subprocess
import sys
from types import SimpleNamespace

import quantforge
from quantforge.operations import OPERATIONS
from quantforge.profile import lookup

SHIPPED = "shipped defaults"


def profile_of(machine):
    """Where the rows that `auto` goes by come from."""
    machine.restart()
    return quantforge.explain("price").profile


def test_a_profile_survives_the_process(flipping):
    flipping.tune()
    before = flipping.rows()
    flipping.restart()
    assert flipping.rows() == before
    assert len(before) == 2


def test_a_new_version_of_a_backend_loses_only_its_own_curves(flipping):
    flipping.tune()
    flipping.install(
        flipping.speed("early"), flipping.speed("late", fixed=50e-6, each=50e-9, version="2.0")
    )
    assert flipping.rows() == [(0, "early", 1)]
    (gap,) = lookup.gaps()
    assert tuple(gap) == ("late", "price", "measured as version 1.0, now it is 2.0")
    assert gap.reason in quantforge.explain("price").candidates["late"]  # the same reason


def test_a_rebuilt_backend_loses_only_its_own_curves(flipping):
    def built(files):
        return SimpleNamespace(read_text=lambda name: files)

    late = {"fixed": 50e-6, "each": 50e-9}
    flipping.install(flipping.speed("early"), flipping.speed("late", dist=built("a"), **late))
    flipping.tune()
    assert len(flipping.rows()) == 2
    flipping.install(flipping.speed("early"), flipping.speed("late", dist=built("b"), **late))
    assert flipping.rows() == [(0, "early", 1)]
    assert [tuple(gap)[::2] for gap in lookup.gaps()] == [("late", "rebuilt since it was measured")]


def test_another_numerical_specification_loses_the_curves(flipping, monkeypatch):
    flipping.tune()
    changed = {"price": SimpleNamespace(**{**vars(OPERATIONS["price"]), "numerics": 99})}
    monkeypatch.setattr(lookup, "OPERATIONS", changed)
    assert profile_of(flipping) == SHIPPED


def test_a_backend_that_is_not_installed_leaves_the_rows_to_the_others(flipping):
    flipping.tune()
    flipping.install(flipping.speed("late", fixed=50e-6, each=50e-9))
    assert flipping.rows() == [(0, "late", 1)]
    assert profile_of(flipping) == str(flipping.profile)


def test_an_unmeasured_backend_does_not_spoil_what_is_known_of_the_others(flipping):
    flipping.tune()
    before = flipping.rows()
    flipping.install(
        flipping.speed("new", preference=1),
        flipping.speed("early"),
        flipping.speed("late", fixed=50e-6, each=50e-9),
    )
    assert flipping.rows() == before
    assert [tuple(gap) for gap in lookup.gaps()] == [("new", "price", "not measured")]


def test_a_changed_thread_budget_keeps_what_was_measured_under_the_other(flipping):
    flipping.threads(2)
    flipping.tune()
    with_two = flipping.rows()
    flipping.threads(3)
    assert profile_of(flipping) == SHIPPED
    flipping.tune()
    assert {row[2] for row in flipping.rows()} == {1, 3}
    flipping.threads(2)
    assert flipping.rows() == with_two


def test_a_smaller_budget_goes_by_the_curves_that_fit_it(flipping):
    flipping.threads(2)
    flipping.tune()
    flipping.threads(1)
    assert [row[1:] for row in flipping.rows()] == [("early", 1), ("late", 1)]
    assert profile_of(flipping) == str(flipping.profile)


def test_a_forced_instruction_set_is_another_machine(flipping, monkeypatch):
    flipping.tune()
    monkeypatch.setenv("QUANTFORGE_ISA", "avx2")
    assert profile_of(flipping) == SHIPPED


def test_without_a_profile_one_log_line_names_the_command(flipping, caplog):
    with caplog.at_level(logging.INFO, logger="quantforge"):
        for backend in ("auto", "early", "late"):
            quantforge.explain("price", backend=backend)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "python -m quantforge.autotune" in caplog.text


def test_importing_quantforge_reads_no_profile_and_imports_none_of_this():
    code = (
        "import sys, quantforge; quantforge.backends()\n"
        "loaded = [name for name in sys.modules if name.startswith('quantforge.tuning.')]\n"
        "assert not loaded and 'platformdirs' not in sys.modules, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
