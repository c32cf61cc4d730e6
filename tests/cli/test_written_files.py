"""Whatever a command writes, it replaces files and nothing else."""

import stat

import pytest

pytest.importorskip("rich")

NULL, FULL = 3, 7  # minor numbers of memory devices
PRICE = ["price", "--spot", 100, "--strike", 100, "--time", 1, "--rate", 0, "--sigma", 0.2]
WAYS = {
    "a table": ("rows.csv", [*PRICE, "--output"]),
    "a Parquet table": ("rows.parquet", [*PRICE, "--output"]),
    "a chain": ("chain.csv", ["chain", "--output"]),
    "its picture": ("chain.svg", ["chain", "--plot"]),
    "the profile": ("copy.json", ["autotune", "--export"]),
    "its picture in a report": ("report.svg", ["autotune", "--report"]),
}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request, run):
    """The name of a file and a function running a command that writes it."""
    name, words = request.param
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    if name.endswith("svg"):
        pytest.importorskip("matplotlib")
    if words[0] == "autotune":
        request.getfixturevalue("flipping").tune()
    return name, lambda path: run(*words, path)


def test_a_device_is_written_to_and_stays_a_device(way, device):
    name, write = way
    node = device(name, NULL)
    assert write(node)[::2] == (0, "")
    assert stat.S_ISCHR(node.stat().st_mode)


def test_a_full_device_is_an_error_in_one_line_and_stays_a_device(way, device):
    name, write = way
    node = device(name, FULL)
    ended = write(node)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.endswith(f": {node}: No space left on device\n")
    assert stat.S_ISCHR(node.stat().st_mode)


def test_a_link_stays_and_leads_to_what_was_written(way, tmp_path):
    name, write = way
    target, link = tmp_path / "target", tmp_path / name
    link.symlink_to(target)
    assert write(link).code == 0
    assert link.is_symlink()
    assert target.stat().st_size > 50
