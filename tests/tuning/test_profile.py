"""What is remembered: for how long it holds, and what becomes of a file that is not as it was."""

import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

import quantforge
from quantforge.operations import OPERATIONS
from quantforge.profile import lookup, store
from quantforge.profile.machine import Machine
from quantforge.profile.record import Profile, dump, parse

SHIPPED = "shipped defaults"


def profile_of(machine):
    """Where the rows that `auto` goes by come from."""
    machine.restart()
    return quantforge.explain("price").profile


def edited(machine, change):
    """Change the profile's JSON in place."""
    content = json.loads(machine.profile.read_text())
    change(content)
    machine.profile.write_text(json.dumps(content))


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
    assert [gap.backend for gap in lookup.gaps()] == ["late"]
    assert "not measured" in quantforge.explain("price").candidates["late"]


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


@pytest.mark.parametrize("key", ["cpu", "isa", "contract", "schema"])
def test_another_machine_contract_or_schema_is_not_ours(flipping, key):
    flipping.tune()

    def change(content):
        (section,) = content["sections"]
        section[key] = "another" if isinstance(section[key], str) else section[key] + 1

    edited(flipping, change)
    assert profile_of(flipping) == SHIPPED


def test_a_forced_instruction_set_is_another_machine(flipping, monkeypatch):
    flipping.tune()
    monkeypatch.setenv("QUANTFORGE_ISA", "avx2")
    assert profile_of(flipping) == SHIPPED


def test_sections_of_another_schema_are_kept_as_they_are(flipping):
    later = {"schema": 99, "whatever": [1, {"two": None}]}
    flipping.tune()
    edited(flipping, lambda content: content["sections"].append(later))
    flipping.tune()
    assert later in json.loads(flipping.profile.read_text())["sections"]


def test_writing_and_reading_gives_the_same_profile(flipping):
    profile = flipping.tune().profile
    assert parse(json.loads(json.dumps(dump(profile)))) == profile


def damage(**changes):
    """A function that damages the first curve of the first backend."""

    def change(content):
        backends = content["sections"][0]["backends"]
        backends["early"]["operations"]["price"]["curves"][0].update(changes)

    return change


DAMAGES = {
    "sizes that do not rise": damage(sizes=[4, 1], seconds=[1.0, 1.0]),
    "a size that is no number": damage(sizes=["1"], seconds=[1.0]),
    "a true size": damage(sizes=[True], seconds=[1.0]),
    "uneven lists": damage(sizes=[1, 2], seconds=[1.0]),
    "no points": damage(sizes=[], seconds=[]),
    "no time": damage(sizes=[1], seconds=[0.0]),
    "an infinite time": damage(sizes=[1], seconds=[float("inf")]),
    "a NaN time": damage(sizes=[1], seconds=[float("nan")]),
    "no threads": damage(threads=0),
    "a missing key": lambda content: content["sections"][0].pop("cpu"),
    "a negative budget": lambda content: content["sections"][0].update(budget=-1),
    "a list for an object": lambda content: content["sections"][0].update(backends=[]),
    "a time of measurement that is none": lambda content: content["sections"][0]["backends"][
        "early"
    ].update(measured="yesterday"),
    "a time of measurement without zone": lambda content: content["sections"][0]["backends"][
        "early"
    ].update(measured="2026-01-01T00:00:00"),
    "something else": lambda content: content.update(what="a song"),
}


def assert_damage_is_survived(machine):
    machine.restart()
    with pytest.warns(quantforge.QuantForgeWarning, match=str(machine.profile)) as warned:
        assert quantforge.explain("price").profile == SHIPPED
    assert len(warned) == 1
    # From here on a warning would be an error.
    assert quantforge.explain("price", backend="late").profile == SHIPPED
    assert quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2) == 0.0


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_profile_is_no_profile_and_one_warning_names_the_file(flipping, change):
    flipping.tune()
    edited(flipping, change)
    assert_damage_is_survived(flipping)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"what": "quantforge profile"}'],
    ids=["empty", "cut off", "a list", "null", "binary", "nested", "no sections"],
)
def test_rubbish_is_no_profile_and_one_warning_names_the_file(flipping, content):
    flipping.profile.parent.mkdir()
    flipping.profile.write_bytes(content)
    assert_damage_is_survived(flipping)


def test_tuning_replaces_a_damaged_profile(flipping):
    flipping.profile.parent.mkdir()
    flipping.profile.write_text("rubbish")
    with pytest.warns(quantforge.QuantForgeWarning):
        flipping.tune()
    flipping.restart()
    assert len(flipping.rows()) == 2


def test_without_a_profile_one_log_line_names_the_command(flipping, caplog):
    with caplog.at_level(logging.INFO, logger="quantforge"):
        for backend in ("auto", "early", "late"):
            quantforge.explain("price", backend=backend)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "python -m quantforge.autotune" in caplog.text


def test_the_path_is_that_of_platformdirs(monkeypatch, tmp_path):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("QUANTFORGE_PROFILE", raising=False)
    for base in (None, str(tmp_path), " "):
        if base is None:
            monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        else:
            monkeypatch.setenv("XDG_CACHE_HOME", base)
        expected = platformdirs.user_cache_path("quantforge", appauthor=False) / "profile.json"
        assert store.path() == expected


def test_a_machine_serves_itself_and_smaller_budgets_only():
    four = Machine("cpu", "isa", 4)
    assert four.serves(four)
    assert four.serves(Machine("cpu", "isa", 2))
    assert not four.serves(Machine("cpu", "isa", 8))
    assert not four.serves(Machine("cpu", "other", 4))


APART = """
import sys
from quantforge.profile import store
from quantforge.profile.machine import Machine
from quantforge.profile.record import Profile, Record, Section

for count in range(40):
    record = Record("1", "", "2026-01-01T00:00:00+00:00", "quick")
    section = Section(Machine("cpu", "isa", 1), {f"{sys.argv[1]}{count}": record})
    store.merge(Profile((section,)))
"""


def test_processes_that_write_at_once_lose_nothing(machine):
    writers = [subprocess.Popen([sys.executable, "-c", APART, name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    (section,) = store.read().sections
    assert set(section.backends) == {f"{name}{count}" for name in "ab" for count in range(40)}
    assert sorted(path.name for path in machine.profile.parent.iterdir()) == [
        "profile.json",
        "profile.json.lock",
    ]


def test_only_one_process_measures_at_a_time(machine):
    with store.alone(wait=False) as first, store.alone(wait=False) as second:
        assert (first, second) == (True, False)
    with store.alone(wait=False) as third:
        assert third


def test_importing_quantforge_reads_no_profile_and_imports_none_of_this():
    code = (
        "import sys, quantforge; quantforge.backends()\n"
        "loaded = [name for name in sys.modules if name.startswith('quantforge.tuning.')]\n"
        "assert not loaded and 'platformdirs' not in sys.modules, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_empty_profile_has_no_section():
    assert Profile().section(Machine("cpu", "isa", 1)) is None
