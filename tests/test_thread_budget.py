"""How many threads this process may use: the least of what limits it."""

import os

import pytest

from quantforge import threads


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of eight processors without any limit; gives the folder of its control group."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "_CGROUP", tmp_path)
    return tmp_path


def test_the_budget_is_the_affinity_where_nothing_else_limits(machine, monkeypatch):
    assert threads.budget() == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert threads.budget() == 1


def test_without_affinity_the_processors_count(machine, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.budget() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.budget() == 1


QUOTAS = [
    ("max 100000", 8),
    ("400000 100000", 4),
    ("150000 100000", 2),
    ("149999 100000", 1),
    ("10000 100000", 1),
    ("1600000 100000", 8),
    ("", 8),
    ("rubbish", 8),
    ("100000 0", 8),
    ("many 100000", 8),
]


@pytest.mark.parametrize(("text", "budget"), QUOTAS)
def test_the_quota_of_a_version_2_control_group_limits(machine, text, budget):
    (machine / "cpu.max").write_text(text + "\n")
    assert threads.budget() == budget


VERSION_1 = [("-1", "1000", 8), ("3000", "1000", 3), ("0", "1000", 8), ("9", "0", 8), ("x", "1", 8)]


@pytest.mark.parametrize(("quota", "period", "budget"), VERSION_1)
def test_the_quota_of_a_version_1_control_group_limits(machine, quota, period, budget):
    (machine / "cpu").mkdir()
    (machine / "cpu/cpu.cfs_quota_us").write_text(quota)
    (machine / "cpu/cpu.cfs_period_us").write_text(period)
    assert threads.budget() == budget


ENVIRONMENTS = [
    ("3", None, 3),
    (None, "3", 3),
    ("5", "3", 5),
    ("3", "5", 3),
    ("64", None, 8),
    (None, "4,2", 4),
    ("rubbish", "3", 3),
    ("0", "3", 3),
    ("-2", None, 8),
    ("2.5", None, 8),
    ("", "", 8),
]


@pytest.mark.parametrize(("ours", "openmp", "budget"), ENVIRONMENTS)
def test_the_environment_limits_and_ours_goes_before_openmps(
    machine, monkeypatch, ours, openmp, budget
):
    for name, value in (("QUANTFORGE_NUM_THREADS", ours), ("OMP_NUM_THREADS", openmp)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert threads.budget() == budget


def test_the_least_of_all_limits_counts(machine, monkeypatch):
    (machine / "cpu.max").write_text("300000 100000")
    monkeypatch.setenv("QUANTFORGE_NUM_THREADS", "5")
    assert threads.budget() == 3
