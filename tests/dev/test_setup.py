"""What ``./dev`` promises about setting up."""

import importlib.util
import sysconfig

import pytest


def test_everything_is_installed_the_core_before_the_backends(checkout, capsys):
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    steps = ("-m venv", "setuptools", "--editable", "wheel --no-deps")
    order = [step for command in checkout.commands for step in steps if step in command]
    assert order == ["-m venv", "setuptools", "--editable"] + 3 * ["wheel --no-deps"]
    told = capsys.readouterr().out
    assert "core: installed in " in told
    assert "rust backend: built in " in told


def test_another_distribution_called_quantforge_goes_before_the_core_comes(checkout):
    checkout.dev.setup()
    steps = ("uninstall --yes quantforge", "--editable")
    order = [step for command in checkout.commands for step in steps if step in command]
    assert order == list(steps)


def test_a_second_start_runs_nothing_and_says_nothing(checkout, capsys):
    checkout.dev.setup()
    checkout.commands.clear()
    capsys.readouterr()
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    assert checkout.commands == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("tool", "backend", "need"),
    [
        ("cargo", "rust", "cargo and rustc 1.89 or newer, found no cargo"),
        ("rustc", "rust", "cargo and rustc 1.89 or newer, found no rustc"),
        ("cc", "rust", "a linker, cc does not run (Debian, Ubuntu: apt install gcc)"),
        ("gcc", "c", "a C compiler, gcc -pthread does not run (Debian, Ubuntu: apt install gcc)"),
    ],
)
def test_a_missing_tool_costs_one_backend_and_one_line(checkout, capsys, tool, backend, need):
    checkout.remove(tool)
    built = checkout.dev.setup()
    assert built == [name for name in ("rust", "c", "numba") if name != backend]
    lines = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(f"{backend} backend")
    ]
    assert lines == [f"{backend} backend: skipped, needs {need}"]
    assert not checkout.given(f"backends/{backend}")


def test_a_rust_too_old_for_avx512_is_named(checkout, capsys):
    checkout.install("rustc", "1.88.0")
    assert checkout.dev.setup() == ["c", "numba"]
    assert "needs cargo and rustc 1.89 or newer, found rustc 1.88.0\n" in capsys.readouterr().out


def test_a_toolchain_manager_without_a_toolchain_counts_as_missing(checkout, capsys):
    (checkout.tools / "cargo").write_text("#!/bin/sh\nexit 1\n")
    assert checkout.dev.setup() == ["c", "numba"]
    assert "found no cargo" in capsys.readouterr().out


def test_missing_python_headers_are_named_with_their_debian_package(checkout, capsys, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"include": "/nowhere"})
    assert checkout.dev.setup() == ["rust", "numba"]
    told = capsys.readouterr().out
    assert "c backend: skipped, needs Python.h" in told
    assert f"apt install python3.{checkout.dev.sys.version_info[1]}-dev" in told


def test_a_missing_venv_module_is_named_with_its_debian_package(checkout, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"apt install python3\.\d+-venv\)$"):
        checkout.dev.setup()
    assert not (checkout.root / ".venv").exists()


def test_a_changed_source_rebuilds_only_its_backend(checkout):
    checkout.dev.setup()
    checkout.commands.clear()
    checkout.write("backends/c/kernel", "changed")
    checkout.dev.setup()
    assert checkout.given("wheel --no-deps") == checkout.given("wheel --no-deps", "backends/c")
    assert len(checkout.given("wheel --no-deps")) == 1


def test_a_changed_compiler_rebuilds_what_it_compiled(checkout):
    checkout.dev.setup()
    checkout.commands.clear()
    checkout.install("gcc", "13")
    checkout.dev.setup()
    assert [command.split("/")[-1] for command in checkout.given("wheel --no-deps")] == ["c"]


def test_what_a_build_leaves_among_the_sources_rebuilds_nothing(checkout):
    checkout.dev.setup()
    checkout.commands.clear()
    for left in (
        "target/release/x",
        "Cargo.lock",
        "build/lib/y",
        "x.egg-info/z",
        "a.so",
        ".cache",
        "_operations.py",
    ):
        checkout.write(f"backends/rust/{left}", "made")
    checkout.dev.setup()
    assert checkout.commands == []


def test_changed_versions_reinstall_the_core_and_rebuild_every_backend(checkout):
    checkout.dev.setup()
    checkout.commands.clear()
    checkout.write("constraints.txt", "numpy==9")
    checkout.dev.setup()
    assert len(checkout.given("--editable")) == 1
    assert len(checkout.given("wheel --no-deps")) == 3
    assert not checkout.given("-m venv")


