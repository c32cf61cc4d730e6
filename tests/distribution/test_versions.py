"""The distributions have one version, and ask for each other's of it."""

import re
import shutil

import pytest

import quantforge
from release import DISTRIBUTIONS, ROOT, versions

OTHERS = re.compile(r"""(?:__version__|^version) *= *["'](\d+\.\d+\.\d+)["']""", re.M)


def test_all_distributions_have_the_version_of_the_core():
    assert set(versions.stated().values()) == {quantforge.__version__}


def test_no_place_with_a_version_is_forgotten():
    found = {
        file.relative_to(ROOT).as_posix()
        for pattern in ("quantforge/*.py", "backends/*/**/__init__.py", "conformance/**/*.py")
        for file in ROOT.glob(pattern)
        if "build" not in file.parts
        if OTHERS.search(file.read_text("utf-8"))
    } | {
        file.relative_to(ROOT).as_posix()
        for file in [*ROOT.glob("backends/*/*.toml"), *ROOT.glob("**/pyproject.toml")]
        if {"build", "examples", "templates", ".venv"}.isdisjoint(file.parts)
        if OTHERS.search(file.read_text("utf-8"))
    }
    assert found == set(versions.PLACES)


def test_each_asks_for_this_minor_version_of_the_others():
    minor = quantforge.__version__.rpartition(".")[0]
    assert {version for *_, version in versions.required()} == {minor}
    asked = {(who, whom) for who, whom, _ in versions.required()}
    backends = {f"quantforge-{name}" for name in ("rust", "c", "numba")}
    assert asked == {("quantforge-core", each) for each in backends} | {
        (each, "quantforge-core") for each in (*backends, "quantforge-conformance")
    }


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the files that say a version."""
    sources = {name: tmp_path / folder.relative_to(ROOT) for name, folder in DISTRIBUTIONS.items()}
    places = ["CHANGELOG.md", *versions.PLACES]
    places += [f"{folder.relative_to(ROOT)}/pyproject.toml" for folder in DISTRIBUTIONS.values()]
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, tmp_path / place)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    monkeypatch.setattr(versions, "DISTRIBUTIONS", sources)
    return tmp_path


def test_one_command_raises_the_version_everywhere(copy):
    before = (copy / "CHANGELOG.md").read_text("utf-8")
    versions.raise_to("12.34.5")
    assert set(versions.stated().values()) == {"12.34.5"}
    assert {version for *_, version in versions.required()} == {"12.34"}
    assert 'rust-version = "1.89"' in (copy / "backends/rust/Cargo.toml").read_text("utf-8")
    assert '"numpy>=2"' in (copy / "pyproject.toml").read_text("utf-8")
    headings = re.findall(r"^## .*", (copy / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] == "## Unreleased"
    assert re.fullmatch(r"## 12\.34\.5 \(\d{4}-\d\d-\d\d\)", headings[1])
    assert headings[2:] == re.findall(r"^## .*", before, re.M)[1:]


@pytest.mark.parametrize("number", ["0.0.9", "1.2", "v1.2.3", "1.2.3rc1"])
def test_what_is_no_higher_version_is_refused_and_changes_nothing(copy, number):
    before = versions.stated()
    with pytest.raises(SystemExit, match=re.escape(number)):
        versions.raise_to(number)
    assert versions.stated() == before
