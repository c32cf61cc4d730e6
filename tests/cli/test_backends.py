"""``quantforge backends``: what is installed."""

import json

import pytest

import quantforge

pytest.importorskip("rich")


def test_backends_lists_every_backend_with_its_state(run):
    ended = run("backends")
    assert ended.code == 0
    for info in quantforge.backends():
        line = next(line for line in ended.out.splitlines() if line.split()[:1] == [info.name])
        assert str(info.state) in line
    found = json.loads(run("backends", "--json").out)
    assert [each["name"] for each in found] == [info.name for info in quantforge.backends()]
    assert set(found[0]) == {
        "name", "version", "state", "reason", "exact", "operations", "device", "url",
        "details",
    }  # fmt: skip
