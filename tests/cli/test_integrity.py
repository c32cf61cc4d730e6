"""``quantforge doctor --wheel``: installed files are compared with what their wheels brought."""

import json
from importlib import metadata

import pytest

from quantforge import discovery
from quantforge.cli import integrity

INFO = "planted-1.0.dist-info"
CURE = "is not as its wheel brought it: pip install --force-reinstall --no-deps planted==1.0"

# Digests by `printf 'one = 1\n' | openssl sha256 -binary | basenc --base64url`.
PACKAGE = {
    "planted/__init__.py": ("one = 1\n", "HkdhEfZSg6lFe3KYy3vLO3OhJcAqkSIkpeAK9ppkYz4"),
    "planted/kernels.py": ("two = 2\n", "pWCisNGIOSkYpH0wv3fpGmqgqu2-nXfov5FxND9DR0s"),
    "planted/part/deep.py": ("six = 6\n", "8Fye4e_6EiV3mzncm9BSPnb3lF31LtOHi8MYxFeAqZY"),
}
RECORD = "".join(f"{path},sha256={digest},8\n" for path, (_, digest) in PACKAGE.items()) + (
    f"planted/__pycache__/kernels.cpython-311.pyc,,\n{INFO}/RECORD,,\n"
)
METADATA = "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n"


class Installed:
    """A distribution as an installer would have left it in a folder of its own."""

    def __init__(self, site):
        self.site = site
        for path, (text, _) in PACKAGE.items():
            self.write(path, text)
        self.write(f"{INFO}/METADATA", METADATA)
        self.write(f"{INFO}/RECORD", RECORD)

    def write(self, path, text):
        file = self.site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def record(self, old, new):
        """Change the RECORD."""
        assert old in RECORD
        self.write(f"{INFO}/RECORD", RECORD.replace(old, new))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The only plugin there is, installed."""
    monkeypatch.syspath_prepend(tmp_path)
    there = Installed(tmp_path)
    there.write(f"{INFO}/entry_points.txt", "[quantforge]\nplanted = planted\n")
    every = metadata.entry_points
    monkeypatch.setattr(metadata, "entry_points", lambda **of: every(name="planted", **of))
    return there


def compared():
    """What is said of the planted distribution: how it is installed, and its problems."""
    summaries, problems = integrity.compare()
    [state] = [each["state"] for each in summaries if each["distribution"] == "planted"]
    return state, [each for each in problems if each.startswith("planted")]


def damaged(installed, *lines):
    """What is said if something is wrong with some files."""
    first = f"planted 1.0 in {installed.site} {CURE}"
    return "damaged", [first, *(f"planted: {line}" for line in lines)]


def test_what_a_wheel_brought_is_intact_and_bytecode_is_no_part_of_it(installed):
    installed.write("planted/__pycache__/kernels.cpython-311.pyc", "compiled")
    installed.write("planted/__pycache__/deep.cpython-311.pyc", "compiled by somebody else")
    assert compared() == ("intact", [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two = 3\n", "planted/kernels.py has other content than RECORD says"),
        ("two = 2", "planted/kernels.py has 7 bytes where RECORD says 8"),
    ],
)
def test_a_file_that_differs_is_named(installed, text, line):
    installed.write("planted/kernels.py", text)
    assert compared() == damaged(installed, line)


def test_a_file_that_is_gone_is_named(installed):
    (installed.site / "planted/part/deep.py").unlink()
    assert compared() == damaged(installed, "planted/part/deep.py is missing")


@pytest.mark.parametrize("path", ["planted/more.py", "planted/part/json.so", "planted/kernels.pyc"])
def test_a_file_that_no_wheel_brought_is_named(installed, path):
    installed.write(path, "")
    assert compared() == damaged(installed, f"{path} is not in RECORD")


def test_a_folder_in_the_place_of_a_file_cannot_be_read(installed):
    (installed.site / "planted/kernels.py").unlink()
    (installed.site / "planted/kernels.py").mkdir()
    _, [_, problem] = compared()
    assert problem.startswith("planted: planted/kernels.py cannot be read: ")


def test_a_package_that_another_hides_is_named(installed, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "before")
    installed.write("before/planted/__init__.py", "one = 2\n")
    line = f"the package planted is imported from {tmp_path}/before/planted"
    assert compared() == damaged(installed, line)


def test_an_installation_without_record_cannot_be_compared(installed):
    (installed.site / INFO / "RECORD").unlink()
    lack = f"planted 1.0 in {installed.site} has no RECORD, its files cannot be compared"
    assert compared() == ("without RECORD", [lack])


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("planted/kernels.py,,", "planted/kernels.py has no hash in RECORD"),
        ("planted/kernels.py,md5=7M,8", "planted/kernels.py has a hash of kind md5 in RECORD"),
    ],
)
def test_a_file_without_a_hash_to_compare_with_is_named(installed, row, line):
    digest = PACKAGE["planted/kernels.py"][1]
    installed.record(f"planted/kernels.py,sha256={digest},8", row)
    assert compared() == damaged(installed, line)


@pytest.mark.parametrize("name", ["RECORD", "direct_url.json"])
def test_metadata_that_cannot_be_read_are_said(installed, name):
    installed.write(f"{INFO}/{name}", "neither one nor the other\n")
    state, [problem] = compared()
    assert state == "unreadable"
    assert problem.startswith("planted: its metadata cannot be read: ")


def test_an_editable_installation_is_said_to_be_one(installed):
    origin = {"url": "file:///home/ann/planted", "dir_info": {"editable": True}}
    installed.write(f"{INFO}/direct_url.json", json.dumps(origin))
    installed.write("planted/kernels.py", "two = 3\n")
    assert compared() == ("editable", [])


def test_a_core_that_is_not_installed_is_said(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    monkeypatch.setattr(discovery, "entry_points", lambda: ([], {}))
    line = "quantforge-core is not installed, there is no RECORD to compare quantforge with"
    assert integrity.compare() == ([], [line])


def test_doctor_compares_when_it_is_asked_and_damage_is_a_problem(run, installed):
    assert "wheels" not in json.loads(run("doctor", "--json").out)
    installed.write("planted/kernels.py", "two = 3\n")
    ended = run("doctor", "--wheel", "--json")
    assert ended.code == 1
    findings = json.loads(ended.out)
    assert {"quantforge-core", "planted"} == {each["distribution"] for each in findings["wheels"]}
    _, lines = damaged(installed, "planted/kernels.py has other content than RECORD says")
    assert [each for each in findings["problems"] if each in lines] == lines
    shown = run("doctor", "--wheel").out
    assert f"planted 1.0, 5 files damaged, {installed.site}\n" in shown
    assert lines[1] in shown
