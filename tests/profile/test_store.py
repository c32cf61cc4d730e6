"""The file: where it is, who may write it, and what becomes of one that is not as it was."""

import json
import subprocess
import sys

import pytest

import quantforge
from quantforge.profile import store

SHIPPED = "shipped defaults"


def edited(machine, change):
    """Change the profile's JSON in place."""
    content = json.loads(machine.profile.read_text())
    change(content)
    machine.profile.write_text(json.dumps(content))


@pytest.mark.parametrize("key", ["cpu", "isa", "contract", "schema"])
def test_another_machine_contract_or_schema_is_not_ours(flipping, key):
    flipping.tune()

    def change(content):
        (section,) = content["sections"]
        section[key] = "another" if isinstance(section[key], str) else section[key] + 1

    edited(flipping, change)
    flipping.restart()
    assert quantforge.explain("price").profile == SHIPPED


def test_sections_of_another_schema_are_kept_as_they_are(flipping):
    later = {"schema": 99, "whatever": [1, {"two": None}]}
    flipping.tune()
    edited(flipping, lambda content: content["sections"].append(later))
    flipping.tune()
    assert later in json.loads(flipping.profile.read_text())["sections"]


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
    "threads without end": damage(threads=10**400),
    "a size without end": damage(sizes=[1, 10**400], seconds=[1.0, 1.0]),
    "a size that no float has": damage(sizes=[1, 2**53 + 1], seconds=[1.0, 1.0]),
    "100,000 points": damage(sizes=[*range(1, 100_001)], seconds=[1.0] * 100_000),
    "the least time of all": damage(sizes=[1], seconds=[5e-324]),
    "the longest time of all": damage(sizes=[1], seconds=[1e308]),
    "a missing key": lambda content: content["sections"][0].pop("cpu"),
    "a negative budget": lambda content: content["sections"][0].update(budget=-1),
    "a budget without end": lambda content: content["sections"][0].update(budget=10**400),
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


WRITER = """
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
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in "ab"]
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
