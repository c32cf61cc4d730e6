"""How many threads this process may use: the least of what limits it."""

import os
import uuid
import warnings

import pytest

from quantforge import QuantForgeWarning, control_groups, errors, threads


class Groups:
    """The files in which Linux tells a process its control groups, and the groups' folders."""

    def __init__(self, folder):
        self.folder = folder
        self.process = folder / "process"
        self.process.mkdir()
        self.lines = {"cgroup": "0::/\n", "mountinfo": ""}

    def mount(self, version, own="/", root="/"):
        """Mount a hierarchy that shows what lies below `root`; this process is in `own`."""
        top = self.folder / f"version {version}".replace(" ", "_")
        top.mkdir(exist_ok=True)
        kind, controllers = ("cgroup2", "") if version == 2 else ("cgroup", "cpuacct,cpu")
        self.lines["cgroup"] += f"{2 - version}:{controllers}:{own}\n"
        self.lines["mountinfo"] += f"31 23 0:28 {root} {top} rw,relatime shared:9 - {kind} x rw"
        self.lines["mountinfo"] += f",{controllers}\n" if controllers else "\n"
        for name, text in self.lines.items():
            (self.process / name).write_text(text)
        return top


@pytest.fixture
def groups(monkeypatch, tmp_path):
    """A machine of eight processors without any limit, and its control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    made = Groups(tmp_path)
    monkeypatch.setattr(control_groups, "_PROCESS", made.process)
    return made


@pytest.fixture
def machine(groups):
    """The folder of this process's control group, which is the root of its hierarchy."""
    return groups.mount(2)


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
def test_the_quota_of_a_version_1_control_group_limits(groups, quota, period, budget):
    group = groups.mount(1)
    (group / "cpu.cfs_quota_us").write_text(quota)
    (group / "cpu.cfs_period_us").write_text(period)
    assert threads.budget() == budget


PLACES = [("/a/b", "/", "a/b"), ("/x/a/b", "/x", "a/b"), ("/a", "/", "a"), ("/", "/", ".")]


@pytest.mark.parametrize(("own", "root", "folder"), PLACES)
def test_the_least_quota_on_the_way_to_the_root_limits(groups, own, root, folder):
    top = groups.mount(2, own, root)
    group = top / folder
    group.mkdir(parents=True, exist_ok=True)
    (top / "cpu.max").write_text("500000 100000")
    assert threads.budget() == 5
    (group / "cpu.max").write_text("300000 100000")
    assert threads.budget() == 3
    (top / "cpu.max").write_text("200000 100000")
    assert threads.budget() == 2
    (group / "cpu.max").write_text("max 100000")
    assert threads.budget() == (2 if folder != "." else 8)


def test_the_mount_stands_for_a_group_that_it_does_not_show(groups):
    top = groups.mount(2, own="/../elsewhere", root="/here")
    (top / "cpu.max").write_text("300000 100000")
    assert threads.budget() == 3


def test_both_versions_at_once_limit(groups):
    new, old = groups.mount(2, own="/a"), groups.mount(1, own="/b/c")
    (new / "a").mkdir()
    (old / "b/c").mkdir(parents=True)
    (old / "b/cpu.cfs_quota_us").write_text("400000")
    (old / "b/cpu.cfs_period_us").write_text("100000")
    assert threads.budget() == 4
    (new / "a/cpu.max").write_text("300000 100000")
    assert threads.budget() == 3


def test_other_groups_do_not_limit(groups):
    top = groups.mount(2, own="/a")
    for folder in ("a/below", "beside"):
        (top / folder).mkdir(parents=True)
        (top / folder / "cpu.max").write_text("100000 100000")
    assert threads.budget() == 8


@pytest.fixture
def limited_group():
    """A real control group around another one, in which a process may use one processor."""
    found = [group for group in control_groups.groups() if (group / "cpu.cfs_quota_us").is_file()]
    if not found:
        pytest.skip("no control group of version 1 with the controller cpu")
    outer = found[0] / f"quantforge-test-{uuid.uuid4().hex[:8]}"
    inner = outer / "inner"
    try:
        inner.mkdir(parents=True)
        (outer / "cpu.cfs_quota_us").write_text("100000")
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield inner
    inner.rmdir()
    outer.rmdir()


several = pytest.mark.skipif(threads.budget() < 2, reason="one processor")
SPREAD = """
import os
import numpy as np
import quantforge
from quantforge import evaluation
strikes = np.linspace(50.0, 150.0, 1_000_000)
split, counts = evaluation.split, [1]
def watched(*arguments):
    counts.append(arguments[-1])
    return split(*arguments)
evaluation.split = watched
def spread():
    'The threads of a call like those before, of explain, and of bind.'
    counts[:] = [1]
    quantforge.price(100.0, strikes, 0.5, 0.03, 0.2)
    bound = repr(quantforge.bind("price", n=1_000_000))
    return counts[-1], quantforge.explain("price", 1_000_000).threads, int(bound.split()[-2])
"""


@several
def test_a_real_quota_of_a_real_group_limits(limited_group, python):
    code = f"""
with open({str(limited_group / "cgroup.procs")!r}, "w") as processes:
    processes.write(str(os.getpid()))
print(spread())
"""
    assert python(SPREAD + code) == "(1, 1, 1)\n"


@several
def test_the_threads_follow_an_affinity_that_changes_between_calls(python):
    code = """
all_processors = os.sched_getaffinity(0)
for processors in (all_processors, {min(all_processors)}, all_processors):
    os.sched_setaffinity(0, processors)
    print({threads - len(processors) for threads in spread()})
"""
    assert python(SPREAD + code) == "{0}\n" * 3


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


@pytest.mark.filterwarnings("ignore::quantforge.QuantForgeWarning")
@pytest.mark.parametrize(("ours", "openmp", "budget"), ENVIRONMENTS)
def test_the_environment_limits_and_ours_goes_before_openmps(
    machine, monkeypatch, ours, openmp, budget
):
    for name, value in (("QUANTFORGE_NUM_THREADS", ours), ("OMP_NUM_THREADS", openmp)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert threads.budget() == budget


WRONG = ["abc", "0", "-1", "2.5", "1e3", "two,4", ",", "9" * 5000]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda text: text[:8])
@pytest.mark.parametrize("name", ["QUANTFORGE_NUM_THREADS", "OMP_NUM_THREADS"])
def test_what_is_no_number_of_threads_is_ignored_with_one_warning(
    machine, monkeypatch, name, wrong
):
    monkeypatch.setattr(errors, "_said", set())
    monkeypatch.setenv(name, wrong)
    with pytest.warns(QuantForgeWarning, match=f"{name}=.* a whole number from 1 on") as said:
        assert [threads.budget(), threads.budget()] == [8, 8]
    assert len(said) == 1
    assert len(str(said[0].message)) < 200


@pytest.mark.parametrize("right", ["3", " 3 ", "3,2", ""])
def test_what_is_a_number_of_threads_warns_of_nothing(machine, monkeypatch, right):
    monkeypatch.setenv("OMP_NUM_THREADS", right)
    with warnings.catch_warnings(action="error"):
        assert threads.budget() == (3 if right else 8)


def test_the_least_of_all_limits_counts(machine, monkeypatch):
    (machine / "cpu.max").write_text("300000 100000")
    monkeypatch.setenv("QUANTFORGE_NUM_THREADS", "5")
    assert threads.budget() == 3