def test_a_failed_build_names_its_log_and_is_tried_again(checkout, capsys):
    checkout.answer = lambda command: int("wheel --no-deps" in command and "rust" in command)
    assert checkout.dev.setup() == ["c", "numba"]
    line = "rust backend: could not be built, see .venv/logs/rust.log\n"
    assert line in capsys.readouterr().out
    assert "backends/rust" in (checkout.root / ".venv/logs/rust.log").read_text()
    checkout.answer = lambda command: 0
    assert checkout.dev.setup() == ["rust", "c", "numba"]


@pytest.mark.parametrize("trouble", ["compiler gone", "build fails"])
def test_no_older_build_stays_installed_when_the_new_one_cannot_be_made(checkout, trouble):
    checkout.dev.setup()
    checkout.commands.clear()
    checkout.write("backends/c/kernel", "changed")
    if trouble == "compiler gone":
        checkout.remove("gcc")
    checkout.answer = lambda command: int("wheel --no-deps" in command)
    assert checkout.dev.setup() == ["rust", "numba"]
    assert len(checkout.given("uninstall", "quantforge-c")) == 1


def test_a_required_backend_that_is_not_there_is_an_error(checkout, monkeypatch):
    monkeypatch.setenv("QUANTFORGE_REQUIRE", "rust,c,numba")
    checkout.dev.setup()
    checkout.remove("cargo")
    with pytest.raises(SystemExit, match=r"asks for rust$"):
        checkout.dev.setup()


def test_a_core_that_cannot_be_installed_names_its_log_and_is_tried_again(checkout):
    checkout.answer = lambda command: int("--editable" in command)
    with pytest.raises(SystemExit, match=r"see \.venv/logs/core\.log$"):
        checkout.dev.setup()
    checkout.commands.clear()
    checkout.answer = lambda command: 0
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    assert not checkout.given("-m venv"), "a failure, unlike a kill, leaves a whole environment"


def test_a_setup_killed_in_the_core_starts_anew_and_ends_well(checkout, capsys):
    def stop(command):
        if "--editable" in command:
            raise KeyboardInterrupt
        return 0

    checkout.answer = stop
    with pytest.raises(KeyboardInterrupt):
        checkout.dev.setup()
    checkout.write(".venv/lib/half/written", "")
    checkout.answer = lambda command: 0
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    assert ".venv: starting anew, it was left half made\n" in capsys.readouterr().out
    assert not (checkout.root / ".venv/lib/half").exists()


def interrupt(checkout, *words):
    """Answer as pip does to Ctrl-C in the command with all these words."""

    def answer(command):
        if all(word in command for word in words):
            checkout.dev.interrupted.set()
            return 1
        return 0

    checkout.answer = answer
    checkout.dev.setup()
    checkout.dev.interrupted.clear()
    checkout.answer = lambda command: 0
    checkout.commands.clear()


def test_a_setup_stopped_while_a_backend_compiles_goes_on_with_that_backend(checkout, capsys):
    interrupt(checkout, "wheel --no-deps", "backends/rust")
    assert "could not be built" not in capsys.readouterr().out
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    assert checkout.given("wheel --no-deps") == checkout.given("backends/rust")
    assert not checkout.given("-m venv")


def test_a_setup_stopped_while_a_backend_is_installed_starts_anew(checkout):
    interrupt(checkout, "install", "quantforge_c.whl")
    assert checkout.dev.setup() == ["rust", "c", "numba"]
    assert len(checkout.given("-m venv")) == 1
    assert len(checkout.given("wheel --no-deps")) == 3


def test_an_environment_made_by_somebody_else_is_not_thrown_away(checkout):
    checkout.write(".venv/lib/theirs", "")
    checkout.dev.setup()
    assert (checkout.root / ".venv/lib/theirs").exists()


def test_another_python_gets_another_environment(checkout, capsys, monkeypatch):
    checkout.dev.setup()
    monkeypatch.setattr(checkout.dev.sys, "version", "3.99.0 (somewhere)")
    checkout.commands.clear()
    checkout.dev.setup()
    assert ".venv: starting anew, Python changed\n" in capsys.readouterr().out
    assert len(checkout.given("-m venv")) == 1
    assert len(checkout.given("wheel --no-deps")) == 3
