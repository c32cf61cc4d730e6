"""What ``./dev`` promises about the words behind it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dev"
REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="0" skipped="{}"/></testsuites>'


def dev(*words):
    """Run the script itself."""
    return subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True)


@pytest.mark.parametrize("words", [["deploy"], ["--version"], ["setup", "now"]])
def test_unknown_words_print_the_help_and_exit_2(words):
    done = dev(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"dev: cannot {' '.join(words)}\n")
    assert "./dev run" in done.stderr


@pytest.mark.parametrize("words", [[], ["help"], ["--help"]])
def test_no_words_print_the_help(words):
    done = dev(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "./dev run" in done.stdout


def test_an_old_python_is_told_so_in_one_line():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    pretend = "import runpy, sys; sys.version_info = (3, 8, 1); sys.version = '3.8.1 (old)'; "
    run = f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend + run], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "dev: needs Python 3.11 or newer, this is 3.8.1\n"


def test_the_callers_environment_cannot_bend_a_build(checkout, monkeypatch):
    bent = ("PYTHONPATH", "PIP_TARGET", "PIP_CONSTRAINT", "CFLAGS", "LDFLAGS", "RUSTFLAGS")
    kept = ("PIP_INDEX_URL", "PIP_CERT", "CC", "HOME", "QUANTFORGE_ISA", "PYTHONUNBUFFERED")
    for name in (*bent, *kept):
        monkeypatch.setenv(name, "mine")
    env = checkout.dev.environment()
    assert [name for name in bent if name in env] == []
    assert [env.get(name) for name in kept] == ["mine"] * len(kept)
    assert env["MATURIN_NO_INSTALL_RUST"] == "1"


@pytest.mark.parametrize(("profile", "tunings"), [(0, 0), (1, 1)])
def test_run_tunes_only_without_a_valid_profile_and_passes_its_words_on(checkout, profile, tunings):
    checkout.answer = lambda command: profile if "--check" in command else 0
    assert checkout.dev.main(["run", "quotes.csv", "--plot", "x.png"]) == 0
    autotune = checkout.given("quantforge.autotune")
    assert len([command for command in autotune if "--check" not in command]) == tunings
    assert checkout.commands[-1].endswith("-m quantforge chain quotes.csv --plot x.png")


def test_run_prices_the_chain_even_if_tuning_fails(checkout, capsys):
    checkout.answer = lambda command: int("quantforge.autotune" in command)
    assert checkout.dev.main(["run"]) == 0
    assert "tuning failed" in capsys.readouterr().out
    assert checkout.commands[-1].endswith("-m quantforge chain")


def test_the_exit_code_is_that_of_the_chain(checkout):
    checkout.answer = lambda command: 2 if " chain" in command else 0
    assert checkout.dev.main(["run", "no-such-file"]) == 2


def answer_pytest(checkout, results):
    """Answer for pytest: per word of its command (code, tests, failures, skipped) or (code,)."""

    def answer(command):
        if "-m pytest" not in command:
            return 0
        word = next(word for word in results if word in command)
        code, *counts = results[word]
        if counts:
            report = command.split("--junitxml ")[1].split()[0]
            checkout.write(report, REPORT.format(*counts))
        return code

    checkout.answer = answer


def test_test_counts_every_suite_and_closes_with_the_totals(checkout, capsys):
    answer_pytest(
        checkout, {"--backend c": (1, 9, 2, 1), "--backend": (0, 8, 0, 0), "": (0, 100, 0, 3)}
    )
    assert checkout.dev.main(["test"]) == 1
    assert capsys.readouterr().out.splitlines()[-6:] == [
        "tests: 97 passed, 0 failed, 3 skipped",
        "conformance of rust: 8 passed, 0 failed, 0 skipped",
        "conformance of c: 6 passed, 2 failed, 1 skipped",
        "conformance of numba: 8 passed, 0 failed, 0 skipped",
        "conformance of numpy: 8 passed, 0 failed, 0 skipped",
        "127 passed, 2 failed, 4 skipped",
    ]


def test_what_the_suites_print_is_whole_and_in_order_though_two_run_at_a_time(checkout, capfd):
    answer_pytest(checkout, {"": (0, 1, 0, 0)})
    count = checkout.dev.call

    def call(*command, stdout=None, **options):
        words = command[-1] if "--backend" in command else "tests"
        subprocess.run([sys.executable, "-c", f"print('by {words}\\n' * 3)"], stdout=stdout)
        return count(*command)

    checkout.dev.call = call
    assert checkout.dev.main(["test"]) == 0
    printed = capfd.readouterr().out.split("\n== conformance of ")
    backends = ("rust", "c", "numba", "numpy")
    assert [part.split("\n")[0] for part in printed[1:]] == list(backends)
    for part, backend in zip(printed[1:], backends, strict=True):
        assert part.count(f"by {backend}\n") == 3


@pytest.mark.parametrize("code", [2, 4, 139])
def test_a_pytest_that_dies_is_a_failure_though_it_counted_none(checkout, capsys, code):
    answer_pytest(checkout, {"--backend rust": (code,), "": (0, 5, 0, 0)})
    assert checkout.dev.main(["test"]) == 1
    assert "conformance of rust: 0 passed, 1 failed, 0 skipped" in capsys.readouterr().out


def test_a_suite_without_tests_fails_unless_the_user_chose_among_them(checkout):
    answer_pytest(checkout, {"--backend": (5,), "": (0, 5, 0, 0)})
    assert checkout.dev.main(["test"]) == 1
    assert checkout.dev.main(["test", "-k", "prices"]) == 0


def test_a_path_is_run_alone_and_options_reach_every_suite(checkout):
    answer_pytest(checkout, {"": (0, 1, 0, 0)})
    checkout.write("tests/test_price.py", "")
    checkout.dev.main(["test", "tests/test_price.py::test_a", "-x"])
    assert len(checkout.given("-m pytest")) == 1
    checkout.commands.clear()
    checkout.dev.main(["test", "-x"])
    assert len(checkout.given("-m pytest", "-x")) == 5


def test_a_backend_that_is_not_built_is_named_beside_the_totals(checkout, capsys):
    answer_pytest(checkout, {"": (0, 1, 0, 0)})
    checkout.remove("cargo")
    assert checkout.dev.main(["test"]) == 0
    assert "conformance of rust: not run, the backend is not built\n" in capsys.readouterr().out
    assert not checkout.given("--backend rust")


def test_a_command_killed_by_a_signal_counts_as_a_shell_would(checkout):
    real = type(checkout).load(checkout)
    assert real.call(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)") == 137


def test_fuzz_sets_up_and_hands_its_words_on_alone(checkout):
    checkout.answer = lambda command: int("fuzz.py" in command)
    assert checkout.dev.main(["test", "--fuzz", "2.5", "-k", "parity"]) == 1
    assert checkout.commands[-1].endswith("tests/fuzz.py 2.5 -k parity")
    assert checkout.given("--editable")
    assert not checkout.given("-m pytest")


def test_the_sanitizers_run_alone_and_take_options(checkout, capsys):
    answer_pytest(checkout, {"": (0, 11, 0, 1)})
    assert checkout.dev.main(["test", "--sanitize", "-x"]) == 0
    [command] = checkout.given("-m pytest")
    assert command.endswith("tests/sanitize/sanitized.py -x")
    assert "sanitizers: 10 passed, 0 failed, 1 skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "command"), [((), "mkdocs build --strict"), (("serve",), "mkdocs serve")]
)
def test_docs_builds_the_site_with_warnings_as_errors_or_shows_it(checkout, words, command):
    checkout.answer = lambda said: int("mkdocs" in said)
    assert checkout.dev.main(["docs", *words]) == 1
    assert checkout.commands[-1].endswith(f"-m {command}")


def test_wheels_installs_its_tools_once_builds_no_kernel_and_hands_its_words_on(checkout):
    checkout.answer = lambda said: int("-m release" in said)
    assert checkout.dev.main(["wheels", "there", "--only", "check"]) == 1
    assert checkout.commands[-1].endswith("-m release there --only check")
    assert len(checkout.given("--editable", ".[release]")) == 1
    assert not checkout.given("pip wheel")
    checkout.commands.clear()
    checkout.dev.main(["wheels"])
    assert [command.partition(" ")[2] for command in checkout.commands] == ["-m release"]


def test_version_needs_no_environment(checkout):
    checkout.dev.main(["version", "1.2.3"])
    assert checkout.commands == [f"{sys.executable} -m release.versions 1.2.3"]
