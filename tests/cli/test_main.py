"""What all commands have in common: usage, errors, pipes, signals, colours."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

import quantforge
from quantforge.cli import chain

pytest.importorskip("rich")

OPTION = ("--spot", "100", "--strike", "100", "--time", "1", "--rate", "0", "--sigma", "0.2")


def test_version_and_help_are_printed(run):
    assert run("--version").out == f"quantforge {quantforge.__version__}\n"
    ended = run("--help")
    assert ended.code == 0
    ours = ("chain", "price", "greeks", "iv", "backends", "explain", "autotune", "doctor")
    for command in (*ours, "new-backend", "new-operation", "completion"):
        assert command in ended.out
        assert run(command, "--help").code == 0


@pytest.mark.parametrize("words", [[], ["dance"], ["chain", "--dance"], ["chain", "a", "b"]])
def test_bad_usage_is_one_line_and_exit_code_2(run, words):
    ended = run(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert "--help" in ended.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["pirce"], "price"),
        (["greek"], "greeks"),
        (["exercise-boundary"], "exercise_boundary"),
        (["price", *OPTION, "--model", "Black_76"], "black76"),
        (["price", *OPTION, "--accuracy", "standart"], "standard"),
        (["price", *OPTION, "--exercise", "americn"], "american"),
        (["price", *OPTION, "--backend", "numbra"], "numba"),
        (["greeks", *OPTION, "--which", "delta,gama"], "gamma"),
        (["greeks", *OPTION, "--which", "frist"], "first"),
        (["greeks", *OPTION, "--units", "markt"], "market"),
        (["explain", "implied_vol", "10"], "implied_volatility"),
        (["explain", "price", "10", "--backend", "nmpy"], "numpy"),
        (["exercise_boundary", "--model", "blak76"], "black76"),
    ],
)
def test_who_is_nearly_right_is_asked_what_they_meant(run, words, meant):
    if meant == "numba" and meant not in {info.name for info in quantforge.backends()}:
        pytest.skip("numba is not installed")
    ended = run(*words)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert f"; did you mean {meant!r}?" in ended.err


@pytest.mark.parametrize("words", [["dance"], ["price", "--model", "heston"]])
def test_who_is_far_off_is_asked_nothing(run, words):
    assert "did you mean" not in run(*words).err


@pytest.mark.parametrize("command", ["price", "greeks", "iv", "backends", "new-backend"])
def test_help_of_a_command_imports_neither_plugins_nor_other_commands(command):
    script = (
        "import sys, quantforge.cli; quantforge.cli.main([sys.argv[1], '--help']);"
        "needless = {'importlib.metadata', 'hashlib', 'subprocess', 'difflib', 'pyarrow'}"
        " | {f'quantforge.cli.{name}' for name in ('doctor', 'autotune', 'explain', 'declared')};"
        "found = needless & set(sys.modules); sys.exit(f'imported {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script, command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_error_nobody_foresaw_is_one_line_too(run, monkeypatch):
    def fail(arguments):
        raise ZeroDivisionError("a surprise")

    monkeypatch.setattr(chain, "_check_targets", fail)
    ended = run("chain")
    assert ended.code == 1
    assert ended.err == (
        "quantforge chain: ZeroDivisionError: a surprise (QUANTFORGE_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("QUANTFORGE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("chain")


def test_debug_shows_the_traceback_of_bad_input(run_apart):
    quiet = run_apart("chain", "/nowhere")
    assert "Traceback" not in quiet.err
    loud = run_apart("chain", "/nowhere", env={**os.environ, "QUANTFORGE_DEBUG": "1"})
    assert "Traceback" in loud.err


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m quantforge chain --json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 10, "")


def open_for_a_reader(pipe):
    """Open a pipe for writing as soon as somebody reads from it."""
    deadline = time.monotonic() + 60.0
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_interrupting_ends_with_one_line(tmp_path):
    pipe = tmp_path / "slow.csv"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "quantforge", "chain", str(pipe)]
    # What a shell runs in the background ignores interrupts, and so would the command.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        writer = open_for_a_reader(pipe)
        time.sleep(0.5)  # until it waits for what is never written: a signal just before is missed
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
            os.close(writer)
    assert process.returncode == 130
    assert err == "quantforge chain: interrupted\n"


def test_tables_in_a_pipe_are_whole_and_without_colours(run_apart):
    narrow = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    ended = run_apart("chain", env=narrow)
    assert "\x1b" not in ended.out
    assert "…" not in ended.out
    wide = next(line for line in ended.out.splitlines() if "2032-09-17" in line)
    assert wide.split()[-1] in {info.name for info in quantforge.backends()}


def test_a_terminal_that_knows_only_ascii_gets_ascii(run_apart):
    ended = run_apart("chain", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ended.code == 0
    assert ended.out.isascii()


@pytest.mark.skipif(shutil.which("script") is None, reason="script(1) makes the terminal")
def test_no_color_is_respected_on_a_terminal():
    script = f"{sys.executable} -m quantforge chain"
    for setting, colored in (({}, True), ({"NO_COLOR": "1"}, False)):
        env = {**os.environ, "TERM": "xterm-256color", **setting}
        done = subprocess.run(
            ["script", "-qec", script, "/dev/null"], env=env, capture_output=True, timeout=120
        )
        assert (b"\x1b[3" in done.stdout or b"\x1b[1;3" in done.stdout) == colored


def test_warnings_of_the_core_take_one_line(run, monkeypatch):
    import warnings

    def warn(arguments):
        warnings.simplefilter("always")
        warnings.warn("mind the gap", quantforge.QuantForgeWarning, stacklevel=1)

    monkeypatch.setattr(chain, "_check_targets", warn)
    assert run("chain").err == "quantforge: warning: mind the gap\n"


def test_the_command_line_imports_no_backend_and_none_of_the_extras(run_apart):
    script = (
        "import sys, quantforge.cli; quantforge.cli.main(['backends', '--json']);"
        "heavy = {'rich', 'pyarrow', 'matplotlib', 'numba', 'scipy'} & set(sys.modules);"
        "heavy |= {name for name, module in sys.modules.items() if name.startswith('quantforge')"
        " and str(getattr(module, '__file__', '')).endswith('.so')};"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
