"""Who has not tuned is told so: by `doctor` and `backends` always, elsewhere once on a terminal."""

import json
import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")

PRICE = (
    "price",
    "--spot",
    "100",
    "--strike",
    "100",
    "--time",
    "1",
    "--rate",
    "0",
    "--sigma",
    "0.2",
)


@pytest.fixture
def on_terminal(tmp_path):
    """A function running a command whose standard error is a terminal; returns both."""

    def run(*words, **settings):
        ours, its = pty.openpty()
        environment = {**os.environ, "QUANTFORGE_PROFILE": str(tmp_path / "new" / "profile.json")}
        done = subprocess.run(
            [sys.executable, "-m", "quantforge", *words],
            env={**environment, **settings}, stdout=subprocess.PIPE, stderr=its, check=True,
            timeout=60,
        )  # fmt: skip
        os.close(its)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # Linux says so where all has been read
            pass
        os.close(ours)
        return said.decode(), done.stdout.decode()

    return run


def test_the_first_command_on_a_terminal_says_it_and_no_other_one_does(on_terminal):
    said, printed = on_terminal(*PRICE)
    assert "untuned: run `python -m quantforge.autotune` (20 s); gain here" in said
    assert "untuned" not in printed
    assert "untuned" not in on_terminal(*PRICE)[0]


def test_in_a_pipe_no_command_says_it(run_apart, tmp_path):
    environment = {**os.environ, "QUANTFORGE_PROFILE": str(tmp_path / "new" / "profile.json")}
    ended = run_apart(*PRICE, env=environment)
    assert (ended.code, ended.err) == (0, "")
    assert not (tmp_path / "new").exists()


def test_where_nothing_can_be_remembered_nothing_is_said(on_terminal, tmp_path):
    (tmp_path / "file").write_text("")
    said, _ = on_terminal(*PRICE, QUANTFORGE_PROFILE=str(tmp_path / "file" / "profile.json"))
    assert "untuned" not in said


def test_doctor_and_backends_say_it_until_the_machine_is_tuned(flipping, run):
    pytest.importorskip("rich")
    flipping.threads(2)
    line = (
        "untuned: run `python -m quantforge.autotune` (20 s); gain here up to 2× from threads, "
        "below 65,536 options and the fastest of 2 backends"
    )
    assert line in run("backends").out
    assert json.loads(run("doctor", "--json").out)["untuned"] == line
    flipping.tune()
    assert "untuned" not in run("backends").out
    assert json.loads(run("doctor", "--json").out)["untuned"] == ""


def test_a_system_wide_profile_serves_who_has_none(tmp_path):
    """In an environment of its own, below whose prefix an image keeps the profile."""
    import sysconfig
    from pathlib import Path

    place = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "QUANTFORGE_PROFILE"},
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "QUANTFORGE_BLOCK": "rust,c,numba",
    }

    def call(*words, **settings):
        done = subprocess.run(
            [python, "-m", "quantforge", *words], env={**environment, **settings},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout

    shared = place / "share" / "quantforge" / "profile.json"
    built = call("autotune", "--budget", "1", "--json", QUANTFORGE_PROFILE=str(shared))
    assert built[0] == 0
    assert str(shared) in call("explain", "price", "1")[1]
    assert call("autotune", "--check")[0] == 0
    # A setting says which one to use, and the user's own comes first.
    other = str(tmp_path / "none.json")
    assert "shipped defaults" in call("explain", "price", "1", QUANTFORGE_PROFILE=other)[1]
    own = tmp_path / "cache" / "quantforge" / "profile.json"
    own.parent.mkdir(parents=True)
    own.write_bytes(shared.read_bytes())
    assert str(own) in call("explain", "price", "1")[1]
