"""``quantforge new-backend`` and ``new-operation``: what they write, and what they refuse."""

import os
import re
from datetime import date
from pathlib import Path

import pytest

from quantforge import CONTRACT
from quantforge.cli import new
from quantforge.operations import OPERATIONS

LANGUAGES = ("python", "c", "rust", "cpp")
OURS = (
    *("price", "greeks", "implied_volatility", "exercise_boundary"),
    *("american_price", "american_greeks", "american_implied_volatility"),
    *("bachelier_price", "bachelier_greeks", "bachelier_implied_volatility"),
)
COMMANDS = [("new-backend", "--language", one) for one in LANGUAGES] + [("new-operation",)]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def files(folder):
    """The text of every file below a folder, by its place."""
    return {
        str(path.relative_to(folder)): path.read_text("utf-8")
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_package_has_all_it_takes_to_be_built_tested_and_published(run, command):
    ended = run(*command, "mine")
    assert (ended.code, ended.err) == (0, "")
    written = files("quantforge-mine")
    assert {
        ".gitignore",
        ".github/workflows/ci.yml",
        ".github/workflows/publish.yml",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "python/quantforge_mine/__init__.py",
        "python/quantforge_mine/py.typed",
    } <= written.keys()
    assert any(place.startswith("tests/test_") for place in written)
    for place in written:
        assert f"  {place}\n" in ended.out
    assert ended.out.endswith("next:\n  cd quantforge-mine\n  pip install '.[test]'\n  pytest\n")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("url", [(), ("--url", "https://example.org/me/mine/")], ids=["", "url"])
def test_the_words_given_stand_in_place_of_the_placeholders(run, command, url):
    assert run(*command, "mine", "--author", "Jane Doe & Söhne", *url).code == 0
    written = files("quantforge-mine")
    for place, text in written.items():
        words = {*re.findall("[A-Z]+", place + text)}
        assert not words & {"NAME", "AUTHOR", "YEAR", "URL", "LANGUAGE", "OPERATIONS"}
    assert f"Copyright (c) {date.today().year} Jane Doe & Söhne\n" in written["LICENSE"]
    assert 'authors = [{ name = "Jane Doe & Söhne" }]' in written["pyproject.toml"]
    home = "https://example.org/me/mine" if url else "../.."
    assert f"({home}/actions/workflows/ci.yml/badge.svg)" in written["README.md"]
    described = written["python/quantforge_mine/__init__.py"]
    assert ('url="https://example.org/me/mine"' in described) == bool(url)
    assert ("Homepage" in written["pyproject.toml"]) == bool(url)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_backend_is_for_the_contract_and_the_numerics_of_today(run, language):
    assert run("new-backend", "mine", "--language", language).code == 0
    described = files("quantforge-mine")["python/quantforge_mine/__init__.py"]
    assert f"contract={CONTRACT}," in described
    assert f'numerics={{"price": {OPERATIONS["price"].numerics}}},' in described


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_readme_has_a_line_for_every_operation_of_ours(run, language):
    assert run("new-backend", "mine", "--language", language).code == 0
    lines = files("quantforge-mine")["README.md"].splitlines()
    for name in OURS:
        [line] = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert line.endswith("| yes |" if name == "price" else "| no |")
    assert sum(line.endswith(("| yes |", "| no |")) for line in lines) == len(OURS)


@pytest.mark.parametrize(
    "name", ["Mine", "2nd", "my-backend", "mine_", "my__backend", "class", "naïve", "a b", ""]
)
@pytest.mark.parametrize("command", [COMMANDS[1], COMMANDS[-1]], ids=" ".join)
def test_a_name_that_no_package_can_have_is_refused(run, tmp_path, command, name):
    ended = run(*command, name)
    assert ended.code == 2
    assert ended.err.startswith(f"quantforge {command[0]}: NAME {name!r} is to be of small letters")
    assert ended.err.count("\n") == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["auto", "numpy", "core", "conformance"])
def test_a_name_of_ours_is_refused(run, tmp_path, name):
    ended = run("new-backend", name, "--language", "c")
    assert (ended.code, any(tmp_path.iterdir())) == (2, False)
    assert f"NAME {name!r} is QuantForge's own" in ended.err


def test_the_name_of_an_installed_backend_is_refused_with_what_has_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr("quantforge.testing.plugins", lambda: {"mine": "quantforge_mine"})
    ended = run("new-backend", "mine", "--language", "c")
    assert (ended.code, any(tmp_path.iterdir())) == (2, False)
    assert "that of an installed backend, quantforge_mine" in ended.err


@pytest.mark.parametrize("name", ["price", "bachelier_greeks", "exercise_boundary", "doctor"])
def test_an_operation_takes_the_name_of_no_operation_function_or_command(run, tmp_path, name):
    ended = run("new-operation", name)
    assert (ended.code, any(tmp_path.iterdir())) == (2, False)
    assert f"NAME {name!r} is that of an operation, a function or a command" in ended.err


def test_who_mistypes_a_language_is_asked_what_they_meant(run):
    ended = run("new-backend", "mine", "--language", "rsut")
    assert ended.code == 2
    assert "did you mean 'rust'?" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("--author", 'Jane "JD" Doe'),
        ("--author", "Jane\nDoe"),
        ("--author", "\\"),
        ("--author", " "),
        ("--url", "github.com/me/mine"),
        ("--url", 'https://example.org/"'),
    ],
)
def test_words_that_would_break_a_file_are_refused(run, tmp_path, words):
    ended = run("new-operation", "mine", *words)
    assert (ended.code, any(tmp_path.iterdir())) == (2, False)
    assert ended.err.startswith(f"quantforge new-operation: {words[0]} ")
    assert ended.err.count("\n") == 1


def test_a_folder_that_holds_anything_is_left_as_it_is(run):
    Path("there").mkdir()
    Path("there/notes.txt").write_text("mine")
    ended = run("new-operation", "mine", "--folder", "there")
    assert ended.code == 2
    assert "there is not empty; --folder names another one" in ended.err
    assert files(".") == {"there/notes.txt": "mine"}


def test_a_file_is_no_folder(run):
    Path("there").write_text("mine")
    ended = run("new-operation", "mine", "--folder", "there")
    assert ended.code == 2
    assert "there is no folder; --folder names another one" in ended.err
    assert files(".") == {"there": "mine"}


def test_an_empty_folder_is_filled_one_behind_a_link_too(run):
    Path("empty").mkdir()
    Path("link").symlink_to("empty")
    assert run("new-operation", "mine", "--folder", "link").code == 0
    assert Path("link").is_symlink()
    assert Path("empty/pyproject.toml").is_file()


def test_a_folder_within_none_is_refused(run):
    ended = run("new-operation", "mine", "--folder", "nowhere/mine")
    assert ended.code == 2
    assert "nowhere is no folder" in ended.err


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc, where nobody may write")
def test_where_nothing_can_be_written_one_line_names_the_folder(run):
    ended = run("new-operation", "mine", "--folder", "/proc/mine")
    assert ended.code == 2
    assert ended.err.startswith("quantforge new-operation: /proc/mine cannot be written: ")


def test_what_cannot_be_finished_leaves_nothing(run, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(new.os, "replace", fail)
    ended = run("new-operation", "mine")
    assert ended.code == 2
    assert "cannot be written: No space left on device" in ended.err
    assert os.listdir(tmp_path) == []
