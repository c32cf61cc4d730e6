"""``quantforge completion``: what a shell completes, found out by asking bash."""

import shutil
import subprocess

import pytest

pytest.importorskip("shtab")


@pytest.fixture(scope="module")
def completed(tmp_path_factory):
    """A function listing what bash completes the last of some words to."""
    from quantforge.cli import completion, parser

    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    script = tmp_path_factory.mktemp("completion") / "quantforge.bash"
    script.write_text(completion.script(parser(), "bash"))

    def ask(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        asked = (
            f"source '{script}'; COMP_WORDS=(quantforge {quoted}); COMP_CWORD={len(words)}; "
            '_shtab_quantforge; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
        return done.stdout.split()

    return ask


def test_commands_are_completed_those_of_packages_included(completed):
    assert completed("gre") == ["greeks"]
    assert completed("exer") == ["exercise_boundary"]
    assert {"chain", "price", "iv", "doctor", "completion"} <= {*completed("")}


def test_options_and_their_choices_are_completed(completed):
    assert completed("greeks", "--un") == ["--units"]
    assert completed("price", "--model", "black") == ["black_scholes", "black76"]
    assert completed("price", "--accuracy", "h") == ["high"]
    assert completed("completion", "z") == ["zsh"]
    assert completed("new-backend", "--language", "r") == ["rust"]


@pytest.mark.parametrize("words", [("price",), ("price", "--output"), ("chain", "--plot")])
def test_files_are_completed(completed, tmp_path, monkeypatch, words):
    (tmp_path / "options.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert "options.csv" in completed(*words, "opt")


def test_folders_are_completed_and_no_files(completed, tmp_path, monkeypatch):
    (tmp_path / "opt.csv").touch()
    (tmp_path / "option").mkdir()
    monkeypatch.chdir(tmp_path)
    assert completed("new-backend", "--folder", "opt") == ["option"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_every_shell_has_a_script(run, shell):
    ended = run("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert "exercise_boundary" in ended.out


def test_a_shell_that_is_not_known_is_told_the_valid_ones(run):
    ended = run("completion", "bsh")
    assert ended.code == 2
    assert "'bash', 'zsh', 'fish', 'tcsh'" in ended.err
    assert "did you mean 'bash'?" in ended.err


def test_without_shtab_one_line_says_what_to_install(run, without):
    without("shtab")
    ended = run("completion", "bash")
    assert ended.code == 1
    assert ended.err == (
        "quantforge completion: completion needs shtab: pip install 'quantforge-core[cli]'\n"
    )
